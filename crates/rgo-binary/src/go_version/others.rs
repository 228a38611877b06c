//! Checks XCOFF (AIX) and Plan 9 a.out files as Go does (`internal/xcoff` and `debug/plan9obj`),
//! and maps their data. Go builds for both; no other part of rgo reads them.
//!
//! ```text
//! XCOFF: headers as `object::xcoff` has them. A symbol, 18 bytes, with records of 18 bytes behind:
//!   32 bits    0 8 name, or 4 zeros and an offset among the strings
//!   64 bits    8 4 offset among the strings
//!   both      12 2 section   14 2 type   16 1 class   17 1 number of records
//! Plan 9, big-endian:
//!   0 4 magic   4 4 size of text   8 4 size of data   …   32, with bit 15 of the magic 40: text
//! ```

use object::read::xcoff::{FileHeader, SectionHeader as _};
use object::xcoff::{FileHeader32, FileHeader64};

use super::{MappedPart, Refusal, Space, exact, is_signed, present, read_at};

const SYMBOL: u64 = 18;
const TEXT: u32 = 0x20;
const DATA: u32 = 0x40;
/// The flag in a symbol's type for a function.
const FUNCTION: u8 = 0x20;
/// C_EXT, C_HIDEXT, C_WEAKEXT.
const EXTERNAL: [u8; 3] = [2, 107, 111];

pub(super) fn xcoff32_space(data: &[u8]) -> Option<Space<'_>> {
    xcoff::<FileHeader32>(data, 10, |symbol| {
        (*symbol.first_chunk::<4>()? == [0; 4]).then(|| u32_be(symbol, 4)).flatten()
    })
}

pub(super) fn xcoff64_space(data: &[u8]) -> Option<Space<'_>> {
    xcoff::<FileHeader64>(data, 14, |symbol| u32_be(symbol, 8))
}

/// `relocation` is the size of one relocation. `long_name` gives the offset of a symbol's name in
/// the string table, if the symbol does not hold the name itself.
fn xcoff<H: FileHeader>(
    data: &[u8],
    relocation: u64,
    long_name: fn(&[u8]) -> Option<u32>,
) -> Option<Space<'_>> {
    let header: &H = read_at(data, 0)?;
    let (symbols, count): (u64, u64) = (header.f_symptr().into(), header.f_nsyms().into());
    if symbols == 0 || count == 0 {
        return None;
    }
    let strings_at = symbols.wrapping_add(count * SYMBOL);
    let length = u32_be(exact(data, strings_at, 4)?, 0)?;
    // The length includes its own size.
    let strings = if length > 4 { exact(data, strings_at, length.into())?.len() } else { 0 };

    let sections_at = size_of::<H>() as u64 + u64::from(header.f_opthdr());
    let stride = size_of::<H::SectionHeader>() as u64;
    let sections = header.f_nscns();
    let mut space =
        Space { place: (0, 0), base: 0, parts: Vec::new(), unmapped: Refusal::NotMapped };
    let mut found = false;
    for index in 0..u64::from(sections) {
        let section: &H::SectionHeader = read_at(data, sections_at + index * stride)?;
        let (address, size) = (section.s_vaddr().into(), section.s_size().into());
        let offset = section.s_scnptr().into();
        let mut part = MappedPart::new(address, size, present(data, offset, size));
        if offset == 0 && size > 0 {
            part.bytes = Err(Refusal::NoBytes);
        } else if !is_signed(offset) {
            part.bytes = Err(Refusal::BeforeFile);
        }
        space.parts.push(part);
        let (kind, at) = (section.s_flags().0, section.s_relptr().into());
        if (kind == TEXT || kind == DATA) && at != 0 {
            let size = u64::from(section.s_nreloc().into()) * relocation;
            exact(data, at, size).filter(|_| is_signed(at))?;
        }
        if kind == DATA && !found {
            space.place = (address, size);
            found = true;
        }
    }
    walk_symbols(data, symbols, count, |symbol, index| {
        let further = u64::from(*symbol.get(17)?);
        let named = long_name(symbol).is_none_or(|at| at >= 4 && (at as usize) < strings);
        let external = EXTERNAL.contains(symbol.get(16)?);
        let section = u16::from_be_bytes(*symbol.get(12..)?.first_chunk()?);
        let whole = further >= 1 && index + further < count && section <= sections;
        Some(named && external && whole)
    })?;
    Some(space)
}

/// Walks the symbols as Go does. `reads_further` decides whether Go reads the auxiliary records of
/// a symbol or skips them: a read fails at the end of the file, a skip does not.
fn walk_symbols(
    data: &[u8],
    mut at: u64,
    count: u64,
    reads_further: impl Fn(&[u8], u64) -> Option<bool>,
) -> Option<()> {
    let mut index = 0;
    while index < count {
        let symbol = exact(data, at, SYMBOL)?;
        at += SYMBOL;
        let further = u64::from(*symbol.get(17)?);
        if reads_further(symbol, index)? {
            // Go reads the first and second record of a function, and the last record of other
            // symbols.
            if symbol.get(15)? & FUNCTION != 0 && further > 1 {
                exact(data, at, SYMBOL)?;
                at += SYMBOL;
            } else {
                at += (further - 1) * SYMBOL;
            }
            exact(data, at, SYMBOL)?;
            at += SYMBOL;
        } else {
            at += further * SYMBOL;
        }
        index += further + 1;
    }
    Some(())
}

pub(super) fn plan9_space(data: &[u8]) -> Option<Space<'_>> {
    let header = if u32_be(data, 0)? & 0x8000 == 0 { 32 } else { 40 };
    exact(data, 0, header)?;
    let mut offset = u32::try_from(header).ok()?;
    let mut space =
        Space { place: (0, 0), base: 0, parts: Vec::new(), unmapped: Refusal::NotMapped };
    // Sizes of text, data, symbols, and the tables for stack depths and lines. Addresses are
    // offsets in the file.
    for at in [4, 8, 16, 24, 28] {
        let size = u32_be(data, at)?;
        if at == 8 {
            space.place = (offset.into(), size.into());
        }
        space.parts.push(MappedPart {
            first: offset.into(),
            last: offset.wrapping_add(size).wrapping_sub(1).into(),
            bytes: Ok(present(data, offset.into(), size.into())),
        });
        offset = offset.wrapping_add(size);
    }
    Some(space)
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}
