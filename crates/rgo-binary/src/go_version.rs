//! Reads a file exactly as the Go tool does, so that `rgo-version-m --go` answers and refuses as
//! `go version` does, byte for byte. [`crate::embedded::go_buildinfo`] reads the same blob to learn as much as it can; here a file is
//! refused where Go refuses it, down to fields that have nothing to do with the blob, and words
//! stay the bytes that they are (Go, `debug/buildinfo` and the readers under it).
//!
//! ```text
//! formats  ELF, thin Mach-O, fat Mach-O (32-bit header, its first slice), PE, XCOFF, Plan 9 a.out
//! place    .go.buildinfo / __go_buildinfo, else the first writable data
//! blob     as in `goinfo`; looked for at addresses, through what the file maps there
//! text     as in `modinfo`; one bad line refuses the whole
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
/// Go looks at the data in pieces of this size, which decides what a gap in it means.
const PIECE: u64 = 1 << 20;
/// A length in the blob is read from as many bytes as the longest has.
const LONGEST_UVARINT: u64 = 10;

/// Why Go has no answer for a file; shown in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No format that Go reads, or one with a flaw.
    Format,
    /// A program without the blob.
    NotGo,
    /// The blob's address leads to a section that has no bytes (PE).
    NoBytes,
    /// An address that no section has (XCOFF, Plan 9).
    NotMapped,
    /// The blob's address leads to a place before the file (XCOFF); Go names the file alone.
    BeforeFile,
    /// A line of the text that Go cannot read.
    Text {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
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

/// Whether a file that starts so can be anything but [`Refusal::Format`]. `start` is at least 16
/// bytes, if the file has them.
#[must_use]
pub fn worth_reading(start: &[u8]) -> bool {
    start.len() >= 16 && format(start).is_some()
}

/// Reads a whole file.
///
/// # Errors
/// [`Refusal`], as Go words it.
pub fn read(data: &[u8]) -> Result<Info> {
    if data.len() < 16 {
        return Err(Refusal::Format);
    }
    let parse = format(data).ok_or(Refusal::Format)?;
    let space = parse(data).ok_or(Refusal::Format)?;
    let (version, modinfo) = space.strings()?;
    Info::parse(version.to_vec(), between_markers(modinfo))
}

/// Reads the headers of a format: `None` where Go calls the format unrecognised.
type Parse = fn(&[u8]) -> Option<Space<'_>>;

/// The reader for a file, by its first bytes. Of `MZ` and the like more is not asked here.
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

/// A file by addresses, and where in it the blob should be.
#[derive(Debug)]
struct Space<'a> {
    /// Address and size of the data that should hold the blob; a size of 0 if there is none.
    place: (u64, u64),
    /// Taken from an address before it is looked up (PE's image base).
    base: u64,
    parts: Vec<MappedPart<'a>>,
    /// What an address outside of all parts means.
    unmapped: Refusal,
}

/// What a file maps at an address.
#[derive(Debug)]
struct MappedPart<'a> {
    first: u64,
    /// Inclusive. As in Go it wraps for an empty part, which at address 0 then covers everything.
    last: u64,
    /// Or why they must not be read.
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

    /// So many bytes at an address; all of them, or it is no Go program.
    fn exact(&self, address: u64, size: u64) -> Result<&'a [u8]> {
        let bytes = self.at(address)?;
        let size = usize::try_from(size).map_err(|_| Refusal::NotGo)?;
        bytes.get(..size).ok_or(Refusal::NotGo)
    }

    /// The version and the text with its markers.
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
                    // After a misaligned hit this is too low, in Go as well: the header is then
                    // read from where no magic is.
                    return Ok(start.wrapping_add(at as u64));
                }
                bytes = bytes.get(at.next_multiple_of(ALIGN as usize)..).ok_or(Refusal::NotGo)?;
            }
            start = start.wrapping_add(piece);
        }
        Err(Refusal::NotGo)
    }

    /// A string behind its length, and the address after it.
    fn inline(&self, address: u64) -> Result<(&'a [u8], u64)> {
        let (length, size) =
            uvarint(self.exact(address, LONGEST_UVARINT)?).ok_or(Refusal::NotGo)?;
        let address = address.wrapping_add(size);
        Ok((self.exact(address, length)?, address.wrapping_add(length)))
    }
}

/// Strings behind pointers, as before Go 1.18.
struct Pointers<'s, 'a> {
    space: &'s Space<'a>,
    size: u8,
    big: bool,
}

impl<'a> Pointers<'_, 'a> {
    /// The string whose header is where the first word of `pointer` points.
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

/// A number in groups of 7 bits, the lowest first, and how many bytes it takes. The tenth byte
/// has room for one bit.
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

/// The text between its markers, if the second follows a line end.
fn between_markers(modinfo: &[u8]) -> &[u8] {
    if modinfo.len() < 2 * MARKER + 1 {
        return &[];
    }
    let text = modinfo.get(MARKER..modinfo.len() - MARKER).unwrap_or_default();
    if text.ends_with(b"\n") { text } else { &[] }
}

/// So many bytes at an offset of a file, or nothing; no bytes at all are found anywhere.
fn exact(data: &[u8], offset: u64, size: u64) -> Option<&[u8]> {
    if size == 0 {
        return Some(&[]);
    }
    let start = usize::try_from(offset).ok()?;
    data.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}

/// As many of the bytes at an offset of a file as there are.
fn present(data: &[u8], offset: u64, size: u64) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
    let rest = data.get(start..).unwrap_or_default();
    rest.get(..usize::try_from(size).unwrap_or(usize::MAX).min(rest.len())).unwrap_or_default()
}

/// A structure at an offset of a file.
fn read_at<T: Pod>(data: &[u8], offset: u64) -> Option<&T> {
    pod::from_bytes(exact(data, offset, size_of::<T>() as u64)?).ok().map(|(value, _)| value)
}

/// Whether a number, taken as signed, is one.
fn is_signed(number: u64) -> bool {
    i64::try_from(number).is_ok()
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
