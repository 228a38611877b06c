//! `rgo-version-m`; see `rgo-version-m --help`.

use std::process::ExitCode;

use rgo::version_m::{self, args::VersionM};

fn main() -> ExitCode {
    rgo::main::<VersionM>(version_m::run)
}
