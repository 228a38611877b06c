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
use crate::app::exit::{self, Exit};
use crate::app::terminal;

/// Parses the arguments, runs the command, and turns what happened into an exit code.
/// A wrong call ends with 2 (by clap), a failure with 1 and its message on stderr.
pub fn main<A: Tool>(run: fn(A) -> anyhow::Result<Exit>) -> ExitCode {
    ended(A::read(std::env::args_os().collect()).and_then(|args| {
        args.color().apply();
        run(args)
    }))
}

/// The exit code of a command, whose error is printed.
fn ended(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            let exit = error.downcast_ref::<exit::Usage>().map_or(Exit::Failed, |_| Exit::Usage);
            terminal::error(&error);
            exit.into()
        }
    }
}
