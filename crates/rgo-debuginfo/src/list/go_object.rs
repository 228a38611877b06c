//! Lists the symbols of a Go object.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{ListedSymbol, Scope, Sources, SymbolClass, SymbolSource};
use crate::go_object::{Definition, GoObject, Kind};

/// The symbols of a Go object that have names, without debug data. Those of the loader are what other objects see.
/// Addresses are places in the object, as `go tool nm` has them.
#[must_use]
pub fn of_go_object<'a>(object: &GoObject<'a>, sources: Sources) -> Vec<ListedSymbol<'a>> {
    let is_wanted = |it: &&Definition<'a>| !it.name.is_empty() && it.kind != Kind::Debug;
    let defined = object.definitions.iter().filter(is_wanted).map(|definition| {
        let place = definition.place;
        ListedSymbol {
            address: Some(definition.data.start as u64),
            size_bytes: Some(definition.size.into()),
            size_is_recorded: true,
            class: class(definition.kind),
            scope: match definition {
                Definition { is_static: true, .. } => Scope::Local,
                Definition { is_shared: true, .. } => Scope::Weak,
                _ => Scope::Global,
            },
            file: place.map(|place| place.file),
            line: place.and_then(|place| place.line),
            ..undefined(definition.name)
        }
    });
    // The compiler refers to source files too, as if they were symbols.
    let files: HashSet<_> = object.files().collect();
    let is_symbol = |name: &&&[u8]| !name.is_empty() && !files.contains(*name);
    let references = object.references.iter().filter(is_symbol);
    let all = defined.chain(references.map(|name| undefined(name)));
    all.filter(|it| sources == Sources::Best || it.scope != Scope::Local).collect()
}

fn undefined(name: &[u8]) -> ListedSymbol<'_> {
    ListedSymbol {
        name: Cow::Borrowed(name),
        address: None,
        section: None,
        size_bytes: None,
        size_is_recorded: false,
        class: SymbolClass::Undefined,
        scope: Scope::Global,
        version: None,
        library: None,
        ordinal: None,
        source: SymbolSource::SymbolTable,
        file: None,
        line: None,
    }
}

fn class(kind: Kind) -> SymbolClass {
    match kind {
        Kind::Code => SymbolClass::Function,
        Kind::ReadOnlyData => SymbolClass::ReadOnlyData,
        Kind::DataWithoutPointers | Kind::Data => SymbolClass::Data,
        Kind::ZeroedData => SymbolClass::ZeroedData,
        Kind::ThreadLocal => SymbolClass::ThreadLocal,
        Kind::Debug | Kind::Other => SymbolClass::Other,
    }
}
