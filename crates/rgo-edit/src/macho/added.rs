//! Adds sections to a Mach-O image. The loader maps whole segments, and code knows the distances
//! between those that a linker made. So new sections get a segment of their own: `__RGO`,
//! read-only, directly before `__LINKEDIT`, which moves up in the file and in memory. (Go's linker
//! and dsymutil place `__DWARF` in the same way.)
//!
//! ```text
//! before  header, commands    │ __TEXT … __DATA │ [__DWARF] │ __LINKEDIT
//! after   header, commands +n │ __TEXT … __DATA │ [__DWARF] │ __RGO: a, b │ __LINKEDIT
//!                         ▲                                 ▲             ▲
//!                  in the header's padding                  multiples of a page
//!
//! LC_SEGMENT_64 "__RGO"      72 bytes, and 80 for each section; inserted before __LINKEDIT's
//!   protection r--, at most r--; sizes in memory and in the file are the same
//!   section_64 "__rgo_bi"    S_REGULAR, aligned to 16 bytes, no relocations
//! ```
//!
//! Nothing else moves. dyld's opcodes and chained fixups know segments by number: those before
//! `__RGO` keep theirs, and the loader changes no pointer in `__LINKEDIT`. Chained fixups count the
//! segments, and new versions of dyld compare ([`fixups`]). The new sections come last, so symbols
//! and `LC_SEGMENT_SPLIT_INFO` keep the numbers of the others.
//!
//! An image that has a segment `__RGO` already keeps its sections, and gets more behind them.
//! (`mach-o/loader.h`; dyld's `Header::validSemanticsSegments`)

use object::macho;

use super::commands::{Command, SECTION_SIZE, SEGMENT_SIZE, Segment};
use super::linkedit::{Linkedit, LinkeditTable};
use super::{ImageParts, WHAT, fixups};
use crate::bytes::ReadBytes;
use crate::{Edits, Reason, bytes};
use rgo_binary::{Error, Result};

/// The segment of added sections.
pub(super) const SEGMENT: &str = "__RGO";
/// Maximum length of a section's name, in bytes.
const NAME_SIZE: usize = 16;
/// Added sections start at a multiple of this, in memory and in the file; its power of two.
const ALIGN: u64 = 16;
const ALIGN_POWER: u32 = 4;
/// `VM_PROT_READ`.
const READABLE: u32 = 1;

/// The segment as it grows: where it starts, and the commands that will describe it.
struct Growth {
    /// The command of an existing `__RGO`.
    existing: Option<usize>,
    address: u64,
    file_offset: u64,
    /// The end of its sections in the file; padding is behind.
    used: u64,
    command: Command,
}

