//! The regions of an image that hold text: all loaded and kept bytes but code. Every search for text
//! goes over these.

use object::{Object, ObjectSection, ObjectSegment, SectionKind};

use crate::{Format, Image};

/// Bytes to search, and what they are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region<'a> {
    /// Section or segment; `the image` where it has neither.
    pub(crate) name: &'a str,
    /// The bytes.
    pub(crate) data: &'a [u8],
}

const WHOLE: &str = "the image";

/// Sections for stack unwinding: large, and without a text.
const UNWINDING: [&str; 7] = [
    ".eh_frame",
    ".eh_frame_hdr",
    ".gcc_except_table",
    "__eh_frame",
    "__unwind_info",
    "__gcc_except_tab",
    ".pdata",
];

/// Data that the program reads: constants, and variables with a value.
pub(crate) fn loaded<'a>(image: &Image<'a>) -> Vec<Region<'a>> {
    of_kinds(image, |kind| {
        matches!(
            kind,
            SectionKind::Data
                | SectionKind::ReadOnlyData
                | SectionKind::ReadOnlyDataWithRel
                | SectionKind::ReadOnlyString
                | SectionKind::Other
        )
    })
}

/// As [`loaded`], and what debuggers and linkers read: but for their tables.
pub(crate) fn all<'a>(image: &Image<'a>) -> Vec<Region<'a>> {
    let mut places =
        of_kinds(image, |kind| !matches!(kind, SectionKind::Text | SectionKind::Metadata));
    // The folders that a program looks for its libraries in are among these.
    let names = image.section(".dynstr").filter(|section| !section.data.is_empty());
    places.extend(names.map(|section| Region { name: section.name, data: section.data }));
    if image.format() == Format::MachO {
        // Its string table names object files and is in no section.
        let linkedit = image
            .object()
            .segments()
            .filter(|segment| segment.name_bytes().ok().flatten() == Some(b"__LINKEDIT"));
        places.extend(linkedit.filter_map(|segment| {
            let (start, size) = segment.file_range();
            let start = usize::try_from(start).ok()?;
            let end = start.checked_add(usize::try_from(size).ok()?)?;
            Some(Region { name: "__LINKEDIT", data: image.data().get(start..end)? })
        }));
    }
    places
}

fn of_kinds<'a>(image: &Image<'a>, wanted: impl Fn(SectionKind) -> bool) -> Vec<Region<'a>> {
    let kinds = image.object().sections().map(|section| section.kind());
    // A hostile table lets every section claim the whole file: together they get no more than
    // twice its size, which no honest image comes near.
    let limit = usize::try_from(image.limits().max_searched).unwrap_or(usize::MAX);
    let mut budget = image.data().len().saturating_mul(2).min(limit);
    let places: Vec<_> = image
        .sections()
        .zip(kinds)
        .filter(|(section, kind)| {
            wanted(*kind) && !section.data.is_empty() && !UNWINDING.contains(&section.name)
        })
        .map_while(|(section, _)| {
            let data = section.data.get(..section.data.len().min(budget)).unwrap_or_default();
            budget -= data.len();
            (!data.is_empty()).then_some(Region { name: section.name, data })
        })
        .collect();
    if !places.is_empty() {
        return places;
    }
    let start = image.data().get(..image.data().len().min(limit)).unwrap_or_default();
    vec![Region { name: WHOLE, data: start }]
}
