//! [`Symbol`]: one row of a symbol table, in terms that all formats share, with the fields of its format
//! that these terms do not express.

use object::{elf, pe};

/// One symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its name as in the file, mangled; Mach-O puts an underscore before the names of C.
    pub name: &'a [u8],
    /// Its address, with the preferred base of a PE image; in an object file the offset in its section.
    /// 0 if another file defines it, or the linker has still to make room.
    pub address: u64,
    /// Its size in bytes, as the table records it: ELF does, and all do for [`Place::Common`]. Else 0.
    pub size: u64,
    /// Where it is defined.
    pub place: Place,
    /// What it names.
    pub kind: SymbolKind,
    /// Who may refer to it.
    pub binding: Binding,
    /// Its version, in an ELF table for the loader.
    pub version: Option<Version<'a>>,
    /// The fields of its format.
    pub raw: RawSymbol<'a>,
}

/// Where a symbol is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In another file.
    Undefined,
    /// Nowhere: its address is a number.
    Absolute,
    /// Where the linker makes room for it.
    Common,
    /// Under another name, which another library may define (Mach-O).
    Indirect,
    /// Only for debuggers.
    Debug,
    /// In the section of this number in [`super::SymbolTable::sections`].
    Section(usize),
    /// In a section that the file does not have.
    Missing,
}

/// What a symbol names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SymbolKind {
    /// The table does not say.
    Unknown,
    /// Code.
    Function,
    /// A function that is chosen when the program is loaded.
    IndirectFunction,
    /// A variable or constant.
    Data,
    /// A variable that each thread has for itself.
    ThreadLocal,
    /// A section.
    Section,
    /// A source file.
    File,
    /// Something for debuggers, such as a stab of Mach-O.
    Debug,
}

/// Who may refer to a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// Its own object file.
    Local,
    /// Every file.
    Global,
    /// Every file; another definition replaces it, and none need be there.
    Weak,
    /// Every file of the process: there is one of it (GNU).
    Unique,
    /// A binding that belongs to a system or processor.
    Other,
}

/// A version of an ELF symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    /// Its name: `GLIBC_2.17`.
    pub name: &'a [u8],
    /// Whether it is the one that programs get which are linked now: `@@`.
    pub is_default: bool,
}

/// The fields of a symbol's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawSymbol<'a> {
    /// ELF, `Elf64_Sym`.
    Elf {
        /// The low half of `st_info`.
        kind: elf::SymbolType,
        /// The visibility in `st_other`.
        visibility: elf::SymbolVisibility,
        /// `st_value`: the alignment of a common symbol.
        value: u64,
        /// Whether the table has a name for it: one that stands for a section may have the section's.
        has_name: bool,
        /// Whether only tools want to see it: files, sections, the marks between code and data.
        is_special: bool,
    },
    /// Mach-O, `nlist_64`.
    MachO {
        /// `n_type`.
        kind: u8,
        /// `n_sect`.
        section: u8,
        /// `n_desc`.
        description: u16,
        /// The name that an indirect symbol stands for.
        target: &'a [u8],
    },
    /// COFF, `IMAGE_SYMBOL`.
    Coff {
        /// `SectionNumber`: from 1; 0 undefined, -1 absolute, -2 for debuggers.
        section: i32,
        /// `StorageClass`.
        class: pe::SymbolClass,
        /// Whether it defines a section.
        is_section: bool,
    },
}

impl Symbol<'_> {
    /// Whether another file defines it.
    #[must_use]
    pub fn is_undefined(&self) -> bool {
        self.place == Place::Undefined
    }

    /// Whether other files may refer to it.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.binding != Binding::Local
    }
}
