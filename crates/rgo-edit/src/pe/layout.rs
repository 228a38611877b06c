//! Places the parts of a PE image in the file. Parts in front of the first change stay; those behind it
//! move up by whole steps of the file alignment.
//!
//! ```text
//! before  headers │ .text │ .debug_info │ .reloc │ symbols, strings
//! after   headers │ .text │ .reloc │ strings
//! ```
//!
//! If the headers have no room for the headers of added sections, they grow by steps of the file
//! alignment, up to the address of the first section, and everything behind them moves back.
//!
//! ```text
//! before  headers │ .text │ .reloc
//! after   headers …………… │ .text │ .reloc │ .added
//! ```
//!
//! Two kinds of images depend on their file offsets: those that are mapped as they lie in the file,
//! and those with data that belong to no section. Their parts stay in place, and an edit that would
//! move them fails.

use std::ops::Range;

use super::headers::{Headers, INITIALIZED_DATA, SECTION_SIZE, Section};
use super::symbols::CoffSymbols;
use crate::bytes::{self, ReadBytes};
use crate::{Draft, Reason};
use rgo_binary::{Error, Result};

const WHAT: &str = "PE image";
/// An image with an alignment below a page of memory is mapped as it lies in the file.
const PAGE: u64 = 0x1000;
/// Windows rounds the offset of a section's bytes to a multiple of this.
const SECTOR: u64 = 512;

pub(super) struct Layout<'a, 'i> {
    /// The input with its reserved values written, without its certificate.
    pub(super) source: &'a Draft<'i>,
    pub(super) headers: Headers,
    pub(super) file_align: u64,
    section_align: u64,
    pub(super) headers_size: u64,
}

/// A part of the file.
#[derive(Clone, Copy)]
enum FilePart {
    /// A section that stays, by its index in the new table.
    Section(usize),
    /// The symbol table, if it stays unchanged.
    Symbols,
    /// A part that goes.
    Removed,
}

impl<'a, 'i> Layout<'a, 'i> {
    pub(super) fn parse(source: &'a Draft<'i>) -> Result<Self> {
        let headers = Headers::parse(source)?;
        let field = |at| bytes::u32_at(source, headers.optional(at), WHAT).map(u64::from);
        let (section_align, file_align, headers_size) = (field(32)?, field(36)?, field(60)?);
        let bad = |why: &str| Error::malformed(WHAT, headers.optional(32), why);
        if !file_align.is_power_of_two() || file_align > 0x1_0000 {
            return Err(bad("its file alignment is no power of two up to 64 KiB"));
        }
        if !section_align.is_power_of_two() || section_align > 0x1000_0000 {
            return Err(bad("its section alignment is no power of two up to 256 MiB"));
        }
        source.check(0, headers_size, "PE headers")?;
        let table = headers.table + headers.sections.len() as u64 * SECTION_SIZE;
        if table > headers_size {
            return Err(bad("its section table reaches out of the headers"));
        }
        Ok(Self { source, headers, file_align, section_align, headers_size })
    }

    /// Whether a section is Go's `.symtab`, which is the COFF symbol table.
    pub(super) fn is_symbol_table(&self, section: &Section) -> bool {
        let at = self.headers.symbols.at;
        at > 0 && section.bytes().is_some_and(|bytes| bytes.start == at)
    }

    /// The address at which a section behind all these begins.
    pub(super) fn memory_end(&self, sections: &[Section]) -> u64 {
        let ends = sections.iter().map(|it| u64::from(it.address) + u64::from(it.memory()));
        ends.max().unwrap_or(self.headers_size).next_multiple_of(self.section_align)
    }

    /// Fails for an image whose layout in the file equals that in memory.
    pub(super) fn refuse_flat(&self, what: &str) -> Result<()> {
        if self.section_align >= PAGE {
            return Ok(());
        }
        let align = self.section_align;
        let why = format!("its sections are aligned to {align} bytes: it is mapped as it lies");
        Err(Error::unsupported(what.to_owned(), why))
    }

    /// Writes the image with these `sections`, of which the last ones have the bytes `added`, and
    /// these symbols. `numbers` has the new numbers of the old sections.
    pub(super) fn write(
        &self,
        numbers: &[Option<u16>],
        mut sections: Vec<Section>,
        added: Vec<(Vec<u8>, Reason)>,
        symbols: CoffSymbols,
    ) -> Result<Draft<'i>> {
        let kept = sections.len() - added.len();
        let old = self.headers.symbols;
        let same_table = added.is_empty()
            && !self.headers.sections.iter().any(|section| self.is_symbol_table(section))
            && *self.source.read(old.at, old.size(), WHAT)? == *symbols.bytes;
        let headers_size = self.new_headers_size(&sections)?;

