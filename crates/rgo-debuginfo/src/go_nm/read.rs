//! Reads the symbols that `go tool nm` lists.

use object::{File, SectionFlags, elf, pe};

use super::GoSymbol;
use crate::symbols::{
    Binding, Place, RawSymbol, Section, Symbol, SymbolError, SymbolTable, TableKind,
};

/// The bits of a Mach-O symbol's type that make it a stab.
const STAB: u8 = 0xe0;

/// The symbols of a file, in the order of its table.
///
/// # Errors
/// If the table cannot be read.
pub fn symbols<'a>(file: &File<'a>) -> Result<Vec<GoSymbol<'a>>, SymbolError> {
    let table = SymbolTable::read(file, TableKind::Full)?;
    let all = table.symbols.iter();
    let mut symbols: Vec<_> = match file {
        File::Elf32(_) | File::Elf64(_) => all.map(|it| of_elf(&table, it)).collect(),
        _ => all.filter_map(|it| of_other(&table, it)).collect(),
    };
    if !matches!(file, File::Elf32(_) | File::Elf64(_)) {
        measure(&mut symbols);
    }
    Ok(symbols)
}

fn of_elf<'a>(table: &SymbolTable<'a>, symbol: &Symbol<'a>) -> GoSymbol<'a> {
    let letter = match (symbol.place, table.section_of(symbol)) {
        (Place::Undefined, _) => 'U',
        (Place::Common, _) => 'B',
        (_, Some(Section { flags: SectionFlags::Elf { sh_flags, .. }, .. })) => {
            let has = |flag: elf::SectionFlags| sh_flags.contains(flag);
            match (has(elf::SHF_ALLOC), has(elf::SHF_WRITE), has(elf::SHF_EXECINSTR)) {
                (true, false, true) => 'T',
                (true, false, false) => 'R',
                (true, true, false) => 'D',
                _ => '?',
            }
        }
        _ => '?',
    };
    // Go adds the distance of the alphabets to `?`, too.
    let letter = match letter {
        '?' if symbol.binding == Binding::Local => '_',
        letter if symbol.binding == Binding::Local => letter.to_ascii_lowercase(),
        letter => letter,
    };
    let (name, address) = match symbol.raw {
        RawSymbol::Elf { value, has_name, .. } => (if has_name { symbol.name } else { b"" }, value),
        _ => (symbol.name, symbol.address),
    };
    GoSymbol { name: name.into(), address, size_bytes: symbol.size, letter }
}

fn of_other<'a>(table: &SymbolTable<'a>, symbol: &Symbol<'a>) -> Option<GoSymbol<'a>> {
    let (letter, name) = match symbol.raw {
        RawSymbol::MachO { kind, .. } if kind & STAB != 0 => return None,
        RawSymbol::MachO { section, .. } => {
            let has_dot = symbol.name.contains(&b'.');
            let name = symbol.name.strip_prefix(b"_").filter(|_| has_dot).unwrap_or(symbol.name);
            (of_macho(table, section), name)
        }
        RawSymbol::Coff { section, .. } => (of_coff(table, section), symbol.name),
        RawSymbol::Elf { .. } => return None,
    };
    // What is common has its size in the place of its address.
    let address = if symbol.place == Place::Common { symbol.size } else { symbol.address };
    Some(GoSymbol { name: name.into(), address, size_bytes: 0, letter })
}

fn of_macho(table: &SymbolTable<'_>, number: u8) -> char {
    let Some(index) = usize::from(number).checked_sub(1) else { return 'U' };
    let Some(section) = table.sections.get(index) else { return '?' };
    match (section.segment, section.name) {
        (b"__TEXT", b"__text") => 'T',
        (b"__DATA", b"__bss" | b"__noptrbss") => 'B',
        (b"__TEXT" | b"__DATA_CONST", _) => 'R',
        (b"__DATA", _) => 'D',
        _ => '?',
    }
}

fn of_coff(table: &SymbolTable<'_>, number: i32) -> char {
    let index = match number {
        0 => return 'U',
        -1 => return 'C',
        number => usize::try_from(number - 1).ok(),
    };
    let Some(Section { flags: SectionFlags::Coff { characteristics }, .. }) =
        index.and_then(|index| table.sections.get(index))
    else {
        return '?';
    };
    let has = |flag: pe::SectionFlags| characteristics.contains(flag);
    if has(pe::IMAGE_SCN_CNT_CODE) {
        'T'
    } else if has(pe::IMAGE_SCN_CNT_INITIALIZED_DATA) {
        if has(pe::IMAGE_SCN_MEM_WRITE) { 'D' } else { 'R' }
    } else if has(pe::IMAGE_SCN_CNT_UNINITIALIZED_DATA) {
        'B'
    } else {
        '?'
    }
}

/// Gives each symbol the distance to the next address of a symbol.
fn measure(symbols: &mut [GoSymbol<'_>]) {
    let mut addresses: Vec<u64> = symbols.iter().map(|symbol| symbol.address).collect();
    addresses.sort_unstable();
    for symbol in symbols {
        let next = addresses.partition_point(|address| *address <= symbol.address);
        symbol.size_bytes = addresses.get(next).map_or(0, |next| next - symbol.address);
    }
}
