//! Lists the functions of a Go program from its function table, and those that exist only inlined.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use rgo_binary::Image;
use rgo_binary::recovered::go;

use super::{ListedSymbol, Scope, SymbolClass, SymbolSource};

/// The functions of a Go program; none for other programs.
pub(super) fn symbols<'a>(image: &Image<'a>) -> Result<Vec<ListedSymbol<'a>>, rgo_binary::Error> {
    let Some(program) = go::program(image)? else { return Ok(Vec::new()) };
    let table = program.table();
    let mut names = HashSet::new();
    let mut all: Vec<_> = table
        .functions()
        .map(|function| {
            names.insert(function.name);
            ListedSymbol {
                name: linked_name(function.name),
                address: Some(function.entry),
                section: None,
                size_bytes: function.size,
                size_is_recorded: true,
                class: SymbolClass::Function,
                scope: Scope::Local,
                version: None,
                library: None,
                ordinal: None,
                source: SymbolSource::GoFunctions,
                file: table.file(&function),
                line: table.line(&function),
            }
        })
        .collect();
    let mut inlined = BTreeSet::new();
    program.inlined(|_, call| {
        if !names.contains(call.function) {
            inlined.insert(call);
        }
    });
    let mut seen = HashSet::new();
    let first = inlined.into_iter().filter(|call| seen.insert(call.function));
    all.extend(first.map(|call| ListedSymbol {
        name: linked_name(call.function),
        address: None,
        section: None,
        size_bytes: None,
        size_is_recorded: false,
        class: SymbolClass::InlinedFunction,
        scope: Scope::Local,
        version: None,
        library: None,
        ordinal: None,
        source: SymbolSource::GoInlineTrees,
        file: call.file,
        line: call.start_line,
    }));
    Ok(all)
}

/// The name as Go's linker writes it in the symbol tables of ELF and Mach-O: names that the compiler makes have a middle
/// dot in the function table.
fn linked_name(name: &str) -> Cow<'_, [u8]> {
    match name.contains('·') {
        true => name.replace('·', ".").into_bytes().into(),
        false => name.as_bytes().into(),
    }
}
