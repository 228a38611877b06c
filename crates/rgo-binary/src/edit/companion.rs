//! Companions: the debug data of a program in a file of their own, which debuggers find by the
//! program's build-id or UUID, or by `.gnu_debuglink`.
//!
//! ```text
//! program    header │ code, data                │ (stripped)
//! companion  header │ notes, no other contents  │ .debug_* .symtab .strtab
//! ```
//!
//! Sections keep their numbers, addresses and sizes; those that are loaded lose their bytes, but
//! for the notes, by which the two are known to belong together.

use object::elf;

use super::elf::{Layout, Section, symtab};
use super::{Draft, Edited, Finish, Why, bytes, fat, macho, pe};
use crate::{Error, Format, Image, Limits, Recognised, Result, recognise};

/// The section that names a companion (ELF, PE).
pub(super) const DEBUGLINK: &[u8] = b".gnu_debuglink";

/// The companion of an image; for a fat Mach-O file, one with as many slices. What is written of it
/// is to be read again and compared with the image: headers that no linker writes can make it
/// unreadable.
///
/// # Errors
/// [`Error::Unsupported`] for a Mach-O image whose debug data are in object files, which are
/// named (`dsymutil` collects them while these exist), and those of [`Image::parse`].
pub fn only_keep_debug(input: &[u8]) -> Result<Draft<'_>> {
    match recognise(input) {
        Recognised::FatMachO => Ok(fat::each(input, |slice| thin(slice).map(Edited::of))?.draft),
        _ => thin(input),
    }
}

fn thin(input: &[u8]) -> Result<Draft<'_>> {
    let image = Image::parse(input, &Limits::default())?;
    match image.format() {
        Format::Elf => elf_companion(input),
        Format::Pe => pe::only_keep_debug(input),
        Format::MachO => macho::only_keep_debug(input),
    }
}

/// CRC-32 of a companion, for `.gnu_debuglink` (IEEE 802.3, as in zlib).
#[must_use]
pub fn debuglink_crc(companion: &Draft<'_>) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    companion.chunks().for_each(|chunk| crc.update(chunk));
    crc.finalize()
}

/// Content of [`DEBUGLINK`]: file name, NUL, zeros up to a multiple of 4, the CRC-32 in the order of
/// bytes that the image has.
pub(super) fn debuglink(name: &str, crc: [u8; 4]) -> Result<Vec<u8>> {
    if name.contains('\0') {
        return Err(Error::unsupported("this name of a debug file", "it contains a NUL"));
    }
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut content = name.as_bytes().to_vec();
    content.push(0);
    bytes::pad(&mut content, 4);
    content.extend(crc);
    Ok(content)
}

fn elf_companion(input: &[u8]) -> Result<Draft<'_>> {
    let mut layout = Layout::parse(Draft::of(input))?;
    if layout.sections.len() <= 1 {
        let why = "the image has no section headers";
        return Err(Error::unsupported("a debug file of this ELF image", why));
    }
    let encoder = layout.encoder;
    let link = layout.sections.iter_mut().find(|section| section.name == DEBUGLINK);
    if let Some(link) = link.filter(|link| !link.is_loaded()) {
        link.kept = false;
        symtab::edit(&mut layout, &Finish::default())?;
        layout.removed();
    }
    layout.headers.e_phoff = encoder.file_header_size();
    let size =
        layout.headers.e_phoff + layout.segments.len() as u64 * encoder.program_header_size();
    let mut output = Draft::empty(input);
    output.push(vec![0; bytes::index(size)], Why::FileHeader);

    // Notes go in front, in the order of their addresses.
    let mut notes = Vec::new();
    let names = layout.names_number();
    for (number, section) in layout.sections.iter_mut().enumerate() {
        section.in_segment = false;
        if !section.is_loaded() || number == names {
            continue;
        }
        if section.header.sh_type == elf::SHT_NOTE {
            notes.push((section.header.sh_addr, number));
        } else {
            section.header.sh_type = elf::SHT_NOBITS;
            section.header.sh_offset = size;
        }
    }
    drop_nameless_symbols(&mut layout, size);
    notes.sort_unstable();
    let mut placed = Vec::new();
    for (address, number) in notes {
        let Some(section) = layout.sections.get_mut(number) else { continue };
        section.place(&mut output, &layout.source)?;
        section.in_segment = true;
        placed.push((address, section.header.sh_offset, section.header.sh_size));
    }
    // No segment has bytes here but those that are one note.
    let mut table = Vec::new();
    for segment in &mut layout.segments {
        let note = placed.iter().find(|(address, ..)| *address == segment.p_vaddr);
        (segment.p_offset, segment.p_filesz) = match note {
            Some((_, offset, size)) if segment.p_type == elf::PT_NOTE => (*offset, *size),
            _ => (0, 0),
        };
        encoder.program_header(&mut table, segment);
    }
    let at = layout.headers.e_phoff;
    output.put(at, &table, Why::ProgramHeaders, "ELF program headers")?;
    layout.write_over(output, false)
}

/// Of symbols whose names are loaded, and so have no bytes here, nothing can be read.
fn drop_nameless_symbols(layout: &mut Layout<'_>, offset: u64) {
    let is_lost = |section: &Section<'_>| section.header.sh_type == elf::SHT_NOBITS;
    let lost: Vec<bool> = layout.sections.iter().map(is_lost).collect();
    for section in &mut layout.sections {
        let is_symbols = matches!(section.header.sh_type, elf::SHT_SYMTAB | elf::SHT_DYNSYM);
        let names = section.header.sh_link as usize;
        if is_symbols && lost.get(names).copied().unwrap_or_default() {
            section.header.sh_type = elf::SHT_NOBITS;
            section.header.sh_offset = offset;
        }
    }
}
