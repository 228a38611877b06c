//! Reads what the unwinder of Windows knows of functions (Microsoft, "x64 exception handling", "ARM64 exception
//! handling").
//!
//! ```text
//! directory 3, sorted   amd64: u32 begin, u32 end, u32 unwind data
//!                       arm64: u32 begin, u32 unwind data; its bits 0-1 are 0 for an address of a record with
//!                       4 × length in bits 0-17, else bits 2-12 are length / 4
//! unwind data           amd64: u8 version in bits 0-2, flags in bits 3-7; the flag 4 is for a part that goes on
//! ```

use object::pe;
use object::read::coff::CoffHeader;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};

/// A function, or a part of one, with addresses that have the preferred base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PeFunction {
    /// Its first instruction.
    pub(crate) begin: u64,
    /// The address behind its last one.
    pub(crate) end: u64,
    /// Where its unwind data are, unless the table has them itself.
    pub(crate) unwind_data: Option<u64>,
    /// Whether it goes on with the part before it.
    pub(crate) goes_on: bool,
}

/// The functions of an image, sorted. Damaged entries are left out.
pub(crate) fn pe_functions<P: ImageNtHeaders>(file: &PeFile<'_, P>) -> Vec<PeFunction> {
    let sections = file.section_table();
    let directory = file.data_directory(pe::IMAGE_DIRECTORY_ENTRY_EXCEPTION);
    let table = directory.and_then(|directory| directory.data(file.data(), &sections).ok());
    let base = file.nt_headers().optional_header().image_base();
    let word = |bytes: &[u8], at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let is_arm = file.nt_headers().file_header().machine() == pe::IMAGE_FILE_MACHINE_ARM64;
    let goes_on = |data: u32| {
        let data = sections.pe_data_at(file.data(), data)?;
        Some(data.first()? >> 3 & 4 != 0)
    };
    let entries = table.unwrap_or_default().chunks_exact(if is_arm { 8 } else { 12 });
    let mut functions: Vec<_> = entries
        .filter_map(|entry| {
            let begin = word(entry, 0)?;
            let second = word(entry, 4)?;
            let (end, unwind_data) = if !is_arm {
                (second, Some(word(entry, 8)?))
            } else if second & 3 != 0 {
                (begin.checked_add((second >> 2 & 0x7ff) * 4)?, None)
            } else {
                let record = sections.pe_data_at(file.data(), second)?;
                (begin.checked_add((word(record, 0)? & 0x3_ffff) * 4)?, Some(second))
            };
            let address = |offset: u32| base.checked_add(offset.into());
            let goes_on = unwind_data.filter(|_| !is_arm).and_then(goes_on).unwrap_or_default();
            Some(PeFunction {
                goes_on,
                begin: address(begin)?,
                end: address(end)?,
                unwind_data: unwind_data.and_then(address),
            })
        })
        .collect();
    functions.sort_unstable();
    functions
}
