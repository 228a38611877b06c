//! Arguments that all tools share.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anstream::ColorChoice;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Args, Parser, ValueEnum};

use super::error::Usage;
use super::progress::ProgressArg;
use super::{argfile, log_file, mistakes, progress, terminal, version};

/// The command line of one tool.
pub trait Tool: Parser {
    /// The arguments that every tool has.
    fn common(&self) -> &CommonArgs;

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
    argfile::expand(std::env::args_os().collect())
}

/// Parses the command line. An error ends the process, and so do clap's own `--help` and
/// `--version`.
pub(crate) fn parse<P: Parser>(mut args: Vec<OsString>) -> P {
    // The usage names a tool alike on all systems: without `.exe`.
    if let Some(program) = args.first_mut()
        && Path::new(program).extension().is_some_and(|it| it.eq_ignore_ascii_case("exe"))
    {
        *program = Path::new(program).with_extension("").into();
    }
    let words: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    P::try_parse_from(args).unwrap_or_else(|error| {
        if error.kind() == ErrorKind::DisplayVersion && version::is_long(&words) {
            let _ = terminal::write(version::long(P::command().get_name()).as_bytes());
            std::process::exit(0);
        }
        mistakes::explained(error, &P::command(), &words).exit()
    })
}

/// The arguments of every tool that concern its messages.
#[derive(Clone, Debug, Default, Args)]
pub struct CommonArgs {
    /// When to write color; auto means on a terminal; NO_COLOR and CLICOLOR_FORCE override it
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
    /// Write all messages to a file too, without color
    #[arg(long, value_name = "FILE", global = true, help_heading = "Messages")]
    log_file: Option<PathBuf>,
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
        progress::choose(self.progress);
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

/// A format that a report can have.
pub trait ReportFormat: ValueEnum + Clone + Default + Send + Sync + 'static {}

impl<F: ValueEnum + Clone + Default + Send + Sync + 'static> ReportFormat for F {}

/// Where the report goes, and how it is rendered.
#[derive(Clone, Debug, Default, Args)]
pub struct ReportArgs<F: ReportFormat> {
    /// How to render the report on stdout
    #[arg(long, value_enum, default_value_t, help_heading = "Report")]
    pub format: F,
    /// Write the report to a file too (repeatable), as in --report json=out.json
    #[arg(
        id = "report",
        long = "report",
        value_name = "FORMAT=FILE",
        value_parser = ReportFileParser::<F>::default(),
        help_heading = "Report"
    )]
    pub files: Vec<ReportFile<F>>,
}

/// A file for the report in one format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile<F> {
    /// The format.
    pub format: F,
    /// The file.
    pub path: PathBuf,
}

/// Parses `FORMAT=FILE`.
#[derive(Clone, Debug)]
pub(crate) struct ReportFileParser<F>(std::marker::PhantomData<F>);

impl<F> Default for ReportFileParser<F> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<F: ReportFormat> TypedValueParser for ReportFileParser<F> {
    type Value = ReportFile<F>;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let parse = |text: &str| report_file(text);
        parse.parse_ref(command, arg, value)
    }
}

fn report_file<F: ReportFormat>(text: &str) -> Result<ReportFile<F>, String> {
    let names: Vec<String> = F::value_variants()
        .iter()
        .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
        .collect();
    let Some((name, path)) = text.split_once('=') else {
        return Err(format!("it has the form FORMAT=FILE; the formats are {}", names.join(", ")));
    };
    let Ok(format) = F::from_str(name, false) else {
        return Err(format!("there is no format `{name}`; there are {}", names.join(", ")));
    };
    match path {
        "" => Err("the name of the file is missing".to_owned()),
        "-" => Err(format!("on stdout the report has the format of --format: --format {name}")),
        _ => Ok(ReportFile { format, path: path.into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_a_format_and_a_file() {
        let read = report_file::<FormatArg>;
        let json = |path: &str| ReportFile { format: FormatArg::Json, path: path.into() };
        assert_eq!(read("json=a/b=c.json"), Ok(json("a/b=c.json")));
        for (text, error) in [
            ("json", "it has the form FORMAT=FILE; the formats are text, json, markdown"),
            ("jsn=x", "there is no format `jsn`; there are text, json, markdown"),
            ("json=", "the name of the file is missing"),
            ("json=-", "on stdout the report has the format of --format: --format json"),
        ] {
            assert_eq!(read(text), Err(error.to_owned()), "{text}");
        }
    }
}
