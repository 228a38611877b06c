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

use std::ops::Range;

use object::elf;

use super::elf::{Layout, Section, symtab};
use super::{Draft, Edited, Finish, Why, bytes, fat, macho, pe};
use rgo_binary::{Error, Format, Image, Limits, Recognised, Result, recognise};

/// The section that names a companion (ELF, PE).
pub(super) const DEBUGLINK: &[u8] = b".gnu_debuglink";

/// The sections that name a supplementary file (ELF), and where their path starts.
const SUPPLEMENTS: [(&str, usize); 2] = [(".gnu_debugaltlink", 0), (".debug_sup", 3)];

/// The companion of an image; for a fat Mach-O file, one with as many slices. What is written of it
/// is to be read again and compared with the image: headers that no linker writes can make it
/// unreadable.
///
/// # Errors
/// [`Error::Unsupported`] for a Mach-O image whose debug data are in object files, which are
/// named (`dsymutil` collects them while these exist), and those of [`Image::parse`].
pub fn only_keep_debug(input: &[u8]) -> Result<Draft<'_>> {
    companion(input, None)
}

/// As [`only_keep_debug`]; an ELF companion names `supplement` as its supplementary file, in the
/// place of the path that the input has (see [`supplement`]).
///
/// # Errors
/// Those of [`only_keep_debug`].
pub fn companion<'a>(input: &'a [u8], supplement: Option<&str>) -> Result<Draft<'a>> {
    match recognise(input) {
        Recognised::FatMachO => {
            Ok(fat::each(input, |slice| thin(slice, None).map(Edited::of))?.draft)
        }
        _ => thin(input, supplement),
    }
}

/// The path of the supplementary file of an ELF image: debug data that dwz has put there because
/// several images have them in common. A path that is not absolute starts from the image's folder.
///
/// ```text
/// .gnu_debugaltlink   path, NUL, the build-id of the file at the path
/// .debug_sup          u16 version, u8 0, path, NUL, size and bytes of a checksum
/// ```
/// (gdb, "Separate Debug Files"; DWARF 5, section 7.3.6)
#[must_use]
pub fn supplement<'a>(image: &Image<'a>) -> Option<&'a str> {
    SUPPLEMENTS.iter().find_map(|(name, start)| {
        let data = image.section(name)?.data;
        std::str::from_utf8(data.get(supplement_path(data, *start)?)?).ok()
    })
}

/// Where a section that names a supplementary file has its path. (A supplementary file has a
/// `.debug_sup` of its own, without one.)
fn supplement_path(data: &[u8], start: usize) -> Option<Range<usize>> {
    let size = data.get(start..)?.iter().position(|byte| *byte == 0)?;
    let is_link = data.get(..start)?.last().is_none_or(|is_supplement| *is_supplement == 0);
    (is_link && size > 0).then_some(start..start + size)
}

fn thin<'a>(input: &'a [u8], supplement: Option<&str>) -> Result<Draft<'a>> {
    let image = Image::parse(input, &Limits::default())?;
    match image.format() {
        Format::Elf => elf_companion(input, supplement),
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

fn elf_companion<'a>(input: &'a [u8], supplement: Option<&str>) -> Result<Draft<'a>> {
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
    if let Some(path) = supplement {
        relink(&mut layout, path)?;
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
    // No segment has bytes here but the program headers, what maps these, and those that are one
    // note. The others have offsets congruent to their addresses, as loaders want it.
    let start = layout.headers.e_phoff;
    let mut table = Vec::new();
    for segment in &mut layout.segments {
        let note = placed.iter().find(|(address, ..)| *address == segment.p_vaddr);
        (segment.p_offset, segment.p_filesz) = match (segment.p_type, note) {
            (elf::PT_NOTE, Some((_, offset, size))) => (*offset, *size),
            (elf::PT_PHDR, _) => (start, size - start),
            (elf::PT_LOAD, _) if segment.p_offset == 0 && segment.p_filesz >= size => (0, size),
            _ => (segment.p_vaddr.checked_rem(segment.p_align).unwrap_or_default(), 0),
        };
        encoder.program_header(&mut table, segment);
    }
    let at = layout.headers.e_phoff;
    output.put(at, &table, Why::ProgramHeaders, "ELF program headers")?;
    layout.write_over(output, false)
}

/// Has the image name its supplementary file by another path.
fn relink(layout: &mut Layout<'_>, path: &str) -> Result<()> {
    if path.contains('\0') {
        return Err(Error::unsupported("this path of a supplementary file", "it contains a NUL"));
    }
    for section in layout.sections.iter_mut().filter(|section| !section.is_loaded()) {
        let known = SUPPLEMENTS.iter().find(|(name, _)| section.name == name.as_bytes());
        let (Some((_, start)), data) = (known, section.input()) else { continue };
        let Some(old) = supplement_path(data, *start) else { continue };
        let (head, rest) = (data.get(..old.start), data.get(old.end..));
        let content = [head.unwrap_or_default(), path.as_bytes(), rest.unwrap_or_default()];
        section.set(content.concat(), Why::DebugLink);
    }
    Ok(())
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
