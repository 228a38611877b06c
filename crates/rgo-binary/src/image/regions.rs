//! The regions of an image that can hold text: all bytes in the file, loaded or not, except code.
//! Every search for text uses them.

use object::{Object, ObjectSection, ObjectSegment, SectionKind};

use crate::{Format, Image};

/// Bytes to search, with their name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region<'a> {
    /// The section or segment; `the image` if there is neither.
    pub(crate) name: &'a str,
    /// The bytes.
    pub(crate) data: &'a [u8],
}

const WHOLE: &str = "the image";

/// Sections for stack unwinding: they are large and have no text.
const UNWINDING: [&str; 7] = [
    ".eh_frame",
    ".eh_frame_hdr",
    ".gcc_except_table",
    "__eh_frame",
    "__unwind_info",
    "__gcc_except_tab",
    ".pdata",
];

/// The data that the program reads: constants and initialized variables.
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

/// Like [`loaded`], with the sections for debuggers and linkers, except their tables.
pub(crate) fn all<'a>(image: &Image<'a>) -> Vec<Region<'a>> {
    let mut places =
        of_kinds(image, |kind| !matches!(kind, SectionKind::Text | SectionKind::Metadata));
    // These include the runpath.
    let names = image.section(".dynstr").filter(|section| !section.data.is_empty());
    places.extend(names.map(|section| Region { name: section.name, data: section.data }));
    if image.format() == Format::MachO {
        // The Mach-O string table names object files and is in no section.
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
    // A hostile table can let every section claim the whole file. The limit for all sections
    // together is twice the file's size, which no real image comes near.
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
