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

use crate::app::error::CommandError;
use crate::app::exit::Exit;
use crate::app::terminal;
use crate::strip::args::StripArgs;
use options::StripOptions;
use report::{FileReport, StripReport};
use strip_file::strip_file;

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
    let groups = groups(&args.files);
    let strip = |group: Vec<(usize, &Path)>| -> Vec<(usize, Result<FileReport>)> {
        group.into_iter().map(|(number, file)| (number, strip_file(file, &options))).collect()
    };
    // Threads cost more than one file takes.
    let mut done: Vec<_> = if groups.len() > 1 {
        groups.into_par_iter().flat_map_iter(strip).collect()
    } else {
        groups.into_iter().flat_map(strip).collect()
    };
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
    if options.report {
        let report = StripReport { dry_run: options.dry_run, files };
        let format = args.format.unwrap_or_default();
        if options.to_stdout && !options.dry_run {
            terminal::print_to_stderr(&report, format)?;
        } else {
            terminal::print(&report, format)?;
        }
    }
    Ok(exit)
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
