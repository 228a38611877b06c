//! Finds the header fields of a PE image that edits read and write.
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
//!
//! A name of more than 8 bytes is in the string table: `/123`, or `//` and base 64.

use std::borrow::Cow;
use std::ops::Range;

use object::pe::ImageSectionHeader;
use object::pod::from_bytes;

use crate::bytes::{self, ReadBytes};
use crate::{Draft, Reason};
use rgo_binary::{Error, Result};

const WHAT: &str = "PE headers";
pub(super) const SECTION_SIZE: u64 = 40;
/// Bytes of a COFF symbol.
pub(super) const SYMBOL_SIZE: u64 = 18;
/// `IMAGE_SCN_CNT_INITIALIZED_DATA`.
pub(super) const INITIALIZED_DATA: u32 = 0x40;
/// `IMAGE_SCN_MEM_DISCARDABLE`: the running program does not need it.
pub(super) const DISCARDABLE: u32 = 0x0200_0000;
/// `IMAGE_SCN_MEM_READ`.
const READABLE: u32 = 0x4000_0000;

/// Data directories that edits read or write, by number.
#[derive(Clone, Copy)]
pub(super) enum DataDirectory {
    Export = 0,
    Resource = 2,
    /// Its address is an offset into the file.
    Certificate = 4,
    Debug = 6,
    LoadConfig = 10,
}

#[derive(Clone)]
pub(super) struct Section {
    pub(super) name: Vec<u8>,
    /// Whether the name is in the string table.
    pub(super) is_long: bool,
    /// As in the file. Written back with the fields below.
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
    pub(super) is_64: bool,
    pub(super) sections: Vec<Section>,
    pub(super) symbols: SymbolTableRange,
}

/// Place of the COFF symbol table, with the strings behind it.
#[derive(Clone, Copy, Default)]
pub(super) struct SymbolTableRange {
    /// Its offset; 0 for none.
    pub(super) at: u64,
    /// Number of records.
    pub(super) count: u64,
    /// Bytes of the strings, including their size field.
    pub(super) strings: u64,
}

impl SymbolTableRange {
    pub(super) fn read_strings<'a>(&self, image: &'a impl ReadBytes) -> Result<Cow<'a, [u8]>> {
        image.read(self.at + self.count * SYMBOL_SIZE, self.strings, "PE string table")
    }

    /// Bytes of records and strings.
    pub(super) fn size(&self) -> u64 {
        self.count * SYMBOL_SIZE + self.strings
    }
}

impl Section {
    /// Makes a section of data that no code reads.
    pub(super) fn new(name: &[u8], size: u32, address: u32) -> Self {
        let mut raw_header = vec![0; bytes::index(SECTION_SIZE)];
        let is_long = name.len() > 8;
        if let (false, Some(place)) = (is_long, raw_header.get_mut(..name.len())) {
            place.copy_from_slice(name);
        }
        Self {
            name: name.to_vec(),
            is_long,
            raw_header,
            address,
            size,
            file_offset: 0,
            file_size: 0,
            characteristics: INITIALIZED_DATA | DISCARDABLE | READABLE,
        }
    }

    /// Its size in memory, in bytes.
    pub(super) fn memory(&self) -> u32 {
        if self.size == 0 { self.file_size } else { self.size }
    }

    /// Its bytes in the file. A size without an offset, as old linkers write it, means none.
    pub(super) fn bytes(&self) -> Option<Range<u64>> {
        let start = u64::from(self.file_offset);
        (start > 0 && self.file_size > 0).then(|| start..start + u64::from(self.file_size))
    }

    pub(super) fn is_discardable(&self) -> bool {
        self.characteristics & DISCARDABLE != 0
    }

