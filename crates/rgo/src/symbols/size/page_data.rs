//! Gathers what the page of an image shows.

use std::borrow::Cow;

use rgo_debuginfo::sizes::{Attribution, Part};

use super::args::KeyArg;
use super::buckets::Buckets;
use super::page::{Column, PageData};
use crate::symbols::image_name::ImageName;

/// The columns that every page has.
const COLUMNS: [KeyArg; 7] = [
    KeyArg::Package,
    KeyArg::Section,
    KeyArg::Segment,
    KeyArg::File,
    KeyArg::Unit,
    KeyArg::Symbol,
    KeyArg::Kind,
];

/// The page of an image, which first shows groups by `first`.
pub(super) fn page_data<'d>(
    name: &ImageName,
    sizes: &'d Attribution,
    first: &[KeyArg],
    buckets: Option<&'d Buckets>,
) -> PageData {
    let column = |key: &str, of: &dyn Fn(&Part) -> Cow<'d, str>| {
        let values: Vec<_> = sizes.parts.iter().map(of).collect();
        Column::new(key, values.iter().map(|value| Some(&**value)))
    };
    let named = |arg: &KeyArg| {
        let key = arg.key()?;
        Some(column(arg.word(), &|part| sizes.name(part, key)))
    };
    let mut columns: Vec<Column> = COLUMNS.iter().filter_map(named).collect();
    if let Some(buckets) = buckets {
        columns.push(column(KeyArg::Bucket.word(), &|part| buckets.name(sizes, part).into()));
    }
    let mut first_view: Vec<String> = first.iter().map(|key| key.word().to_owned()).collect();
    first_view.retain(|key| columns.iter().any(|column| column.key == *key));
    if first_view.len() == 1 {
        first_view.push(KeyArg::Symbol.word().to_owned());
    }
    PageData {
        // The walk names the file.
        title: String::new(),
        format: format!("{} {}", name.format, name.arch),
        tool: concat!("rgo-symbols ", env!("CARGO_PKG_VERSION")).to_owned(),
        file_bytes: sizes.file_bytes,
        memory_bytes: sizes.memory_bytes,
        columns,
        part_file_bytes: sizes.parts.iter().map(|part| part.file_bytes).collect(),
        part_memory_bytes: sizes.parts.iter().map(|part| part.memory_bytes).collect(),
        first_view,
    }
}
