//! Tells a file of debug data alone from a program. A gate leaves such files out, so what a loader could run
//! must not pass for one: section headers, which a loader ignores, prove nothing.
//!
//! ```text
//! ELF     no PT_LOAD with bytes in the file, but for one of the headers: offset 0, neither writable nor
//!         executable
//! PE      no section of code with bytes in the file; a section `.debug_info`
//! Mach-O  file type MH_DSYM, which neither the kernel nor dyld loads
//! ```
//!
//! Images of 32 bits are never companions here: old systems run the data of some of them.

use object::read::elf::{ElfFile64, ProgramHeader};
use object::{elf, macho, pe};

use super::Image;
use crate::image::pe_tables::PeTables;

/// Whether an image has debug data and nothing that a loader could run.
pub(crate) fn has_debug_data_alone(image: &Image<'_>) -> bool {
    match image.object() {
        object::File::Elf64(file) => image.is_debug_companion() && loads_headers_alone(file),
        object::File::Pe64(_) => {
            image.section(".debug_info").is_some()
                && PeTables::of(image).is_some_and(|tables| has_no_code(&tables))
        }
        object::File::MachO64(file) => {
            file.macho_header().filetype.get(file.endian()) == macho::MH_DSYM
        }
        _ => false,
    }
}

fn loads_headers_alone(file: &ElfFile64<'_>) -> bool {
    let endian = file.endian();
    file.elf_program_headers()
        .iter()
        .filter(|segment| segment.p_type(endian) == elf::PT_LOAD && segment.p_filesz(endian) > 0)
        .all(|segment| {
            let is_data = !segment.p_flags(endian).contains(elf::PF_W)
                && !segment.p_flags(endian).contains(elf::PF_X);
            segment.p_offset(endian) == 0 && is_data
        })
}

fn has_no_code(tables: &PeTables<'_>) -> bool {
    let code = pe::IMAGE_SCN_CNT_CODE | pe::IMAGE_SCN_MEM_EXECUTE;
    tables.sections.iter().all(|section| {
        let flags = section.characteristics.get(object::LittleEndian);
        !flags.intersects(code) || section.size_of_raw_data.get(object::LittleEndian) == 0
    })
}
