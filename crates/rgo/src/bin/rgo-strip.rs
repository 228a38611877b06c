//! `rgo-strip`; see `rgo-strip --help`.

use std::process::ExitCode;

use rgo::strip::{self, args::Strip};

fn main() -> ExitCode {
    rgo::main::<Strip>(strip::run)
}
