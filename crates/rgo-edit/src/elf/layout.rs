//! An ELF image as a list of sections behind a fixed front. Until the image is written, sections
//! keep their numbers from the input, so that all references can be translated at once.

use object::write::elf::{Encoder, FileHeader, FileHeaderLayout, ProgramHeader, SectionHeader};
use object::{Endianness, FileKind, elf};

use super::claims::Claims;
use super::extents::Extents;
use super::section::{Section, SectionContent};
use crate::{Draft, Removed, bytes};
use rgo_binary::{Error, Result};

pub(super) const WHAT: &str = "ELF image";
pub(crate) struct Layout<'a> {
    /// The input with its reserved values written; no earlier edit moves anything.
    pub(crate) source: Draft<'a>,
    pub(crate) encoder: Encoder<Endianness>,
    pub(crate) file: FileHeader,
    pub(crate) headers: FileHeaderLayout,
    pub(crate) segments: Vec<ProgramHeader>,
    /// Includes the null section.
    pub(crate) sections: Vec<Section<'a>>,
    /// The parts of the file that segments hold.
    pub(super) extents: Extents,
    /// The last section that loaded symbols name by its number.
    last_numbered: usize,
}

impl<'a> Layout<'a> {
    pub(crate) fn parse(source: Draft<'a>) -> Result<Self> {
        match FileKind::parse(source.input()) {
            Ok(FileKind::Elf32) => Self::read::<elf::FileHeader32<Endianness>>(source),
            Ok(FileKind::Elf64) => Self::read::<elf::FileHeader64<Endianness>>(source),
            _ => Err(Error::Unrecognized),
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
        let table = header.sections(endian, input).map_err(bad)?;
        let mut sections = Vec::with_capacity(table.len());
        for raw in table.iter() {
            let name = table.section_name(endian, raw).map_err(bad)?.to_vec();
            sections.push(section(input, SectionHeader::from_raw(endian, raw), name)?);
        }
        let names = sections.get(bytes::index(headers.shstrtab_index.into()));
        if names.is_some_and(|it| !matches!(it.header.sh_type, elf::SHT_STRTAB | elf::SHT_NULL)) {
            let why = "its header names a section of another type as the table of section names";
            return Err(Error::malformed(WHAT, 0, why));
        }
        let file = FileHeader::from_raw(endian, header);
        let claims = Claims {
            input,
            encoder,
            machine: file.e_machine,
            headers: &headers,
            segments: &segments,
            sections: &sections,
            dynamic_flags: dynamic_flags(header, endian, input),
        };
        let extents = Extents::of(&claims);
        bytes::slice(input, 0, extents.end(), "ELF segments")?;
        let mut total = 0;
        for section in &mut sections {
            section.in_segment = is_held(section, &extents, segments.is_empty());
            if !section.in_segment || section.header.sh_type == elf::SHT_NOTE {
                total += section.size();
            }
            if total > input.len() as u64 {
                let offset = section.header.sh_offset;
                return Err(Error::malformed(WHAT, offset, "its sections overlap"));
            }
        }
        let last_numbered = last_numbered(&sections, encoder);
        Ok(Self { source, encoder, file, headers, segments, sections, extents, last_numbered })
    }

    /// Whether this is an object for a linker: its sections may get any number and place.
    pub(super) fn is_relocatable(&self) -> bool {
        self.file.e_type == elf::ET_REL && self.segments.is_empty()
    }

    /// Number of the section with the names of sections.
    pub(crate) fn names_number(&self) -> usize {
        bytes::index(self.headers.shstrtab_index.into())
    }

    /// Offset and size of the bytes behind everything that headers describe: an archive or a
    /// script's data, which the program looks for at its end. (Zeros are the remains of section
    /// headers that a tool moved.)
    pub(super) fn overlay(&self) -> Option<(u64, usize)> {
        let size = self.encoder.section_header_size();
        let table = self.headers.e_shoff + u64::from(self.headers.section_num) * size;
        let sections = self.sections.iter().filter(|section| !section.has_no_bytes());
        let end = sections
            .map(|section| section.header.sh_offset + section.header.sh_size)
            .chain([self.extents.end(), table])
            .max()
            .unwrap_or_default();
        let extra = self.source.input().get(bytes::index(end)..).unwrap_or_default();
        extra.iter().any(|byte| *byte != 0).then_some((end, extra.len()))
    }

    /// Whether a removed section leaves an empty header, so that later sections keep the numbers by
    /// which loaded symbols name them.
    fn leaves_header(&self) -> impl Fn(usize) -> bool + use<> {
        let last = self.last_numbered;
        move |number| number < last
    }

    /// For each section number of the input the number in the output; `None` if it is removed.
    pub(crate) fn numbers(&self) -> Vec<Option<u32>> {
        let mut next = 0;
        let leaves_header = self.leaves_header();
        let number = |(old, section): (usize, &Section<'_>)| {
            let number = section.kept.then_some(next);
            next += u32::from(section.kept || leaves_header(old));
            number
        };
        self.sections.iter().enumerate().map(number).collect()
    }

    /// The removed sections. No section may be removed after this.
    pub(crate) fn removed(&mut self) -> Vec<Removed> {
        let leaves_header = self.leaves_header();
        let mut removed = Vec::new();
        for (number, section) in self.sections.iter_mut().enumerate() {
            if section.kept {
                continue;
            }
            if section.header.sh_type != elf::SHT_NULL {
                let name = String::from_utf8_lossy(&section.name).into_owned();
                removed.push(Removed { name, size: section.input().len() as u64 });
            }
            if leaves_header(number) {
                section.name.clear();
                section.header = SectionHeader::default();
                section.content = SectionContent::Input(&[], 0);
                section.kept = true;
            }
        }
        removed
    }
}

/// `DT_FLAGS_1` of an image, 0 without one.
fn dynamic_flags<Elf: object::read::elf::FileHeader<Endian = Endianness>>(
    header: &Elf,
    endian: Endianness,
    input: &[u8],
) -> u64 {
    use object::read::elf::{Dyn, ProgramHeader};
    let segments = header.program_headers(endian, input).unwrap_or_default();
    let table = segments.iter().find_map(|it| it.dynamic(endian, input).ok().flatten());
    let entry = table.unwrap_or_default().iter().find(|it| it.tag(endian) == elf::DT_FLAGS_1);
    entry.map_or(0, |entry| entry.val(endian))
}

/// Makes a section with its bytes.
fn section(input: &[u8], header: SectionHeader, name: Vec<u8>) -> Result<Section<'_>> {
    let content = SectionContent::Input(&[], 0);
    let mut section = Section { name, header, content, in_segment: false, kept: true };
    // The offset of a section without bytes is meaningless.
    if !section.has_no_bytes() {
        let (offset, size) = (section.header.sh_offset, section.header.sh_size);
        let bytes = bytes::slice(input, offset, size, "ELF section")?;
        section.content = SectionContent::Input(bytes, offset);
    }
    Ok(section)
}

