//! Renders sizes.

use std::cmp::Reverse;

use anyhow::{Context, Result, bail};
use rgo_debuginfo::sizes::Group;
use rgo_report::{Column, Document, Rendering, Report, Style, Table, printable, render};
use serde::Serialize;

use super::args::{BytesArg, SizeFormat};
use super::joined_page::joined;
use super::page::{PageData, page};
use crate::app::unread::Unread;
use crate::symbols::debug_files::DebugFileRow;
use crate::symbols::debug_files::row::add_lines;
use crate::symbols::image_name::ImageName;
use crate::symbols::levels::{indented, limit};

/// The sizes of all images, in the order in which they were named or walked.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct SizeReport<'r> {
    pub(super) files: &'r [ImageSizes],
    /// The pages of all images, if one is wanted.
    #[serde(skip)]
    pub(super) pages: &'r [PageData],
    /// Files that could not be read, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unread: Vec<Unread>,
    /// Which bytes make the shares.
    #[serde(skip)]
    pub(super) bytes: BytesArg,
    /// How many groups of a level are shown.
    #[serde(skip)]
    pub(super) limit: Option<usize>,
}

/// The sizes of an image.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ImageSizes {
    /// The image.
    #[serde(flatten)]
    pub(super) image: ImageName,
    /// The files with its debug data that were there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) debug_files: Vec<DebugFileRow>,
    /// What its bytes are grouped by, level by level.
    pub(super) by: Vec<&'static str>,
    /// Bytes in the file.
    pub(super) file_bytes: u64,
    /// Bytes in memory.
    pub(super) memory_bytes: u64,
    /// Bytes in the file that belong to no function and no variable, although they should.
    pub(super) unattributed_bytes: u64,
    /// The groups of the first level, the largest first.
    #[serde(serialize_with = "groups")]
    #[schemars(with = "Vec<SizeGroup<'static>>")]
    pub(super) groups: Vec<Group>,
    /// Its page, if one is wanted.
    #[serde(skip)]
    pub(super) page: Option<PageData>,
}

/// Bytes that have the same name.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct SizeGroup<'r> {
    /// The name; in brackets where there is none.
    name: &'r str,
    /// Bytes in the file.
    file_bytes: u64,
    /// Bytes in memory.
    memory_bytes: u64,
    /// The groups of the next level, the largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<SizeGroup<'r>>,
}

impl<'r> From<&'r Group> for SizeGroup<'r> {
    fn from(group: &'r Group) -> Self {
        Self {
            name: &group.name,
            file_bytes: group.file_bytes,
            memory_bytes: group.memory_bytes,
            groups: group.groups.iter().map(Into::into).collect(),
        }
    }
}

fn groups<S: serde::Serializer>(groups: &[Group], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(groups.iter().map(SizeGroup::from))
}

/// An innermost group with the image that has it: a line of ndjson.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct SizeLine<'r> {
    /// The file on disk; `-` for stdin.
    file: &'r str,
    /// Its name within that file, if that is an archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<&'r str>,
    /// The architecture, if the file has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    slice: Option<&'r str>,
    /// What its bytes are grouped by.
    by: &'r [&'static str],
    /// The name of the group, and of those around it, the outermost first.
    names: Vec<&'r str>,
    /// Bytes in the file.
    file_bytes: u64,
    /// Bytes in memory.
    memory_bytes: u64,
}

/// Puts the groups with the most bytes in memory first.
pub(super) fn order_by_memory(groups: &mut [Group]) {
    groups.sort_by_key(|group| Reverse(group.memory_bytes));
    for group in groups {
        order_by_memory(&mut group.groups);
    }
}