impl ImageParts<'_> {
    /// Adds the requested sections. The segments before `__LINKEDIT` end at `start`, which becomes
    /// a multiple of a page. Returns the new start of `__LINKEDIT`.
    pub(super) fn add_sections(
        &mut self,
        linkedit: &mut Linkedit<'_>,
        start: u64,
        edits: &Edits<'_>,
    ) -> Result<u64> {
        let Some((first, _)) = edits.added.first() else { return Ok(start) };
        let last = self.commands.segment("__LINKEDIT")?;
        let page = self.segment_align()?;
        self.image.truncate(start);
        self.image.pad(page);
        let mut growth = self.growth(first, &last)?;
        self.image.truncate(growth.used);
        for (name, content) in edits.added {
            let section = self.section_name(name, &growth.command)?;
            if content.is_empty() {
                return Err(refused(name, "it is empty"));
            }
            self.image.pad(ALIGN);
            let at = self.image.size();
            let address = growth.address.saturating_add(at - growth.file_offset);
            growth.command.data.extend(header(&section, address, content.len() as u64, at)?);
            self.image.push(content.to_vec(), Reason::AddedSection);
        }
        self.image.pad(page);
        let end = self.image.size();
        self.place(growth, end, &last, linkedit)?;
        self.changed = true;
        Ok(end)
    }

    /// Writes the segment's command, moves `__LINKEDIT` behind the segment in memory, and tells the
    /// tables that know segments and commands by number.
    fn place(
        &mut self,
        mut growth: Growth,
        end: u64,
        last: &Segment,
        linkedit: &mut Linkedit<'_>,
    ) -> Result<()> {
        let size = end - growth.file_offset;
        let address = growth.address.checked_add(size).ok_or_else(|| {
            Error::malformed(WHAT, growth.file_offset, "its addresses end before its segments do")
        })?;
        let command = &mut growth.command;
        let count = (command.data.len() as u64).saturating_sub(SEGMENT_SIZE) / SECTION_SIZE;
        command.set_u32(4, bytes::word(command.data.len(), WHAT)?)?;
        command.set_u64(32, size)?;
        command.set_u64(48, size)?;
        command.set_u32(64, bytes::word(bytes::index(count), WHAT)?)?;
        self.commands.get_mut(last.command)?.set_u64(24, address)?;
        if let Some(existing) = growth.existing {
            *self.commands.get_mut(existing)? = growth.command;
            linkedit.lay_out_again();
            return Ok(());
        }
        self.commands.list.insert(last.command, growth.command);
        linkedit.command_inserted(last.command);
        let table = linkedit.bytes(LinkeditTable::ChainedFixups);
        if !table.is_empty() {
            let count = self.commands.segments()?.len().saturating_sub(1);
            let (before, after) = ((0..last.number).map(Some), (last.number..count).map(Some));
            let numbers: Vec<_> = before.chain([None]).chain(after).collect();
            let table = fixups::renumbered(table, &numbers)?;
            linkedit.replace(LinkeditTable::ChainedFixups, table);
        }
        Ok(())
    }

    /// The segment to which sections are added; the image ends where they are to be.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if `__LINKEDIT` is not the last segment in every respect, or if
    /// `__RGO` does not end where it starts.
    fn growth(&self, name: &str, last: &Segment) -> Result<Growth> {
        let segments = self.commands.segments()?;
        let page = self.segment_align()?;
        let is_last = segments.iter().filter(|other| other.command != last.command).all(|other| {
            let end = other.address.saturating_add(other.size);
            // Go puts the command of its DWARF, which is not mapped, behind all others.
            let is_unmapped = other.size == 0 && other.file_end() <= self.image.size();
            is_unmapped || other.number < last.number && end <= last.address
        });
        if !is_last || last.sections > 0 || !last.address.is_multiple_of(page) {
            return Err(refused(name, "__LINKEDIT is not its last segment, on a page of its own"));
        }
        let start = self.image.size();
        let Some(segment) = segments.iter().find(|segment| segment.is(SEGMENT)) else {
            let command = new_segment(last.address, start)?;
            let (address, file_offset) = (last.address, start);
            return Ok(Growth { existing: None, address, file_offset, used: start, command });
        };
        let is_ours = segment.number + 1 == last.number
            && segment.size == segment.file_size
            && segment.file_end() == start
            && segment.address.checked_add(segment.size) == Some(last.address);
        if !is_ours {
            return Err(refused(name, "its segment __RGO does not end where __LINKEDIT starts"));
        }
        let mut used = segment.file_offset;
        for section in self.commands.sections(segment)? {
            let (offset, size) = section.place()?;
            used = used.max(offset.saturating_add(size));
        }
        let padding = self.image.read(used, start.saturating_sub(used), WHAT)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(refused(name, "there is something behind the sections of its __RGO"));
        }
        let mut command = self.commands.get(segment.command)?.clone();
        let sections = SEGMENT_SIZE + u64::from(segment.sections) * SECTION_SIZE;
        command.data.truncate(bytes::index(sections));
        let (address, file_offset) = (segment.address, segment.file_offset);
        Ok(Growth { existing: Some(segment.command), address, file_offset, used, command })
    }

    /// The segments' alignment: the machine's page, or 16 KiB if all segments have that.
    fn segment_align(&self) -> Result<u64> {
        const LARGE: u64 = 0x4000;
        let is_large = |segment: &Segment| {
            segment.address.is_multiple_of(LARGE) && segment.file_offset.is_multiple_of(LARGE)
        };
        let is_large = self.commands.segments()?.iter().all(is_large);
        Ok(if is_large { LARGE } else { self.commands.page()? })
    }

    /// The name of a new section; fails if there is one of that name, also among the sections that
    /// `command` has got.
    fn section_name(&self, name: &str, command: &Command) -> Result<String> {
        if name.is_empty() || name.contains(['\0', ',']) {
            return Err(refused(name, "that is no name for a section"));
        }
        let section = macho_name(name);
        if section.len() > NAME_SIZE {
            let size = section.len();
            let why =
                format!("the name {section} has {size} bytes, and 16 is the most there can be");
            return Err(refused(name, why));
        }
        let is_there = |other: &str| other == section;
        for segment in self.commands.segments()? {
            if self.commands.sections(&segment)?.iter().any(|it| is_there(&it.name())) {
                return Err(refused(name, "there is one of that name"));
            }
        }
        let new = command.data.get(bytes::index(SEGMENT_SIZE)..).unwrap_or_default();
        let mut new = new.chunks(bytes::index(SECTION_SIZE));
        if new.any(|header| is_there(&super::commands::Section { header }.name())) {
            return Err(refused(name, "there is one of that name"));
        }
        Ok(section)
    }
}

