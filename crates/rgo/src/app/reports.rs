//! `--format` and `--report`: where a report goes, and how it is rendered there.

use std::path::PathBuf;

use anyhow::Context;
use clap::builder::TypedValueParser;
use clap::{Args, ValueEnum};
use rgo_report::Report;

use super::terminal;

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
    /// Its files
    #[command(flatten)]
    pub to_files: ReportFileArgs<F>,
}

/// The files that get the report.
#[derive(Clone, Debug, Default, Args)]
pub struct ReportFileArgs<F: ReportFormat> {
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

impl<F: ReportFormat> ReportFileArgs<F> {
    /// The paths of the files.
    pub(crate) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.files.iter().map(|file| file.path.clone())
    }
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

/// Renders a report to stdout and to its files.
///
/// # Errors
/// If one of them cannot be written.
pub(crate) fn print<R: Report>(report: &R, args: &ReportArgs<FormatArg>) -> anyhow::Result<()> {
    write_files(report, &args.to_files)?;
    terminal::print_as(report, args.format)
}

/// Renders a report to files.
///
/// # Errors
/// If one of them cannot be written.
pub(crate) fn write_files<R: Report>(
    report: &R,
    to: &ReportFileArgs<FormatArg>,
) -> anyhow::Result<()> {
    for ReportFile { format, path } in &to.files {
        let text = rgo_report::render(report, (*format).into(), terminal::style(Some(path)))
            .context("rendering the report")?;
        terminal::write_output(text.as_bytes(), Some(path))?;
    }
    Ok(())
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
