//! Where in a PE image the header fields are that edits read and write.
//!
//! ```text
//! 3c  4  offset of "PE\0\0"; behind it:
//!     20 COFF header: machine u16, sections u16, time u32, symbols' offset u32, symbols u32,
//!        optional header's size u16, characteristics u16
//!     …  optional header: magic u16 (10b: 32-bit, 20b: 64-bit), sizes, alignments, checksum,
//!        data directories of 8 bytes each (address, size)
//!     40 per section: name 8, size u32, address u32, file size u32, file offset u32, …,
//!        characteristics u32
//! ```

use std::borrow::Cow;

use crate::edit::bytes::{self, Source};
use crate::edit::{Draft, Why};
use crate::{Error, Result};

const WHAT: &str = "PE headers";
pub(super) const SECTION_SIZE: u64 = 40;
/// Bytes of a COFF symbol.
const SYMBOL_SIZE: u64 = 18;

/// Data directories that edits look at, by number.
#[derive(Clone, Copy)]
pub(super) enum Directory {
    Export = 0,
    Resource = 2,
    /// Its address is an offset into the file.
    Certificate = 4,
    Debug = 6,
    LoadConfig = 10,
}

#[derive(Clone)]
pub(super) struct Section {
    pub(super) name: String,
    /// As in the file; written back with the fields below.
    raw_header: Vec<u8>,
    pub(super) address: u32,
    pub(super) size: u32,
    pub(super) file_offset: u32,
    pub(super) file_size: u32,
    pub(super) characteristics: u32,
}

pub(super) struct Headers {
    /// Offset of the COFF header.
    coff: u64,
    /// Offset of the optional header.
    optional: u64,
    pub(super) table: u64,
    is_64: bool,
    pub(super) sections: Vec<Section>,
    /// Offset of the symbol table, 0 for none, and its size with its strings.
    pub(super) symbols: (u64, u64),
}

impl Section {
    /// Bytes that it takes in memory.
    pub(super) fn memory(&self) -> u32 {
        if self.size == 0 { self.file_size } else { self.size }
    }

    /// Its name is in the string table.
    pub(super) fn has_long_name(&self) -> bool {
        self.raw_header.first() == Some(&b'/')
    }

    pub(super) fn set_long_name(&mut self, offset: usize) -> Result<()> {
        let name = format!("/{offset}");
        if name.len() > 8 {
            return Err(Error::unsupported("a section's name", "too many long names"));
        }
        bytes::zero(&mut self.raw_header, 0, 8, WHAT)?;
        bytes::put(&mut self.raw_header, 0, name.as_bytes(), WHAT)
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut header = self.raw_header.clone();
        for (at, value) in [
            (8, self.size),
            (12, self.address),
            (16, self.file_size),
            (20, self.file_offset),
            // Relocations and line numbers: of objects, not images.
            (24, 0),
            (28, 0),
            (32, 0),
            (36, self.characteristics),
        ] {
            bytes::put(&mut header, at, &value.to_le_bytes(), WHAT)?;
        }
        Ok(header)
    }

    fn contains(&self, address: u32) -> bool {
        address.checked_sub(self.address).is_some_and(|distance| distance < self.memory())
    }
}

impl Headers {
    pub(super) fn parse(image: &impl Source) -> Result<Self> {
        let coff = u64::from(bytes::u32_at(image, 0x3c, WHAT)?) + 4;
        let optional = coff + 20;
        let is_64 = match bytes::u16_at(image, optional, WHAT)? {
            0x10b => false,
            0x20b => true,
            magic => {
                let why = format!("an optional header of kind {magic:#x}");
                return Err(Error::malformed(WHAT, optional, why));
            }
        };
        let table = optional + u64::from(bytes::u16_at(image, coff + 16, WHAT)?);
        let count = u64::from(bytes::u16_at(image, coff + 2, WHAT)?);
        let symbols = symbols(image, coff)?;
        let strings = match symbols {
            (0, _) => Cow::Borrowed(&[][..]),
            (at, size) => {
                let count = u64::from(bytes::u32_at(image, coff + 12, WHAT)?);
                image.read(at + count * SYMBOL_SIZE, size - count * SYMBOL_SIZE, WHAT)?
            }
        };
        let sections = (0..count)
            .map(|number| section(image, table + number * SECTION_SIZE, &strings))
            .collect::<Result<_>>()?;
        Ok(Self { coff, optional, table, is_64, sections, symbols })
    }

