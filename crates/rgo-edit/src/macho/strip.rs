//! Strips a Mach-O image: removes sections of `__DWARF`, to which nothing refers, and symbols that
//! neither the loader nor a stub needs. Every other section is loaded, and code finds it by
//! distance.
//!
//! ```text
//! __DATA │ __DWARF: __debug_info __debug_line … │ [__RGO] │ __LINKEDIT
//! __DATA │ __DWARF: __debug_line │ [__RGO] │ __LINKEDIT            some are kept
//! __DATA │ [__RGO] │ __LINKEDIT                                    none is
//! ```
//!
//! A segment of added sections ([`super::added`]) moves up in the file, and keeps its addresses.

use super::choice::SymbolChoice;
use super::commands::{SECTION_SIZE, SEGMENT_SIZE, Segment};
use super::linkedit::{Linkedit, LinkeditTable, refuse_bytes};
use super::{ImageParts, WHAT, added, exports, fixups, symbols};
use crate::{Discard, Draft, Edits, MachOPart, NameFilter, Removed, Strip, bytes};
use object::macho;
use rgo_binary::{Error, Result};

/// The result for sections.
struct Sections {
    removed: Vec<Removed>,
    /// The new start of `__LINKEDIT`.
    linkedit: u64,
    /// For each section number, from 1, the new one.
    numbers: Vec<Option<u8>>,
}

/// A section of `__DWARF` that stays.
struct KeptSection {
    header: Vec<u8>,
    /// Its offset in the input.
    offset: u64,
    size: u64,
    align: u64,
}

impl<'a> ImageParts<'a> {
    /// Removes the requested sections and symbols, and adds sections. Returns the removed ones.
    pub(super) fn strip(&mut self, edits: &Edits<'_>) -> Result<Vec<Removed>> {
        let by_name =
            !edits.symbols.is_empty() || !edits.sections.is_empty() || !edits.added.is_empty();
        let by_kind = edits.strip != Strip::None || edits.discard != Discard::None;
        if !by_kind && edits.path_remaps.is_empty() && !by_name && edits.macho.is_empty() {
            return Ok(Vec::new());
        }
        self.refuse_loaded(&edits.sections)?;
        let mut linkedit = Linkedit::parse(self.image.input(), &self.commands)?;
        let sections = self.remove_sections(&mut linkedit, |name| {
            chosen(&edits.sections, "__DWARF", name).unwrap_or(edits.strip == Strip::None)
        })?;
        let mut choice = SymbolChoice::new(self, &linkedit, &sections.numbers, edits)?;
        self.changed |= !sections.removed.is_empty();
        self.changed |=
            symbols::edit(&mut linkedit, &mut self.commands, |symbol| choice.fate(symbol))?;
        if choice.finish()? {
            self.commands.add_flag(macho::MH_NLIST_OUTOFSYNC_WITH_DYLDINFO)?;
        }
        self.changed |= exports::restrict(self.image.input(), &mut linkedit, edits)?;
        for part in edits.macho.without {
            self.remove_part(&mut linkedit, *part);
        }
        let start = self.add_sections(&mut linkedit, sections.linkedit, edits)?;
        self.lay_out(&linkedit, start)?;
        Ok(sections.removed)
    }

    /// Fails if the request removes a section that the loader maps.
    fn refuse_loaded(&self, choice: &NameFilter<'_>) -> Result<()> {
        for segment in self.commands.segments()?.iter().filter(|it| !it.is("__DWARF")) {
            for section in self.commands.sections(segment)? {
                let (name, segment) = (section.name(), segment.name());
                if chosen(choice, &segment, &name) == Some(false) {
                    let why = "it is loaded, and code finds what is behind it by distance";
                    return Err(Error::unsupported(
                        format!("removing section {segment},{name}"),
                        why,
                    ));
                }
            }
        }
        Ok(())
    }

