//! The commands behind rgo's binaries. Each binary has a few lines, which name its arguments and
//! its command. The code that all of them share (exit codes, error messages, output) is here.

// These macros panic if the reader has closed the pipe.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod app;
pub mod build;
pub mod dispatch;
pub mod generated;
mod man_pages;
pub mod schemas;
pub mod strip;
pub mod symbols;
mod topics;
pub mod version_m;

use std::process::ExitCode;

use crate::app::args::Tool;
use crate::app::error::CommandError;
use crate::app::exit::Exit;
use crate::app::terminal;

/// Static programs for Linux do not take musl's allocator, which is slow for many small texts and for two threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Parses the arguments, runs the command, and converts its result to an exit code. A wrong call
/// ends with 2 (by clap), a failure with 1 and its message on stderr.
pub fn main<A: Tool>(run: fn(A) -> anyhow::Result<Exit>) -> ExitCode {
    let call = app::args::of_process().and_then(A::read).and_then(|args| {
        args.files().check()?;
        args.common().apply()?;
        Ok(args)
    });
    if call.is_err() {
        let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        A::answer_wrong_usage(&words.collect::<Vec<_>>());
    }
    ended(call.and_then(run).map_err(CommandError::from))
}

/// The exit code of a command. Prints its error.
fn ended(result: Result<Exit, CommandError>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            terminal::error(&error);
            Exit::from(error.kind).into()
        }
    }
}
