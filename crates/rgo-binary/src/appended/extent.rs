//! Finds the end of an image: the end of the last part that its headers and tables name.
//!
//! ```text
//! ELF      sections, segments, both header tables
//! Mach-O   segments, sections, and the tables that load commands name (in __LINKEDIT, mostly)
//! PE       headers, sections, symbols and their names, debug entries; behind these may be a
//!          certificate, which is not a part of the signed image
//! ```

use std::ops::Range;

use object::read::elf::{ElfFile, FileHeader, ProgramHeader, SectionHeader};
use object::read::macho::{LoadCommandVariant as Command, MachHeader, MachOFile};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader, PeFile};
use object::{Endianness, LittleEndian as LE, Object, ObjectSegment, elf, pe};

use crate::Image;
use crate::image::pe_tables::{PeTables, le_u32};

/// A certificate starts at a multiple of 8 bytes.
const CERTIFICATE_ALIGN: u64 = 8;
/// The largest alignment that sections have in a file (Microsoft, "PE Format", `FileAlignment`).
const MAX_SECTOR: u64 = 1 << 16;

/// The bytes behind the image; `None` if there are none.
pub(super) fn behind(image: &Image<'_>) -> Option<Range<u64>> {
    let size = image.data().len() as u64;
    let end = match image.object() {
        object::File::Elf32(file) => elf_end(file),
        object::File::Elf64(file) => elf_end(file),
        object::File::MachO32(file) => macho_end(file),
        object::File::MachO64(file) => macho_end(file),
        object::File::Pe32(file) => return behind_pe(image, pe_end(image, file)),
        object::File::Pe64(file) => return behind_pe(image, pe_end(image, file)),
        _ => return None,
    };
    (end < size).then_some(end..size)
}

fn elf_end<E: FileHeader<Endian = Endianness>>(file: &ElfFile<'_, E>) -> u64 {
    let (header, endian) = (file.elf_header(), file.endian());
    let table = |at: u64, entry: u16, count: usize| {
        if count == 0 { 0 } else { at.saturating_add(u64::from(entry) * count as u64) }
    };
    let segments = file.elf_program_headers();
    let sections = file.elf_section_table();
    let phdrs = table(header.e_phoff(endian).into(), header.e_phentsize(endian), segments.len());
    let shdrs = table(header.e_shoff(endian).into(), header.e_shentsize(endian), sections.len());
    // The segments of a debug companion have the offsets of its program's file.
    let size = file.data().len() as u64;
    let of_segments = segments
        .iter()
        // Lld rounds the size of this segment up to a page, past the end of the loaded data.
        .filter(|segment| segment.p_type(endian) != elf::PT_GNU_RELRO)
        .map(|segment| (segment.p_offset(endian).into(), segment.p_filesz(endian).into()))
        .filter(|(start, length): &(u64, u64)| *length > 0 && *start < size);
    let of_sections = sections
        .iter()
        .filter_map(|section| section.file_range(endian))
        .filter(|(_, length)| *length > 0);
    let parts = of_segments.chain(of_sections);
    parts
        .map(|(start, length)| start.saturating_add(length))
        .chain([u64::from(header.e_ehsize(endian)), phdrs, shdrs])
        .max()
        .unwrap_or_default()
}

fn macho_end<H: MachHeader<Endian = Endianness>>(file: &MachOFile<'_, H>) -> u64 {
    let endian = file.endian();
    let header = size_of::<H>() as u64 + u64::from(file.macho_header().sizeofcmds(endian));
    let segments = file.segments().map(|segment| segment.file_range());
    let mut end = segments
        .map(|(start, size)| start.saturating_add(size))
        .chain([header])
        .max()
        .unwrap_or_default();
    let mut add = |start: u32, size: u64| {
        if size > 0 {
            end = end.max(u64::from(start).saturating_add(size));
        }
    };
    let Ok(mut commands) = file.macho_load_commands() else { return end };
    while let Ok(Some(command)) = commands.next() {
        match command.variant() {
            Ok(Command::Symtab(table)) => {
                let symbols = u64::from(table.nsyms.get(endian)) * size_of::<H::Nlist>() as u64;
                add(table.symoff.get(endian), symbols);
                add(table.stroff.get(endian), table.strsize.get(endian).into());
            }
            Ok(Command::LinkeditData(data)) => {
                add(data.dataoff.get(endian), data.datasize.get(endian).into());
            }
            _ => {}
        }
    }
    end
}

/// The end of the image without its certificate.
fn pe_end<H: ImageNtHeaders>(image: &Image<'_>, file: &PeFile<'_, H>) -> u64 {
    let headers = file.nt_headers();
    let sections = file.section_table().iter().map(|section| {
        let (start, size) = section.pe_file_range();
        // The loader rounds the size in the file up; bytes beyond the size in memory are padding.
        let size = size.max(section.size_of_raw_data.get(LE));
        u64::from(start) + if start == 0 { 0 } else { u64::from(size) }
    });
    let coff = headers.file_header();
    let symbols = u64::from(coff.pointer_to_symbol_table.get(LE));
    let symbols_end = symbols + 18 * u64::from(coff.number_of_symbols.get(LE));
    // The string table starts with its size.
    let names = usize::try_from(symbols_end).ok().and_then(|at| le_u32(image.data(), at));
    let names = names.filter(|_| symbols > 0).map(|size| symbols_end + u64::from(size));
    // The header still names a symbol table after a tool has removed it or cut the file.
    let size_of_file = image.data().len() as u64;
    let symbols = [Some(symbols_end).filter(|_| symbols > 0), names].into_iter().flatten();
    let symbols = symbols.filter(|end| *end <= size_of_file);
    let tables = PeTables::of(image);
    let debug = tables.iter().flat_map(PeTables::debug_entries).map(|(_, bytes)| {
        let start = (bytes.as_ptr() as usize).wrapping_sub(image.data().as_ptr() as usize);
        if bytes.is_empty() { 0 } else { start as u64 + bytes.len() as u64 }
    });
    let size = headers.optional_header().size_of_headers();
    let end = sections.chain(debug).chain(symbols).chain([size.into()]).max().unwrap_or_default();
    // Linkers pad the last sector.
    let sector = u64::from(headers.optional_header().file_alignment()).clamp(1, MAX_SECTOR);
    let filled = end.checked_next_multiple_of(sector).unwrap_or(end).min(size_of_file);
    if is_zero(image.data(), end..filled) { filled.max(end) } else { end }
}

/// Whether a range holds zeros alone.
fn is_zero(data: &[u8], range: Range<u64>) -> bool {
    let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
        return false;
    };
    data.get(start..end).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0))
}

/// The bytes between the image and its certificate; without any, the bytes behind the certificate.
fn behind_pe(image: &Image<'_>, end: u64) -> Option<Range<u64>> {
    let data = image.data();
    let size = data.len() as u64;
    // The address of this directory is an offset in the file.
    let certificate = PeTables::of(image)
        .and_then(|tables| tables.directory(pe::IMAGE_DIRECTORY_ENTRY_SECURITY))
        .map(|(at, length)| u64::from(at)..u64::from(at) + u64::from(length))
        .filter(|range| range.start >= end && range.end <= size && !range.is_empty());
    let Some(certificate) = certificate else { return (end < size).then_some(end..size) };
    let between = end..certificate.start;
    let is_padding =
        between.end - between.start < CERTIFICATE_ALIGN && is_zero(data, end..certificate.start);
    if between.is_empty() || is_padding {
        return (certificate.end < size).then_some(certificate.end..size);
    }
    Some(between)
}
