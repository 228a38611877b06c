//! The parts of a COFF object (Microsoft, "PE Format").
//!
//! ```text
//! file header of 20 bytes (56 with /bigobj), section headers of 40; for each section its bytes, relocations
//! of 10, line numbers of 6; symbols of 18 (20), then strings with their length in front
//! ```

use object::pe;
use object::read::coff::{CoffFile, CoffHeader};
use object::{LittleEndian as LE, ReadRef};

use crate::sizes::SizeError;
use crate::sizes::kind::ByteKind;
use crate::sizes::space::{ObjectSection, SpaceBuilder};

pub(super) fn read<'a, H: CoffHeader>(
    file: &CoffFile<'a, &'a [u8], H>,
    data: &'a [u8],
    builder: &mut SpaceBuilder,
) -> Result<(), SizeError> {
    let header = file.coff_header();
    let size = if H::is_type_bigobj() { 56 } else { 20 };
    let sections = file.coff_section_table();
    let table = sections.len() as u64 * 40;
    builder.header(0, size + table, "[headers]", ByteKind::Headers);
    symbol_table(header, data, builder);
    let symbols = file.coff_symbol_table();
    for (index, section) in sections.enumerate() {
        let name = section.name(symbols.strings()).unwrap_or_default();
        let name = String::from_utf8_lossy(name);
        let flags = section.characteristics.get(LE);
        let start: u64 = section.pointer_to_raw_data.get(LE).into();
        let size: u64 = section.size_of_raw_data.get(LE).into();
        let kind = section_kind(&name, flags);
        let is_loaded = !flags.intersects(
            pe::IMAGE_SCN_LNK_REMOVE | pe::IMAGE_SCN_LNK_INFO | pe::IMAGE_SCN_MEM_DISCARDABLE,
        );
        let start = (start > 0).then_some(start);
        // The symbol table counts sections from 0.
        let number = index.0.saturating_sub(1);
        builder
            .object_section(number, ObjectSection { name: &name, start, size, kind, is_loaded })?;
        let count: u64 = section.number_of_relocations.get(LE).into();
        let at = section.pointer_to_relocations.get(LE).into();
        builder.header(at, count * 10, "[relocations]", ByteKind::Relocations);
        let count: u64 = section.number_of_linenumbers.get(LE).into();
        let at = section.pointer_to_linenumbers.get(LE).into();
        builder.header(at, count * 6, "[line numbers]", ByteKind::Debug);
    }
    Ok(())
}

/// The symbols and their names.
pub(super) fn symbol_table<H: CoffHeader>(header: &H, data: &[u8], builder: &mut SpaceBuilder) {
    let start: u64 = header.pointer_to_symbol_table().into();
    if start == 0 {
        return;
    }
    let each = if H::is_type_bigobj() { 20 } else { 18 };
    let size = u64::from(header.number_of_symbols()) * each;
    builder.header(start, size, "[symbols]", ByteKind::Symbols);
    let strings = start.saturating_add(size);
    let length: Option<&object::U32<LE>> = data.read_at(strings).ok();
    let length = length.map_or(0, |length| length.get(LE)).into();
    builder.header(strings, length, "[names of symbols]", ByteKind::Symbols);
}

/// What the header of a section says of its bytes.
pub(super) fn section_kind(name: &str, flags: pe::SectionFlags) -> ByteKind {
    if let Some(kind) = ByteKind::of_name(name) {
        return kind;
    }
    if flags.intersects(pe::IMAGE_SCN_LNK_INFO | pe::IMAGE_SCN_LNK_REMOVE) {
        ByteKind::Notes
    } else if flags.intersects(pe::IMAGE_SCN_CNT_CODE | pe::IMAGE_SCN_MEM_EXECUTE) {
        ByteKind::Code
    } else if flags.contains(pe::IMAGE_SCN_CNT_UNINITIALIZED_DATA) {
        ByteKind::ZeroedData
    } else if flags.contains(pe::IMAGE_SCN_MEM_WRITE) {
        ByteKind::Data
    } else {
        ByteKind::ReadOnlyData
    }
}
