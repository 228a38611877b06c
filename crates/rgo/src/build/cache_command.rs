//! `rgo-build cache`: lists and removes the files that rgo keeps on this machine.

use std::time::Duration;

use anyhow::Result;
use camino::Utf8PathBuf;
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::cache::{Cache, Entry};
use rgo_toolchain::environment::env;
use serde::Serialize;

use super::size;
use crate::app::exit::Exit;
use crate::app::reports;
use crate::app::schema::{Named, of_report};
use crate::build::args::CacheCommand;

/// `rgo-build cache ls` and `prune`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Kept {
    #[schemars(with = "String")]
    folder: Utf8PathBuf,
    entries: Vec<Entry>,
    total_bytes: u64,
    /// With `prune`: entries that stay because they are in use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held: Vec<Entry>,
    #[serde(skip)]
    verb: &'static str,
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
        for entry in &self.entries {
            table.row([
                Cell::new(entry.kind),
                Cell::new(&entry.name),
                Cell::new(size(entry.size_bytes)),
            ]);
        }
        let mut document = Document::new().table(table);
        document =
            document.line(format!("{} {} in {}", self.verb, size(self.total_bytes), self.folder));
        for entry in &self.held {
            document = document
                .line(Cell::new(format!("in use: {} {}", entry.kind, entry.name)).tone(Tone::Warn));
        }
        document
    }
}

/// Lists or removes the entries of the cache.
///
/// # Errors
/// If the cache cannot be read or written.
pub(super) fn run(command: &CacheCommand) -> Result<Exit> {
    let cache = Cache::open(&env)?;
    let (entries, held, verb, report) = match command {
        CacheCommand::Ls { report } => (cache.ls()?, Vec::new(), "kept:", report),
        CacheCommand::Prune { older_than, dry_run, report } => {
            let age = older_than.map(|days| Duration::from_secs(u64::from(days) * 86_400));
            let pruned = cache.prune(*dry_run, age)?;
            let verb = if *dry_run { "would free" } else { "freed" };
            (pruned.removed, pruned.held, verb, report)
        }
    };
    let total_bytes = entries.iter().map(|entry| entry.size_bytes).sum();
    let folder = cache.root().to_owned();
    reports::print(&Kept { folder, entries, total_bytes, held, verb }, report)?;
    Ok(Exit::Done)
}