/// A section's name as Mach-O spells it: `.rgo-bi` is `__rgo_bi`. A name without a dot stays.
fn macho_name(name: &str) -> String {
    match name.strip_prefix('.') {
        Some(rest) => format!("__{}", rest.replace(['-', '.'], "_")),
        None => name.to_owned(),
    }
}

fn refused(name: &str, why: impl Into<String>) -> Error {
    Error::unsupported(format!("adding section {name} to a Mach-O image"), why.into())
}

/// An `LC_SEGMENT_64` without sections.
fn new_segment(address: u64, file_offset: u64) -> Result<Command> {
    let kind = macho::LC_SEGMENT_64.0;
    let mut command = Command { kind, data: vec![0; bytes::index(SEGMENT_SIZE)] };
    command.set_u32(0, kind)?;
    command.put(8, SEGMENT.as_bytes())?;
    command.set_u64(24, address)?;
    command.set_u64(40, file_offset)?;
    command.set_u32(56, READABLE)?;
    command.set_u32(60, READABLE)?;
    Ok(command)
}

/// A `section_64`; [`super::commands::Section`] draws its fields.
fn header(name: &str, address: u64, size: u64, file_offset: u64) -> Result<Vec<u8>> {
    let mut header = vec![0; bytes::index(SECTION_SIZE)];
    let file_offset = bytes::word(bytes::index(file_offset), WHAT)?;
    bytes::put(&mut header, 0, name.as_bytes(), WHAT)?;
    bytes::put(&mut header, 16, SEGMENT.as_bytes(), WHAT)?;
    bytes::put(&mut header, 32, &address.to_le_bytes(), WHAT)?;
    bytes::put(&mut header, 40, &size.to_le_bytes(), WHAT)?;
    bytes::put(&mut header, 48, &file_offset.to_le_bytes(), WHAT)?;
    bytes::put(&mut header, 52, &ALIGN_POWER.to_le_bytes(), WHAT)?;
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_in_mach_o() {
        for (name, expected) in [
            (".rgo-bi", "__rgo_bi"),
            (".rgo-gx", "__rgo_gx"),
            (".note.x-y", "__note_x_y"),
            ("__rgo_bi", "__rgo_bi"),
            ("plain-x", "plain-x"),
        ] {
            assert_eq!(macho_name(name), expected);
        }
    }
}