/// Calls `each` for each innermost group, with the names of those around it and its own.
fn leaves<'g>(
    groups: &'g [Group],
    around: &mut Vec<&'g str>,
    each: &mut dyn FnMut(&[&'g str], &Group),
) {
    for group in groups {
        around.push(&group.name);
        if group.groups.is_empty() {
            each(around, group);
        } else {
            leaves(&group.groups, around, each);
        }
        around.pop();
    }
}

impl SizeReport<'_> {
    /// Renders the whole answer.
    ///
    /// # Errors
    /// If something cannot be serialized.
    pub(super) fn text(&self, format: SizeFormat, style: Style) -> Result<String> {
        Ok(match format {
            SizeFormat::Text => render(self, Rendering::Text, style)?,
            SizeFormat::Markdown => render(self, Rendering::Markdown, style)?,
            SizeFormat::Json => render(self, Rendering::Json, style)?,
            SizeFormat::Ndjson => self.json_lines()?,
            SizeFormat::Csv => self.csv()?,
            SizeFormat::Html => self.page()?,
        })
    }

    fn page(&self) -> Result<String> {
        match self.pages {
            [] => bail!("a page shows the images of the call, and none was read"),
            [only] => Ok(page(only)),
            several => Ok(page(&joined(several))),
        }
    }

    fn json_lines(&self) -> Result<String> {
        let mut lines = Vec::new();
        for sizes in self.files {
            leaves(&sizes.groups, &mut Vec::new(), &mut |names, group| {
                lines.push(serde_json::to_string(&SizeLine {
                    file: &sizes.image.file,
                    member: sizes.image.member.as_deref(),
                    slice: sizes.image.slice.as_deref(),
                    by: &sizes.by,
                    names: names.to_vec(),
                    file_bytes: group.file_bytes,
                    memory_bytes: group.memory_bytes,
                }));
            });
        }
        let lines = lines.into_iter().map(|line| Ok(line? + "\n"));
        lines.collect()
    }

    fn csv(&self) -> Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut all = self.files.iter().map(|sizes| &sizes.by);
        let by = all.next().cloned().unwrap_or_default();
        // Without --by, each image has the default that suits it.
        let by = if all.all(|other| *other == by) { by } else { vec!["group"] };
        let columns = ["file", "member", "slice"].into_iter().chain(by);
        writer.write_record(columns.chain(["file_bytes", "memory_bytes"]))?;
        for sizes in self.files {
            let mut rows = Vec::new();
            leaves(&sizes.groups, &mut Vec::new(), &mut |names, group| {
                let ImageName { file, member, slice, .. } = &sizes.image;
                let place = [
                    file,
                    member.as_deref().unwrap_or_default(),
                    slice.as_deref().unwrap_or_default(),
                ];
                let place = place.into_iter().chain(names.iter().copied()).map(str::to_owned);
                let bytes = [group.file_bytes.to_string(), group.memory_bytes.to_string()];
                rows.push(place.chain(bytes).collect::<Vec<_>>());
            });
            for row in rows {
                writer.write_record(row)?;
            }
        }
        String::from_utf8(writer.into_inner()?).context("a table of text is UTF-8")
    }

    /// Adds the rows of a level, and of the levels within it.
    fn add_rows(&self, table: &mut Table, groups: &[Group], depth: usize, total: u64) {
        let limit = limit(self.limit, depth);
        let bytes = |group: &Group| match self.bytes {
            BytesArg::File => group.file_bytes,
            BytesArg::Memory => group.memory_bytes,
        };
        let (shown, rest) = groups.split_at(limit.min(groups.len()));
        for group in shown {
            let sizes = [group.file_bytes, group.memory_bytes];
            add_row(table, depth, &group.name, sizes, share(bytes(group), total));
            self.add_rows(table, &group.groups, depth + 1, total);
        }
        if !rest.is_empty() {
            let sum = |of: &dyn Fn(&Group) -> u64| rest.iter().map(of).sum::<u64>();
            let sizes = [sum(&|it| it.file_bytes), sum(&|it| it.memory_bytes)];
            let name = format!("({} more)", rest.len());
            add_row(table, depth, &name, sizes, share(sum(&bytes), total));
        }
    }
}

fn add_row(table: &mut Table, depth: usize, name: &str, [file, memory]: [u64; 2], share: String) {
    let cells = [file.to_string(), share, memory.to_string(), indented(depth, name)];
    table.row(cells.map(Into::into));
}

fn share(bytes: u64, total: u64) -> String {
    if total == 0 {
        return "-".to_owned();
    }
    // Shares of sizes need no more digits than a float has.
    #[allow(clippy::cast_precision_loss)]
    let share = bytes as f64 * 100.0 / total as f64;
    format!("{share:.1}%")
}

impl Report for SizeReport<'_> {
    const SCHEMA: &'static str = "rgo.size/1";

    fn document(&self) -> Document {
        let mut document = Document::new();
        for sizes in self.files {
            let ImageSizes { image, file_bytes, memory_bytes, .. } = sizes;
            document = document.heading(format!(
                "{}: {} {}, {file_bytes} bytes, {memory_bytes} in memory, {} unattributed",
                printable(&image.title()),
                image.format,
                image.arch,
                share(sizes.unattributed_bytes, *file_bytes),
            ));
            document = add_lines(document, &sizes.debug_files);
            let mut table = Table::new([
                Column::right("file"),
                Column::right(match self.bytes {
                    BytesArg::File => "share",
                    BytesArg::Memory => "of memory",
                }),
                Column::right("memory"),
                Column::left(sizes.by.join(", ")),
            ]);
            let total = match self.bytes {
                BytesArg::File => *file_bytes,
                BytesArg::Memory => *memory_bytes,
            };
            self.add_rows(&mut table, &sizes.groups, 0, total);
            document = document.table(table);
        }
        document
    }
}
