//! The symbols that `go tool nm` lists of a Go object.

use std::borrow::Cow;

use super::GoSymbol;
use crate::go_object::{Definition, GoFormat, GoObject, Kind};

/// The symbols of a Go object, in the order of its tables.
#[must_use]
pub fn symbols_of_object<'a>(object: &GoObject<'a>) -> Vec<GoSymbol<'a>> {
    let named = object.definitions.iter().filter(|definition| !definition.name.is_empty());
    let defined = named.map(|definition| GoSymbol {
        name: match definition.is_static {
            true => Cow::Owned([definition.name, b"<1>"].concat()),
            false => Cow::Borrowed(definition.name),
        },
        address: definition.data.start as u64,
        size_bytes: definition.size.into(),
        letter: letter(definition, object.format),
    });
    let references = object.references.iter().map(|name| GoSymbol {
        name: Cow::Borrowed(*name),
        address: 0,
        size_bytes: 0,
        letter: 'U',
    });
    defined.chain(references).collect()
}

fn letter(definition: &Definition<'_>, format: GoFormat) -> char {
    let letter = match definition.kind {
        Kind::Code => 'T',
        Kind::ReadOnlyData => 'R',
        // Go 1.16 forgot them.
        Kind::DataWithoutPointers if format == GoFormat::Go116 => '?',
        Kind::DataWithoutPointers | Kind::Data => 'D',
        Kind::ZeroedData | Kind::ThreadLocal => 'B',
        Kind::Debug | Kind::Other => '?',
    };
    match letter {
        // Go adds the distance of the alphabets to `?`, too.
        '?' if definition.is_static => '_',
        letter if definition.is_static => letter.to_ascii_lowercase(),
        letter => letter,
    }
}
