//! Reads the identities of a build: they distinguish two builds, and match a program with its debug
//! data. No other module reads them. They are in tables that a loader or debugger reads, so no
//! strip removes them.
//!
//! ```text
//! ELF     note "GNU", type 3: build ID, 20 bytes mostly, in PT_NOTE or a note section
//! Mach-O  LC_UUID (1b): 16 bytes
//! PE      debug entry 2, "RSDS": GUID 16, age u32, path of the PDB up to NUL
//!         debug entry 16 (repro): empty, or size u32 and a hash of the build's inputs
//! ```

use object::{Object, pe};
use serde::Serialize;

use crate::image::elf_notes::notes;
use crate::image::pe_tables::{PeTables, le_u32};
use crate::{Error, Image, Result};

const GNU: &[u8] = b"GNU";
const NT_GNU_BUILD_ID: u32 = 3;
/// Linkers write shorter build IDs; a user may set one of any length.
const MAX_BUILD_ID: usize = 1024;
const MAX_PATH: usize = 32 * 1024;

/// The identities of an image, except [Go's own build ID](crate::recovered::go::build_id()).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Identities {
    /// The GNU build ID of an ELF image, in hexadecimal digits.
    pub gnu_build_id: Option<String>,
    /// The UUID of a Mach-O image, as `dwarfdump --uuid` writes it.
    pub uuid: Option<String>,
    /// The PDB that a PE image belongs to.
    pub pdb: Option<Pdb>,
    /// Set for a PE image whose linker had the option for reproducible output.
    pub reproducible: Option<Reproducible>,
}

/// A PE linker's mark that its output depends only on its input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Reproducible {
    /// The hash, in hexadecimal digits; `None` if the linker set the mark without a hash.
    pub hash: Option<String>,
    /// The time stamp field of the header. It holds a part of a hash, not a time.
    pub stamp: u32,
}

/// A PE image's reference to its PDB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Pdb {
    /// The path that the linker wrote.
    pub path: String,
    /// The GUID, in upper case with dashes.
    pub guid: String,
    /// How many times the linker has written this PDB.
    pub age: u32,
}

/// Reads the identities of an image.
///
/// # Errors
/// [`Error::Malformed`] for load commands that contradict themselves.
pub fn identities(image: &Image<'_>) -> Result<Identities> {
    let bad = |why: object::Error| Error::malformed("Mach-O load commands", 0, why);
    let tables = PeTables::of(image);
    Ok(Identities {
        gnu_build_id: gnu_build_id(image),
        uuid: image.object().mach_uuid().map_err(bad)?.map(uuid),
        pdb: tables.as_ref().and_then(pdb),
        reproducible: tables.as_ref().and_then(reproducible),
    })
}

fn gnu_build_id(image: &Image<'_>) -> Option<String> {
    notes(image)
        .find(|note| note.name == GNU && note.kind == NT_GNU_BUILD_ID && !note.desc.is_empty())
        .filter(|note| note.desc.len() <= MAX_BUILD_ID)
        .map(|note| hex::encode(note.desc))
}

fn pdb(tables: &PeTables<'_>) -> Option<Pdb> {
    let mut entries = tables.debug_entries();
    entries.find_map(|(kind, bytes)| {
        let bytes =
            bytes.strip_prefix(b"RSDS").filter(|_| kind == pe::IMAGE_DEBUG_TYPE_CODEVIEW)?;
        let (id, rest) = bytes.split_first_chunk()?;
        let (age, path) = rest.split_first_chunk()?;
        let path = path.get(..MAX_PATH).unwrap_or(path);
        let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
        Some(Pdb {
            path: String::from_utf8_lossy(path).into_owned(),
            guid: guid(*id),
            age: u32::from_le_bytes(*age),
        })
    })
}

fn reproducible(tables: &PeTables<'_>) -> Option<Reproducible> {
    let mut entries = tables.debug_entries();
    let (_, bytes) = entries.find(|(kind, _)| *kind == pe::IMAGE_DEBUG_TYPE_REPRO)?;
    let size = le_u32(bytes, 0).and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
    let hash = bytes.get(4..).and_then(|rest| rest.get(..size.min(MAX_BUILD_ID)));
    let hash = hash.filter(|hash| !hash.is_empty()).map(hex::encode);
    Some(Reproducible { hash, stamp: tables.stamp })
}

/// 8-4-4-4-12 digits, in upper case.
fn uuid(bytes: [u8; 16]) -> String {
    let mut text = hex::encode_upper(bytes);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

/// A GUID in upper case with dashes. Microsoft stores the first three groups as little-endian numbers.
#[must_use]
pub fn guid(bytes: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    let mut ordered = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
    if let Some(tail) = ordered.last_chunk_mut() {
        *tail = rest;
    }
    uuid(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_in_the_order_of_the_tools() {
        let bytes: [u8; 16] = std::array::from_fn(|at| u8::try_from(at).expect("small"));
        assert_eq!(uuid(bytes), "00010203-0405-0607-0809-0A0B0C0D0E0F");
        assert_eq!(guid(bytes), "03020100-0504-0706-0809-0A0B0C0D0E0F");
    }
}
