//! Runs `rgo-symbols FILE…`: lists the symbols of images.
//!
//! ```text
//! files ─▶ survey ─▶ rgo_debuginfo::list ─▶ rows ─▶ report (ndjson: a line while later files are read)
//! ```

pub mod args;
mod image;
mod report;
mod row;

use anyhow::Result;

use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::output_writer::OutputWriter;
use crate::app::reports::ReportFile;
use crate::app::schema::{Named, generate, of_report};
use crate::app::survey::Survey;
use crate::app::terminal;
use args::{ListArgs, SymbolsFormat};
use report::{SymbolLine, SymbolsReport, json_lines};
use row::ImageSymbols;

use super::image_name::on_disk;
use super::input;

/// The schema of the report.
pub(super) fn schema() -> Named {
    of_report::<SymbolsReport<'_>>()
}

/// The name of the schema of a line of ndjson.
pub(crate) const LINE: &str = "rgo.symbols.line/1";

/// The schema of a line of ndjson.
pub(super) fn line_schema() -> Named {
    (LINE, generate::<SymbolLine<'_>>)
}

/// Lists the symbols of the files.
///
/// # Errors
/// If stdout cannot be written, or the call names no file. An unreadable file is told on stderr and by the exit
/// code.
pub(super) fn run(args: &ListArgs) -> Result<Exit> {
    if args.read.files.is_empty() {
        let error = Usage::new("nothing to look into");
        return Err(error
            .hint("name files, folders or archives; nm and go-nm are other lists")
            .into());
    }
    input::no_snapshots(&args.read.files)?;
    let options = args.read.survey(args.verbose, args.quiet);
    let survey = Survey::new(options, |file, data| image::read(on_disk(file), data, args));
    let is_stream =
        args.report.format == SymbolsFormat::Ndjson && args.report.to_files.files.is_empty();
    let (files, problems) = if is_stream {
        let mut error = None;
        let mut writer = OutputWriter::open(None)?;
        let problems = survey.each(&mut |image: ImageSymbols| {
            let line = json_lines(&image).and_then(|text| writer.write(text.as_bytes()));
            line.unwrap_or_else(|failed| {
                error = Some(failed);
                false
            })
        });
        error.map_or(Ok(()), Err)?;
        (Vec::new(), problems)
    } else {
        survey.all()
    };
    survey.print(&problems);
    if !is_stream {
        let report =
            SymbolsReport { files: &files, unread: problems.unread(), is_verbose: args.verbose };
        for ReportFile { format, path } in &args.report.to_files.files {
            let text = report.text(*format, terminal::style(Some(path)))?;
            terminal::write_output(text.as_bytes(), Some(path))?;
        }
        let text = report.text(args.report.format, terminal::style(None))?;
        terminal::write(text.as_bytes())?;
    }
    Ok(if problems.are_errors() { Exit::Failed } else { Exit::Done })
}
