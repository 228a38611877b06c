//! Names that a Mach-O file leaves open until the program that loads it defines them. An extension for
//! Python or Node has to; but whatever is misspelled stays open as well, and fails when the user
//! calls it. So only names that Python or Node offers may.

use std::collections::BTreeSet;

use object::macho::{BIND_SPECIAL_DYLIB_FLAT_LOOKUP, DYNAMIC_LOOKUP_ORDINAL};
use object::{ImportFlags, NameOrOrdinal, Object};
use rgo_binary::{Format, Image};

use super::super::error::PostLinkError;
use super::CheckError;
use crate::extensions::names;

/// The names that are open and should not be, as C code spells them.
///
/// # Errors
/// If the file's imports cannot be read.
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

/// The error for such names.
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
