//! The commands behind rgo's binaries. Each binary is a few lines: it names its arguments and
//! its command; what all of them share (exit codes, error messages, where output goes) is here.

// They panic once whoever reads has gone.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod app;
pub mod build;
pub mod dispatch;
pub mod strip;
pub mod version_m;

use std::process::ExitCode;

use crate::app::args::Tool;
use crate::app::error::CommandError;
use crate::app::exit::Exit;
use crate::app::terminal;

/// Parses the arguments, runs the command, and turns what happened into an exit code.
/// A wrong call ends with 2 (by clap), a failure with 1 and its message on stderr.
pub fn main<A: Tool>(run: fn(A) -> anyhow::Result<Exit>) -> ExitCode {
    let result = A::read(std::env::args_os().collect()).and_then(|args| {
        args.color().apply();
        run(args)
    });
    ended(result.map_err(CommandError::from))
}

/// The exit code of a command, whose error is printed.
fn ended(result: Result<Exit, CommandError>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::error(&error);
            Exit::from(error.kind).into()
        }
    }
}
