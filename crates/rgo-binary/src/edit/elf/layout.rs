//! An ELF image as a list of sections over a fixed front. Sections keep their numbers from the
//! input until they are written, so that all references can be translated at once.

use object::write::elf::{Encoder, FileHeader, FileHeaderLayout, ProgramHeader, SectionHeader};
use object::{Endianness, FileKind, elf};

use crate::edit::{Draft, Removed, Why, bytes};
use crate::{Error, Result};

const WHAT: &str = "ELF image";
/// Sections that move are not loaded, and are aligned to words.
const MAX_ALIGN: u64 = 0x1000;

/// One section, from the input or new.
pub(in crate::edit) struct Section<'a> {
    pub(in crate::edit) name: Vec<u8>,
    pub(in crate::edit) header: SectionHeader,
    pub(in crate::edit) content: Content<'a>,
    /// Its bytes lie in the part of the file that segments take up.
    pub(in crate::edit) in_segment: bool,
    pub(in crate::edit) kept: bool,
}

/// A section's bytes.
pub(in crate::edit) enum Content<'a> {
    /// As in the input, at this offset.
    Input(&'a [u8], u64),
    New(Vec<u8>, Why),
}

impl Section<'_> {
    pub(in crate::edit) fn is_loaded(&self) -> bool {
        self.header.sh_flags.0 & elf::SHF_ALLOC.0 != 0
    }

    pub(in crate::edit) fn bytes(&self) -> &[u8] {
        match &self.content {
            Content::Input(bytes, _) => bytes,
            Content::New(bytes, _) => bytes,
        }
    }

    /// Appends its bytes, aligned; answers where they are. `source` is the input with what was
    /// filled in.
    pub(in crate::edit) fn place<'a>(
        &self,
        output: &mut Draft<'a>,
        source: &Draft<'a>,
    ) -> Result<u64> {
        let align = self.header.sh_addralign;
        if align > MAX_ALIGN || align != 0 && !align.is_power_of_two() {
            let why = format!("an alignment of {align:#x}");
            return Err(Error::malformed("ELF section", self.header.sh_offset, why));
        }
        output.pad(align);
        let offset = output.size();
        match &self.content {
            Content::Input(bytes, from) => {
                output.take(source, *from, bytes.len() as u64, "ELF section")?;
            }
            Content::New(bytes, why) => output.push(bytes.clone(), *why),
        }
        Ok(offset)
    }

    fn has_no_bytes(&self) -> bool {
        matches!(self.header.sh_type, elf::SHT_NOBITS | elf::SHT_NULL)
    }
}

pub(in crate::edit) struct Layout<'a> {
    /// The input, with what was filled in; no edit before this one moves anything.
    pub(in crate::edit) source: Draft<'a>,
    pub(in crate::edit) encoder: Encoder<Endianness>,
    pub(in crate::edit) file: FileHeader,
    pub(in crate::edit) headers: FileHeaderLayout,
    pub(in crate::edit) segments: Vec<ProgramHeader>,
    /// The null section included.
    pub(in crate::edit) sections: Vec<Section<'a>>,
    /// End of the last segment in the file: up to here nothing moves.
    pub(in crate::edit) front: u64,
}

impl<'a> Layout<'a> {
    pub(in crate::edit) fn parse(source: Draft<'a>) -> Result<Self> {
        match FileKind::parse(source.input()) {
            Ok(FileKind::Elf32) => Self::read::<elf::FileHeader32<Endianness>>(source),
            Ok(FileKind::Elf64) => Self::read::<elf::FileHeader64<Endianness>>(source),
            _ => Err(Error::Unrecognised),
        }
    }

