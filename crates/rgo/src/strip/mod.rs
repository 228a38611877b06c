//! Implements `rgo-strip`: removes debug data and symbols from programs, or moves them into
//! separate files.
//!
//! ```text
//! file ─▶ map ─▶ rgo_edit::edit ─▶ draft ─▶ temporary file ─▶ verify ─▶ companion ─▶ program
//!                                    (data)    copied ranges     by the     in place    in place
//!                                    -n: printed                 written file
//! ```

mod apple;
pub mod args;
mod edits;
mod input;
mod names;
mod options;
mod report;
mod split;
mod strip_file;
mod write;
mod write_ahead;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;

use crate::app::error::{CommandError, Usage};
use crate::app::exit::Exit;
use crate::app::policy::{self, Gate};
use crate::app::progress::FileProgress;
use crate::app::reports;
use crate::app::schema::{Named, of_report};
use crate::app::terminal;
use crate::strip::args::StripArgs;
use options::StripOptions;
use report::{FileReport, StripReport};
use strip_file::strip_file;

/// The name of this tool.
const TOOL: &str = "rgo-strip";
/// The schema of its report.
pub(crate) fn schema() -> Named {
    of_report::<StripReport>()
}

/// The prefix of temporary files' names, by which a user recognizes one that a killed process left
/// behind.
const TEMPORARY: &str = ".rgo-strip-";

/// Strips the files, each independently.
///
/// # Errors
/// For a wrong call, or if the report cannot be printed. An error of one file goes to stderr and
/// affects the exit code; the other files are still stripped.
pub fn run(args: StripArgs) -> Result<Exit> {
    let options = StripOptions::new(&args)?;
    let gate = Gate::new(&args.gate, TOOL)?;
    check_gate(&gate, &options)?;
    let groups = groups(&args.files);
    let progress = FileProgress::new(args.quiet);
    let strip = |group: Vec<(usize, &Path)>| -> Vec<(usize, Result<FileReport>)> {
        let strip = |(number, file): (usize, &Path)| {
            progress.begin(file);
            (number, strip_file(file, &options))
        };
        group.into_iter().map(strip).collect()
    };
    // Threads cost more than one file takes.
    let mut done: Vec<_> = if groups.len() > 1 {
        groups.into_par_iter().flat_map_iter(strip).collect()
    } else {
        groups.into_iter().flat_map(strip).collect()
    };
    drop(progress);
    done.sort_by_key(|(number, _)| *number);
    let mut exit = Exit::Done;
    let mut files = Vec::new();
    for (file, (_, result)) in args.files.iter().zip(done) {
        let file = file.display().to_string();
        match result {
            Ok(report) => {
                if !args.quiet {
                    for text in &report.warnings {
                        terminal::warning(&format!("{file}: {text}"));
                    }
                }
                files.push(report);
            }
            Err(error) => {
                let error = CommandError::from(error);
                exit = error.kind.into();
                terminal::error(&error);
                files.push(FileReport::failed(file, error));
            }
        }
    }
    let outcome = gate.judge_files(&results(&args, &files), exit != Exit::Done);
    let exit = policy::exit(exit, outcome.as_ref());
    let report = StripReport { dry_run: options.dry_run, files, policy: outcome };
    reports::write_files(&report, &args.to_files)?;
    let is_shown = args.dry_run || args.verbose || args.format.is_some();
    let to_stderr = options.to_stdout && !options.dry_run;
    let format = args.format.unwrap_or_default();
    match (is_shown, to_stderr) {
        (false, _) => {}
        (true, true) => terminal::print_to_stderr(&report, format)?,
        (true, false) => terminal::print_as(&report, format)?,
    }
    policy::tell(report.policy.as_ref(), is_shown, args.verbose);
    Ok(exit)
}

/// Checks that there are results to judge.
fn check_gate(gate: &Gate<'_>, options: &StripOptions) -> Result<()> {
    let without_result = if options.dry_run {
        "-n writes nothing"
    } else if options.to_stdout {
        "stdout cannot be read again"
    } else {
        return Ok(());
    };
    if gate.is_empty() {
        return Ok(());
    }
    let text = format!("{without_result}: there is no result of which something could be required");
    Err(Usage::new(text).hint("ask rgo-version-m, which reads stdin too").into())
}

/// The files that were written.
fn results(args: &StripArgs, files: &[FileReport]) -> Vec<PathBuf> {
    let done = args.files.iter().zip(files).filter(|(_, report)| report.error.is_none());
    done.map(|(file, _)| args.output.clone().unwrap_or_else(|| file.clone())).collect()
}

/// Groups the files that can be stripped in parallel. Several names of one file share a group:
/// otherwise one thread would read the file while another writes it.
fn groups(files: &[PathBuf]) -> Vec<Vec<(usize, &Path)>> {
    let mut groups: Vec<Vec<(usize, &Path)>> = Vec::new();
    let mut known: HashMap<PathBuf, usize> = HashMap::new();
    for (number, file) in files.iter().enumerate() {
        let at = *known.entry(identity(file)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push((number, file)),
            None => groups.push(vec![(number, file)]),
        }
    }
    groups
}

/// A key that all names of a file share.
fn identity(file: &Path) -> PathBuf {
    #[cfg(unix)]
    if let Ok(found) = file.metadata() {
        use std::os::unix::fs::MetadataExt;
        return format!("{}:{}", found.dev(), found.ino()).into();
    }
    file.canonicalize().unwrap_or_else(|_| file.to_owned())
}
