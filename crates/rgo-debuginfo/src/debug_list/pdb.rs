//! Lists the functions and variables of a PDB. Sections of the image say what a public symbol names.

use rgo_binary::Image;

use crate::lines::{DebugFiles, LineError, PdbSymbol, PdbSymbolKind};
use crate::list::{Bounds, ListedSymbol, Scope, SymbolClass, SymbolSource, section_class};

/// The symbols of the PDB; none without one.
pub(super) fn symbols<'d>(files: &'d DebugFiles<'_>) -> Result<Vec<ListedSymbol<'d>>, LineError> {
    let image = files.image();
    let bounds = Bounds::of(image);
    let symbols = files.pdb_symbols()?;
    let listed = symbols.into_iter().filter_map(|symbol| listed(image, &bounds, symbol));
    Ok(listed.collect())
}

/// A symbol, if it is in a section.
fn listed<'d>(image: &Image<'_>, bounds: &Bounds, symbol: PdbSymbol) -> Option<ListedSymbol<'d>> {
    let section = match image.object() {
        object::File::Pe32(file) => section_class(file, symbol.address),
        object::File::Pe64(file) => section_class(file, symbol.address),
        _ => None,
    }?;
    let class = match (symbol.kind, section) {
        (PdbSymbolKind::Function, _) => SymbolClass::Function,
        (PdbSymbolKind::ThreadLocal, _) => SymbolClass::ThreadLocal,
        (PdbSymbolKind::Variable, SymbolClass::Function) => SymbolClass::ReadOnlyData,
        (PdbSymbolKind::Public | PdbSymbolKind::Variable, class) => class,
    };
    let measured = Some(symbol.address).filter(|_| class == SymbolClass::Function);
    let measured = measured.and_then(|address| bounds.size(address));
    Some(ListedSymbol {
        address: Some(symbol.address),
        section: None,
        size_bytes: symbol.size.or(measured).or(Some(symbol.reach)).filter(|size| *size > 0),
        // A PDB names what is in an object file's part of a section, so that a reference into it is one to the last name.
        size_is_recorded: true,
        class,
        scope: if symbol.is_local { Scope::Local } else { Scope::Global },
        version: None,
        library: None,
        ordinal: None,
        source: SymbolSource::Pdb,
        file: None,
        line: None,
        name: symbol.name.into_vec().into(),
    })
}
