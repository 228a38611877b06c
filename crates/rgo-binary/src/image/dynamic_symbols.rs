//! Reads the symbols that a loader binds. `object` finds those of ELF by the section headers, but a
//! program can lack these. Without section headers, this module finds the tables as the loader
//! does, by the dynamic segment.
//!
//! ```text
//! PT_DYNAMIC ─▶ DT_SYMTAB  the symbols, up to the next table that the segment names
//!               DT_STRTAB, DT_STRSZ  their names
//! ```

use object::pod::slice_from_bytes;
use object::read::StringTable;
use object::read::elf::{Dyn, ElfFile, FileHeader, ProgramHeader, Sym};
use object::{Endianness, Object, ObjectSymbol, SymbolSection, elf};

use crate::Image;

/// One symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DynamicSymbol<'a> {
    /// The symbol's index in the table.
    pub(crate) index: usize,
    pub(crate) name: &'a [u8],
    /// Another image defines it.
    pub(crate) is_undefined: bool,
    /// Other images may bind it, and it names code or data.
    pub(crate) is_exported: bool,
}

/// All dynamic symbols, in the order of the table.
pub(crate) fn dynamic_symbols<'i, 'a>(
    image: &'i Image<'a>,
) -> Box<dyn Iterator<Item = DynamicSymbol<'a>> + 'i> {
    let file = image.object();
    if image.sections().next().is_none() {
        let most = image.limits().max_symbols;
        match file {
            object::File::Elf32(file) => return Box::new(by_segment(file, most).into_iter()),
            object::File::Elf64(file) => return Box::new(by_segment(file, most).into_iter()),
            _ => {}
        }
    }
    Box::new(file.dynamic_symbols().map(|symbol| {
        let named = !matches!(symbol.section(), SymbolSection::Absolute | SymbolSection::Undefined);
        DynamicSymbol {
            index: symbol.index().0,
            name: symbol.name_bytes().unwrap_or_default(),
            is_undefined: symbol.is_undefined(),
            is_exported: symbol.is_global() && named,
        }
    }))
}

fn by_segment<'a, E: FileHeader<Endian = Endianness>>(
    file: &ElfFile<'a, E>,
    most: usize,
) -> Vec<DynamicSymbol<'a>> {
    let tables = DynamicTables::read(file);
    tables.map(|tables| tables.symbols::<E>(file.endian(), most)).unwrap_or_default()
}

/// The tables that a dynamic segment names.
struct DynamicTables<'a> {
    symbols: &'a [u8],
    names: &'a [u8],
}

impl<'a> DynamicTables<'a> {
    fn read<E: FileHeader<Endian = Endianness>>(file: &ElfFile<'a, E>) -> Option<Self> {
        let (endian, data) = (file.endian(), file.data());
        let segments = file.elf_program_headers();
        let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, data).ok()?)?;
        let (mut symbols, mut names, mut size) = (None, None, 0);
        let mut others = Vec::new();
        for entry in dynamic {
            let value: u64 = entry.val(endian);
            match entry.tag(endian) {
                elf::DT_NULL => break,
                elf::DT_SYMTAB => symbols = Some(value),
                elf::DT_STRTAB => names = Some(value),
                elf::DT_STRSZ => size = usize::try_from(value).ok()?,
                elf::DT_HASH
                | elf::DT_GNU_HASH
                | elf::DT_VERSYM
                | elf::DT_VERNEED
                | elf::DT_VERDEF
                | elf::DT_RELA
                | elf::DT_REL
                | elf::DT_JMPREL => {
                    others.push(value);
                }
                _ => {}
            }
        }
        let (symbols, names) = (symbols?, names?);
        // The segment has the start of the symbol table but not its size: the next table ends it.
        let end = others.into_iter().chain([names]).filter(|other| *other > symbols).min()?;
        let at = |address: u64, size: usize| {
            segments.iter().find_map(|segment| {
                let within = address.checked_sub(segment.p_vaddr(endian).into())?;
                let bytes = segment.data(endian, data).ok()?;
                let is_loaded = segment.p_type(endian) == elf::PT_LOAD;
                let rest = bytes.get(usize::try_from(within).ok()?..).filter(|_| is_loaded)?;
                Some(rest.get(..size).unwrap_or(rest))
            })
        };
        Some(Self {
            symbols: at(symbols, usize::try_from(end - symbols).ok()?)?,
            names: at(names, size)?,
        })
    }

    /// All symbols except the first, which is a placeholder.
    fn symbols<E: FileHeader<Endian = Endianness>>(
        &self,
        endian: Endianness,
        most: usize,
    ) -> Vec<DynamicSymbol<'a>> {
        let count = self.symbols.len() / size_of::<E::Sym>();
        let symbols = slice_from_bytes::<E::Sym>(self.symbols, count.min(most));
        let names = StringTable::new(self.names, 0, self.names.len() as u64);
        let symbols = symbols.map(|(symbols, _)| symbols).unwrap_or_default().iter();
        symbols
            .enumerate()
            .skip(1)
            .map_while(|(index, symbol)| {
                let section = symbol.st_shndx(endian);
                let named = section != elf::SHN_ABS && section != elf::SHN_UNDEF;
                Some(DynamicSymbol {
                    index,
                    // A name outside of the string table marks the end of the symbols.
                    name: symbol.name(endian, names).ok()?,
                    is_undefined: section == elf::SHN_UNDEF,
                    is_exported: symbol.st_bind() != elf::STB_LOCAL && named,
                })
            })
            .collect()
    }
}
