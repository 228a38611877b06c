//! The layout of slots: room that a program reserves for values that are known only after the link.
//!
//! ```text
//!  0  16  magic: ff " Rgo x slot 1:" 00
//! 16   4  capacity of the value in bytes, u32 LE
//! 20   4  length of the value in bytes, u32 LE
//! 24   4  length of the name in bytes, u32 LE
//! 28   4  reserved, 0
//! 32   …  name, UTF-8, zeros up to a multiple of 8
//!  …   …  value, UTF-8, zeros up to the capacity rounded up to a multiple of 8
//! ```
//!
//! Records follow each other in one section, each aligned to 8; linkers put zeros between them. The
//! macro of the crate `rgo-stamp` writes this layout.
//!
//! The slots of a Go program are of another kind, which [`go_slot`] describes.

use super::go_slot::{self, GoSlot};
use crate::image::memory::Memory;
use crate::{Error, Format, Image, Result, WordFormat};

pub use crate::error::SlotKind;

/// First bytes of a slot.
pub const MAGIC: [u8; 16] = *b"\xff Rgo x slot 1:\0";
/// Bytes before the name.
pub const HEADER: usize = 32;
/// The alignment of every record, name and value.
pub const ALIGN: usize = 8;
/// The slots' section in ELF and PE.
pub const SECTION: &str = ".rgo-x";
/// The slots' segment and section in Mach-O.
pub const SECTION_MACHO: (&str, &str) = ("__DATA", "__rgo_x");

/// One slot of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its kind.
    pub kind: SlotKind,
    /// `crate::module::NAME`, or Go's `path/of/package.Name`. Several slots may share it.
    pub name: String,
    /// Room for the value, in bytes.
    pub capacity: u32,
    /// The current value.
    pub value: String,
    /// Where the record or the string header starts, in bytes from the start of the image.
    pub file_offset: u64,
    /// Where the value starts, in bytes from the start of the image.
    pub value_offset: u64,
}

/// Bytes to write into an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotPatch {
    /// Where they start, in bytes from the start of the image.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Slot {
    /// The bytes that give the slot a value. `words` are those of its image.
    ///
    /// # Errors
    /// [`Error::SlotTooSmall`] if the value has more bytes than the capacity.
    pub fn patches(&self, value: &str, words: WordFormat) -> Result<Vec<SlotPatch>> {
        if self.kind == SlotKind::Record {
            let bytes = encode(&self.name, self.capacity, value)?;
            return Ok(vec![SlotPatch { offset: self.file_offset, bytes }]);
        }
        if value.len() as u64 > self.capacity.into() {
            return Err(too_small(&self.name, self.kind, self.capacity, value));
        }
        let mut text = value.as_bytes().to_vec();
        text.resize(self.capacity as usize, 0);
        // The pointer stays: the new value is where the old one was.
        let length = SlotPatch {
            offset: self.file_offset + words.size as u64,
            bytes: words.bytes(value.len() as u64),
        };
        Ok(vec![SlotPatch { offset: self.value_offset, bytes: text }, length])
    }
}

/// The name that the slots' section has in images of a format.
#[must_use]
pub fn section_name(format: Format) -> &'static str {
    match format {
        Format::Elf | Format::Pe => SECTION,
        Format::MachO => SECTION_MACHO.1,
    }
}

/// The slots of an image: the records in the order of the file, then those that an index of Go's
/// slots names. Empty if it has none.
///
/// # Errors
/// [`Error::Malformed`], with offsets from the start of the image.
pub fn list(image: &Image<'_>) -> Result<Vec<Slot>> {
    let name = section_name(image.format());
    let mut slots = Vec::new();
    for section in image.sections().filter(|section| section.name == name && section.is_filled()) {
        slots.extend(parse(section.data, section.file_offset.unwrap_or_default())?);
    }
    slots.extend(of_go(image, &go_slot::recorded(image)?)?);
    Ok(slots)
}

/// Reads slots of a Go program by their addresses.
///
/// # Errors
/// [`Error::Malformed`] if there is no slot at an address.
pub fn of_go(image: &Image<'_>, slots: &[GoSlot]) -> Result<Vec<Slot>> {
    if slots.is_empty() {
        return Ok(Vec::new());
    }
    let words = WordFormat::of(image);
    let memory = Memory::without_relocations(image, words);
    slots.iter().map(|slot| go_string(&memory, words, slot)).collect()
}

