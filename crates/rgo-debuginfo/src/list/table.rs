//! Reads [`ListedSymbol`]s from one symbol table.

use std::borrow::Cow;

use rgo_binary::Image;

use super::{ListedSymbol, Scope, SymbolClass, SymbolSource};
use crate::symbols::letter::letter;
use crate::symbols::{
    Binding, Place, RawSymbol, Symbol, SymbolError, SymbolKind, SymbolTable, TableFormat, TableKind,
};

/// The symbols of the table for linkers and debuggers, without those that stand for files and sections.
pub(super) fn symbols<'a>(image: &Image<'a>) -> Result<Vec<ListedSymbol<'a>>, SymbolError> {
    let table = SymbolTable::read(image.object(), TableKind::Full)?;
    Ok(of_table(&table, SymbolSource::SymbolTable))
}

pub(crate) fn of_table<'a>(table: &SymbolTable<'a>, source: SymbolSource) -> Vec<ListedSymbol<'a>> {
    let ends = Ends::of(table);
    let wanted = table.symbols.iter().filter(|symbol| is_wanted(symbol));
    let has_underscore = matches!(table.format, TableFormat::MachO { .. });
    let listed = |symbol: &Symbol<'a>| {
        let is_defined = !matches!(symbol.place, Place::Undefined | Place::Indirect);
        let name = if has_underscore {
            symbol.name.strip_prefix(b"_").unwrap_or(symbol.name)
        } else {
            symbol.name
        };
        let recorded = Some(symbol.size).filter(|size| *size > 0);
        ListedSymbol {
            name: Cow::Borrowed(name),
            address: (is_defined && symbol.place != Place::Common).then_some(symbol.address),
            size_bytes: recorded.or_else(|| ends.distance(table, symbol)),
            size_is_recorded: recorded.is_some(),
            section: match symbol.place {
                Place::Section(section) => Some(section),
                _ => None,
            },
            class: class(table, symbol),
            scope: match symbol.binding {
                Binding::Local => Scope::Local,
                Binding::Weak => Scope::Weak,
                Binding::Unique => Scope::Unique,
                Binding::Global | Binding::Other => Scope::Global,
            },
            version: symbol.version,
            library: None,
            ordinal: None,
            source,
            file: None,
            line: None,
        }
    };
    wanted.map(listed).collect()
}

/// Whether a symbol stands for something of the program. Others are for linkers and disassemblers.
fn is_wanted(symbol: &Symbol<'_>) -> bool {
    let is_special = match symbol.raw {
        RawSymbol::Elf { is_special, .. } => is_special,
        RawSymbol::Coff { is_section, .. } => is_section,
        RawSymbol::MachO { .. } => false,
    };
    !is_special
        && !symbol.name.is_empty()
        && symbol.place != Place::Debug
        && !matches!(symbol.kind, SymbolKind::File | SymbolKind::Section | SymbolKind::Debug)
}

fn class(table: &SymbolTable<'_>, symbol: &Symbol<'_>) -> SymbolClass {
    match (symbol.place, symbol.kind) {
        (Place::Undefined, _) => return SymbolClass::Undefined,
        (Place::Common, _) => return SymbolClass::Common,
        (Place::Absolute, _) => return SymbolClass::Absolute,
        (Place::Indirect, _) => return SymbolClass::Alias,
        // The linker's name for the header of a Mach-O image is of the first section, and before it.
        (Place::Section(_), _) if is_before_section(table, symbol) => return SymbolClass::Other,
        (_, SymbolKind::IndirectFunction) => return SymbolClass::IndirectFunction,
        (_, SymbolKind::ThreadLocal) => return SymbolClass::ThreadLocal,
        (_, SymbolKind::Function) => return SymbolClass::Function,
        _ => {}
    }
    // A weak symbol's letter does not tell where it is.
    let placed = Symbol { binding: Binding::Local, ..*symbol };
    let section = table.section_of(symbol).map_or(&b""[..], |section| section.name);
    match letter(table, &placed) {
        't' => SymbolClass::Function,
        'd' => SymbolClass::Data,
        'r' => SymbolClass::ReadOnlyData,
        'b' => SymbolClass::ZeroedData,
        's' => match section {
            b"__stubs" | b"__stub_helper" | b"__init_offsets" => SymbolClass::Function,
            b"__const" | b"__cstring" | b"__eh_frame" | b"__gcc_except_tab" => {
                SymbolClass::ReadOnlyData
            }
            b"__common" | b"__noptrbss" => SymbolClass::ZeroedData,
            b"__thread_data" | b"__thread_bss" | b"__thread_vars" => SymbolClass::ThreadLocal,
            _ => SymbolClass::Data,
        },
        _ => SymbolClass::Other,
    }
}

fn is_before_section(table: &SymbolTable<'_>, symbol: &Symbol<'_>) -> bool {
    table.section_of(symbol).is_some_and(|section| symbol.address < section.address)
}

/// Where the symbols of each section end: at the next address of one, or at the end of the section.
struct Ends {
    /// Section and address of each symbol, sorted.
    starts: Vec<(usize, u64)>,
}

impl Ends {
    fn of(table: &SymbolTable<'_>) -> Self {
        let start = |symbol: &Symbol<'_>| match symbol.place {
            Place::Section(section) if is_wanted(symbol) => Some((section, symbol.address)),
            _ => None,
        };
        // ELF records sizes, and 0 means that a symbol is a mark.
        let all = table.symbols.iter().filter(|_| table.format != TableFormat::Elf);
        let mut starts: Vec<_> = all.filter_map(start).collect();
        starts.sort_unstable();
        Self { starts }
    }

    fn distance(&self, table: &SymbolTable<'_>, symbol: &Symbol<'_>) -> Option<u64> {
        let Place::Section(section) = symbol.place else { return None };
        if is_before_section(table, symbol) {
            return None;
        }
        let at = (section, symbol.address);
        let first = self.starts.get(self.starts.partition_point(|start| *start <= at));
        let next = first.filter(|(of, _)| *of == section).map(|(_, address)| *address);
        let end = || {
            let section = table.sections.get(section)?;
            section.address.checked_add(section.size)
        };
        // Without its own entry in the list, a symbol is of a table that records sizes.
        self.starts.binary_search(&at).ok()?;
        next.or_else(end)?.checked_sub(symbol.address).filter(|size| *size > 0)
    }
}
