//! Reads members of import libraries, which name one function or variable of a DLL (Microsoft, "PE Format", "Import
//! Library Format").
//!
//! ```text
//! u16 0, u16 0xffff, u16 version, u16 machine, u32 time, u32 size, u16 ordinal or hint, u16 type
//! then the name of the symbol and that of the DLL, each with a NUL
//! ```
//!
//! Linkers define two symbols for it: a pointer, and for functions a jump through that pointer.

use object::read::coff::{ImportFile, ImportType};
use object::{SectionFlags, pe};

use super::symbol::{Binding, Place, RawSymbol, Symbol, SymbolKind};
use super::{Section, SymbolTable, TableFormat};

/// What a member of an import library defines.
#[derive(Clone, Debug)]
pub struct CoffImport<'a> {
    name: &'a [u8],
    /// The name of the pointer, which is nowhere in the file.
    pointer: Vec<u8>,
    import_type: ImportType,
}

impl<'a> CoffImport<'a> {
    /// Reads a member; `None` if it is something else.
    #[must_use]
    pub fn parse(data: &'a [u8]) -> Option<Self> {
        let file = ImportFile::parse(data).ok()?;
        let name = file.symbol();
        Some(Self { name, pointer: [b"__imp_", name].concat(), import_type: file.import_type() })
    }

    /// Its symbols.
    #[must_use]
    pub fn table(&self) -> SymbolTable<'_> {
        let characteristics = match self.import_type {
            ImportType::Data => pe::IMAGE_SCN_CNT_INITIALIZED_DATA | pe::IMAGE_SCN_MEM_WRITE,
            _ => pe::IMAGE_SCN_CNT_CODE | pe::IMAGE_SCN_MEM_EXECUTE,
        };
        let section = Section {
            segment: b"",
            name: b".text",
            address: 0,
            size: 0,
            flags: SectionFlags::Coff { characteristics },
        };
        let jump = Some(self.name).filter(|_| self.import_type == ImportType::Code);
        let names = std::iter::once(&*self.pointer).chain(jump);
        let symbol = |name| Symbol {
            name,
            address: 0,
            size: 0,
            place: Place::Section(0),
            kind: SymbolKind::Function,
            binding: Binding::Global,
            version: None,
            raw: RawSymbol::Coff {
                section: 1,
                class: pe::IMAGE_SYM_CLASS_EXTERNAL,
                is_section: false,
            },
        };
        let symbols = names.map(symbol).collect();
        SymbolTable { format: TableFormat::Coff, is_64: false, sections: vec![section], symbols }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(kind: u16) -> Vec<u8> {
        let mut member = vec![0, 0, 0xff, 0xff, 0, 0, 0x64, 0x86, 0, 0, 0, 0];
        let names = b"f\0a.dll\0";
        member.extend(u32::try_from(names.len()).expect("small").to_le_bytes());
        member.extend([0, 0]);
        member.extend(kind.to_le_bytes());
        member.extend(names);
        member
    }

    fn names(data: &[u8]) -> Vec<Vec<u8>> {
        let import = CoffImport::parse(data).expect("a member");
        import.table().symbols.iter().map(|symbol| symbol.name.to_vec()).collect()
    }

    #[test]
    fn a_function_has_a_jump_and_a_variable_has_none() {
        assert_eq!(names(&member(0b100)), [b"__imp_f".to_vec(), b"f".to_vec()]);
        assert_eq!(names(&member(0b101)), [b"__imp_f".to_vec()]);
        assert!(CoffImport::parse(&member(0)[..10]).is_none());
    }
}
