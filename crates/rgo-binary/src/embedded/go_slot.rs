//! Slots of Go programs: string variables whose values are written after the link.
//!
//! Go's linker sets a string variable to a placeholder (`-ldflags "-X main.version=…"`): a unique
//! text that is as long as the slot's capacity. Later the value goes over the placeholder, and its
//! length into the variable, which is a string header:
//!
//! ```text
//! variable   pointer │ length          two words, in the image's byte order
//!               │
//!               ▼
//! text          placeholder: capacity bytes
//! ```
//!
//! Neither tells the name or the capacity, so rgo adds an index of the slots to the program, in
//! a section that is not loaded. All numbers are little-endian:
//!
//! ```text
//!  0  16  magic: ff " Rgo go slots:" 01
//! 16   4  number of slots, u32
//! 20   4  reserved, 0
//! 24   …  the slots, each:
//!           0  8  address of the string header, u64
//!           8  8  address of the text, u64
//!          16  4  capacity in bytes, u32
//!          20  4  length of the name in bytes, u32
//!          24  …  name, UTF-8, zeros up to a multiple of 8
//!  …   …  zeros up to the end of the section
//! ```
//!
//! Addresses are virtual ones, as [`Image::sections`] has them. They outlast a strip, which moves
//! nothing that is loaded.
//!
//! Go's compiler reads such a variable wherever the source does, and copies no value of it while
//! it compiles (go.dev/issue/34675), so the header is the only place with the length.

mod find;
mod placeholder;

pub use find::{find, find_unwritten};
pub use placeholder::{capacity_for, placeholder};

use crate::{Error, Format, Image, Result};

/// First bytes of the index.
pub const MAGIC: [u8; 16] = *b"\xff Rgo go slots:\x01";
/// The section of the index in ELF and PE.
pub const SECTION: &str = ".rgo-gx";
/// The segment and the section of the index in Mach-O.
pub const SECTION_MACHO: (&str, &str) = ("__RGO", "__rgo_gx");
/// Bytes before the first slot.
const HEADER: usize = 24;
/// Bytes of a slot before its name.
const ENTRY: usize = 24;
/// The alignment of every slot.
const ALIGN: usize = 8;
const WHAT: &str = "index of Go's slots";

/// A slot of a Go program: where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoSlot {
    /// The variable as `-X` names it: `main.version`.
    pub name: String,
    /// Virtual address of the variable, a string header.
    pub header_address: u64,
    /// Virtual address of the text.
    pub value_address: u64,
    /// Room for the value, in bytes.
    pub capacity: u32,
}

/// The name that the section of the index has in images of a format.
#[must_use]
pub fn section_name(format: Format) -> &'static str {
    match format {
        Format::Elf | Format::Pe => SECTION,
        Format::MachO => SECTION_MACHO.1,
    }
}

/// The slots that an image's index records; empty if it has none, as is a debug companion.
///
/// # Errors
/// [`Error::Malformed`], with offsets from the start of the image.
pub fn recorded(image: &Image<'_>) -> Result<Vec<GoSlot>> {
    let name = section_name(image.format());
    let mut slots = Vec::new();
    for section in image.sections().filter(|section| section.name == name && section.is_filled()) {
        slots.extend(parse(section.data, section.file_offset.unwrap_or_default())?);
    }
    // `objcopy --only-keep-debug` copies the index, and nothing that it leads to.
    if !slots.is_empty() && image.format() == Format::Elf && image.is_debug_companion() {
        slots.clear();
    }
    Ok(slots)
}

/// Reads an index which starts at `base` in its image.
///
/// # Errors
/// [`Error::Malformed`], with offsets from the start of the image.
pub fn parse(index: &[u8], base: u64) -> Result<Vec<GoSlot>> {
    let bad = |at: usize, why: &str| Error::malformed(WHAT, base.saturating_add(at as u64), why);
    if !index.starts_with(&MAGIC) {
        return Err(bad(0, "no magic number at its start"));
    }
    let count = u32_at(index, 16).ok_or_else(|| bad(16, "it is cut short"))?;
    let mut slots = Vec::new();
    let mut at = HEADER;
    for _ in 0..count {
        let entry = index.get(at..).ok_or_else(|| bad(at, "it is cut short"))?;
        let (slot, size) = entry_of(entry).map_err(|why| bad(at, why))?;
        slots.push(slot);
        at += size;
    }
    let rest = index.get(at..).unwrap_or_default();
    if rest.iter().any(|byte| *byte != 0) {
        return Err(bad(at, "bytes follow its last slot"));
    }
    Ok(slots)
}

/// Reads the slot at the start of `bytes`. Returns it with its size, a multiple of 8.
fn entry_of(bytes: &[u8]) -> std::result::Result<(GoSlot, usize), &'static str> {
    const SHORT: &str = "a slot is cut short";
    let address = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(SHORT)?;
        Ok::<_, &str>(u64::from_le_bytes(*word))
    };
    let (header_address, value_address) = (address(0)?, address(8)?);
    let capacity = u32_at(bytes, 16).ok_or(SHORT)?;
    let length = u32_at(bytes, 20).and_then(|length| usize::try_from(length).ok()).ok_or(SHORT)?;
    let end = length.checked_add(ENTRY).ok_or(SHORT)?;
    let name = bytes.get(ENTRY..end).ok_or("the name of a slot reaches outside the section")?;
    let name = std::str::from_utf8(name).map_err(|_| "the name of a slot is not UTF-8")?.to_owned();
    let size = end.checked_next_multiple_of(ALIGN).filter(|size| *size <= bytes.len());
    Ok((GoSlot { name, header_address, value_address, capacity }, size.ok_or(SHORT)?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The bytes of an index, a multiple of 8.
///
/// # Errors
/// [`Error::Unsupported`] if a number does not fit its field.
pub fn encode(slots: &[GoSlot]) -> Result<Vec<u8>> {
    let word = |size: usize| {
        let too_much = || Error::unsupported("more than 4 GiB of slots", "a number has 32 bits");
        u32::try_from(size).map(u32::to_le_bytes).map_err(|_| too_much())
    };
    let mut index = MAGIC.to_vec();
    index.extend(word(slots.len())?);
    index.extend([0; 4]);
    for slot in slots {
        index.extend(slot.header_address.to_le_bytes());
        index.extend(slot.value_address.to_le_bytes());
        index.extend(slot.capacity.to_le_bytes());
        index.extend(word(slot.name.len())?);
        index.extend(slot.name.as_bytes());
        index.resize(index.len().next_multiple_of(ALIGN), 0);
    }
    Ok(index)
}
