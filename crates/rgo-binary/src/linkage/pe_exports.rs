//! Reads the export table of a PE image as the loader does: each address may be in any section, and the
//! size in the data directory means nothing. .NET's linker gives the size of the header alone there.
//!
//! ```text
//! directory 0 ─▶ header of 40 bytes: …, DLL name address u32 at 12, number of names u32 at 24,
//!                address of the name table u32 at 32
//! name table  ─▶ an address u32 for each name, which ends with a zero
//! ```
//!
//! (Microsoft, "PE Format", "The .edata Section")

use object::pe;

use super::NameList;
use crate::image::pe_tables::{PeTables, le_u32};
use crate::{Error, Image, Result};

/// The names in an export table.
#[derive(Default)]
pub(super) struct Exports {
    /// The name that the DLL gives itself.
    pub(super) dll: Option<String>,
    /// The names of what others may bind, sorted.
    pub(super) names: Vec<String>,
}

/// The export table of an image; empty if there is none.
///
/// # Errors
/// If the header, the name table or a name is not in the file, or a limit is exceeded.
pub(super) fn read(image: &Image<'_>) -> Result<Exports> {
    let Some(tables) = PeTables::of(image) else { return Ok(Exports::default()) };
    let Some((address, _)) = tables.directory(pe::IMAGE_DIRECTORY_ENTRY_EXPORT) else {
        return Ok(Exports::default());
    };
    let outside = |what: &str, address: u32| {
        let why = format!("{what} at address {address:#x} is not in the file");
        Error::malformed("PE export table", 0, why)
    };
    let header = tables.at(address).ok_or_else(|| outside("the header", address))?;
    let field = |at| le_u32(header, at).ok_or_else(|| outside("the header", address));
    let (dll, count, table) = (field(12)?, field(24)?, field(32)?);
    let pointers = match count {
        0 => &[],
        _ => (|| tables.at(table)?.get(..usize::try_from(count).ok()?.checked_mul(4)?))()
            .ok_or_else(|| outside("the name table", table))?,
    };
    let mut names = NameList::new(image.limits());
    for pointer in pointers.as_chunks().0 {
        let address = u32::from_le_bytes(*pointer);
        names.add(text(&tables, address).ok_or_else(|| outside("a name", address))?)?;
    }
    let dll = text(&tables, dll).map(|name| String::from_utf8_lossy(name).into_owned());
    Ok(Exports { dll, names: names.sorted() })
}

/// The text from an address to the next zero.
fn text<'a>(tables: &PeTables<'a>, address: u32) -> Option<&'a [u8]> {
    let bytes = tables.at(address)?;
    bytes.get(..memchr::memchr(0, bytes)?)
}