fn go_string(memory: &Memory<'_>, words: WordFormat, slot: &GoSlot) -> Result<Slot> {
    let located = |address| {
        let nothing = || {
            let why = format!("the program has nothing at {address:#x}");
            Error::malformed(format!("slot {}", slot.name), 0, why)
        };
        memory.located(address).ok_or_else(nothing)
    };
    let (file_offset, header) = located(slot.header_address)?;
    let (value_offset, text) = located(slot.value_address)?;
    let bad = |why: &str| Error::malformed(format!("slot {}", slot.name), file_offset, why);
    let length = words.nth(header, 1).ok_or_else(|| bad("its header is cut short"))?;
    let room = text.get(..slot.capacity as usize);
    let room = room.ok_or_else(|| bad("its room reaches outside the segment"))?;
    let value = usize::try_from(length).ok().and_then(|length| room.split_at_checked(length));
    let (value, rest) = value.ok_or_else(|| bad("its value is longer than its capacity"))?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err(bad("other bytes than zeros follow its value"));
    }
    let value = std::str::from_utf8(value).map_err(|_| bad("its value is not UTF-8"))?.to_owned();
    Ok(Slot {
        kind: SlotKind::GoString,
        name: slot.name.clone(),
        capacity: slot.capacity,
        value,
        file_offset,
        value_offset,
    })
}

/// Reads all records of a section which starts at `base` in its image.
///
/// # Errors
/// [`Error::Malformed`], with offsets from the start of the image.
pub fn parse(section: &[u8], base: u64) -> Result<Vec<Slot>> {
    let mut slots = Vec::new();
    let mut at = 0;
    while let Some(rest) = section.get(at..).filter(|rest| !rest.is_empty()) {
        let padding = rest.get(..ALIGN).unwrap_or(rest);
        if padding.iter().all(|byte| *byte == 0) {
            at += ALIGN;
            continue;
        }
        let (slot, size) = record(rest, base + at as u64)?;
        slots.push(slot);
        at += size;
    }
    Ok(slots)
}

/// Reads the record at the start of `bytes`. Returns it with its size, a multiple of 8.
fn record(bytes: &[u8], offset: u64) -> Result<(Slot, usize)> {
    let bad = |why: &str| Error::malformed("slot for a value", offset, why);
    let word = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk())?;
        usize::try_from(u32::from_le_bytes(*word)).ok()
    };
    if !bytes.starts_with(&MAGIC) {
        return Err(bad("no magic number where a record should start"));
    }
    let (Some(capacity), Some(length), Some(name_length)) = (word(16), word(20), word(24)) else {
        return Err(bad("its header is cut short"));
    };
    if length > capacity {
        return Err(bad("its value is longer than its capacity"));
    }
    let value_at = padded(name_length)
        .and_then(|padded| padded.checked_add(HEADER))
        .ok_or_else(|| bad("its name reaches outside the section"))?;
    let size = padded(capacity).and_then(|padded| value_at.checked_add(padded));
    let size = size
        .filter(|size| *size <= bytes.len())
        .ok_or_else(|| bad("it reaches outside the section"))?;
    let text = |start: usize, length: usize| {
        let text = bytes.get(start..start + length).unwrap_or_default();
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| bad("its text is not UTF-8"))
    };
    let slot = Slot {
        kind: SlotKind::Record,
        name: text(HEADER, name_length)?,
        capacity: u32::try_from(capacity).unwrap_or(u32::MAX),
        value: text(value_at, length)?,
        file_offset: offset,
        value_offset: offset + value_at as u64,
    };
    Ok((slot, size))
}

fn padded(size: usize) -> Option<usize> {
    size.checked_next_multiple_of(ALIGN)
}

/// The bytes of one record, as `rgo-stamp` lays it out.
///
/// # Errors
/// [`Error::SlotTooSmall`] if the value has more bytes than `capacity`.
pub fn encode(name: &str, capacity: u32, value: &str) -> Result<Vec<u8>> {
    let length = u32::try_from(value.len()).ok().filter(|length| *length <= capacity);
    let length = length.ok_or_else(|| too_small(name, SlotKind::Record, capacity, value))?;
    let name_length = u32::try_from(name.len())
        .map_err(|_| Error::unsupported("a slot's name over 4 GiB", "its length has 32 bits"))?;
    let mut bytes = MAGIC.to_vec();
    for word in [capacity, length, name_length, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(name.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
    bytes.extend(value.as_bytes());
    let rest = (capacity as usize).next_multiple_of(ALIGN) - value.len();
    bytes.resize(bytes.len() + rest, 0);
    Ok(bytes)
}

fn too_small(name: &str, kind: SlotKind, capacity: u32, value: &str) -> Error {
    let needed = value.len() as u64;
    Error::SlotTooSmall { name: name.to_owned(), kind, needed, capacity: capacity.into() }
}
