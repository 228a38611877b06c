//! Symbols that a Mach-O file leaves undefined for the program that loads it (flat lookup). An
//! extension for Python or Node needs this. But a misspelled name stays undefined as well, and
//! fails only when the user calls it. So only names that Python or Node offers may stay undefined.

use std::collections::BTreeSet;

use object::macho::{BIND_SPECIAL_DYLIB_FLAT_LOOKUP, DYNAMIC_LOOKUP_ORDINAL};
use object::{ImportFlags, NameOrOrdinal, Object};
use rgo_binary::{Format, Image};

use super::super::error::PostLinkError;
use super::CheckError;
use crate::extensions::names;

/// The undefined names that neither Python nor Node offers, as C code spells them.
///
/// # Errors
/// If rgo cannot read the file's imports.
pub(super) fn refused(image: &Image<'_>) -> Result<BTreeSet<String>, CheckError> {
    let mut refused = BTreeSet::new();
    if image.format() != Format::MachO {
        return Ok(refused);
    }
    for import in image.object().imports()? {
        let import = import?;
        let is_open = match import.flags() {
            ImportFlags::MachOBind { dylib, .. } => dylib == BIND_SPECIAL_DYLIB_FLAT_LOOKUP,
            ImportFlags::MachO { n_desc, .. } => n_desc.library() == DYNAMIC_LOOKUP_ORDINAL,
            _ => false,
        };
        let NameOrOrdinal::Name(name) = import.name() else { continue };
        let name = String::from_utf8_lossy(name.strip_prefix(b"_").unwrap_or(name));
        if is_open && names::host(&name).is_none() {
            refused.insert(name.into_owned());
        }
    }
    Ok(refused)
}

/// The error that names these symbols.
pub(super) fn error(refused: &BTreeSet<String>) -> PostLinkError {
    let names: Vec<&str> = refused.iter().map(String::as_str).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let text = format!(
        "{} {verb} in no library that this links, and only what Python and Node offer to extensions may \
         stay open",
        super::as_asked::listed(&names)
    );
    let hint = "look at the spelling, or link the library that defines it";
    PostLinkError { text, hint: Some(hint.to_owned()) }
}