        let mut parts = self.parts(numbers, same_table);
        parts.sort_by_key(|(range, _)| (range.start, range.end));
        let end = parts.iter().map(|(range, _)| range.end).max().unwrap_or_default();
        let end = end.max(self.headers_size);
        let removed = parts.iter().find(|(_, part)| matches!(part, FilePart::Removed));
        let change = match removed {
            _ if headers_size != self.headers_size => headers_size.min(self.headers_size),
            Some((range, _)) => range.start,
            None => end,
        };
        if change < end || !same_table || !added.is_empty() {
            self.refuse_overlay(end)?;
            self.refuse_unknown(change, &parts)?;
        } else if sections.len() == self.headers.sections.len() {
            return Ok(self.source.clone());
        }

        let mut output = Draft::empty(self.source.input());
        output.take(self.source, 0, change, WHAT)?;
        let grown = headers_size.saturating_sub(self.headers_size);
        output.zeros(grown, Reason::Padding);
        let moved = parts.iter().filter(|(range, _)| range.start >= change);
        let mut table_at =
            self.move_parts(&mut output, moved, grown, &mut sections)?.unwrap_or(old.at);
        for (section, (content, why)) in sections.iter_mut().skip(kept).zip(added) {
            output.pad(self.file_align);
            section.file_offset = bytes::word(bytes::index(output.size()), WHAT)?;
            output.push(content, why);
        }
        if !same_table {
            table_at = if symbols.bytes.is_empty() { 0 } else { output.size() };
            output.push(symbols.bytes, Reason::Symbols);
        } else if change == end {
            // Everything is in its old place, including the bytes behind.
            output.take(self.source, end, self.source.size() - end, WHAT)?;
        }
        self.end(&mut output, &sections, headers_size, (table_at, symbols.count))?;
        super::canonical::relocate_debug_data(&mut output, change)?;
        Ok(output)
    }

    /// Appends the parts that stay, and sets the offsets in `sections`. What is before them has
    /// `grown` by so many bytes. Returns the offset of the symbol table, if that is one of the
    /// parts.
    fn move_parts<'p>(
        &self,
        output: &mut Draft<'i>,
        parts: impl Iterator<Item = &'p (Range<u64>, FilePart)>,
        grown: u64,
        sections: &mut [Section],
    ) -> Result<Option<u64>> {
        let mut table_at = None;
        for (range, part) in parts {
            let (at, align) = match part {
                FilePart::Section(_) => (self.step(output, range.start + grown)?, SECTOR),
                FilePart::Symbols => (output.size(), 1),
                FilePart::Removed => continue,
            };
            output.take(self.source, range.start, range.end - range.start, WHAT)?;
            if at != range.start {
                self.refuse_flat("moving a section of this PE image")?;
                if range.start % align != 0 {
                    let why = format!("its bytes at {:#x} start within a sector", range.start);
                    return Err(Error::unsupported("moving a section of this PE image", why));
                }
            }
            match part {
                FilePart::Section(number) => {
                    let at = bytes::word(bytes::index(at), WHAT)?;
                    sections.get_mut(*number).into_iter().for_each(|it| it.file_offset = at);
                }
                _ => table_at = Some(at),
            }
        }
        Ok(table_at)
    }

    /// The parts of the file behind the headers.
    fn parts(&self, numbers: &[Option<u16>], same_table: bool) -> Vec<(Range<u64>, FilePart)> {
        let mut parts = Vec::new();
        for (section, number) in self.headers.sections.iter().zip(numbers) {
            let Some(range) = section.bytes() else { continue };
            let place = number.map(|number| usize::from(number) - 1);
            parts.push((range, place.map_or(FilePart::Removed, FilePart::Section)));
        }
        let symbols = self.headers.symbols;
        if symbols.at > 0 {
            let part = if same_table { FilePart::Symbols } else { FilePart::Removed };
            parts.push((symbols.at..symbols.at + symbols.size(), part));
        }
        parts
    }

    /// Pads the output to the next possible offset of a section from `start`: it moves by whole
    /// steps of the file alignment.
    fn step(&self, output: &mut Draft<'i>, start: u64) -> Result<u64> {
        let back = start.checked_sub(output.size());
        let back = back.ok_or_else(|| Error::malformed(WHAT, start, "its sections overlap"))?;
        let at = start - back / self.file_align * self.file_align;
        output.zeros(at - output.size(), Reason::Padding);
        Ok(at)
    }

    /// The size of the headers for this many sections. It changes only by steps of the file
    /// alignment, and if nothing is behind the section table. It grows up to the address of the
    /// first section.
    fn new_headers_size(&self, sections: &[Section]) -> Result<u64> {
        let (old, new) = (self.headers.sections.len(), sections.len());
        let table_end = |count: usize| self.headers.table + count as u64 * SECTION_SIZE;
        let first = self.headers.sections.iter().filter_map(Section::bytes).map(|it| it.start);
        let room = first.min().unwrap_or(self.headers_size).min(self.headers_size);
        let is_free = |from: u64| self.is_zero(from..room.max(from));
        let size = table_end(new).next_multiple_of(self.file_align);
        if new > old && (table_end(new) > room || !is_free(table_end(old))?) {
            let addresses = self.headers.sections.iter().map(|it| u64::from(it.address));
            let missing = table_end(new).saturating_sub(room);
            let size = room + missing.next_multiple_of(self.file_align.max(SECTOR));
            let grows = missing > 0
                && addresses.min().is_some_and(|first| size <= first)
                && room == self.headers_size
                && room.is_multiple_of(self.file_align)
                && is_free(table_end(old))?;
            if grows {
                return Ok(size);
            }
            return Err(Error::unsupported(
                "adding a section to this PE image",
                format!("its headers have no room for {} more", new - old),
            ));
        }
        // The first section follows the headers in memory.
        let pages = |size: u64| size.div_ceil(self.section_align);
        let shrinks = new < old
            && size < self.headers_size
            && pages(size) == pages(self.headers_size)
            && room == self.headers_size
            && self.section_align >= PAGE
            && is_free(table_end(old))?;
        Ok(if shrinks { size } else { self.headers_size })
    }

    fn is_zero(&self, range: Range<u64>) -> Result<bool> {
        let bytes = self.source.read(range.start, range.end - range.start, WHAT)?;
        Ok(bytes.iter().all(|byte| *byte == 0))
    }

    /// Fails if bytes follow everything that headers describe: an installer's payload, which the
    /// program finds by its offset.
    fn refuse_overlay(&self, end: u64) -> Result<()> {
        let size = self.source.size().saturating_sub(end);
        if size <= self.file_align && self.is_zero(end..end + size)? {
            return Ok(());
        }
        Err(Error::unsupported(
            "stripping an image with data at its end",
            format!("{size} bytes at {end:#x} belong to no section and would be lost or moved"),
        ))
    }

    /// Fails if parts that have to move overlap, or if bytes between the parts belong to none.
    fn refuse_unknown(&self, change: u64, parts: &[(Range<u64>, FilePart)]) -> Result<()> {
        let mut at = self.headers_size;
        let mut last = FilePart::Removed;
        for (range, part) in parts {
            let both_go = matches!((last, part), (FilePart::Removed, FilePart::Removed));
            if range.start < at && range.end > change && !both_go {
                return Err(Error::unsupported(
                    "stripping this PE image",
                    format!("what lies at {:#x} shares its bytes with others", range.start),
                ));
            }
            let gap = at.max(change)..range.start;
            if gap.start < gap.end && !self.is_zero(gap.clone())? {
                return Err(Error::unsupported(
                    "stripping this PE image",
                    format!("bytes at {:#x} belong to no section and would be lost", gap.start),
                ));
            }
            if range.end >= at {
                (at, last) = (range.end, *part);
            }
        }
        Ok(())
    }

    /// Completes the headers.
    pub(super) fn end(
        &self,
        output: &mut Draft<'i>,
        sections: &[Section],
        headers_size: u64,
        (symbols_at, symbols): (u64, u64),
    ) -> Result<()> {
        let headers = &self.headers;
        let mut table = Vec::new();
        for section in sections {
            table.extend(section.encode()?);
        }
        let (old, new) = (headers.sections.len(), sections.len());
        let old_end = headers.table + old as u64 * SECTION_SIZE;
        let end = (headers.table + table.len() as u64).max(old_end.min(headers_size));
        table.resize(bytes::index(end - headers.table), 0);
        output.put(headers.table, &table, Reason::SectionHeaders, "PE section table")?;
        let number = u16::try_from(new).unwrap_or(u16::MAX);
        output.put(headers.coff(2), &number.to_le_bytes(), Reason::FileHeader, WHAT)?;
        let mut words = vec![(headers.coff(8), symbols_at), (headers.coff(12), symbols)];
        // A new section may replace one that goes.
        let names = |list: &'_ [Section]| list.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
        if names(sections) != names(&headers.sections) {
            let data = sections.iter().filter(|it| it.characteristics & INITIALIZED_DATA != 0);
            words.push((headers.optional(8), data.map(|it| u64::from(it.file_size)).sum()));
            words.push((headers.optional(56), self.memory_end(sections)));
            words.push((headers.optional(60), headers_size));
        }
        for (at, value) in words {
            let value = bytes::word(bytes::index(value), WHAT)?;
            output.put(at, &value.to_le_bytes(), Reason::FileHeader, WHAT)?;
        }
        Ok(())
    }
}
