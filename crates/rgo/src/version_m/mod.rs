//! Implements `rgo-version-m`: reports the kind and the components of programs.
//!
//! ```text
//! arguments ─▶ rgo-files: walk ─▶ survey ─▶ Inspected ─┬─▶ report (ndjson: stream) ─▶ stdout
//!                                (rgo-binary: inspect) └─▶ gate (rgo-policy) ─▶ exit code
//! ```

pub mod args;
mod cyclonedx;
mod dump;
mod go;
mod report;
mod stream;
mod summary_row;
mod survey;
mod text;

use anyhow::Result;
use rgo_policy::run::Keep;

use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::inspected::Inspected;
use crate::app::policy::{self, Gate};
use crate::app::reports::ReportFile;
use crate::app::schema::{Named, generate, of_report};
use crate::app::terminal;
use args::{VersionFormat, VersionM};
use report::{Shape, VersionReport};
use stream::Outputs;
use survey::survey;

/// The name of this tool.
const TOOL: &str = "rgo-version-m";

/// The schema of its report.
pub(crate) fn schema() -> Named {
    of_report::<VersionReport<'_>>()
}

/// The name of the schema of one line of ndjson.
pub(crate) const LINE: &str = "rgo.version-m.line/1";

/// The schema of one line of ndjson.
pub(crate) fn line_schema() -> Named {
    (LINE, generate::<Inspected>)
}

/// Inspects the files and prints the report.
///
/// # Errors
/// If stdout cannot be written, or the call is inconsistent. An unreadable file is reported on
/// stderr and by the exit code; the other files are still reported.
pub fn run(args: VersionM) -> Result<Exit> {
    if args.go {
        return go::run(&args);
    }
    let gate = Gate::new(&args.gate, TOOL)?;
    check_usage(&args, &gate)?;
    if let Some(section) = &args.dump_section {
        return dump::run(&args, section);
    }
    if args.formats().all(|format| format == VersionFormat::Ndjson) {
        return stream::run(&args, &gate, Outputs::new(&args)?);
    }
    report(&args, &gate)
}

fn check_usage(args: &VersionM, gate: &Gate<'_>) -> Result<()> {
    if args.files.is_empty() {
        return Err(Usage::new("nothing to look into")
            .hint("name files, folders or archives")
            .into());
    }
    if (args.short || args.summary) && !args.report.format.is_for_people() {
        return Err(Usage::new("--short and --summary are forms of text and Markdown")
            .hint("leave them out; the other formats have every image with all that is known of it")
            .into());
    }
    if gate.is_empty() && args.formats().any(|format| format == VersionFormat::Sarif) {
        return Err(Usage::new("SARIF is what a policy found")
            .hint("give --require or --policy")
            .into());
    }
    Ok(())
}

/// Writes one report of all files, in all its formats.
fn report(args: &VersionM, gate: &Gate<'_>) -> Result<Exit> {
    let survey = survey(args, !gate.is_empty());
    let (files, problems) = survey.all();
    survey.print(&problems);
    let mut run = gate.run(Keep::All);
    files.iter().for_each(|file| gate.judge(&mut run, file));
    let unread = problems.unread().iter().map(ToString::to_string).collect();
    let outcome = gate.conclude(run, unread);
    let exit = if problems.are_errors() { Exit::Failed } else { Exit::Done };
    let exit = policy::exit(exit, outcome.as_ref());
    let report = |format| VersionReport {
        files: &files,
        unread: problems.unread(),
        policy: outcome.as_ref(),
        shape: Shape::of(args, format),
        exit,
    };
    for ReportFile { format, path } in &args.report.to_files.files {
        let text = report(*format).text(*format, terminal::style(Some(path)))?;
        terminal::write_output(text.as_bytes(), Some(path))?;
    }
    let format = args.report.format;
    let text = report(format).text(format, terminal::style(None))?;
    terminal::write(text.as_bytes())?;
    policy::tell(outcome.as_ref(), format.carries_policy(), args.verbose);
    Ok(exit)
}
