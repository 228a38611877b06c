//! Renders a diff.

use anyhow::{Context, Result};
use rgo_debuginfo::diff::{Change, Diff, DiffGroup, Export, Side, Sizes};
use rgo_policy::Outcome;
use rgo_report::{
    Cell, Column, Document, Rendering, Report, Style, Table, Tone, printable, render,
};
use serde::Serialize;

use super::args::{DiffArgs, DiffFormat};
use crate::symbols::debug_files::DebugFileRow;
use crate::symbols::debug_files::row::add_lines;
use crate::symbols::levels::{indented, limit};

/// What became of an image.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct DiffReport<'r> {
    /// The old file.
    old: FileSizes,
    /// The new file.
    new: FileSizes,
    /// What the bytes are grouped by, level by level.
    by: Vec<&'static str>,
    /// The groups of the first level, those that changed most first.
    groups: Vec<GroupRow>,
    /// Exports that only the new file has.
    exports_added: &'r [Export],
    /// Exports that only the old file has.
    exports_removed: &'r [Export],
    /// The verdict, if there were requirements.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'r Outcome>,
    #[serde(skip)]
    limit: Option<usize>,
    #[serde(skip)]
    verbose: bool,
}

/// A file and its bytes.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct FileSizes {
    /// The file.
    file: String,
    /// The files with its debug data that were there; none of a snapshot, which has it within.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    debug_files: Vec<DebugFileRow>,
    /// Its bytes.
    #[serde(flatten)]
    sizes: Sizes,
}

/// A group in both files.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct GroupRow {
    /// Its name; in brackets where there is none.
    name: String,
    /// What became of it.
    change: Change,
    /// Its bytes in the old file, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Sizes>,
    /// Its bytes in the new file, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Sizes>,
    /// Bytes that the new file has more, negative for fewer.
    growth_bytes: i64,
    /// The groups of the next level, those that changed most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<GroupRow>,
}

/// An innermost group: a line of ndjson.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct DiffLine<'r> {
    /// What the bytes are grouped by.
    by: &'r [&'static str],
    /// The name of the group, and of those around it, the outermost first.
    names: &'r [&'r str],
    /// What became of it.
    change: Change,
    /// Its bytes in the old file, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Sizes>,
    /// Its bytes in the new file, if it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Sizes>,
    /// Bytes that the new file has more, negative for fewer.
    growth_bytes: i64,
}

impl<'r> DiffReport<'r> {
    pub(super) fn new(
        args: &DiffArgs,
        diff: &'r Diff,
        [old_files, new_files]: [Vec<DebugFileRow>; 2],
        groups: Vec<DiffGroup>,
        policy: Option<&'r Outcome>,
    ) -> Self {
        let file = |path: &std::path::Path, debug_files, side| {
            let sizes = diff.side(side);
            let sizes = Sizes { file_bytes: sizes.file_bytes, memory_bytes: sizes.memory_bytes };
            FileSizes { file: path.to_string_lossy().into_owned(), debug_files, sizes }
        };
        Self {
            old: file(&args.old, old_files, Side::Old),
            new: file(&args.new, new_files, Side::New),
            by: args.by.iter().map(|key| key.word()).collect(),
            groups: rows(groups),
            exports_added: &diff.exports_added,
            exports_removed: &diff.exports_removed,
            policy,
            limit: args.limit,
            verbose: args.verbose,
        }
    }

    /// Renders the whole answer.
    ///
    /// # Errors
    /// If something cannot be serialized.
    pub(super) fn text(&self, format: DiffFormat, style: Style) -> Result<String> {
        Ok(match format {
            DiffFormat::Text => render(self, Rendering::Text, style)?,
            DiffFormat::Markdown => render(self, Rendering::Markdown, style)?,
            DiffFormat::Json => render(self, Rendering::Json, style)?,
            DiffFormat::Ndjson => self.json_lines()?,
            DiffFormat::Csv => self.csv()?,
        })
    }

    fn json_lines(&self) -> Result<String> {
        let mut text = String::new();
        leaves(&self.groups, &mut Vec::new(), &mut |names, row| {
            let line = DiffLine {
                by: &self.by,
                names,
                change: row.change,
                old: row.old,
                new: row.new,
                growth_bytes: row.growth_bytes,
            };
            text += &serde_json::to_string(&line)?;
            text.push('\n');
            Ok(())
        })?;
        Ok(text)
    }

    fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let sizes =
            ["change", "growth_bytes", "old_bytes", "new_bytes", "old_memory", "new_memory"];
        writer.write_record(self.by.iter().copied().chain(sizes))?;
        leaves(&self.groups, &mut Vec::new(), &mut |names, row| {
            let bytes = |sizes: Option<Sizes>, of: fn(Sizes) -> u64| {
                sizes.map(|sizes| of(sizes).to_string()).unwrap_or_default()
            };
            let cells = [
                word(row.change).to_owned(),
                row.growth_bytes.to_string(),
                bytes(row.old, |it| it.file_bytes),
                bytes(row.new, |it| it.file_bytes),
                bytes(row.old, |it| it.memory_bytes),
                bytes(row.new, |it| it.memory_bytes),
            ];
            let names = names.iter().map(|name| (*name).to_owned());
            Ok(writer.write_record(names.chain(cells))?)
        })?;
        String::from_utf8(writer.into_inner()?).context("a table of text is UTF-8")
    }

    fn add_rows(&self, table: &mut Table, groups: &[GroupRow], depth: usize) {
        let (shown, rest) = groups.split_at(limit(self.limit, depth).min(groups.len()));
        for row in shown {
            let name = indented(depth, &row.name);
            table.row([
                growth(row),
                bytes(row.old),
                bytes(row.new),
                word(row.change).into(),
                name.into(),
            ]);
            self.add_rows(table, &row.groups, depth + 1);
        }
        if !rest.is_empty() {
            let sum: i64 = rest.iter().map(|row| row.growth_bytes).sum();
            let name = indented(depth, &format!("({} more)", rest.len()));
            table.row([format!("{sum:+}").into(), "".into(), "".into(), "".into(), name.into()]);
        }
    }
}

fn rows(groups: Vec<DiffGroup>) -> Vec<GroupRow> {
    groups
        .into_iter()
        .map(|group| GroupRow {
            change: group.change(),
            growth_bytes: group.growth(),
            old: group.old,
            new: group.new,
            groups: rows(group.groups),
            name: group.name,
        })
        .collect()
}

/// Calls `each` for each innermost group, with the names of those around it and its own.
fn leaves<'g>(
    groups: &'g [GroupRow],
    around: &mut Vec<&'g str>,
    each: &mut dyn FnMut(&[&'g str], &GroupRow) -> Result<()>,
) -> Result<()> {
    for row in groups {
        around.push(&row.name);
        if row.groups.is_empty() {
            each(around, row)?;
        } else {
            leaves(&row.groups, around, each)?;
        }
        around.pop();
    }
    Ok(())
}

fn word(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Gone => "gone",
        Change::Inlined => "inlined",
        Change::Grown => "grown",
        Change::Shrunk => "shrunk",
        Change::Same => "same",
    }
}

fn growth(row: &GroupRow) -> Cell {
    let tone = match row.growth_bytes {
        0 => Tone::Plain,
        1.. => Tone::Warn,
        _ => Tone::Good,
    };
    Cell::new(format!("{:+}", row.growth_bytes)).tone(tone)
}

fn bytes(sizes: Option<Sizes>) -> Cell {
    sizes.map_or_else(|| "-".to_owned(), |sizes| sizes.file_bytes.to_string()).into()
}

fn export(change: &str, export: &Export) -> [Cell; 2] {
    let mut name = printable(&export.name).into_owned();
    name += export.version.as_deref().unwrap_or_default();
    if let Some(ordinal) = export.ordinal {
        name += &format!(" #{ordinal}");
    }
    if let Some(forwarder) = &export.forwarder {
        name += &format!(" -> {}", printable(forwarder));
    }
    [change.into(), name.into()]
}

impl Report for DiffReport<'_> {
    const SCHEMA: &'static str = "rgo.diff/1";

    fn document(&self) -> Document {
        let [old, new] = [&self.old, &self.new].map(|it| it.sizes);
        let by = |of: fn(Sizes) -> u64| of(new).cast_signed().wrapping_sub(of(old).cast_signed());
        let mut document = Document::new().heading(format!(
            "{} -> {}: {:+} bytes ({} -> {}), {:+} in memory",
            printable(&self.old.file),
            printable(&self.new.file),
            by(|it| it.file_bytes),
            old.file_bytes,
            new.file_bytes,
            by(|it| it.memory_bytes),
        ));
        for file in [&self.old, &self.new] {
            document = add_lines(document, &file.debug_files);
        }
        let mut table = Table::new([
            Column::right("growth"),
            Column::right("old"),
            Column::right("new"),
            Column::left("change"),
            Column::left(self.by.join(", ")),
        ]);
        self.add_rows(&mut table, &self.groups, 0);
        document = document.table(table);
        let exports = || {
            let removed = self.exports_removed.iter().map(|it| export("removed", it));
            removed.chain(self.exports_added.iter().map(|it| export("added", it)))
        };
        if exports().next().is_some() {
            let mut table = Table::new([Column::left("export"), Column::left("name")]);
            exports().for_each(|row| table.row(row));
            document = document.table(table);
        }
        match self.policy {
            Some(outcome) => outcome.document(document, self.verbose),
            None => document,
        }
    }
}
