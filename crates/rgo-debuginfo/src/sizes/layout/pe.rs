//! The parts of a PE image (Microsoft, "PE Format").
//!
//! ```text
//! SizeOfHeaders at 0; sections: VirtualAddress, VirtualSize, PointerToRawData, SizeOfRawData
//! COFF symbols: 18 bytes each at PointerToSymbolTable, then strings with their length in front
//! certificates: directory 4, whose address is an offset in the file
//! ```

use object::LittleEndian as LE;
use object::pe;
use object::read::coff::CoffHeader;
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};

use crate::sizes::SizeError;
use crate::sizes::kind::ByteKind;
use crate::sizes::layout::coff::{section_kind, symbol_table};
use crate::sizes::space::SpaceBuilder;

pub(super) fn read<H: ImageNtHeaders>(
    file: &PeFile<'_, H>,
    builder: &mut SpaceBuilder,
) -> Result<(), SizeError> {
    let headers = file.nt_headers();
    let optional = headers.optional_header();
    let size: u64 = optional.size_of_headers().into();
    builder.header(0, size, "[headers]", ByteKind::Headers);
    symbol_table(headers.file_header(), file.data(), builder);
    let certificates = file.data_directory(pe::IMAGE_DIRECTORY_ENTRY_SECURITY);
    if let Some((start, size)) = certificates.map(pe::ImageDataDirectory::address_range) {
        builder.header(start.into(), size.into(), "[certificates]", ByteKind::Signature);
    }
    let base = optional.image_base();
    builder.segment("headers", 0, size, base, size)?;
    let strings =
        CoffHeader::symbols(headers.file_header(), file.data()).ok().map(|table| table.strings());
    for section in file.section_table().iter() {
        let name = match &strings {
            Some(strings) => section.name(*strings).unwrap_or_default(),
            None => section.raw_name(),
        };
        let name = String::from_utf8_lossy(name);
        let [start, stored, address, memory] = [
            section.pointer_to_raw_data.get(LE),
            section.size_of_raw_data.get(LE),
            section.virtual_address.get(LE),
            section.virtual_size.get(LE),
        ]
        .map(u64::from);
        // Old linkers leave VirtualSize empty.
        let memory = if memory == 0 { stored } else { memory };
        builder.segment(&name, start, stored, base.saturating_add(address), memory)?;
        let kind = section_kind(&name, section.characteristics.get(LE));
        let used = stored.min(memory);
        builder.section(start, used, &name, kind);
        if stored == 0 {
            builder.zeroed_section(base.saturating_add(address), memory, &name);
        } else {
            // The loader zeroes what the file lacks of a section.
            let rest = base.saturating_add(address).saturating_add(used);
            builder.zeroed_section(rest, memory - used, &name);
        }
    }
    Ok(())
}
