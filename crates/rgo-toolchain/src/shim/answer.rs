//! Prints the answers to the questions that build systems ask a C compiler: those of [`query`], or zig's.

use std::io::{self, Write};

use camino::Utf8Path;

use super::Recipe;
use super::error::ShimError;
use super::io::say;
use super::query::{self, Query};
use super::zig_call::zig_command;
use crate::exec;

/// Answers a question that all build systems ask; `None` for a call that compiles or links.
pub(super) fn answer(
    recipe: &Recipe,
    subcommand: &str,
    tool: &Utf8Path,
    args: &[String],
) -> Result<Option<i32>, ShimError> {
    let folder = tool.parent().unwrap_or(tool);
    Ok(match query::read(args, recipe, folder, &|path| path.is_file()) {
        Some(Query::Answer(text)) => {
            say(&text);
            Some(0)
        }
        Some(Query::Zig(args)) => {
            let said = zig_command(recipe, subcommand, args, false)?.output()?;
            // The reader may have closed the pipe.
            let _ = io::stdout().write_all(query::answered(&said.stdout, recipe).as_bytes());
            let _ = io::stderr().write_all(query::answered(&said.stderr, recipe).as_bytes());
            Some(exec::exit_code(said.status))
        }
        None => None,
    })
}
