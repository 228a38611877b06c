//! Checks the segment of added sections, `__RGO`, and that `__LINKEDIT` moved because of it alone.
//!
//! ```text
//! memory  …  last other segment │ __RGO, where __LINKEDIT was │ __LINKEDIT
//! file    …  last other segment │ __RGO                       │ __LINKEDIT
//! ```

use object::macho as m;
use object::read::macho::{MachOFile64, Section as _, Segment as _};
use object::{Endianness, SegmentFlags};

use super::{LoadCommands, bad, unreadable};
use crate::verify::Mapping;
use crate::{Draft, Piece, Reason};
use rgo_binary::Result;

const ADDED: &[u8] = b"__RGO";
const LINKEDIT: &[u8] = b"__LINKEDIT";
const LE: Endianness = Endianness::Little;

/// A segment and its sections.
struct Segment<'a> {
    header: &'a m::SegmentCommand64<Endianness>,
    sections: &'a [m::Section64<Endianness>],
}

impl Segment<'_> {
    fn address(&self) -> u64 {
        self.header.vmaddr.get(LE)
    }

    fn size(&self) -> u64 {
        self.header.vmsize.get(LE)
    }

    fn end(&self) -> u64 {
        self.address().saturating_add(self.size())
    }

    fn file_offset(&self) -> u64 {
        self.header.fileoff.get(LE)
    }

    fn file_size(&self) -> u64 {
        self.header.filesize.get(LE)
    }

    fn file_end(&self) -> u64 {
        self.file_offset().saturating_add(self.file_size())
    }
}

/// Whether a mapping that the input does not have is a segment of added sections: nobody may write
/// or execute it, and all of its bytes are new.
pub(in crate::verify) fn is_added(mapping: &Mapping, draft: &Draft<'_>) -> bool {
    let SegmentFlags::MachO { flags, maxprot, initprot } = mapping.flags else { return false };
    let is_read_only = (flags.0, maxprot.0, initprot.0) == (0, 1, 1);
    is_read_only && mapping.name.as_bytes() == ADDED && is_new(mapping.file.clone(), draft)
}

/// Whether the edit made all bytes of a range for added sections.
fn is_new(range: std::ops::Range<u64>, draft: &Draft<'_>) -> bool {
    let mut start = 0;
    draft.pieces().iter().all(|piece| {
        let end = start + piece.size();
        let is_outside = end <= range.start || start >= range.end;
        start = end;
        let is_made =
            matches!(piece, Piece::New(_, Reason::AddedSection) | Piece::Zeros(_, Reason::Padding));
        is_outside || is_made
    })
}

/// Checks the places of `__RGO` and `__LINKEDIT`.
pub(super) fn well_placed(
    file: &MachOFile64<'_, Endianness>,
    old: &LoadCommands<'_>,
    new: &LoadCommands<'_>,
) -> Result<()> {
    let (old, new) = (segments(old)?, segments(new)?);
    let (Some(old_last), Some(last)) = (find(&old, LINKEDIT), find(&new, LINKEDIT)) else {
        return Ok(());
    };
    let (was, added) = (find(&old, ADDED), find(&new, ADDED));
    if let (Some(was), Some(added)) = (was, added) {
        same_sections(was, added)?;
    }
    let wrong = |segment: &Segment<'_>, why: &str| Err(bad(segment.file_offset(), why.to_owned()));
    let is_same = |was: &Segment<'_>, is: &Segment<'_>| {
        was.size() == is.size() && was.sections.len() == is.sections.len()
    };
    let Some(added) = added.filter(|added| was.is_none_or(|was| !is_same(was, added))) else {
        return if last.address() == old_last.address() {
            Ok(())
        } else {
            wrong(last, "__LINKEDIT has moved in memory")
        };
    };
    let page =
        if file.macho_header().cputype.get(LE) == m::CPU_TYPE_ARM64 { 0x4000 } else { 0x1000 };
    let expected = was.map_or(old_last.address(), Segment::address);
    if added.address() != expected || added.end() != last.address() {
        return wrong(added, "__RGO is not between __LINKEDIT's old and new address");
    }
    let places = [added.address(), added.file_offset(), last.address(), last.file_offset()];
    if places.iter().any(|place| !place.is_multiple_of(page)) {
        return wrong(added, "__RGO or __LINKEDIT does not start at a page");
    }
    if added.size() != added.file_size() || added.file_end() > last.file_offset() {
        return wrong(added, "__RGO and __LINKEDIT share bytes");
    }
    // The command of a segment that is not mapped may stand behind.
    let mapped: Vec<&Segment<'_>> = new.iter().filter(|segment| segment.size() > 0).collect();
    let is_end = matches!(*mapped, [.., a, b] if std::ptr::eq(a, added) && std::ptr::eq(b, last));
    let mut others = new.iter().filter(|it| !std::ptr::eq(*it, added) && !std::ptr::eq(*it, last));
    let is_before = |other: &Segment<'_>| {
        let is_mapped_before = other.size() == 0 || other.end() <= added.address();
        is_mapped_before && other.file_end() <= added.file_offset()
    };
    if !is_end || !others.all(is_before) {
        return wrong(added, "__RGO and __LINKEDIT are not the last segments");
    }
    well_formed(added)
}

/// Checks that sections follow each other, at addresses that correspond to their offsets.
fn well_formed(added: &Segment<'_>) -> Result<()> {
    let mut end = added.file_offset();
    for section in added.sections {
        let (at, size) = (u64::from(section.offset.get(LE)), section.size.get(LE));
        let address = section.addr.get(LE).checked_sub(added.address());
        let is_plain = section.flags.get(LE).0 == 0 && section.nreloc.get(LE) == 0;
        if at < end || address != at.checked_sub(added.file_offset()) || !is_plain {
            let name = String::from_utf8_lossy(section.name()).into_owned();
            return Err(bad(at, format!("the added section {name} is out of place")));
        }
        end = at.saturating_add(size);
    }
    if end > added.file_end() {
        return Err(bad(end, "an added section reaches out of its segment".to_owned()));
    }
    Ok(())
}

/// Checks that a segment has the sections that it had, at their distance from its start.
fn same_sections(was: &Segment<'_>, is: &Segment<'_>) -> Result<()> {
    let place = |segment: &Segment<'_>, section: &m::Section64<Endianness>| {
        let within = u64::from(section.offset.get(LE)).checked_sub(segment.file_offset());
        (section.sectname, section.addr.get(LE), section.size.get(LE), within)
    };
    let mut pairs = was.sections.iter().zip(is.sections);
    let is_same = pairs.all(|(a, b)| place(was, a) == place(is, b));
    if is_same && was.sections.len() <= is.sections.len() {
        return Ok(());
    }
    Err(bad(is.file_offset(), "the sections of __RGO are not what they were".to_owned()))
}

fn segments<'a>(commands: &LoadCommands<'a>) -> Result<Vec<Segment<'a>>> {
    let mut segments = Vec::new();
    for command in commands {
        if let Some((header, data)) = command.segment_64().map_err(unreadable)? {
            let sections = header.sections(LE, data).map_err(unreadable)?;
            segments.push(Segment { header, sections });
        }
    }
    Ok(segments)
}

fn find<'s, 'a>(segments: &'s [Segment<'a>], name: &[u8]) -> Option<&'s Segment<'a>> {
    segments.iter().find(|segment| segment.header.name() == name)
}
