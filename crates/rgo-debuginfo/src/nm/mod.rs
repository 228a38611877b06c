//! Lists symbols as `nm` does: which of them, in what order, and in which columns. Where GNU's and LLVM's
//! nm differ, the output is LLVM's.
//!
//! ```text
//! SymbolTable ─▶ select ─▶ sort ─▶ Listing ─▶ lines, any range of rows at a time
//! ```

mod order;
mod rows;

pub use rows::Demangle;

use crate::symbols::letter::letter;
use crate::symbols::{Binding, Place, RawSymbol, Symbol, SymbolKind, SymbolTable};

/// What a call of nm asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct NmOptions {
    /// The columns.
    pub format: NmFormat,
    /// The order.
    pub sort: NmSort,
    /// Whether the order is turned round.
    pub reverse: bool,
    /// Which symbols.
    pub selection: Selection,
    /// How numbers are written.
    pub radix: Radix,
    /// Whether the size is a column (`-S`).
    pub print_size: bool,
    /// Whether names have their versions (ELF, the loader's table).
    pub versions: bool,
}

/// Which symbols to list. All that are false: those of the program, and none for tools.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools)]
pub struct Selection {
    /// Those for debuggers too (`-a`).
    pub debug: bool,
    /// Those that mark where code and data begin, too.
    pub special: bool,
    /// Only defined ones (`-U`).
    pub defined: bool,
    /// Only undefined ones (`-u`).
    pub undefined: bool,
    /// Only those that other files may refer to (`-g`).
    pub external: bool,
    /// None that are weak (`-W`).
    pub no_weak: bool,
}

/// The columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NmFormat {
    /// Address, letter, name.
    #[default]
    Bsd,
    /// Name, letter, address, size (POSIX `nm -P`).
    Posix,
    /// A table with bars, and the section.
    SystemV,
    /// Names alone.
    Names,
}

/// The order of symbols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NmSort {
    /// By name.
    #[default]
    Name,
    /// By address, undefined ones first.
    Address,
    /// By size.
    Size,
    /// As in the table.
    None,
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Radix {
    /// To the base of 8.
    Octal,
    /// To the base of 10.
    Decimal,
    /// To the base of 16.
    #[default]
    Hexadecimal,
}

/// The symbols of one table that a call asks for, in its order.
#[derive(Debug)]
pub struct Listing<'t, 'a> {
    table: &'t SymbolTable<'a>,
    options: NmOptions,
    rows: Vec<Row<'t, 'a>>,
}

/// A symbol of the list.
#[derive(Clone, Copy, Debug)]
struct Row<'t, 'a> {
    symbol: &'t Symbol<'a>,
    letter: char,
}

impl<'t, 'a> Listing<'t, 'a> {
    /// Selects and sorts the symbols of a table.
    #[must_use]
    pub fn new(table: &'t SymbolTable<'a>, options: &NmOptions) -> Self {
        // An order by size is one of those that have a size.
        let has_place = |symbol: &&Symbol<'_>| {
            options.sort != NmSort::Size || symbol.size > 0 && !symbol.is_undefined()
        };
        let selected = table.symbols.iter().filter(|symbol| options.selection.includes(symbol));
        let selected = selected.filter(has_place);
        let mut rows: Vec<_> =
            selected.map(|symbol| Row { symbol, letter: letter(table, symbol) }).collect();
        order::sort(&mut rows, options);
        Self { table, options: *options, rows }
    }

    /// The number of symbols.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Selection {
    fn includes(self, symbol: &Symbol<'_>) -> bool {
        let is_weak = symbol.binding == Binding::Weak;
        // A weak symbol of COFF is undefined and has a definition, or has none.
        let is_undefined = symbol.place == Place::Undefined;
        (!self.defined || !is_undefined)
            && (!self.undefined || is_undefined)
            && (!self.external || symbol.is_global())
            && (!self.no_weak || !is_weak)
            && (self.debug || !is_for_tools(symbol) || self.special && is_mark(symbol))
    }
}

/// Whether a symbol is nothing of the program's: it stands for a file, a section or a place, or is for
/// debuggers.
fn is_for_tools(symbol: &Symbol<'_>) -> bool {
    match symbol.raw {
        RawSymbol::Elf { is_special, .. } => is_special,
        RawSymbol::MachO { .. } => symbol.kind == SymbolKind::Debug,
        RawSymbol::Coff { is_section, .. } => is_section || symbol.kind == SymbolKind::File,
    }
}

/// Whether a symbol marks a place for disassemblers.
fn is_mark(symbol: &Symbol<'_>) -> bool {
    let is_special = matches!(symbol.raw, RawSymbol::Elf { is_special: true, .. });
    is_special && !matches!(symbol.kind, SymbolKind::File | SymbolKind::Section)
}
