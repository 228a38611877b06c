//! Checks the output of every edit: parses it with the tools' own reader, and shows that the loader
//! finds in it the same bytes as in the input. A fault in an editor becomes an error here instead
//! of a broken program.
//!
//! Copied ranges are not compared again: the draft records which range of the input each one is.
//! The check shows that every mapped byte is a copy of the byte at the same address, or was made
//! anew for a reason that edits of the format may have.

mod elf;
mod macho;
mod pe;

use std::ops::Range;

use object::{Object, ObjectSegment, SegmentFlags};

use super::{Draft, Edited, Piece, Reason, Removed, archive};
use rgo_binary::{Error, FileKind, Format, Image, Limits, Result, Slice, slices};

/// Checks that the output equals its draft, and loads the same bytes as the input.
pub(super) fn loads_the_same(edit: &Edited<'_>, output: &[u8]) -> Result<()> {
    let draft = &edit.draft;
    if output.len() as u64 != draft.size() {
        return Err(bad(0, format!("{} bytes instead of {}", output.len(), draft.size())));
    }
    let limits = Limits { max_file: u64::MAX, ..Limits::default() };
    let images = |data| match FileKind::parse(data) {
        FileKind::Archive => archive::objects(data),
        _ => slices(data, &limits),
    };
    let before = images(draft.input())?;
    let after = images(output)?;
    if before.len() != after.len() {
        return Err(bad(0, "another number of slices than the input's".to_owned()));
    }
    for (before, after) in before.iter().zip(&after) {
        same_image(&before.image, &after.image)?;
        same_mappings(before, after, draft, &edit.removed)?;
        same_sections(&before.image, &after.image, &edit.removed)?;
        match before.image.format() {
            Format::Elf => {
                let offsets = (before.offset, after.offset);
                elf::same(before.image.data(), after.image.data(), offsets, draft)?;
            }
            Format::MachO => macho::same(&before.image, &after.image)?,
            Format::Pe => pe::same_headers(&before.image, &after.image)?,
        }
    }
    Ok(())
}

fn bad(offset: u64, why: String) -> Error {
    Error::malformed("output of an edit", offset, why)
}

fn same_image(before: &Image<'_>, after: &Image<'_>) -> Result<()> {
    if before.format() != after.format() || before.arch() != after.arch() {
        return Err(bad(0, "another format or instruction set than the input's".to_owned()));
    }
    let (old, new) = (before.object(), after.object());
    if old.entry() != new.entry() {
        return Err(bad(0, "the entry point moved".to_owned()));
    }
    if old.kind() != new.kind() {
        return Err(bad(0, "another kind of image than the input's".to_owned()));
    }
    if old.relative_address_base() != new.relative_address_base() {
        return Err(bad(0, "another base address than the input's".to_owned()));
    }
    Ok(())
}

/// A part of an image that the loader maps.
struct Mapping {
    name: String,
    address: u64,
    /// Its size in memory, in bytes.
    size: u64,
    /// Its bytes' range in the file of the image.
    file: Range<u64>,
    flags: SegmentFlags,
}

impl Mapping {
    /// Whether all of its bytes are tables that an edit writes anew. It moves if sections are added.
    fn is_linkedit(&self) -> bool {
        self.is_macho("__LINKEDIT")
    }

    fn is_macho(&self, name: &str) -> bool {
        self.name == name && matches!(self.flags, SegmentFlags::MachO { .. })
    }

    /// Whether a mapping of the output is this one of the input.
    fn is_twin(&self, other: &Self) -> bool {
        other.name == self.name && (other.address == self.address || self.is_linkedit())
    }
}

fn mappings(slice: &Slice<'_>) -> Result<Vec<Mapping>> {
    slice
        .image
        .object()
        .segments()
        .map(|segment| {
            let (offset, size) = segment.file_range();
            let start = slice.offset.saturating_add(offset);
            let name = segment.name().ok().flatten().unwrap_or_default().to_owned();
            Ok(Mapping {
                name,
                address: segment.address(),
                size: segment.size(),
                file: start..start.saturating_add(size),
                flags: segment.flags(),
            })
        })
        .collect()
}