    /// File offset of a field of the COFF header.
    pub(super) fn coff(&self, at: u64) -> u64 {
        self.coff + at
    }

    /// File offset of a field of the optional header.
    pub(super) fn optional(&self, at: u64) -> u64 {
        self.optional + at
    }

    pub(super) fn directories(&self, image: &impl Source) -> Result<u64> {
        let count = bytes::u32_at(image, self.optional(if self.is_64 { 108 } else { 92 }), WHAT)?;
        Ok(u64::from(count).min(16))
    }

    pub(super) fn directory_at(&self, number: u64) -> u64 {
        self.optional(if self.is_64 { 112 } else { 96 }) + number * 8
    }

    /// Address and size of a data directory; zeros if there is none.
    pub(super) fn directory(&self, image: &impl Source, which: Directory) -> Result<(u32, u32)> {
        self.numbered_directory(image, which as u64)
    }

    pub(super) fn numbered_directory(
        &self,
        image: &impl Source,
        number: u64,
    ) -> Result<(u32, u32)> {
        if number >= self.directories(image)? {
            return Ok((0, 0));
        }
        let at = self.directory_at(number);
        Ok((bytes::u32_at(image, at, WHAT)?, bytes::u32_at(image, at + 4, WHAT)?))
    }

    pub(super) fn set_directory(
        &self,
        image: &mut Draft<'_>,
        which: Directory,
        (address, size): (u32, u32),
        why: Why,
    ) -> Result<()> {
        let at = self.directory_at(which as u64);
        image.put(at, &address.to_le_bytes(), why, WHAT)?;
        image.put(at + 4, &size.to_le_bytes(), why, WHAT)
    }

    /// The section that an address lies in.
    pub(super) fn section_of(&self, address: u32) -> Option<&Section> {
        self.sections.iter().find(|section| section.contains(address))
    }

    /// Where in the file `size` bytes at an address are.
    pub(super) fn file_offset(&self, address: u32, size: u32) -> Result<u64> {
        let place = self.section_of(address).and_then(|section| {
            let at = address - section.address;
            let end = at.checked_add(size)?;
            (end <= section.file_size).then(|| u64::from(section.file_offset) + u64::from(at))
        });
        place.ok_or_else(|| {
            let why = format!("{size} bytes at address {address:#x} are not in the file");
            Error::malformed(WHAT, self.coff, why)
        })
    }
}

/// Offset and size of the symbol table with its strings.
fn symbols(image: &impl Source, coff: u64) -> Result<(u64, u64)> {
    let at = u64::from(bytes::u32_at(image, coff + 8, WHAT)?);
    if at == 0 {
        return Ok((0, 0));
    }
    let size = u64::from(bytes::u32_at(image, coff + 12, WHAT)?) * SYMBOL_SIZE;
    let strings = u64::from(bytes::u32_at(image, at + size, "PE string table")?);
    image.read(at, size + strings, "PE symbol table")?;
    Ok((at, size + strings))
}

fn section(image: &impl Source, at: u64, strings: &[u8]) -> Result<Section> {
    let header = &*image.read(at, SECTION_SIZE, WHAT)?;
    let name = header.get(..8).unwrap_or_default();
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    let long = name.strip_prefix(b"/").map(|offset| {
        let offset = std::str::from_utf8(offset).ok().and_then(|text| text.parse::<usize>().ok());
        let rest = offset.and_then(|offset| strings.get(offset..));
        let name = rest.and_then(|rest| rest.split(|byte| *byte == 0).next());
        name.ok_or_else(|| Error::malformed(WHAT, at, "a section's name is not in the strings"))
    });
    let name = long.transpose()?.unwrap_or(name);
    let field = |at| bytes::u32_at(header, at, WHAT);
    let section = Section {
        name: String::from_utf8_lossy(name).into_owned(),
        size: field(8)?,
        address: field(12)?,
        file_size: field(16)?,
        file_offset: field(20)?,
        characteristics: field(36)?,
        raw_header: header.to_vec(),
    };
    if section.file_size > 0 {
        let (offset, size) = (section.file_offset, section.file_size);
        image.check(offset.into(), size.into(), "PE section")?;
    }
    Ok(section)
}
