//! Checks PE files as Go does (`debug/pe`, `NewFile`), and maps their data. Go checks the COFF
//! symbol table, section names and relocations and refuses the file for a flaw in them, although
//! the blob needs none of these.

use object::LittleEndian as LE;
use object::pe::{
    IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ, IMAGE_SCN_MEM_WRITE, ImageFileHeader,
    ImageOptionalHeader32, ImageOptionalHeader64, ImageSectionHeader, ImageSymbolBytes,
};

use super::{MappedPart, Refusal, Space, exact, present, read_at};

/// amd64, arm64, armnt, i386, riscv32, riscv64, riscv128, unknown.
const MACHINES: [u16; 8] = [0x8664, 0xaa64, 0x1c4, 0x14c, 0x5032, 0x5064, 0x5128, 0];
const DOS_HEADER: u64 = 96;
const SYMBOL: u32 = 18;
const RELOCATION: u64 = 10;
const DIRECTORY: u64 = 8;
/// Go's own linker writes an alignment of 32; it does not count as a flag.
const ALIGN_32: u32 = 0x60_0000;

pub(super) fn space(data: &[u8]) -> Option<Space<'_>> {
    exact(data, 0, DOS_HEADER)?;
    let signature = u64::from(u32::from_le_bytes(*data.get(0x3c..)?.first_chunk()?));
    if exact(data, signature, 4)? != b"PE\0\0" {
        return None;
    }
    let at = signature + 4;
    let header: &ImageFileHeader = read_at(data, at)?;
    if !MACHINES.contains(&header.machine.get(LE).0) {
        return None;
    }
    let strings = string_table(data, header)?;
    symbols(data, header, strings)?;

    let optional = at + size_of::<ImageFileHeader>() as u64;
    let optional_size = u64::from(header.size_of_optional_header.get(LE));
    let base = image_base(data, optional, optional_size)?;
    let mut space = Space { place: (0, 0), base, parts: Vec::new(), unmapped: Refusal::Format };
    let wanted = IMAGE_SCN_CNT_INITIALIZED_DATA.0 | IMAGE_SCN_MEM_READ.0 | IMAGE_SCN_MEM_WRITE.0;
    let mut found = false;
    for index in 0..u64::from(header.number_of_sections.get(LE)) {
        let stride = size_of::<ImageSectionHeader>() as u64;
        let section: &ImageSectionHeader =
            read_at(data, optional + optional_size + index * stride)?;
        check_name(&section.name, strings)?;
        let relocations = u64::from(section.number_of_relocations.get(LE)) * RELOCATION;
        exact(data, section.pointer_to_relocations.get(LE).into(), relocations)?;

        let address = section.virtual_address.get(LE);
        let size = section.size_of_raw_data.get(LE);
        let offset = section.pointer_to_raw_data.get(LE);
        space.parts.push(MappedPart {
            first: address.into(),
            last: address.wrapping_add(size).wrapping_sub(1).into(),
            bytes: if offset == 0 && size > 0 {
                Err(Refusal::NoBytes)
            } else {
                Ok(present(data, offset.into(), size.into()))
            },
        });
        let flags = section.characteristics.get(LE).0 & !ALIGN_32;
        if !found && address != 0 && size != 0 && flags == wanted {
            let start = base.wrapping_add(address.into());
            space.place = (start, section.virtual_size.get(LE).into());
            found = true;
        }
    }
    Some(space)
}

/// The string table behind the symbols, which holds names of more than 8 bytes.
fn string_table<'a>(data: &'a [u8], header: &ImageFileHeader) -> Option<&'a [u8]> {
    let symbols = header.pointer_to_symbol_table.get(LE);
    if symbols == 0 {
        return Some(&[]);
    }
    // Sum and product wrap in Go.
    let at = symbols.wrapping_add(SYMBOL.wrapping_mul(header.number_of_symbols.get(LE)));
    let length = u32::from_le_bytes(*exact(data, at.into(), 4)?.first_chunk()?);
    exact(data, u64::from(at) + 4, length.saturating_sub(4).into())
}

/// Checks the symbol table: each name and all auxiliary records of each symbol must exist.
fn symbols(data: &[u8], header: &ImageFileHeader, strings: &[u8]) -> Option<()> {
    let at = header.pointer_to_symbol_table.get(LE);
    if at == 0 {
        return Some(());
    }
    let size = u64::from(header.number_of_symbols.get(LE)) * u64::from(SYMBOL);
    let mut further = 0;
    for record in exact(data, at.into(), size)?.chunks_exact(SYMBOL as usize) {
        let ImageSymbolBytes(bytes) = read_at(record, 0)?;
        if further > 0 {
            further -= 1;
            continue;
        }
        let (short, long) = (bytes.first_chunk::<4>()?, bytes.get(4..)?.first_chunk::<4>()?);
        let offset = u32::from_le_bytes(*long);
        if *short == [0; 4] && offset != 0 {
            check_offset(offset, strings)?;
        }
        further = *bytes.last()?;
    }
    (further == 0).then_some(())
}

/// A name of more than 8 bytes is stored as `/` and its decimal offset in the string table.
fn check_name(name: &[u8; 8], strings: &[u8]) -> Option<()> {
    let Some(number) = name.strip_prefix(b"/") else { return Some(()) };
    let number = number.split(|byte| *byte == 0).next()?;
    let number: i64 = std::str::from_utf8(number).ok()?.parse().ok()?;
    check_offset(u32::try_from(number).ok()?, strings)
}

/// Offsets count from the table's length field, which stands before the strings.
fn check_offset(offset: u32, strings: &[u8]) -> Option<()> {
    (offset.checked_sub(4)? as usize <= strings.len()).then_some(())
}

/// The preferred address, from an optional header whose size must fit its directories exactly.
fn image_base(data: &[u8], at: u64, size: u64) -> Option<u64> {
    if size == 0 {
        return Some(0);
    }
    let (base, fixed, directories) = match exact(data, at, 2)? {
        [0x0b, 0x01] => {
            let fixed = size_of::<ImageOptionalHeader32>() as u64;
            let header: &ImageOptionalHeader32 = read_at(exact(data, at, size.min(fixed))?, 0)?;
            (header.image_base.get(LE).into(), fixed, header.number_of_rva_and_sizes.get(LE))
        }
        [0x0b, 0x02] => {
            let fixed = size_of::<ImageOptionalHeader64>() as u64;
            let header: &ImageOptionalHeader64 = read_at(exact(data, at, size.min(fixed))?, 0)?;
            (header.image_base.get(LE), fixed, header.number_of_rva_and_sizes.get(LE))
        }
        _ => return None,
    };
    let rest = size.checked_sub(fixed)?;
    if rest != u64::from(directories) * DIRECTORY {
        return None;
    }
    exact(data, at, size)?;
    Some(base)
}
