//! `rgo TOOL …` runs `rgo-TOOL …`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rgo::dispatch::main(std::env::args_os().skip(1).collect())
}
