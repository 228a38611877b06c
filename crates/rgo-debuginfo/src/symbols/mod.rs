//! Reads the symbol tables of every format into one type: [`SymbolTable`].
//!
//! ```text
//! ELF      .symtab for linkers and debuggers; .dynsym for the loader, with versions
//! Mach-O   LC_SYMTAB
//! COFF     the table that the file header names: object files, and PE files of GNU's and Go's linkers
//! ```

mod coff;
mod coff_import;
mod elf;
pub mod letter;
mod macho;
mod symbol;

use object::{File, SectionFlags};

pub use coff_import::CoffImport;
pub use symbol::{Binding, Place, RawSymbol, Symbol, SymbolKind, Version};

/// The symbols of one table of a file, in its order.
#[derive(Clone, Debug)]
pub struct SymbolTable<'a> {
    /// The format, with what decides over letters.
    pub format: TableFormat,
    /// Whether addresses have 64 bits.
    pub is_64: bool,
    /// The sections that symbols are in.
    pub sections: Vec<Section<'a>>,
    /// The symbols.
    pub symbols: Vec<Symbol<'a>>,
}

/// The format of a file with symbols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// ELF.
    Elf,
    /// Mach-O. A kernel extension has its code in another segment.
    MachO {
        /// Whether it is one.
        is_kext: bool,
    },
    /// COFF objects, and PE.
    Coff,
}

/// A section, as far as symbols are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// Its segment, in Mach-O.
    pub segment: &'a [u8],
    /// Its name.
    pub name: &'a [u8],
    /// Its address.
    pub address: u64,
    /// Its size in memory, in bytes.
    pub size: u64,
    /// The flags of its format.
    pub flags: SectionFlags,
}

/// Which of a file's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// The full one.
    Full,
    /// The loader's (ELF).
    Dynamic,
}

/// Why a table cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SymbolError {
    /// The format has no such table.
    #[error("File format has no dynamic symbol table")]
    NoDynamicTable,
    /// Its symbols cannot be read.
    #[error("the symbols of this format are not read")]
    Format,
    /// It contradicts itself.
    #[error("malformed symbol table: {0}")]
    Malformed(#[from] object::Error),
}

impl<'a> SymbolTable<'a> {
    /// Reads a table of a file. A file without that table has no symbols.
    ///
    /// # Errors
    /// If the table contradicts itself, or the format has none.
    pub fn read(file: &File<'a>, kind: TableKind) -> Result<Self, SymbolError> {
        match (file, kind) {
            (File::Elf32(file), kind) => elf::read(file, kind),
            (File::Elf64(file), kind) => elf::read(file, kind),
            (_, TableKind::Dynamic) => Err(SymbolError::NoDynamicTable),
            (File::MachO32(file), _) => macho::read(file),
            (File::MachO64(file), _) => macho::read(file),
            (File::Coff(file), _) => coff::of_object(file),
            (File::CoffBig(file), _) => coff::of_object(file),
            (File::Pe32(file), _) => coff::of_image(file),
            (File::Pe64(file), _) => coff::of_image(file),
            _ => Err(SymbolError::Format),
        }
    }

    /// The section of a symbol.
    #[must_use]
    pub fn section_of(&self, symbol: &Symbol<'a>) -> Option<&Section<'a>> {
        match symbol.place {
            Place::Section(index) => self.sections.get(index),
            _ => None,
        }
    }
}