    /// Removes the load command of a part, and the table that it names.
    fn remove_part(&mut self, linkedit: &mut Linkedit<'_>, part: MachOPart) {
        let kind = match part {
            MachOPart::Uuid => macho::LC_UUID,
            MachOPart::SplitInfo => macho::LC_SEGMENT_SPLIT_INFO,
            MachOPart::AtomInfo => macho::LC_ATOM_INFO,
            MachOPart::SwiftSymbols | MachOPart::Symbols => return,
        };
        while let Some(command) = self.commands.find(kind) {
            self.commands.list.remove(command);
            linkedit.command_removed(command);
            self.changed = true;
        }
    }

    /// Removes sections of `__DWARF`, and the segment if none is left.
    fn remove_sections(
        &mut self,
        linkedit: &mut Linkedit<'_>,
        stays: impl Fn(&str) -> bool,
    ) -> Result<Sections> {
        let segments = self.commands.segments()?;
        let end = self.commands.segment("__LINKEDIT")?.file_offset;
        let total = segments.iter().map(|segment| u64::from(segment.sections)).sum::<u64>();
        let mut numbers: Vec<_> = (1..=total).map(|number| u8::try_from(number).ok()).collect();
        let Some(dwarf) = segments.iter().find(|segment| segment.is("__DWARF")) else {
            return Ok(Sections { removed: Vec::new(), linkedit: end, numbers });
        };
        let mut removed = Vec::new();
        let mut kept = Vec::new();
        let before = segments.iter().filter(|other| other.number < dwarf.number);
        let first = before.map(|segment| u64::from(segment.sections)).sum::<u64>();
        for (number, section) in (first..).zip(self.commands.sections(dwarf)?) {
            let (offset, size) = section.place()?;
            let name = section.name();
            let number = numbers.get_mut(bytes::index(number));
            if stays(&name) {
                let (header, align) = (section.header.to_vec(), section.align()?);
                kept.push(KeptSection { header, offset, size, align });
            } else {
                removed.push(Removed { name, size });
                number.into_iter().for_each(|number| *number = None);
            }
        }
        if removed.is_empty() {
            return Ok(Sections { removed, linkedit: end, numbers });
        }
        for (new, number) in (1_u8..).zip(numbers.iter_mut().filter(|it| it.is_some())) {
            *number = Some(new);
        }
        let behind = segments.iter().find(|it| it.number > dwarf.number && it.is(added::SEGMENT));
        let before = self.end_before(dwarf, behind, &segments, end)?;
        let added = match behind {
            Some(segment) => {
                let mut bytes = Draft::empty(self.image.input());
                bytes.take(&self.image, segment.file_offset, segment.file_size, WHAT)?;
                Some((segment, bytes))
            }
            None => None,
        };
        let end_of_segments = if kept.is_empty() {
            self.remove_segment(linkedit, dwarf, before)?;
            before
        } else {
            self.keep_sections(dwarf, kept)?;
            self.image.size()
        };
        let end_of_segments = match added {
            Some((segment, bytes)) => self.append_segment(segment, &bytes)?,
            None => end_of_segments,
        };
        let linkedit = end_of_segments.next_multiple_of(self.commands.page()?).min(end);
        Ok(Sections { removed, linkedit, numbers })
    }

    /// Removes `__DWARF`; the segments before it end at `before`.
    fn remove_segment(
        &mut self,
        linkedit: &mut Linkedit<'_>,
        dwarf: &Segment,
        before: u64,
    ) -> Result<()> {
        let fixups = linkedit.bytes(LinkeditTable::ChainedFixups);
        if !fixups.is_empty() {
            let count = self.commands.segments()?.len();
            let numbers: Vec<_> = (0..count).filter(|it| *it != dwarf.number).map(Some).collect();
            let fixups = fixups::renumbered(fixups, &numbers)?;
            linkedit.replace(LinkeditTable::ChainedFixups, fixups);
        }
        self.commands.list.remove(dwarf.command);
        linkedit.command_removed(dwarf.command);
        self.image.truncate(before);
        Ok(())
    }

