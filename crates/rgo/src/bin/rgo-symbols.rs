//! `rgo-symbols`; see `rgo-symbols --help`.

use std::process::ExitCode;

use rgo::symbols::{self, args::Symbols};

fn main() -> ExitCode {
    rgo::main::<Symbols>(symbols::run)
}
