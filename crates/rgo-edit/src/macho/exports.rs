//! Hides exported names of an image. dyld looks names up in the export trie and not in the symbol
//! table, so a name is hidden once it is not in the trie.

use std::collections::HashSet;

use object::{File, NameOrOrdinal, Object};

use super::linkedit::{ALIGN, Linkedit, LinkeditTable};
use super::trie;
use crate::{Edits, bytes};
use rgo_binary::{Error, Result};

/// A flag in the trie: dyld may choose one of several definitions of this name.
const WEAK_DEFINITION: u8 = 0x04;

/// Removes the names that should not stay from the export trie. Returns whether there were any.
pub(super) fn restrict(
    image: &[u8],
    linkedit: &mut Linkedit<'_>,
    edits: &Edits<'_>,
) -> Result<bool> {
    let Some(stays) = edits.macho.exports else { return Ok(false) };
    let old = linkedit.bytes(LinkeditTable::Exports);
    if old.is_empty() {
        return Ok(false);
    }
    let imports = imports(image)?;
    let mut is_less = false;
    let mut new = trie::retain(old, |name, payload| {
        // The flags come first.
        let is_weak = payload.first().is_some_and(|flags| flags & WEAK_DEFINITION != 0);
        if stays(name) || is_weak {
            return Ok(true);
        }
        if imports.contains(name) {
            let what = format!("no longer exporting {}", String::from_utf8_lossy(name));
            return Err(Error::unsupported(what, "the image looks the name up itself"));
        }
        is_less = true;
        Ok(false)
    })?;
    if is_less {
        bytes::pad(&mut new, ALIGN);
        linkedit.replace(LinkeditTable::Exports, new);
    }
    Ok(is_less)
}

/// The names that dyld looks up for an image, in other images or in itself.
fn imports(image: &[u8]) -> Result<HashSet<&[u8]>> {
    let bad = |why: object::Error| Error::malformed("Mach-O bindings", 0, why);
    let file = File::parse(image).map_err(bad)?;
    let mut names = HashSet::new();
    for import in file.imports().map_err(bad)? {
        if let NameOrOrdinal::Name(name) = import.map_err(bad)?.name() {
            names.insert(name);
        }
    }
    Ok(names)
}
