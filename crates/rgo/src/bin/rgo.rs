//! `rgo TOOL …` runs `rgo-TOOL …`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rgo::dispatch::main(std::env::args().skip(1).collect())
}
