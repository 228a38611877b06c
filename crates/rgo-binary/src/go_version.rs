//! Reads a file exactly as the Go tool does, so that `rgo-version-m --go` gives the same answers
//! and errors as `go version`, byte for byte. [`crate::embedded::go_buildinfo`] reads the same blob
//! to learn as much as possible. This module refuses each file that Go refuses, even for a flaw in
//! a field that has nothing to do with the blob, and keeps text as bytes (Go, `debug/buildinfo` and
//! the readers that it uses).
//!
//! ```text
//! formats  ELF, thin Mach-O, fat Mach-O (32-bit header, its first slice), PE, XCOFF, Plan 9 a.out
//! place    .go.buildinfo / __go_buildinfo, else the first writable data
//! blob     as in `embedded::go_buildinfo`; found by address, in the data that the file maps there
//! text     as in `embedded::build_info`; one bad line refuses the whole text
//! ```

mod elf;
mod macho;
mod others;
mod pe;
mod text;

use std::fmt;

use memchr::memmem::Finder;
use object::pod::{self, Pod};

pub use text::{GoModule, Info};

use crate::embedded::go_buildinfo::MAGIC;

const ALIGN: u64 = 16;
const HEADER: u64 = 32;
const MARKER: usize = 16;
/// Go searches the data in pieces of this size. The size determines the effect of a gap in the
/// data.
const PIECE: u64 = 1 << 20;
/// Go always reads this many bytes for a length, the size of the longest one.
const LONGEST_UVARINT: u64 = 10;

/// Why Go has no answer for a file; displayed in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A format that Go does not read, or a flaw in it.
    Format,
    /// A program without the blob.
    NotGo,
    /// The blob's address lies in a section without bytes (PE, XCOFF).
    NoBytes,
    /// The address is in no section (XCOFF, Plan 9).
    NotMapped,
    /// The blob's address maps to an offset before the file (XCOFF); Go's message has the file name
    /// only.
    BeforeFile,
    /// A line of the text that Go cannot read.
    Text {
        /// Its number, from 1.
        line: usize,
        /// The flaw.
        why: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format => f.write_str("unrecognized file format"),
            Self::NotGo => f.write_str("not a Go executable"),
            Self::NoBytes => f.write_str("unexpected read from section with uninitialized data"),
            Self::NotMapped => f.write_str("address not mapped"),
            Self::BeforeFile => f.write_str("negative offset"),
            Self::Text { line, why } => {
                write!(f, "could not parse Go build info: line {line}: {why}")
            }
        }
    }
}

type Result<T> = std::result::Result<T, Refusal>;

/// Whether a file with this start can give anything but [`Refusal::Format`]. `start` has at least
/// 16 bytes, unless the file is shorter.
#[must_use]
pub fn worth_reading(start: &[u8]) -> bool {
    start.len() >= 16 && format(start).is_some()
}

/// Reads a whole file.
///
/// # Errors
/// [`Refusal`], in Go's words.
pub fn read(data: &[u8]) -> Result<Info> {
    if data.len() < 16 {
        return Err(Refusal::Format);
    }
    let parse = format(data).ok_or(Refusal::Format)?;
    let space = parse(data).ok_or(Refusal::Format)?;
    let (version, modinfo) = space.strings()?;
    Info::parse(version.to_vec(), between_markers(modinfo))
}

/// Reads the headers of a format: `None` if Go does not recognize the format.
type Parse = fn(&[u8]) -> Option<Space<'_>>;

/// The reader for a file, by its magic number alone: `MZ` suffices for PE here.
fn format(data: &[u8]) -> Option<Parse> {
    Some(match *data.first_chunk::<4>()? {
        [0x7f, b'E', b'L', b'F'] => elf::space,
        [b'M', b'Z', ..] => pe::space,
        [0xfe, 0xed, 0xfa, _] | [_, 0xfa, 0xed, 0xfe] => macho::space,
        [0xca, 0xfe, 0xba, 0xbe] => macho::fat_space,
        [0x01, 0xdf, ..] => others::xcoff32_space,
        [0x01, 0xf7, ..] => others::xcoff64_space,
        [0, 0, 0x01, 0xeb] | [0, 0, 0x8a, 0x97] | [0, 0, 0x06, 0x47] => others::plan9_space,
        _ => return None,
    })
}

