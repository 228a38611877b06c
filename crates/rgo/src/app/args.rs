//! Arguments that all tools share.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anstream::ColorChoice;
use clap::error::ErrorKind;
use clap::{Args, Parser, ValueEnum};

use super::call_files::CallFiles;
use super::error::Usage;
use super::exit::Exit;
use super::progress_arg::{self, ProgressArg};
use super::{argfile, log_file, mistakes, terminal, version};

/// The command line of one tool.
pub trait Tool: Parser {
    /// The arguments that every tool has.
    fn common(&self) -> &CommonArgs;

    /// The files that the call names, but for those that only its work finds.
    fn files(&self) -> CallFiles;

    /// The names of the schemas of its reports.
    fn schemas() -> Vec<&'static str>;

    /// Answers on stdout before an error in the call ends the process. `words` is the command line.
    fn answer_wrong_usage(_words: &[String]) {}

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

/// The arguments of this process, the program's name first, with those from files.
///
/// # Errors
/// If a file of arguments cannot be read.
pub(crate) fn of_process() -> anyhow::Result<Vec<OsString>> {
    let words = std::env::args_os().collect::<Vec<_>>();
    // A file of arguments that cannot be read is an error too.
    progress_arg::choose_json_if_asked(&words);
    let words = argfile::expand(words)?;
    progress_arg::choose_json_if_asked(&words);
    Ok(words)
}

/// Parses the command line. An error ends the process, and so do clap's own `--help` and
/// `--version`.
pub(crate) fn parse<P: Tool>(mut args: Vec<OsString>) -> P {
    // The usage names a tool alike on all systems: without `.exe`.
    if let Some(program) = args.first_mut()
        && Path::new(program).extension().is_some_and(|it| it.eq_ignore_ascii_case("exe"))
    {
        *program = Path::new(program).with_extension("").into();
    }
    let words: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    P::try_parse_from(args).unwrap_or_else(|error| {
        if error.kind() == ErrorKind::DisplayVersion
            && version::is_long(words.get(1..).unwrap_or_default())
        {
            let _ =
                terminal::write(version::long(P::command().get_name(), &P::schemas()).as_bytes());
            std::process::exit(0);
        }
        if !error.use_stderr() {
            error.exit()
        }
        P::answer_wrong_usage(&words);
        let error = mistakes::explained(error, &P::command(), &words);
        if progress_arg::chosen() == ProgressArg::Json {
            let text = error.to_string();
            terminal::failure(text.trim_start_matches("error: ").trim_end());
            std::process::exit(Exit::Usage.code().into())
        }
        error.exit()
    })
}

/// The arguments of every tool that concern its messages.
#[derive(Clone, Debug, Default, Args)]
pub struct CommonArgs {
    /// When to write color; auto means on a terminal, unless NO_COLOR or CLICOLOR_FORCE is set
    #[arg(
        long = "color",
        value_name = "WHEN",
        value_enum,
        default_value_t,
        global = true,
        help_heading = "Messages"
    )]
    color: ColorArg,
    /// How to show the progress of long work, on stderr
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value_t,
        global = true,
        help_heading = "Messages"
    )]
    pub(crate) progress: ProgressArg,
    /// Write what stderr gets to a file too, without color; the file loses what it had
    #[arg(long, value_name = "FILE", global = true, help_heading = "Messages")]
    pub log_file: Option<PathBuf>,
}

impl CommonArgs {
    /// Makes all messages of this process follow them, including errors.
    ///
    /// # Errors
    /// If the log file cannot be written.
    pub(crate) fn apply(&self) -> anyhow::Result<()> {
        match self.color {
            ColorArg::Auto => ColorChoice::Auto,
            ColorArg::Always => ColorChoice::Always,
            ColorArg::Never => ColorChoice::Never,
        }
        .write_global();
        progress_arg::choose(self.progress);
        self.log_file.as_deref().map_or(Ok(()), log_file::open)
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