    /// The name for messages.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Writes the offset of its name in the string table.
    pub(super) fn set_long_name(&mut self, offset: u32) -> Result<()> {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut name = format!("/{offset}").into_bytes();
        if name.len() > 8 {
            name = b"//".to_vec();
            let digits = (0..6).rev().map(|digit| (offset as usize >> (6 * digit)) % 64);
            name.extend(digits.filter_map(|digit| DIGITS.get(digit)));
        }
        name.resize(8, 0);
        bytes::put(&mut self.raw_header, 0, &name, WHAT)
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut header = self.raw_header.clone();
        for (at, value) in [
            (8, self.size),
            (12, self.address),
            (16, self.file_size),
            (20, self.file_offset),
            (36, self.characteristics),
        ] {
            bytes::put(&mut header, at, &value.to_le_bytes(), WHAT)?;
        }
        Ok(header)
    }

    pub(super) fn contains(&self, address: u32) -> bool {
        address.checked_sub(self.address).is_some_and(|distance| distance < self.memory())
    }
}

impl Headers {
    pub(super) fn parse(image: &impl ReadBytes) -> Result<Self> {
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
        let strings = symbols.read_strings(image)?;
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

    pub(super) fn directories(&self, image: &impl ReadBytes) -> Result<u64> {
        let count = bytes::u32_at(image, self.optional(if self.is_64 { 108 } else { 92 }), WHAT)?;
        Ok(u64::from(count).min(16))
    }

    pub(super) fn directory_at(&self, number: u64) -> u64 {
        self.optional(if self.is_64 { 112 } else { 96 }) + number * 8
    }

    /// Address and size of a data directory; zeros if there is none.
    pub(super) fn directory(
        &self,
        image: &impl ReadBytes,
        which: DataDirectory,
    ) -> Result<(u32, u32)> {
        self.numbered_directory(image, which as u64)
    }

    pub(super) fn numbered_directory(
        &self,
        image: &impl ReadBytes,
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
        which: DataDirectory,
        (address, size): (u32, u32),
        why: Reason,
    ) -> Result<()> {
        let at = self.directory_at(which as u64);
        image.put(at, &address.to_le_bytes(), why, WHAT)?;
        image.put(at + 4, &size.to_le_bytes(), why, WHAT)
    }

    /// The section that contains an address.
    pub(super) fn section_of(&self, address: u32) -> Option<&Section> {
        self.sections.iter().find(|section| section.contains(address))
    }

    /// The file offset of `size` bytes at an address.
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

/// Finds the symbol table. One outside of the file counts as none: tools that cut files short leave
/// such a pointer.
fn symbols(image: &impl ReadBytes, coff: u64) -> Result<SymbolTableRange> {
    let at = u64::from(bytes::u32_at(image, coff + 8, WHAT)?);
    let count = u64::from(bytes::u32_at(image, coff + 12, WHAT)?);
    if at == 0 || image.check(at, count * SYMBOL_SIZE, WHAT).is_err() {
        return Ok(SymbolTableRange::default());
    }
    let end = at + count * SYMBOL_SIZE;
    let strings = bytes::u32_at(image, end, WHAT).ok().map(|size| u64::from(size).max(4));
    let strings = strings.filter(|size| image.check(end, *size, WHAT).is_ok()).unwrap_or(0);
    Ok(SymbolTableRange { at, count, strings })
}

fn section(image: &impl ReadBytes, at: u64, strings: &[u8]) -> Result<Section> {
    let header = &*image.read(at, SECTION_SIZE, WHAT)?;
    let short = header.get(..8).unwrap_or_default();
    let short = short.split(|byte| *byte == 0).next().unwrap_or_default();
    let offset = from_bytes::<ImageSectionHeader>(header).ok();
    let offset = offset.and_then(|(header, _)| header.name_offset().ok().flatten());
    let long = offset.and_then(|offset| strings.get(bytes::index(offset.into())..));
    let long = long.and_then(|rest| rest.split(|byte| *byte == 0).next());
    let field = |at| bytes::u32_at(header, at, WHAT);
    let section = Section {
        name: long.unwrap_or(short).to_vec(),
        is_long: long.is_some(),
        size: field(8)?,
        address: field(12)?,
        file_size: field(16)?,
        file_offset: field(20)?,
        characteristics: field(36)?,
        raw_header: header.to_vec(),
    };
    if let Some(bytes) = section.bytes() {
        image.check(bytes.start, bytes.end - bytes.start, "PE section")?;
    }
    Ok(section)
}