/// A file's data by address, and the address range of the blob.
#[derive(Debug)]
struct Space<'a> {
    /// Address and size of the data that should hold the blob; the size is 0 if there is none.
    place: (u64, u64),
    /// Subtracted from an address before the lookup (PE's image base).
    base: u64,
    parts: Vec<MappedPart<'a>>,
    /// The refusal for an address outside of all parts.
    unmapped: Refusal,
}

/// A range of addresses with its bytes of the file.
#[derive(Debug)]
struct MappedPart<'a> {
    first: u64,
    /// Inclusive. For an empty part it wraps, as in Go; such a part at address 0 covers everything.
    last: u64,
    /// The bytes, or the refusal for an access to them.
    bytes: Result<&'a [u8]>,
}

impl<'a> MappedPart<'a> {
    fn new(first: u64, size: u64, bytes: &'a [u8]) -> Self {
        Self { first, last: first.wrapping_add(size).wrapping_sub(1), bytes: Ok(bytes) }
    }
}

impl<'a> Space<'a> {
    /// The bytes from an address to the end of its part, or of the file.
    fn at(&self, address: u64) -> Result<&'a [u8]> {
        let address = address.wrapping_sub(self.base);
        let part = self.parts.iter().find(|part| part.first <= address && address <= part.last);
        let part = part.ok_or_else(|| self.unmapped.clone())?;
        let bytes = part.bytes.clone()?;
        let within = usize::try_from(address - part.first).unwrap_or(usize::MAX);
        Ok(bytes.get(within..).unwrap_or_default())
    }

    /// `size` bytes at an address. If any of them is missing, the file is not a Go program.
    fn exact(&self, address: u64, size: u64) -> Result<&'a [u8]> {
        let bytes = self.at(address)?;
        let size = usize::try_from(size).map_err(|_| Refusal::NotGo)?;
        bytes.get(..size).ok_or(Refusal::NotGo)
    }

    /// The version, and the text with its markers.
    fn strings(&self) -> Result<(&'a [u8], &'a [u8])> {
        let (start, size) = self.place;
        if size == 0 {
            return Err(Refusal::NotGo);
        }
        let blob = self.search(start, size)?;
        let header = self.exact(blob, HEADER)?;
        let (pointer_size, flags) = (header.get(14).copied(), header.get(15).copied());
        let flags = flags.unwrap_or_default();
        let (version, modinfo) = if flags & 2 != 0 {
            let (version, end) = self.inline(blob.wrapping_add(HEADER))?;
            (version, self.inline(end)?.0)
        } else {
            let size = match pointer_size {
                Some(size @ (4 | 8)) => size,
                _ => return Err(Refusal::NotGo),
            };
            let pointers = Pointers { space: self, size, big: flags & 1 != 0 };
            let at = |from: usize| header.get(from..).and_then(|bytes| pointers.string(bytes));
            let modinfo = at(16 + usize::from(size)).unwrap_or_default();
            (at(16).unwrap_or_default(), modinfo)
        };
        if version.is_empty() {
            return Err(Refusal::NotGo);
        }
        Ok((version, modinfo))
    }

    /// The address of the blob's magic.
    fn search(&self, start: u64, size: u64) -> Result<u64> {
        let end = start.checked_add(size).ok_or(Refusal::Format)?;
        let mut start = start.wrapping_add(ALIGN - 1) & !(ALIGN - 1);
        if start >= end {
            return Err(Refusal::NotGo);
        }
        let finder = Finder::new(&MAGIC);
        while start < end {
            let remaining = end - start;
            let piece = remaining.min(PIECE);
            let bytes = self.at(start)?;
            let length = usize::try_from(piece).unwrap_or(usize::MAX).min(bytes.len());
            let mut bytes = bytes.get(..length).unwrap_or_default();
            if bytes.is_empty() {
                return Err(Refusal::NotGo);
            }
            while let Some(at) = finder.find(bytes) {
                if remaining.wrapping_sub(at as u64) < HEADER {
                    return Err(Refusal::NotGo);
                }
                if (at as u64).is_multiple_of(ALIGN) {
                    // After a misaligned match, `at` counts from a later start, so that this
                    // address is too low. Go has the same flaw, and then reads the header from a
                    // wrong place.
                    return Ok(start.wrapping_add(at as u64));
                }
                bytes = bytes.get(at.next_multiple_of(ALIGN as usize)..).ok_or(Refusal::NotGo)?;
            }
            start = start.wrapping_add(piece);
        }
        Err(Refusal::NotGo)
    }

    /// Reads a string behind its length. Returns the string and the address after it.
    fn inline(&self, address: u64) -> Result<(&'a [u8], u64)> {
        let (length, size) =
            uvarint(self.exact(address, LONGEST_UVARINT)?).ok_or(Refusal::NotGo)?;
        let address = address.wrapping_add(size);
        Ok((self.exact(address, length)?, address.wrapping_add(length)))
    }
}

