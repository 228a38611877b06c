//! Lists the symbols of an image and of the files with its debug data: a companion, a PDB, or Fedora's mini symbols. An
//! image that has a table for debuggers needs none of them.
//!
//! ```text
//! DebugFiles ─┬▶ image ─▶ list ◀─────────────┐
//!             ├▶ PDB ─▶ pdb ─────────────────┤
//!             └▶ companion, mini symbols ────┘
//! ```

mod pdb;

use std::collections::HashMap;

use rgo_binary::Image;

use crate::lines::{DebugFiles, LineError};
use crate::list::{
    Beside, ListError, ListedSymbol, SymbolSource, has_function_table, measure, of_all_sources,
    of_table, own_table,
};
use crate::symbols::{Section, SymbolTable, TableKind};

/// The symbols of an image and of the files with its debug data.
///
/// # Errors
/// If a source is damaged.
pub fn list<'d>(files: &'d DebugFiles<'_>) -> Result<Vec<ListedSymbol<'d>>, DebugListError> {
    let image = files.image();
    let own = own_table(image)?;
    if has_function_table(image, &own) {
        return Ok(own);
    }
    let mut beside = Beside { table: pdb::symbols(files)?, mini: Vec::new() };
    if let Some(companion) = files.companion().filter(|_| beside.table.is_empty()) {
        beside.table = of_image(image, companion)?;
    }
    if let Some(bytes) = files.mini_symbols() {
        let mini = Image::parse(bytes, image.limits()).map_err(ListError::from)?;
        beside.mini = of_image(image, &mini)?;
    }
    Ok(of_all_sources(image, own, beside)?)
}

/// Why symbols cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum DebugListError {
    /// A source is damaged.
    #[error(transparent)]
    List(#[from] ListError),
    /// A PDB is damaged.
    #[error(transparent)]
    Pdb(#[from] LineError),
}

/// The symbols of another image that has the sections of this one.
fn of_image<'d>(image: &Image<'_>, other: &Image<'d>) -> Result<Vec<ListedSymbol<'d>>, ListError> {
    let own = SymbolTable::read(image.object(), TableKind::Full)?;
    let mut table = SymbolTable::read(other.object(), TableKind::Full)?;
    // A companion has no bytes of the sections, and its headers say so.
    let key = |section: &Section<'_>| (section.address, section.name.to_vec());
    let flags: HashMap<_, _> = own.sections.iter().map(|it| (key(it), it.flags)).collect();
    for section in &mut table.sections {
        if let Some(flags) = flags.get(&key(section)) {
            section.flags = *flags;
        }
    }
    let mut symbols = of_table(&table, SymbolSource::SymbolTable);
    measure(image, &mut symbols);
    Ok(symbols)
}
