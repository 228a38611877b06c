//! Arguments that all tools share.

use std::ffi::OsString;
use std::path::Path;

use anstream::ColorChoice;
use clap::{Args, Parser, ValueEnum};

use super::error::Usage;
use super::mistakes;

/// The command line of one tool.
pub trait Tool: Parser {
    /// Its arguments for color.
    fn color(&self) -> &ColorArgs;

    /// Parses the command line, which begins with the program's name. If clap finds an error, the
    /// process ends.
    ///
    /// # Errors
    /// [`crate::app::error::Usage`] if the tool finds an error before clap does.
    fn read(args: Vec<OsString>) -> anyhow::Result<Self> {
        Ok(parse(args))
    }
}

/// Converts arguments to text.
///
/// # Errors
/// [`Usage`] for the first argument that is not UTF-8.
pub(crate) fn utf8(args: Vec<OsString>) -> anyhow::Result<Vec<String>> {
    args.into_iter()
        .map(|arg| {
            arg.into_string().map_err(|arg| {
                Usage::new(format!("the argument {} is not UTF-8", arg.to_string_lossy())).into()
            })
        })
        .collect()
}

/// Parses the command line. An error ends the process, and so do clap's own `--help` and
/// `--version`.
pub(crate) fn parse<P: Parser>(mut args: Vec<OsString>) -> P {
    // The usage names a tool alike on all systems: without `.exe`.
    if let Some(program) = args.first_mut().filter(|_| cfg!(windows)) {
        *program = Path::new(program).with_extension("").into();
    }
    let words: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    P::try_parse_from(args)
        .unwrap_or_else(|error| mistakes::explained(error, &P::command(), &words).exit())
}

/// Whether to write color.
#[derive(Debug, Args)]
pub struct ColorArgs {
    /// When to write color; auto means on a terminal; NO_COLOR and CLICOLOR_FORCE override it
    #[arg(long = "color", value_name = "WHEN", value_enum, default_value_t, global = true)]
    color: ColorArg,
}

impl ColorArgs {
    /// Makes all output of this process follow it, including errors.
    pub(crate) fn apply(&self) {
        match self.color {
            ColorArg::Auto => ColorChoice::Auto,
            ColorArg::Always => ColorChoice::Always,
            ColorArg::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

/// When to write color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ColorArg {
    /// On a terminal
    #[default]
    Auto,
    /// Into files and pipes too
    Always,
    /// Nowhere
    Never,
}

/// How to render the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Aligned text for people
    #[default]
    Text,
    /// One JSON object with a versioned schema
    Json,
    /// GitHub-flavoured Markdown, for a job summary
    Markdown,
}

impl From<FormatArg> for rgo_report::Rendering {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Text => Self::Text,
            FormatArg::Json => Self::Json,
            FormatArg::Markdown => Self::Markdown,
        }
    }
}
