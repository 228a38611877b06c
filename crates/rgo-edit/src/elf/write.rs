//! Writes a layout as an image: chooses the final offsets, then writes the parts and the headers.

use std::cmp::Reverse;
use std::ops::Range;

use object::elf;

use super::extents::Extents;
use super::layout::{Layout, WHAT};
use super::names::{NameTable, is_at};
use super::section::{Section, SectionContent};
use crate::{Draft, Reason, bytes};
use rgo_binary::{Error, Result};

impl<'a> Layout<'a> {
    /// Writes the image: the parts that segments hold, then sections, their names and the section
    /// headers.
    pub(super) fn write(mut self) -> Result<Draft<'a>> {
        self.merge_names()?;
        let table_in_front = self.extents.hold(self.headers.e_shoff);
        let last = if table_in_front { usize::MAX } else { self.room() };
        for section in self.sections.iter_mut().filter(|section| section.in_segment) {
            let header = &mut section.header;
            header.sh_offset = self.extents.section_offset(&self.segments, header);
        }
        let program_headers = self.move_segments();
        let at = self.headers.e_phoff;
        let source = self.source.clone();
        let mut output = Draft::empty(source.input());
        let moves: Vec<_> = self.extents.moves().collect();
        let (front, behind) = moves.split_at_checked(last).unwrap_or((&moves, &[]));
        copy(front, &source, &mut output)?;
        if table_in_front {
            let size = u64::from(self.headers.section_num) * self.encoder.section_header_size();
            self.check_table_room(size)?;
            self.headers.e_shoff = self.extents.translate(self.headers.e_shoff);
            let at = self.headers.e_shoff;
            output.zero(at, size, Reason::SectionHeaders, "ELF section headers")?;
        }
        let mut output = self.write_over(output, table_in_front)?;
        copy(behind, &source, &mut output)?;
        output.put(at, &program_headers, Reason::ProgramHeaders, "ELF program headers")?;
        Ok(output)
    }

    /// Fails if section headers that stay in front of the segments' bytes would grow over bytes
    /// that a section has, or over any but zeros. `size` is their size in the input.
    fn check_table_room(&self, size: u64) -> Result<()> {
        let start = self.headers.e_shoff.saturating_add(size);
        let count = self.numbers().iter().flatten().count() as u64;
        let end = self.headers.e_shoff + count * self.encoder.section_header_size();
        if end <= start {
            return Ok(());
        }
        let is_used = self.sections.iter().filter(|section| !section.has_no_bytes()).any(|it| {
            let (offset, size) = (it.header.sh_offset, it.input().len() as u64);
            size > 0 && offset < end && start < offset.saturating_add(size)
        });
        let room = bytes::slice(self.source.input(), start, end - start, WHAT)?;
        if is_used || room.iter().any(|byte| *byte != 0) {
            let why = "there is no room for its header between the headers and what follows them";
            return Err(Error::unsupported("another section", why));
        }
        Ok(())
    }

    /// The program headers with the segments' new offsets.
    fn move_segments(&mut self) -> Vec<u8> {
        let mut table = Vec::new();
        for segment in &mut self.segments {
            segment.p_offset = self.extents.segment_offset(self.file.e_machine, segment);
            self.encoder.program_header(&mut table, segment);
        }
        self.headers.e_phoff = self.extents.translate(self.headers.e_phoff);
        table
    }

    /// The number of extents in front of the bytes that no segment holds. That is all of them,
    /// unless the image would then be longer than the input, which had these bytes between two
    /// extents: then they go between two extents again.
    fn room(&mut self) -> usize {
        let size = self.source.size();
        let ends = |extents: &Extents| -> Vec<(u64, u64)> {
            let moves: Vec<_> = extents.moves().collect();
            let starts = moves.iter().skip(1).map(|(_, start)| *start).chain([size]);
            let end = |(range, start): &(Range<u64>, u64)| start + (range.end - range.start);
            moves.iter().map(end).zip(starts).collect()
        };
        let fits = |(end, next): &(u64, u64)| self.tail_end(*end) <= *next;
        let moved = ends(&self.extents);
        if moved.last().is_some_and(fits) {
            return moved.len();
        }
        if let Some(gap) = moved.iter().position(fits) {
            return gap + 1;
        }
        let unmoved = self.extents.unmoved();
        let gap = ends(&unmoved).iter().position(fits);
        match gap {
            Some(gap) => {
                self.extents = unmoved;
                gap + 1
            }
            None => moved.len(),
        }
    }

    /// The end of the bytes that no segment holds, if they start at `start`, section headers
    /// included.
    fn tail_end(&self, start: u64) -> u64 {
        let order = self.order(start);
        let sections = order.iter().filter_map(|number| self.sections.get(*number));
        let sections = sections.filter(|section| !section.in_segment);
        let end = end(start, sections);
        let count = self.numbers().iter().flatten().count() as u64;
        let align = self.encoder.address_size();
        end.checked_next_multiple_of(align).unwrap_or(end)
            + count * self.encoder.section_header_size()
    }

    /// Writes sections behind `output`, which holds the front, and completes the file header. With
    /// `in_place` the section headers stay at their old offset.
    pub(crate) fn write_over(mut self, mut output: Draft<'a>, in_place: bool) -> Result<Draft<'a>> {
        let numbers = self.numbers();
        let new_number = |old: u32| numbers.get(old as usize).copied().flatten().unwrap_or(0);
        self.merge_names()?;
        for number in self.order(output.size()) {
            let Some(section) = self.sections.get_mut(number) else { continue };
            if section.in_segment {
                continue;
            }
            if section.header.sh_type == elf::SHT_NOBITS {
                section.header.sh_offset = output.size();
            } else if !section.has_no_bytes() {
                section.place(&mut output, &self.source)?;
            }
        }
        for section in &mut self.sections {
            section.header.sh_link = new_number(section.header.sh_link);
            let is_relocations =
                matches!(section.header.sh_type, elf::SHT_REL | elf::SHT_RELA | elf::SHT_CREL);
            if is_relocations || section.is(elf::SHF_INFO_LINK) {
                section.header.sh_info = new_number(section.header.sh_info);
            }
        }
        self.headers.section_num = bytes::word(numbers.iter().flatten().count(), WHAT)?;
        self.headers.shstrtab_index = new_number(self.headers.shstrtab_index);
        self.write_headers(output, in_place)
    }

    /// The sections that stay, in the order in which they are written from `start` on.
    fn order(&self, start: u64) -> Vec<usize> {
        let names_number = self.names_number();
        let mut order: Vec<usize> = (1..self.sections.len())
            .filter(|number| self.sections.get(*number).is_some_and(|section| section.kept))
            .collect();
        order.sort_by_key(|number| {
            let section = self.sections.get(*number);
            let offset = section.map_or(0, |section| section.header.sh_offset);
            // New sections follow the old ones, and the names of sections come last.
            (*number == names_number, offset == 0, offset, section.map_or(0, Section::size))
        });
        if !self.is_relocatable() {
            return order;
        }
        // The sections of an object need no order, and another one may need less padding.
        let mut other = order.clone();
        other.sort_by_key(|number| {
            Reverse(self.sections.get(*number).map_or(0, |section| section.header.sh_addralign))
        });
        let end = |order: &[usize]| {
            end(start, order.iter().filter_map(|number| self.sections.get(*number)))
        };
        if end(&other) < end(&order) { other } else { order }
    }

    /// Rewrites the names of sections, unless a segment holds them or another section uses them.
    /// (If symbols share the table, the symbols' step has rewritten it.)
    fn merge_names(&mut self) -> Result<()> {
        let number = self.names_number();
        let Some(table) = self.sections.get(number) else { return Ok(()) };
        let SectionContent::Input(bytes, _) = &table.content else { return Ok(()) };
        let mut kept = self.sections.iter().filter(|section| section.kept);
        if table.in_segment || kept.clone().any(|other| other.header.sh_link as usize == number) {
            if kept.all(|section| is_at(bytes, section.header.sh_name, &section.name)) {
                return Ok(());
            }
            let why = "the table of section names is loaded or used by something else";
            return Err(Error::unsupported("another section", why));
        }
        let mut names = NameTable::of(table);
        names.add_sections(&self.sections);
        names.put(&mut self.sections, number, Reason::SectionNames)?.name(&mut self.sections);
        Ok(())
    }

    fn write_headers(mut self, mut output: Draft<'a>, in_place: bool) -> Result<Draft<'a>> {
        let mut table = Vec::new();
        self.encoder.null_section_header(&mut table, &self.headers);
        for section in self.sections.iter().skip(1).filter(|section| section.kept) {
            self.encoder.section_header(&mut table, &section.header);
        }
        if in_place {
            let at = self.headers.e_shoff;
            output.put(at, &table, Reason::SectionHeaders, "ELF section headers")?;
        } else {
            output.pad(self.encoder.address_size());
            self.headers.e_shoff = output.size();
            output.push(table, Reason::SectionHeaders);
        }
        let mut header = Vec::new();
        self.encoder
            .file_header(&mut header, &self.file, &self.headers)
            .map_err(|why| Error::malformed(WHAT, 0, why))?;
        // The padding of the identification stays unchanged.
        let ident = bytes::slice(self.source.input(), 0, 16, WHAT)?;
        bytes::put(&mut header, 0, ident, WHAT)?;
        output.put(0, &header, Reason::FileHeader, WHAT)?;
        Ok(output)
    }
}

/// The end of sections that are written one after the other from `start` on.
fn end<'s, 'a: 's>(start: u64, sections: impl Iterator<Item = &'s Section<'a>>) -> u64 {
    sections.filter(|section| !section.has_no_bytes()).fold(start, |at, section| {
        let align = section.header.sh_addralign.max(1);
        at.checked_next_multiple_of(align).unwrap_or(at).saturating_add(section.size())
    })
}

/// Appends the extents, each at its new offset.
fn copy<'a>(moves: &[(Range<u64>, u64)], source: &Draft<'a>, output: &mut Draft<'a>) -> Result<()> {
    for (range, start) in moves {
        output.zeros(start - output.size(), Reason::Padding);
        output.take(source, range.start, range.end - range.start, WHAT)?;
    }
    Ok(())
}
