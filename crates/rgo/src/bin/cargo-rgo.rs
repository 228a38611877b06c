//! `cargo rgo TOOL …` runs `rgo-TOOL …`; cargo passes the word `rgo` as our first argument.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "rgo") {
        args.remove(0);
    }
    rgo::dispatch::main(args)
}