    fn read<Elf: object::read::elf::FileHeader<Endian = Endianness>>(
        source: Draft<'a>,
    ) -> Result<Self> {
        let input = source.input();
        let bad = |why: object::Error| Error::malformed(WHAT, 0, why);
        let header = Elf::parse(input).map_err(bad)?;
        let endian = header.endian().map_err(bad)?;
        let is_64 = header.is_type_64();
        let encoder = Encoder::new(endian, is_64, header.e_machine(endian));
        let headers = FileHeaderLayout::from_raw(endian, header, input).map_err(bad)?;
        let segments: Vec<_> = header
            .program_headers(endian, input)
            .map_err(bad)?
            .iter()
            .map(|segment| ProgramHeader::from_raw(endian, segment))
            .collect();
        let segments_end =
            headers.e_phoff + u64::from(headers.segment_num) * encoder.program_header_size();
        let front = segments
            .iter()
            // Lld rounds the size of this one up to a page, past the end of what is loaded.
            .filter(|segment| segment.p_filesz > 0 && segment.p_type != elf::PT_GNU_RELRO)
            .map(|segment| segment.p_offset.saturating_add(segment.p_filesz))
            .chain([encoder.file_header_size(), segments_end])
            .max()
            .unwrap_or_default();
        bytes::slice(input, 0, front, "ELF segments")?;
        let table = header.sections(endian, input).map_err(bad)?;
        let mut sections = Vec::with_capacity(table.len());
        let mut total = 0;
        for raw in table.iter() {
            let header = SectionHeader::from_raw(endian, raw);
            let name = table.section_name(endian, raw).map_err(bad)?.to_vec();
            // Of a section without bytes the offset means nothing.
            let mut section = Section {
                name,
                header,
                content: Content::Input(&[], 0),
                in_segment: false,
                kept: true,
            };
            if !section.has_no_bytes() {
                let (offset, size) = (section.header.sh_offset, section.header.sh_size);
                let bytes = bytes::slice(input, offset, size, "ELF section")?;
                section.content = Content::Input(bytes, offset);
                section.in_segment = offset < front && (size > 0 || section.is_loaded());
                if !section.in_segment || section.header.sh_type == elf::SHT_NOTE {
                    total += size;
                }
                if total > input.len() as u64 {
                    return Err(Error::malformed(WHAT, offset, "its sections overlap"));
                }
                if section.in_segment && offset + size > front {
                    let why = "a section lies half in a segment";
                    return Err(Error::malformed(WHAT, offset, why));
                }
            }
            section.in_segment |= section.is_loaded();
            sections.push(section);
        }
        let file = FileHeader::from_raw(endian, header);
        Ok(Self { source, encoder, file, headers, segments, sections, front })
    }

    /// Fails if bytes follow everything that headers speak of: an archive or a script's data that
    /// the program looks for at its end.
    pub(in crate::edit) fn refuse_overlay(&self) -> Result<()> {
        let size = self.encoder.section_header_size();
        let table = self.headers.e_shoff + u64::from(self.headers.section_num) * size;
        let sections = self.sections.iter().filter(|section| !section.has_no_bytes());
        let end = sections
            .map(|section| section.header.sh_offset + section.header.sh_size)
            .chain([self.front, table])
            .max()
            .unwrap_or_default();
        let extra = self.source.input().get(bytes::index(end)..).unwrap_or_default();
        // Zeros are what a tool left when it moved the section headers.
        if extra.iter().any(|byte| *byte != 0) {
            return Err(Error::unsupported(
                "stripping an image with data at its end",
                format!("{} bytes at {end:#x} belong to no section and would be lost", extra.len()),
            ));
        }
        Ok(())
    }

    /// Takes sections out; the null section and the section names stay. Where a loaded section
    /// follows, an empty header is left, because dynamic symbols name loaded sections by number.
    /// Answers the names of what is gone.
    pub(in crate::edit) fn retain(&mut self, keep: impl Fn(&Section<'_>) -> bool) -> Vec<Removed> {
        let mut removed = Vec::new();
        let names = bytes::index(self.headers.shstrtab_index.into());
        let last_loaded = self.sections.iter().rposition(Section::is_loaded).unwrap_or_default();
        for (number, section) in self.sections.iter_mut().enumerate().skip(1) {
            if number == names || keep(section) {
                continue;
            }
            removed.push(Removed {
                name: String::from_utf8_lossy(&section.name).into_owned(),
                size: section.bytes().len() as u64,
            });
            if number > last_loaded {
                section.kept = false;
            } else {
                section.name.clear();
                section.header = SectionHeader::default();
                section.content = Content::Input(&[], 0);
            }
        }
        removed
    }

    /// Adds a section that is not loaded.
    pub(in crate::edit) fn append(&mut self, name: &[u8], content: Vec<u8>, why: Why) {
        let header = SectionHeader {
            sh_type: elf::SHT_PROGBITS,
            sh_size: content.len() as u64,
            sh_addralign: 4,
            ..SectionHeader::default()
        };
        self.sections.push(Section {
            name: name.to_vec(),
            header,
            content: Content::New(content, why),
            in_segment: false,
            kept: true,
        });
    }

    /// For each section number of the input the number in the output; `None` if it is removed.
    pub(in crate::edit) fn numbers(&self) -> Vec<Option<u32>> {
        let mut next = 0;
        let number = |section: &Section<'_>| {
            let number = section.kept.then_some(next);
            next += u32::from(section.kept);
            number
        };
        self.sections.iter().map(number).collect()
    }

