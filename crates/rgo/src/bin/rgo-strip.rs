//! `rgo-strip`; see `rgo-strip --help`.

use std::process::ExitCode;

use rgo::strip::{self, args::StripArgs};

fn main() -> ExitCode {
    rgo::main::<StripArgs>(strip::run)
}
