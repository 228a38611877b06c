//! Runs `rgo-symbols diff OLD NEW`: says what grew, shrank, is new or gone.
//!
//! ```text
//! OLD, NEW ─▶ snapshots ─▶ rgo_debuginfo::diff ─┬▶ groups ─▶ report
//!                                               └▶ policy ─▶ verdict
//! ```

pub mod args;
mod report;

use std::borrow::Cow;

use anyhow::Result;
use rgo_debuginfo::diff::Diff;
use rgo_debuginfo::sizes::{Attribution, Part};
use rgo_policy::run::Keep;
use rgo_policy::{Subject, SubjectKind};

use super::debug_files::DebugFileRow;
use super::size::args::KeyArg;
use super::size::buckets::Buckets;
use super::snapshot;
use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::policy::{self, DiffFacts, Gate};
use crate::app::reports::ReportFile;
use crate::app::schema::{Named, generate, of_report};
use crate::app::terminal;
use args::{DiffArgs, DiffFormat};
use report::{DiffLine, DiffReport};

/// The schema of the report.
pub(super) fn schema() -> Named {
    of_report::<DiffReport<'_>>()
}

/// The name of the schema of a line of ndjson.
pub(crate) const LINE: &str = "rgo.diff.line/1";

/// The schema of a line of ndjson.
pub(super) fn line_schema() -> Named {
    (LINE, generate::<DiffLine<'_>>)
}

/// Compares two files.
///
/// # Errors
/// If a file cannot be read, stdout cannot be written, or the call is wrong.
pub(super) fn run(args: &DiffArgs) -> Result<Exit> {
    if args.by.contains(&KeyArg::Image) {
        let error = Usage::new("a diff is of one image: --by image says nothing");
        return Err(error.hint("`rgo-symbols size --total --by image` compares files").into());
    }
    if args.by.contains(&KeyArg::Bucket) && args.buckets.is_none() {
        let error = Usage::new("--by bucket has no buckets");
        return Err(error.hint("name a file of them: --buckets FILE").into());
    }
    let gate = Gate::new(&args.policy, "rgo-symbols")?;
    let buckets = args.buckets.as_deref().map(Buckets::read).transpose()?.unwrap_or_default();
    let arch = args.arch.as_deref();
    let read = |path| snapshot::read(path, arch, args.debug_files.options());
    let (old, new) = rayon::join(|| read(&args.old), || read(&args.new));
    let ((old, mut old_files), (new, mut new_files)) = (old?, new?);
    // A companion of the call is of one of the two, or of both.
    drop_used(&mut old_files, &new_files);
    drop_used(&mut new_files, &old_files);
    let diff = Diff::of(old, new);
    let groups = diff.groups(args.by.len(), args.all, &|sizes, part, level| {
        named(args, &buckets, sizes, part, level)
    });
    let mut run = gate.run(Keep::All);
    let subject = Subject {
        kind: SubjectKind::Diff,
        ..Subject::file(args.new.to_string_lossy().into_owned())
    };
    gate.judge_subject(&mut run, subject, &DiffFacts(&diff));
    let outcome = gate.conclude(run, Vec::new());
    let report = DiffReport::new(args, &diff, [old_files, new_files], groups, outcome.as_ref());
    for ReportFile { format, path } in &args.report.to_files.files {
        let text = report.text(*format, terminal::style(Some(path)))?;
        terminal::write_output(text.as_bytes(), Some(path))?;
    }
    let format = args.report.format;
    terminal::write(report.text(format, terminal::style(None))?.as_bytes())?;
    let has_verdict = !matches!(format, DiffFormat::Ndjson | DiffFormat::Csv);
    policy::tell(outcome.as_ref(), has_verdict, args.verbose);
    Ok(policy::exit(Exit::Done, outcome.as_ref()))
}

/// Drops the files without use that the other image uses.
fn drop_used(rows: &mut Vec<DebugFileRow>, others: &[DebugFileRow]) {
    let uses = |file: &str| others.iter().any(|it| it.file == file && it.unused_because.is_none());
    rows.retain(|row| row.unused_because.is_none() || !uses(&row.file));
}

fn named<'n>(
    args: &DiffArgs,
    buckets: &'n Buckets,
    sizes: &'n Attribution,
    part: &Part,
    level: usize,
) -> Cow<'n, str> {
    match args.by.get(level).map(|key| key.key()) {
        Some(Some(key)) => sizes.name(part, key),
        _ => buckets.name(sizes, part).into(),
    }
}
