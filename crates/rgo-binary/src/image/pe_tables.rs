//! The tables of a PE image that several readers share, for 32-bit and 64-bit images.
//!
//! ```text
//! directory 6   debug entries of 28 bytes: …, type u32 at 12, size at 16, file offset at 24
//! directory 10  load configuration: its own size u32, then fields up to it; later versions of
//!               Windows append fields
//! ```
//!
//! (Microsoft, "PE Format"; `IMAGE_LOAD_CONFIG_DIRECTORY` in `winnt.h`)

use object::pe;
use object::read::coff::SectionTable;
use object::read::pe::{DataDirectories, ImageNtHeaders, ImageOptionalHeader, PeFile};
use object::{LittleEndian as LE, Object};

use crate::Image;

/// Bytes of one debug entry.
const DEBUG_ENTRY: usize = 28;

pub(crate) struct PeTables<'a> {
    data: &'a [u8],
    pub(crate) machine: pe::Machine,
    pub(crate) is_64: bool,
    /// The COFF header's time stamp.
    pub(crate) stamp: u32,
    pub(crate) file_flags: pe::FileFlags,
    pub(crate) dll_flags: pe::DllFlags,
    pub(crate) directories: DataDirectories<'a>,
    pub(crate) sections: SectionTable<'a>,
}

impl<'a> PeTables<'a> {
    /// `None` for other formats.
    pub(crate) fn of(image: &Image<'a>) -> Option<Self> {
        match image.object() {
            object::File::Pe32(file) => Some(Self::new(image.data(), file)),
            object::File::Pe64(file) => Some(Self::new(image.data(), file)),
            _ => None,
        }
    }

    fn new<H: ImageNtHeaders>(data: &'a [u8], file: &PeFile<'a, H>) -> Self {
        let headers = file.nt_headers();
        let header = headers.file_header();
        Self {
            data,
            machine: header.machine.get(LE),
            is_64: file.is_64(),
            stamp: header.time_date_stamp.get(LE),
            file_flags: header.characteristics.get(LE),
            dll_flags: headers.optional_header().dll_characteristics(),
            directories: file.data_directories(),
            sections: file.section_table(),
        }
    }

    /// The bytes in the file from an address to the end of its section.
    pub(crate) fn at(&self, address: u32) -> Option<&'a [u8]> {
        self.sections.pe_data_at(self.data, address)
    }

    /// Address and size of a data directory; `None` if it is empty.
    pub(crate) fn directory(&self, number: usize) -> Option<(u32, u32)> {
        self.directories.get(number).map(pe::ImageDataDirectory::address_range)
    }

    /// The load configuration, as long as its own size field.
    pub(crate) fn load_config(&self) -> Option<&'a [u8]> {
        let (address, _) = self.directory(pe::IMAGE_DIRECTORY_ENTRY_LOAD_CONFIG)?;
        let bytes = self.at(address)?;
        let size = usize::try_from(le_u32(bytes, 0)?).ok()?;
        Some(bytes.get(..size).unwrap_or(bytes))
    }

    /// Types and bytes of the debug entries. The bytes are empty if they are not in the file.
    pub(crate) fn debug_entries(&self) -> impl Iterator<Item = (pe::DebugType, &'a [u8])> {
        let table = self
            .directory(pe::IMAGE_DIRECTORY_ENTRY_DEBUG)
            .and_then(|(address, size)| self.at(address)?.get(..usize::try_from(size).ok()?))
            .unwrap_or_default();
        let data = self.data;
        table.chunks_exact(DEBUG_ENTRY).filter_map(move |entry| {
            let bytes = range(data, le_u32(entry, 24)?, le_u32(entry, 16)?);
            Some((pe::DebugType(le_u32(entry, 12)?), bytes.unwrap_or_default()))
        })
    }
}

pub(crate) fn le_u16(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

pub(crate) fn le_u32(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

pub(crate) fn le_u64(data: &[u8], at: usize) -> Option<u64> {
    data.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// `size` bytes at `offset`.
pub(crate) fn range(data: &[u8], offset: u32, size: u32) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    data.get(start..start.checked_add(usize::try_from(size).ok()?)?)
}