fn same_mappings(
    before: &Slice<'_>,
    after: &Slice<'_>,
    draft: &Draft<'_>,
    removed: &[Removed],
) -> Result<()> {
    let format = before.image.format();
    let new = mappings(after)?;
    let old = mappings(before)?;
    for mapping in &old {
        // Addresses within a segment of debug data do not matter.
        let is_debug = mapping.name == "__DWARF";
        // PE maps each section by itself. In other formats no mapping is ever removed.
        let is_removed =
            format == Format::Pe && removed.iter().any(|section| section.name == mapping.name);
        // An added section may take the place of one that it replaces.
        let replaced = |twin: &Mapping| is_removed && pe::is_added(twin, draft);
        let twin = new.iter().find(|other| mapping.is_twin(other)).filter(|twin| !replaced(twin));
        let Some(twin) = twin else {
            if is_debug || is_removed {
                continue;
            }
            let why = format!("nothing is loaded at {:#x} any more", mapping.address);
            return Err(bad(mapping.file.start, why));
        };
        let is_same = match format {
            Format::Elf => twin.size == mapping.size && twin.flags == mapping.flags,
            // A section may take over the addresses of the sections behind it.
            Format::Pe => twin.size >= mapping.size && twin.flags == mapping.flags,
            Format::MachO => {
                // `macho::same` checks how far these two may grow.
                let may_grow = mapping.is_macho("__RGO") && twin.size >= mapping.size;
                let is_size = mapping.is_linkedit() || may_grow || twin.size == mapping.size;
                is_size && twin.flags == mapping.flags
            }
        };
        if !is_same {
            let why = format!("what is loaded at {:#x} has changed its shape", mapping.address);
            return Err(bad(twin.file.start, why));
        }
        if !is_debug {
            let free = free_from(before, mapping);
            same_bytes(mapping, twin, draft, (format, free))?;
        }
    }
    let is_new = |twin: &&Mapping| {
        let is_added = match format {
            Format::Elf => false,
            Format::MachO => macho::is_added(twin, draft),
            Format::Pe => pe::is_added(twin, draft),
        };
        !is_added && !old.iter().any(|it| it.is_twin(twin))
    };
    match new.iter().find(is_new) {
        Some(twin) => Err(bad(twin.file.start, format!("{:#x} was not loaded", twin.address))),
        None => Ok(()),
    }
}

/// The distance from which on a mapping has no section, so that new ones may be there; only a
/// segment of added sections ever gets more.
fn free_from(slice: &Slice<'_>, mapping: &Mapping) -> u64 {
    if !mapping.is_macho("__RGO") {
        return u64::MAX;
    }
    let sections = slice.image.sections().filter(|section| section.segment == mapping.name);
    let ends = sections.map(|section| section.address.saturating_add(section.size));
    ends.max().map_or(u64::MAX, |end| end.saturating_sub(mapping.address))
}

/// Checks each byte of a mapping of the output: a copy from the same address, or new for an allowed
/// reason. Added sections may begin at the distance `free`.
fn same_bytes(
    old: &Mapping,
    new: &Mapping,
    draft: &Draft<'_>,
    (format, free): (Format, u64),
) -> Result<()> {
    if old.is_linkedit() {
        return Ok(());
    }
    let size = old.file.end - old.file.start;
    if new.file.end - new.file.start < size {
        return Err(bad(new.file.start, format!("the end of {:#x} is missing", old.address)));
    }
    let mut start = 0;
    for piece in draft.pieces() {
        let end = start + piece.size();
        let (from, to) = (start.max(new.file.start), end.min(new.file.start + size));
        if from < to {
            let is_right = match piece {
                Piece::Copy(range) => {
                    range.start + (from - start) == old.file.start + (from - new.file.start)
                }
                Piece::New(_, why) | Piece::Zeros(_, why) => {
                    let is_free = from - new.file.start >= free;
                    let is_added = matches!(why, Reason::AddedSection | Reason::Padding);
                    may_change(*why, format) || is_free && is_added
                }
            };
            if !is_right {
                let address = old.address + (from - new.file.start);
                return Err(bad(from, format!("other bytes at address {address:#x}")));
            }
        }
        start = end;
    }
    Ok(())
}

/// Whether mapped bytes may change for this reason.
fn may_change(why: Reason, format: Format) -> bool {
    match why {
        Reason::Note | Reason::DependencyList | Reason::Slot => true,
        // A segment holds the program headers, and in Go's images the section headers too.
        Reason::FileHeader | Reason::SectionHeaders | Reason::ProgramHeaders => {
            format == Format::Elf
        }
        Reason::LoadCommands => format == Format::MachO,
        Reason::DebugDirectory | Reason::Identity => format == Format::Pe,
        _ => false,
    }
}

/// Checks that every loaded section still exists, by name and address. (Sections without an address
/// are not loaded: symbol tables, comments.)
fn same_sections(before: &Image<'_>, after: &Image<'_>, removed: &[Removed]) -> Result<()> {
    let found: std::collections::HashSet<_> =
        after.sections().map(|section| (section.segment, section.name, section.address)).collect();
    for section in before.sections().filter(|section| section.address != 0) {
        let is_removed = removed.iter().any(|other| other.name == section.name);
        if !is_removed && !found.contains(&(section.segment, section.name, section.address)) {
            return Err(bad(0, format!("section {} is gone", section.name)));
        }
    }
    Ok(())
}