/// Whether a segment holds a section, so that the two stay together.
fn is_held(section: &Section<'_>, extents: &Extents, is_object: bool) -> bool {
    let (offset, size) = (section.header.sh_offset, section.size());
    match section.header.sh_type {
        elf::SHT_NULL => false,
        elf::SHT_NOBITS => !is_object && section.is_loaded(),
        _ if size == 0 => !is_object && section.is_loaded() && offset <= extents.end(),
        _ => extents.hold(offset),
    }
}

/// The highest section number in loaded symbols, which stay unchanged.
fn last_numbered(sections: &[Section<'_>], encoder: Encoder<Endianness>) -> usize {
    let is_fixed = |section: &&Section<'_>| {
        matches!(section.header.sh_type, elf::SHT_DYNSYM | elf::SHT_SYMTAB) && section.in_segment
    };
    let at = if encoder.is_64() { 6 } else { 14 };
    let number = |symbol: &[u8]| {
        let bytes = symbol.get(at..)?.first_chunk().copied()?;
        Some(match encoder.endian() {
            Endianness::Little => u16::from_le_bytes(bytes),
            Endianness::Big => u16::from_be_bytes(bytes),
        })
    };
    let size = bytes::index(encoder.sym_size());
    let symbols = sections.iter().filter(is_fixed).flat_map(|it| it.input().chunks_exact(size));
    let last = symbols.filter_map(number).fold(0, |last, number| match number {
        // The real number is in another table.
        number if number == elf::SHN_XINDEX.0 => usize::MAX,
        number if number >= elf::SHN_LORESERVE => last,
        number => last.max(number.into()),
    });
    last.min(sections.len())
}
