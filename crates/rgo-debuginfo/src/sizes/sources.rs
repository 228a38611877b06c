//! What debug data say of functions beyond their units: source files, and what is inlined.

use hashbrown::{HashMap, HashSet};

use super::labels::Labels;
use super::names::SymbolLabels;
use super::runs::{Run, Runs};
use super::space::Space;
use crate::demangle::{Demangler, NameStyle};
use crate::lines::{Inlined, LineTable, shown};
use crate::list::{ListedSymbol, SymbolClass};

/// Names the source file of each function that has none yet: that of its first instruction, before what is inlined.
pub(super) fn assign(
    table: &mut LineTable<'_>,
    symbols: &[ListedSymbol<'_>],
    named: &mut [SymbolLabels],
    files: &mut Labels,
) {
    let mut functions: Vec<_> = symbols
        .iter()
        .zip(named)
        .filter(|(symbol, named)| symbol.class == SymbolClass::Function && named.file.is_none())
        .filter_map(|(symbol, named)| Some((symbol.address?, named)))
        .collect();
    // Addresses in their order are found fastest.
    functions.sort_unstable_by_key(|(address, _)| *address);
    table.read_all();
    for (address, named) in functions {
        table.trim();
        let mut frames = Vec::new();
        table.frames_at(address, &mut frames);
        let file = frames.last().and_then(|frame| frame.file.as_deref());
        named.file = file.map(|path| files.number(&shown(path)));
    }
}

/// What is inlined.
#[derive(Debug, Default)]
pub(super) struct InlinedCode {
    /// The code; a label is the number of a name of a function.
    pub(super) runs: Runs,
    /// The numbers of the names of all functions that are inlined somewhere.
    pub(super) functions: HashSet<u32>,
}

/// Finds what is inlined, and gives the functions numbers of names.
pub(super) fn inlined(table: &LineTable<'_>, space: &Space, names: &mut Labels) -> InlinedCode {
    let mut demangler = Demangler::default();
    let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut claims = Vec::new();
    table.each_inlined(&mut |inlined| {
        let (Inlined::Call(name) | Inlined::Code(_, _, name)) = inlined;
        let label = *known.entry_ref(name).or_insert_with(|| {
            let mut text = Vec::new();
            let is_mangled = demangler.demangle(name, NameStyle::People, &mut text).is_ok();
            names.number(&String::from_utf8_lossy(if is_mangled { &text } else { name }))
        });
        if let Inlined::Code(begin, end, _) = inlined
            && let Some(start) = space.locate(None, begin)
        {
            let end = start.saturating_add(end.saturating_sub(begin)).min(space.end);
            claims.push(Run { start, end, label });
        }
    });
    InlinedCode { runs: Runs::innermost(claims), functions: known.into_values().collect() }
}