    /// Keeps only these sections in `__DWARF`, one behind the other.
    fn keep_sections(&mut self, dwarf: &Segment, kept: Vec<KeptSection>) -> Result<()> {
        self.image.truncate(dwarf.file_offset);
        let mut headers = Vec::new();
        for KeptSection { mut header, offset, size, align } in kept {
            self.image.pad(align);
            let place = bytes::word(bytes::index(self.image.size()), WHAT)?;
            if size > 0 {
                self.image.copy(offset, size, WHAT)?;
                bytes::put(&mut header, 48, &place.to_le_bytes(), WHAT)?;
            }
            headers.extend(header);
        }
        let count = bytes::word(headers.len() / SECTION_SIZE as usize, WHAT)?;
        let file_size = self.image.size() - dwarf.file_offset;
        let command = self.commands.get_mut(dwarf.command)?;
        command.data.truncate(SEGMENT_SIZE as usize);
        command.data.append(&mut headers);
        let size = bytes::word(command.data.len(), WHAT)?;
        command.set_u32(4, size)?;
        command.set_u64(48, file_size)?;
        command.set_u32(64, count)
    }

    /// Appends the segment that was behind `__DWARF`, and writes its new place into its command.
    /// Returns its end.
    fn append_segment(&mut self, old: &Segment, bytes: &Draft<'a>) -> Result<u64> {
        self.image.pad(self.commands.page()?);
        let start = self.image.size();
        self.image.take(bytes, 0, bytes.size(), WHAT)?;
        let segment = self.commands.segment(added::SEGMENT)?;
        let command = self.commands.get_mut(segment.command)?;
        command.set_u64(40, start)?;
        for number in 0..u64::from(segment.sections) {
            let field = SEGMENT_SIZE + number * SECTION_SIZE + 48;
            let within = u64::from(command.u32(field)?).checked_sub(old.file_offset);
            let within = within.filter(|within| *within <= old.file_size).ok_or_else(|| {
                Error::malformed(WHAT, old.file_offset, "a section lies outside of its segment")
            })?;
            command.set_u32(field, bytes::word(bytes::index(start + within), WHAT)?)?;
        }
        Ok(self.image.size())
    }

    /// The end of the segments before `__DWARF`. Fails unless only a segment of added sections and
    /// `__LINKEDIT` follow it, with nothing but padding around it.
    fn end_before(
        &self,
        dwarf: &Segment,
        added: Option<&Segment>,
        segments: &[Segment],
        linkedit: u64,
    ) -> Result<u64> {
        let is_added = |other: &Segment| added.is_some_and(|it| it.command == other.command);
        let others = || {
            let others = segments.iter().filter(|other| other.command != dwarf.command);
            others.filter(|other| !other.is("__LINKEDIT") && !is_added(other))
        };
        let before = others().map(Segment::file_end).max().unwrap_or_default();
        if others().any(|other| other.number > dwarf.number) || dwarf.file_offset < before {
            return Err(Error::unsupported(
                "taking __DWARF out of this Mach-O image",
                "it is not the last segment before __LINKEDIT, and others are known by number",
            ));
        }
        let input = self.image.input();
        let behind = added.map_or(linkedit, |added| added.file_offset);
        let end = added.map_or(linkedit, Segment::file_end);
        if behind < dwarf.file_end() || end > linkedit {
            return Err(Error::malformed(WHAT, dwarf.file_offset, "its segments overlap"));
        }
        for gap in [before..dwarf.file_offset, dwarf.file_end()..behind, end..linkedit] {
            refuse_bytes(input, gap, "no segment has them")?;
        }
        Ok(before)
    }
}

/// The filter's decision about a section, which the user may name with its segment.
fn chosen(choice: &NameFilter<'_>, segment: &str, section: &str) -> Option<bool> {
    let whole = choice.of(format!("{segment},{section}").as_bytes());
    // "Keep" wins, whichever of the two names it matches.
    match (whole, choice.of(section.as_bytes())) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (whole, short) => whole.or(short),
    }
}
