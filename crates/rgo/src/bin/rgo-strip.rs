//! `rgo-strip`; see `rgo-strip --help`.

use std::process::ExitCode;

use rgo::{cli::strip::Strip, commands::strip};

fn main() -> ExitCode {
    rgo::main::<Strip>(strip::run)
}
