//! Implements `rgo-version-m`: reports the kind and the components of programs.
//!
//! ```text
//! arguments ─▶ rgo-files: walk ─▶ survey ─▶ Inspected ─┬─▶ report (ndjson: stream) ─▶ stdout
//!                                (rgo-binary: inspect) └─▶ gate (rgo-policy) ─▶ exit code
//! ```

pub mod args;
mod cyclonedx;
mod dump;
mod gate;
mod go;
mod inspected;
mod policy_facts;
mod report;
#[cfg(test)]
mod samples;
mod stream;
mod summary_row;
mod survey;
mod text;
mod unread;
mod words;

use anyhow::Result;
use rgo_policy::Policy;
use rgo_policy::run::Keep;

use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::terminal;
use args::{VersionFormat, VersionM};
use gate::Ending;
pub use policy_facts::vocabulary;
use report::{Shape, VersionReport};
use survey::Survey;

/// Inspects the files and prints the report.
///
/// # Errors
/// If stdout cannot be written, or the call is inconsistent. An unreadable file is reported on
/// stderr and by the exit code; the other files are still reported.
pub fn run(args: VersionM) -> Result<Exit> {
    if args.go {
        return go::run(&args);
    }
    let policy = gate::policy(&args)?;
    if args.required.iter().any(|expression| expression == "help") {
        let help = vocabulary().help();
        let text = rgo_report::render_document(&help, terminal::style(None));
        terminal::write(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    check_usage(&args, &policy)?;
    if let Some(section) = &args.dump_section {
        return dump::run(&args, section);
    }
    match args.format {
        VersionFormat::Ndjson => stream::run(&args, &policy),
        _ => report(&args, &policy),
    }
}

fn check_usage(args: &VersionM, policy: &Policy) -> Result<()> {
    if args.files.is_empty() {
        return Err(Usage::new("nothing to look into")
            .hint("name files, folders or archives")
            .into());
    }
    if (args.short || args.summary) && !args.format.is_for_people() {
        return Err(Usage::new("--short and --summary are forms of text and Markdown")
            .hint("leave them out; the other formats have every image with all that is known of it")
            .into());
    }
    if policy.is_empty() && args.format == VersionFormat::Sarif {
        return Err(Usage::new("--format sarif tells what a policy found")
            .hint("give --require or --policy")
            .into());
    }
    Ok(())
}

/// Writes one report of all files.
fn report(args: &VersionM, policy: &Policy) -> Result<Exit> {
    let survey = Survey::new(args, !policy.is_empty());
    let (files, problems) = survey.all();
    survey.print(&problems);
    let mut judged = policy.run(Keep::All);
    if !policy.is_empty() {
        files.iter().for_each(|file| judged.add(policy.judge(file.subject(), file)));
    }
    let ending = Ending::of(args, policy, judged, &problems);
    let report = VersionReport {
        files: &files,
        unread: problems.unread(),
        policy: ending.outcome.as_ref(),
        shape: Shape::of(args),
        exit: ending.exit,
    };
    let text = report.text(args.format, terminal::style(args.output.as_deref()))?;
    terminal::write_output(text.as_bytes(), args.output.as_deref())?;
    ending.tell(args);
    Ok(ending.exit)
}
