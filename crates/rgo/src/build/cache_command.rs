//! `rgo-build cache`: lists and removes the files that rgo keeps on this machine.

use std::cmp::Reverse;
use std::time::Duration;

use anyhow::Result;
use camino::Utf8PathBuf;
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::cache::{Cache, Entry, Pruned};
use rgo_toolchain::environment::env;
use serde::Serialize;

use super::size;
use crate::app::exit::Exit;
use crate::app::reports;
use crate::app::schema::{Named, of_report};
use crate::build::args::{CacheArgs, CacheCommand};

/// The kind of the folders with linkers and C tools for cargo.
const SHIMS: &str = "shims";

/// `rgo-build cache ls` and `prune`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Kept {
    #[schemars(with = "String")]
    folder: Utf8PathBuf,
    /// What is kept or removed, the largest first.
    entries: Vec<Entry>,
    /// With `ls`: the size of everything else in the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    other_bytes: Option<u64>,
    total_bytes: u64,
    /// With `prune`: entries that stay because a build is running.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held: Vec<Entry>,
    #[serde(skip)]
    verb: &'static str,
}

impl Kept {
    /// One row for each entry, but for link shims one in all: they are many and small.
    fn rows(&self) -> Vec<(&'static str, String, u64)> {
        let entries = if self.held.is_empty() { &self.entries } else { &self.held };
        let is_shim = |entry: &&Entry| entry.kind == SHIMS;
        let (shims, rest): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(is_shim);
        let mut rows: Vec<_> =
            rest.iter().map(|entry| (entry.kind, entry.name.clone(), entry.size_bytes)).collect();
        match shims[..] {
            [] => {}
            [one] => rows.push((SHIMS, one.name.clone(), one.size_bytes)),
            _ => {
                let size = shims.iter().map(|entry| entry.size_bytes).sum();
                rows.push((SHIMS, format!("{} of them", shims.len()), size));
            }
        }
        if let Some(bytes) = self.other_bytes.filter(|bytes| *bytes > 0) {
            rows.push(("other", String::new(), bytes));
        }
        rows.sort_by_key(|(.., size)| Reverse(*size));
        rows
    }
}

/// The schema of its report.
pub(super) fn schema() -> Named {
    of_report::<Kept>()
}

impl Report for Kept {
    const SCHEMA: &'static str = "rgo.cache/1";

    fn document(&self) -> Document {
        let mut table =
            Table::new([Column::left("kind"), Column::left("name"), Column::right("size")]);
        for (kind, name, bytes) in self.rows() {
            table.row([Cell::new(kind), Cell::new(name), Cell::new(size(bytes))]);
        }
        let document = Document::new().table(table);
        if self.held.is_empty() {
            let Self { verb, total_bytes, folder, .. } = self;
            return document.line(format!("{verb} {} in {folder}", size(*total_bytes)));
        }
        let bytes = self.held.iter().map(|entry| entry.size_bytes).sum();
        let text = format!(
            "a build is running: nothing is removed now; would free {} in {}",
            size(bytes),
            self.folder
        );
        document.line(Cell::new(text).tone(Tone::Warn))
    }
}

/// Lists or removes the entries of the cache.
///
/// # Errors
/// If the cache cannot be read or written.
pub(super) fn run(args: &CacheArgs) -> Result<Exit> {
    let cache = Cache::open(&env)?;
    let folder = cache.root().to_owned();
    let (kept, report) = match &args.command {
        None => (list(&cache)?, &args.report),
        Some(CacheCommand::Ls { report }) => (list(&cache)?, report),
        Some(CacheCommand::Prune { older_than, dry_run, report }) => {
            let age = older_than.map(|days| Duration::from_secs(u64::from(days) * 86_400));
            let pruned = cache.prune(*dry_run, age)?;
            let verb = if *dry_run { "would free" } else { "freed" };
            let Pruned { removed: entries, held } = pruned;
            let total_bytes = total(&entries);
            (Kept { folder, entries, other_bytes: None, total_bytes, held, verb }, report)
        }
    };
    reports::print(&kept, report)?;
    Ok(Exit::Done)
}

fn list(cache: &Cache) -> Result<Kept> {
    let entries = cache.ls()?;
    let other_bytes = cache.other_bytes(&entries);
    Ok(Kept {
        folder: cache.root().to_owned(),
        other_bytes: Some(other_bytes),
        total_bytes: total(&entries) + other_bytes,
        entries,
        held: Vec::new(),
        verb: "kept:",
    })
}

fn total(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| entry.size_bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rgo_report::{Rendering, Style, render};

    fn entry(kind: &'static str, name: &str, size_bytes: u64) -> Entry {
        let path = "/cache".into();
        Entry { kind, name: name.into(), path, size_bytes, last_used_epoch_seconds: 0 }
    }

    fn text(entries: Vec<Entry>, held: Vec<Entry>) -> String {
        let kept = Kept {
            folder: "/cache".into(),
            total_bytes: total(&entries) + 3,
            other_bytes: Some(3),
            entries,
            held,
            verb: "kept:",
        };
        render(&kept, Rendering::Text, Style::default()).expect("renders")
    }

    #[test]
    fn shims_are_one_row_and_the_total_is_that_of_the_rows() {
        let shims = [entry(SHIMS, "a", 1), entry(SHIMS, "b", 4)];
        let text = text([vec![entry("std", "key", 7)], shims.into()].concat(), Vec::new());
        let rows: Vec<Vec<&str>> = text.lines().map(|it| it.split_whitespace().collect()).collect();
        let expected: [&[&str]; 4] = [
            &["std", "key", "7", "B"],
            &["shims", "2", "of", "them", "5", "B"],
            &["other", "3", "B"],
            &["kept:", "15", "B", "in", "/cache"],
        ];
        let found: Vec<&[&str]> =
            rows.iter().map(Vec::as_slice).filter(|row| !row.is_empty()).collect();
        assert_eq!(found[1..], expected, "{text}");
    }

    #[test]
    fn a_prune_beside_a_build_says_why_nothing_goes() {
        let text = text(Vec::new(), vec![entry("zig", "0.15", 1024)]);
        assert!(
            text.contains("a build is running: nothing is removed now; would free 1.0 KiB"),
            "{text}"
        );
    }
}