    /// Writes the image: the front as in the input, sections, names, section headers.
    pub(in crate::edit) fn write(self) -> Result<Draft<'a>> {
        let mut front = Draft::empty(self.source.input());
        front.take(&self.source, 0, self.front, WHAT)?;
        let old_table = u64::from(self.headers.section_num) * self.encoder.section_header_size();
        let table_in_front = self.headers.e_shoff < self.front;
        if table_in_front {
            let at = self.headers.e_shoff;
            front.zero(at, old_table, Why::SectionHeaders, "ELF section headers")?;
        }
        self.write_over(front, table_in_front)
    }

    /// Writes sections behind `output`, which holds the front, and completes the file header.
    /// With `in_place` the section headers go where they were.
    pub(in crate::edit) fn write_over(
        mut self,
        mut output: Draft<'a>,
        in_place: bool,
    ) -> Result<Draft<'a>> {
        let numbers = self.numbers();
        let names_number = bytes::index(self.headers.shstrtab_index.into());
        let new_number = |old: u32| numbers.get(old as usize).copied().flatten().unwrap_or(0);
        let mut order: Vec<usize> = (1..self.sections.len())
            .filter(|number| *number != names_number)
            .filter(|number| self.sections.get(*number).is_some_and(|section| section.kept))
            .collect();
        order.sort_by_key(|number| {
            let section = self.sections.get(*number);
            section.map_or(0, |section| match section.content {
                Content::Input(..) => section.header.sh_offset,
                // What is new comes last, unless it takes the place of something.
                Content::New(..) if section.header.sh_offset == 0 => u64::MAX,
                Content::New(..) => section.header.sh_offset,
            })
        });
        for number in order {
            let Some(section) = self.sections.get_mut(number) else { continue };
            if section.in_segment || section.has_no_bytes() {
                continue;
            }
            section.header.sh_offset = section.place(&mut output, &self.source)?;
            section.header.sh_size = section.bytes().len() as u64;
        }
        self.write_names(&mut output, names_number)?;
        for section in &mut self.sections {
            section.header.sh_link = new_number(section.header.sh_link);
            let is_relocation = matches!(section.header.sh_type, elf::SHT_REL | elf::SHT_RELA);
            if is_relocation || section.header.sh_flags.0 & elf::SHF_INFO_LINK.0 != 0 {
                section.header.sh_info = new_number(section.header.sh_info);
            }
        }
        self.headers.section_num = bytes::word(numbers.iter().flatten().count(), WHAT)?;
        self.headers.shstrtab_index = new_number(self.headers.shstrtab_index);
        self.write_headers(output, in_place)
    }

    /// The section names: kept in place if a segment holds them, else made anew.
    fn write_names(&mut self, output: &mut Draft<'a>, number: usize) -> Result<()> {
        if self.sections.get(number).is_some_and(|section| section.in_segment) {
            return Ok(());
        }
        // A name may be the tail of another, but not of a table that is shared with symbols.
        let mut table = vec![0];
        let mut offsets = std::collections::HashMap::new();
        if let Some(names) = self.sections.get(number)
            && self.sections.iter().any(|other| {
                other.kept
                    && other.header.sh_type == elf::SHT_SYMTAB
                    && other.header.sh_link as usize == number
            })
        {
            table = names.bytes().to_vec();
        }
        for section in self.sections.iter_mut().filter(|section| section.kept) {
            if section.name.is_empty() {
                section.header.sh_name = 0;
                continue;
            }
            section.header.sh_name = match offsets.get(&section.name) {
                Some(offset) => *offset,
                None => {
                    let offset = bytes::word(table.len(), "ELF section names")?;
                    table.extend_from_slice(&section.name);
                    table.push(0);
                    offsets.insert(section.name.clone(), offset);
                    offset
                }
            };
        }
        if let Some(section) = self.sections.get_mut(number) {
            section.header.sh_offset = output.size();
            section.header.sh_size = table.len() as u64;
            output.push(table, Why::SectionNames);
        }
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
            output.put(at, &table, Why::SectionHeaders, "ELF section headers")?;
        } else {
            output.pad(8);
            self.headers.e_shoff = output.size();
            output.push(table, Why::SectionHeaders);
        }
        let mut header = Vec::new();
        self.encoder
            .file_header(&mut header, &self.file, &self.headers)
            .map_err(|why| Error::malformed(WHAT, 0, why))?;
        // The identification's padding is not ours to clear.
        let ident = bytes::slice(self.source.input(), 0, 16, WHAT)?;
        bytes::put(&mut header, 0, ident, WHAT)?;
        output.put(0, &header, Why::FileHeader, WHAT)?;
        Ok(output)
    }
}