/// Reads strings behind pointers, the layout before Go 1.18.
struct Pointers<'s, 'a> {
    space: &'s Space<'a>,
    size: u8,
    big: bool,
}

impl<'a> Pointers<'_, 'a> {
    /// Follows the pointer at the start of `pointer` to a string header, and returns its string.
    fn string(&self, pointer: &[u8]) -> Option<&'a [u8]> {
        let size = u64::from(self.size);
        let header = self.space.exact(self.word(pointer)?, 2 * size).ok()?;
        let length = self.word(header.get(usize::from(self.size)..)?)?;
        self.space.exact(self.word(header)?, length).ok()
    }

    fn word(&self, bytes: &[u8]) -> Option<u64> {
        Some(match (self.size, self.big) {
            (4, false) => u32::from_le_bytes(*bytes.first_chunk()?).into(),
            (4, true) => u32::from_be_bytes(*bytes.first_chunk()?).into(),
            (_, false) => u64::from_le_bytes(*bytes.first_chunk()?),
            (_, true) => u64::from_be_bytes(*bytes.first_chunk()?),
        })
    }
}

/// A number in groups of 7 bits, the lowest first, and its size in bytes. The tenth byte holds one
/// bit at most.
fn uvarint(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut value = 0;
    for (index, byte) in (0_u32..10).zip(bytes) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (index < 9 || *byte <= 1).then_some((value, u64::from(index) + 1));
        }
    }
    None
}

/// The text between its markers, if a line end comes before the second one.
fn between_markers(modinfo: &[u8]) -> &[u8] {
    if modinfo.len() < 2 * MARKER + 1 {
        return &[];
    }
    let text = modinfo.get(MARKER..modinfo.len() - MARKER).unwrap_or_default();
    if text.ends_with(b"\n") { text } else { &[] }
}

/// `size` bytes at an offset of a file, or `None` if any is missing. Zero bytes exist at every
/// offset.
fn exact(data: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    if size == 0 {
        return Some(&[]);
    }
    let start = usize::try_from(offset).ok()?;
    data.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}

/// The existing bytes of a range of a file.
fn present(data: &[u8], offset: u64, size: u64) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
    let rest = data.get(start..).unwrap_or_default();
    rest.get(..usize::try_from(size).unwrap_or(usize::MAX).min(rest.len())).unwrap_or_default()
}

/// A structure at an offset of a file.
fn read_at<T: Pod>(data: &[u8], offset: u64) -> Option<&T> {
    pod::from_bytes(exact(data, offset, size_of::<T>() as u64)?).ok().map(|(value, _)| value)
}

/// Whether a number fits a signed one.
fn is_signed(number: u64) -> bool {
    i64::try_from(number).is_ok()
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
