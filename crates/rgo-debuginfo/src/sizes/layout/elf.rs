//! The parts of an ELF file (System V gABI, "ELF Header", "Sections", "Program Header").
//!
//! ```text
//! e_ehsize at 0; e_phnum × e_phentsize at e_phoff; e_shnum × e_shentsize at e_shoff
//! section   sh_name sh_type sh_flags sh_addr sh_offset sh_size …
//! segment   p_type p_flags p_offset p_vaddr p_paddr p_filesz p_memsz p_align
//! ```

use object::elf;
use object::read::elf::{ElfFile, FileHeader, ProgramHeader, SectionHeader};

use crate::sizes::SizeError;
use crate::sizes::kind::ByteKind;
use crate::sizes::space::{ObjectSection, SpaceBuilder};

pub(super) fn read<H: FileHeader>(
    file: &ElfFile<'_, H>,
    builder: &mut SpaceBuilder,
) -> Result<(), SizeError> {
    let (endian, header) = (file.endian(), file.elf_header());
    builder.header(0, header.e_ehsize(endian).into(), "[headers]", ByteKind::Headers);
    let programs = file.elf_program_headers();
    let bytes = |count: usize, size: u16| (count as u64).saturating_mul(size.into());
    let size = bytes(programs.len(), header.e_phentsize(endian));
    builder.header(header.e_phoff(endian).into(), size, "[headers]", ByteKind::Headers);
    let sections = file.elf_section_table();
    let size = bytes(sections.len(), header.e_shentsize(endian));
    builder.header(header.e_shoff(endian).into(), size, "[section headers]", ByteKind::Headers);

    let is_object = header.e_type(endian) == elf::ET_REL;
    for segment in programs.iter().filter(|it| it.p_type(endian) == elf::PT_LOAD && !is_object) {
        builder.segment(
            &segment_name(segment.p_flags(endian)),
            segment.p_offset(endian).into(),
            segment.p_filesz(endian).into(),
            segment.p_vaddr(endian).into(),
            segment.p_memsz(endian).into(),
        )?;
    }
    let thread_locals = programs.iter().find(|it| it.p_type(endian) == elf::PT_TLS && !is_object);
    builder.thread_locals = thread_locals.map_or(0, |it| it.p_vaddr(endian).into());
    let strings = string_tables(file);
    for (index, section) in sections.enumerate() {
        let kind = section.sh_type(endian);
        if kind == elf::SHT_NULL {
            continue;
        }
        let name = sections.section_name(endian, section).unwrap_or_default();
        let name = String::from_utf8_lossy(name);
        let flags = section.sh_flags(endian);
        let part = Part { kind, flags, name: &name };
        let byte_kind = if strings.contains(&index.0) { ByteKind::Symbols } else { part.kind() };
        let start: u64 = section.sh_offset(endian).into();
        let size: u64 = section.sh_size(endian).into();
        let has_bytes = kind != elf::SHT_NOBITS;
        if is_object {
            let is_loaded = flags.contains(elf::SHF_ALLOC);
            let start = has_bytes.then_some(start);
            let section = ObjectSection { name: &name, start, size, kind: byte_kind, is_loaded };
            builder.object_section(index.0, section)?;
        } else if has_bytes {
            builder.section(start, size, &name, byte_kind);
        } else if !flags.contains(elf::SHF_TLS) {
            builder.zeroed_section(section.sh_addr(endian).into(), size, &name);
        }
    }
    Ok(())
}

fn segment_name(flags: elf::ProgramFlags) -> String {
    let letter = |flag, letter| if flags.contains(flag) { letter } else { '-' };
    let letters = [letter(elf::PF_R, 'r'), letter(elf::PF_W, 'w'), letter(elf::PF_X, 'x')];
    format!("LOAD {}", letters.iter().collect::<String>())
}

/// The numbers of the sections with names of sections and of symbols that no loader reads.
fn string_tables<H: FileHeader>(file: &ElfFile<'_, H>) -> Vec<usize> {
    let (endian, sections) = (file.endian(), file.elf_section_table());
    let of_symbols = sections.iter().filter(|it| it.sh_type(endian) == elf::SHT_SYMTAB);
    let mut all: Vec<usize> = of_symbols.map(|it| it.sh_link(endian) as usize).collect();
    all.extend(file.elf_header().shstrndx(endian, file.data()).ok().map(|index| index as usize));
    all
}

/// What the header of a section says of its bytes.
struct Part<'n> {
    kind: elf::SectionType,
    flags: elf::SectionFlags,
    name: &'n str,
}

impl Part<'_> {
    fn kind(&self) -> ByteKind {
        match self.kind {
            elf::SHT_SYMTAB | elf::SHT_SYMTAB_SHNDX => return ByteKind::Symbols,
            elf::SHT_RELA | elf::SHT_REL | elf::SHT_RELR | elf::SHT_GROUP => {
                return ByteKind::Relocations;
            }
            elf::SHT_NOTE => return ByteKind::Notes,
            elf::SHT_DYNSYM
            | elf::SHT_DYNAMIC
            | elf::SHT_HASH
            | elf::SHT_GNU_HASH
            | elf::SHT_GNU_VERSYM
            | elf::SHT_GNU_VERNEED
            | elf::SHT_GNU_VERDEF => return ByteKind::Linking,
            // The loader's strings are the only ones in memory.
            elf::SHT_STRTAB if self.flags.contains(elf::SHF_ALLOC) => return ByteKind::Linking,
            elf::SHT_NOBITS => return ByteKind::ZeroedData,
            _ => {}
        }
        if let Some(kind) = ByteKind::of_name(self.name) {
            return kind;
        }
        if !self.flags.contains(elf::SHF_ALLOC) {
            return ByteKind::Other;
        }
        if self.flags.contains(elf::SHF_EXECINSTR) {
            ByteKind::Code
        } else if self.flags.contains(elf::SHF_WRITE) && !self.name.starts_with(".data.rel.ro") {
            ByteKind::Data
        } else {
            ByteKind::ReadOnlyData
        }
    }
}
