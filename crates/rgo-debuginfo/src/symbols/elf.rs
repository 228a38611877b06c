//! Reads ELF symbol tables (System V gABI, chapter 4, "Symbol Table"; GNU's versions: LSB core, "Symbol
//! Versioning").
//!
//! ```text
//! Elf64_Sym   0 st_name  4 st_info: binding, type  5 st_other: visibility  6 st_shndx  8 st_value  16 st_size
//! .gnu.version      u16 for each symbol of .dynsym: hidden, and the number of its version
//! .gnu.version_d, _r    the versions that the file defines, and those that it needs
//! ```
//!
//! The first symbol of a table is empty, and is left out.

use object::read::elf::{ElfFile, FileHeader, SectionHeader, Sym, VersionTable};
use object::{Endianness, SectionFlags, SymbolIndex, elf};

use super::symbol::{Binding, Place, RawSymbol, Symbol, SymbolKind, Version};
use super::{Section, SymbolError, SymbolTable, TableFormat, TableKind};

type Table<'a, E> = object::read::elf::SymbolTable<'a, E>;

/// Reads one of the two tables.
pub(super) fn read<'a, E: FileHeader<Endian = Endianness>>(
    file: &ElfFile<'a, E>,
    kind: TableKind,
) -> Result<SymbolTable<'a>, SymbolError> {
    let endian = file.endian();
    let sections = file.elf_section_table();
    let (table, versions) = match kind {
        TableKind::Full => (file.elf_symbol_table(), None),
        TableKind::Dynamic => {
            (file.elf_dynamic_symbol_table(), sections.versions(endian, file.data())?)
        }
    };
    let section_infos: Vec<Section<'a>> = sections
        .iter()
        .map(|section| Section {
            segment: b"",
            name: sections.section_name(endian, section).unwrap_or_default(),
            address: section.sh_addr(endian).into(),
            size: section.sh_size(endian).into(),
            flags: SectionFlags::Elf {
                sh_type: section.sh_type(endian),
                sh_flags: section.sh_flags(endian),
            },
        })
        .collect();
    let reader = Reader {
        endian,
        machine: file.elf_header().e_machine(endian),
        table,
        versions: versions.as_ref(),
        sections: &section_infos,
    };
    let all = table.enumerate().filter(|(index, _)| index.0 != 0);
    // Of a large table, growing takes twice the memory.
    let mut symbols = Vec::with_capacity(table.len());
    symbols.extend(all.map(|(index, raw)| reader.symbol(index, raw)));
    let is_64 = file.elf_header().is_type_64();
    Ok(SymbolTable { format: TableFormat::Elf, is_64, sections: section_infos, symbols })
}

/// What the reading of each symbol needs.
struct Reader<'t, 'a, E: FileHeader<Endian = Endianness>> {
    endian: Endianness,
    machine: elf::Machine,
    table: &'t Table<'a, E>,
    versions: Option<&'t VersionTable<'a, E>>,
    sections: &'t [Section<'a>],
}

impl<'a, E: FileHeader<Endian = Endianness>> Reader<'_, 'a, E> {
    fn symbol(&self, index: SymbolIndex, raw: &E::Sym) -> Symbol<'a> {
        let kind = raw.st_type();
        let place = self.place(index, raw);
        let has_name = raw.st_name(self.endian) != 0;
        let value = raw.st_value(self.endian).into();
        let name = match place {
            // Such a symbol has the name of its section.
            Place::Section(section)
                if kind == elf::STT_SECTION && raw.st_name(self.endian) == 0 =>
            {
                self.sections.get(section).map_or(&b""[..], |section| section.name)
            }
            _ => raw.name(self.endian, self.table.strings()).unwrap_or_default(),
        };
        Symbol {
            name,
            address: if place == Place::Common { 0 } else { value },
            size: raw.st_size(self.endian).into(),
            place,
            kind: kind_of(kind),
            binding: match raw.st_bind() {
                elf::STB_LOCAL => Binding::Local,
                elf::STB_GLOBAL => Binding::Global,
                elf::STB_WEAK => Binding::Weak,
                elf::STB_GNU_UNIQUE => Binding::Unique,
                _ => Binding::Other,
            },
            version: self.version(index, place),
            raw: RawSymbol::Elf {
                kind,
                visibility: raw.st_visibility(),
                value,
                has_name,
                is_special: matches!(kind, elf::STT_FILE | elf::STT_SECTION)
                    || is_mark(self.machine, name),
            },
        }
    }

    fn place(&self, index: SymbolIndex, raw: &E::Sym) -> Place {
        if raw.st_type() == elf::STT_COMMON {
            return Place::Common;
        }
        match raw.st_shndx(self.endian) {
            elf::SHN_UNDEF => Place::Undefined,
            elf::SHN_ABS => Place::Absolute,
            elf::SHN_COMMON => Place::Common,
            _ => match self.table.symbol_section(self.endian, raw, index) {
                Ok(Some(section)) if section.0 < self.sections.len() => Place::Section(section.0),
                _ => Place::Missing,
            },
        }
    }

    fn version(&self, index: SymbolIndex, place: Place) -> Option<Version<'a>> {
        let versions = self.versions?;
        let number = versions.version_index(self.endian, index);
        let version = versions.version(number.index()).ok()??;
        // A program defines a copy of a variable of a library, with the version that it needs of it.
        let is_needed = version.file().is_some();
        let is_default = !number.is_hidden() && !is_needed && place != Place::Undefined;
        Some(Version { name: version.name(), is_default })
    }
}

fn kind_of(kind: elf::SymbolType) -> SymbolKind {
    match kind {
        elf::STT_FUNC => SymbolKind::Function,
        elf::STT_GNU_IFUNC => SymbolKind::IndirectFunction,
        elf::STT_OBJECT | elf::STT_COMMON => SymbolKind::Data,
        elf::STT_TLS => SymbolKind::ThreadLocal,
        elf::STT_SECTION => SymbolKind::Section,
        elf::STT_FILE => SymbolKind::File,
        _ => SymbolKind::Unknown,
    }
}

/// Whether a symbol marks where code or data begins, for disassemblers. On RISC-V those without a name, or
/// with that of binutils, serve to compute distances.
fn is_mark(machine: elf::Machine, name: &[u8]) -> bool {
    let starts = |marks: &[&[u8]]| marks.iter().any(|mark| name.starts_with(mark));
    match machine {
        elf::EM_AARCH64 => starts(&[b"$d", b"$x"]),
        elf::EM_ARM => name.is_empty() || starts(&[b"$d", b"$t", b"$a"]),
        elf::EM_CSKY => starts(&[b"$d", b"$t"]),
        elf::EM_RISCV => name.is_empty() || name == b".L0 " || starts(&[b"$d", b"$x"]),
        _ => false,
    }
}
