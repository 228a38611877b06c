//! `rgo-version-m`; see `rgo-version-m --help`.

use std::process::ExitCode;

use rgo::{cli::version_m::VersionM, commands::version_m};

fn main() -> ExitCode {
    rgo::main::<VersionM>(version_m::run)
}
