//! Lists the symbols of an image from all of its sources, in terms that all formats share. For people and
//! reports; [`crate::nm`] and [`crate::go_nm`] print single tables as other tools do.
//!
//! ```text
//! .symtab, LC_SYMTAB, COFF table ─▶ table      what linkers and debuggers know
//! .dynsym; PE exports, imports   ─▶ loader     what other files may refer to
//! Go's pclntab                   ─▶ go         functions, also those that exist only inlined
//! Go's own objects               ─▶ go_object
//! ```
//!
//! What a strip leaves, the other sources still have: without a table for debuggers, all of them are listed.
//! [`crate::debug_list`] adds what the files beside an image know.

mod bounds;
mod go;
mod go_object;
mod loader;
mod owner;
mod pe_functions;
mod table;

use std::borrow::Cow;
use std::collections::HashSet;

use rgo_binary::{Format, Image};
use serde::Serialize;

use crate::symbols::{SymbolError, Version};

pub(crate) use bounds::{Bounds, measure};
pub use go_object::of_go_object;
pub(crate) use loader::section_class;
pub use owner::owner;
pub(crate) use pe_functions::pe_functions;
pub(crate) use table::of_table;

/// A symbol of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSymbol<'a> {
    /// Its name, mangled, without the underscore that Mach-O adds.
    pub name: Cow<'a, [u8]>,
    /// Its address, with the preferred base of a PE image; `None` if another file defines it, or if it exists
    /// only inlined.
    pub address: Option<u64>,
    /// The number of its section in [`crate::symbols::SymbolTable::sections`].
    pub section: Option<usize>,
    /// Its size in bytes. Where the table records none: up to the next symbol of its section, or the section's end.
    pub size_bytes: Option<u64>,
    /// Whether the size is recorded. Else other data, without symbols, may follow the symbol's own.
    pub size_is_recorded: bool,
    /// What it is.
    pub class: SymbolClass,
    /// Who may refer to it.
    pub scope: Scope,
    /// Its version (ELF).
    pub version: Option<Version<'a>>,
    /// The library that it comes from, or that it is forwarded to.
    pub library: Option<Cow<'a, [u8]>>,
    /// Its number in the export table (PE).
    pub ordinal: Option<u32>,
    /// Where it is listed.
    pub source: SymbolSource,
    /// Its source file, where Go's function table or a Go object names it.
    pub file: Option<&'a str>,
    /// The line of its first instruction, or of its definition if it exists only inlined.
    pub line: Option<u32>,
}

/// What a symbol is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SymbolClass {
    /// Code.
    Function,
    /// Code that is chosen when the program is loaded.
    IndirectFunction,
    /// Code that exists only within other functions.
    InlinedFunction,
    /// A variable.
    Data,
    /// A constant.
    ReadOnlyData,
    /// A variable without bytes in the file.
    ZeroedData,
    /// A variable that each thread has for itself.
    ThreadLocal,
    /// Data that the linker makes room for.
    Common,
    /// A number.
    Absolute,
    /// Another symbol's name.
    Alias,
    /// Something else.
    Other,
    /// What another file defines.
    Undefined,
}

/// Who may refer to a symbol.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Its own object file.
    Local,
    /// Every file.
    Global,
    /// Every file; another definition replaces it, or none need be there.
    Weak,
    /// Every file of the process: there is one of it (GNU).
    Unique,
}

/// Where a symbol is listed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SymbolSource {
    /// The table for linkers and debuggers: `.symtab`, `LC_SYMTAB`, COFF, Go's own; of the image or of its companion.
    SymbolTable,
    /// The PDB.
    Pdb,
    /// The loader's table: `.dynsym`.
    DynamicTable,
    /// The export table (PE).
    Exports,
    /// The import table (PE).
    Imports,
    /// Go's function table, which no strip removes.
    GoFunctions,
    /// The trees of inlined calls in Go's function table.
    GoInlineTrees,
}

/// Which sources to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sources {
    /// The table for debuggers if there is one, else all others.
    #[default]
    Best,
    /// Those of the loader.
    Loader,
}

/// The symbols of an image in the order of their sources.
///
/// # Errors
/// If a source is damaged.
pub fn list<'a>(image: &Image<'a>, sources: Sources) -> Result<Vec<ListedSymbol<'a>>, ListError> {
    if sources == Sources::Loader {
        let mut symbols = loader::symbols(image)?;
        bounds::measure(image, &mut symbols);
        return Ok(symbols);
    }
    let own = own_table(image)?;
    if has_function_table(image, &own) {
        Ok(own)
    } else {
        of_all_sources(image, own, Beside::default())
    }
}

/// The table for linkers and debuggers.
pub(crate) fn own_table<'a>(image: &Image<'a>) -> Result<Vec<ListedSymbol<'a>>, ListError> {
    let mut own = table::symbols(image)?;
    bounds::measure(image, &mut own);
    Ok(own)
}

/// Whether a list of an image has the functions of its table for linkers and debuggers: other sources can add nothing to
/// it. What a strip leaves of the table of Mach-O is what other files refer to.
#[must_use]
pub fn has_function_table(image: &Image<'_>, symbols: &[ListedSymbol<'_>]) -> bool {
    let is_from_table = |it: &ListedSymbol<'_>| {
        it.class == SymbolClass::Function
            && it.source == SymbolSource::SymbolTable
            && (image.format() != Format::MachO || it.scope == Scope::Local)
    };
    symbols.iter().any(is_from_table)
}

/// What files beside an image list.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    /// The symbols of a companion or a PDB: all that linkers and debuggers know.
    pub(crate) table: Vec<ListedSymbol<'a>>,
    /// Functions that only a mini symbol table has.
    pub(crate) mini: Vec<ListedSymbol<'a>>,
}

/// The symbols of an image without a function table of its own.
pub(crate) fn of_all_sources<'a>(
    image: &Image<'a>,
    own: Vec<ListedSymbol<'a>>,
    beside: Beside<'a>,
) -> Result<Vec<ListedSymbol<'a>>, ListError> {
    let mut all = beside.table;
    add_unknown(&mut all, own);
    if has_function_table(image, &all) {
        return Ok(all);
    }
    add_unknown(&mut all, beside.mini);
    let mut rest = loader::symbols(image)?;
    rest.extend(go::symbols(image)?);
    bounds::measure(image, &mut rest);
    add_unknown(&mut all, rest);
    Ok(all)
}

/// Adds the symbols of a further source, but for those of a name, or of an address in a PDB, that is listed. What is
/// imported is of another file, whatever has its name here.
fn add_unknown<'a>(all: &mut Vec<ListedSymbol<'a>>, more: Vec<ListedSymbol<'a>>) {
    let names: HashSet<_> = all.iter().map(|it| it.name.clone()).collect();
    // A PDB decorates names that an export has plain.
    let in_pdb = all.iter().filter(|it| it.source == SymbolSource::Pdb);
    let addresses: HashSet<u64> = in_pdb.filter_map(|it| it.address).collect();
    let is_known = |it: &ListedSymbol<'_>| {
        let is_placed = it.address.is_some_and(|address| addresses.contains(&address));
        is_placed || names.contains(&it.name) && it.source != SymbolSource::Imports
    };
    all.extend(more.into_iter().filter(|it| !is_known(it)));
}

/// Why the symbols of an image cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A table is damaged.
    #[error(transparent)]
    Table(#[from] SymbolError),
    /// Go's function table is damaged.
    #[error(transparent)]
    Go(#[from] rgo_binary::Error),
}
