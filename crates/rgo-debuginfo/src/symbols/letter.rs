//! The letters of `nm`: one for what a symbol names and where it is, upper case if other files may refer to
//! it. They are those of LLVM's nm.
//!
//! ```text
//! U undefined    w, v weak and undefined    W, V weak (v: a variable)    C common    A absolute
//! T code         D data   R read-only data  B zeros   i chosen when loaded   u unique of the process
//! N debug data   n other data that is not loaded
//! S another section (Mach-O)    I stands for another name (Mach-O)    - for debuggers (Mach-O)
//! ```

use object::{SectionFlags, elf, macho, pe};

use super::{Binding, Place, RawSymbol, Section, Symbol, SymbolKind, SymbolTable, TableFormat};

/// The bits of a Mach-O symbol that say where it is.
const TYPE: u8 = macho::N_TYPE;
/// Their value for a symbol that is in no section.
const ABSOLUTE: u8 = macho::N_ABS.0;

/// The letter of a symbol; `?` if it has none.
#[must_use]
pub fn letter(table: &SymbolTable<'_>, symbol: &Symbol<'_>) -> char {
    let is_macho = matches!(table.format, TableFormat::MachO { .. });
    let is_weak = symbol.binding == Binding::Weak && !is_macho;
    let weak =
        if symbol.kind == SymbolKind::Data && table.format == TableFormat::Elf { 'v' } else { 'w' };
    match symbol.place {
        Place::Undefined if is_weak => return weak,
        Place::Undefined => return 'U',
        _ if symbol.kind == SymbolKind::IndirectFunction => return 'i',
        _ if is_weak => return weak.to_ascii_uppercase(),
        Place::Common => return 'C',
        _ => {}
    }
    let letter = match (symbol.place, symbol.raw) {
        (_, RawSymbol::Elf { .. }) => of_elf(table, symbol),
        (Place::Absolute, RawSymbol::MachO { .. }) => 'a',
        // LLVM takes the bits of the type for those of a stab too, such as that of a Swift module.
        (Place::Debug, RawSymbol::MachO { kind, .. }) if kind & TYPE == ABSOLUTE => 'a',
        (_, RawSymbol::MachO { .. }) => of_macho(table, symbol),
        (_, RawSymbol::Coff { is_section, .. }) => of_coff(table, symbol, is_section),
    };
    if symbol.is_global() && symbol.binding != Binding::Unique {
        letter.to_ascii_uppercase()
    } else {
        letter
    }
}

fn of_elf(table: &SymbolTable<'_>, symbol: &Symbol<'_>) -> char {
    match symbol.binding {
        _ if symbol.place == Place::Absolute => return 'a',
        Binding::Unique => return 'u',
        Binding::Other => return '?',
        _ => {}
    }
    let Some(Section { name, flags: SectionFlags::Elf { sh_type, sh_flags }, .. }) =
        table.section_of(symbol)
    else {
        return '?';
    };
    let has = |flag: elf::SectionFlags| sh_flags.contains(flag);
    match *sh_type {
        _ if has(elf::SHF_EXECINSTR) => 't',
        elf::SHT_NOBITS => 'b',
        _ if has(elf::SHF_ALLOC) && has(elf::SHF_WRITE) => 'd',
        _ if has(elf::SHF_ALLOC) => 'r',
        _ if name.starts_with(b".debug") => 'N',
        _ if !has(elf::SHF_WRITE) => 'n',
        _ => '?',
    }
}

fn of_macho(table: &SymbolTable<'_>, symbol: &Symbol<'_>) -> char {
    match symbol.place {
        Place::Debug => '-',
        Place::Indirect => 'i',
        Place::Missing => 's',
        _ => {
            let Some(section) = table.section_of(symbol) else { return '?' };
            match (section.segment, section.name) {
                (b"__TEXT", b"__text") => 't',
                (b"__TEXT_EXEC", b"__text")
                    if table.format == (TableFormat::MachO { is_kext: true }) =>
                {
                    't'
                }
                (b"__DATA", b"__data") => 'd',
                (b"__DATA", b"__bss") => 'b',
                _ => 's',
            }
        }
    }
}

fn of_coff(table: &SymbolTable<'_>, symbol: &Symbol<'_>, is_section: bool) -> char {
    if symbol.place == Place::Absolute {
        return 'a';
    }
    if symbol.name.starts_with(b".debug") || symbol.name.starts_with(b".sxdata") {
        return 'N';
    }
    let section = table.section_of(symbol);
    let flags = match section.map(|section| section.flags) {
        Some(SectionFlags::Coff { characteristics }) => characteristics,
        _ => pe::SectionFlags(0),
    };
    let has = |flag: pe::SectionFlags| flags.contains(flag);
    if section.is_some_and(|section| section.name.starts_with(b".idata")) {
        'i'
    } else if symbol.place == Place::Debug {
        'n'
    } else if has(pe::IMAGE_SCN_CNT_CODE) {
        't'
    } else if has(pe::IMAGE_SCN_CNT_INITIALIZED_DATA) {
        if has(pe::IMAGE_SCN_MEM_WRITE) { 'd' } else { 'r' }
    } else if has(pe::IMAGE_SCN_CNT_UNINITIALIZED_DATA) {
        'b'
    } else if has(pe::IMAGE_SCN_LNK_INFO) {
        'i'
    } else if is_section {
        's'
    } else {
        '?'
    }
}
