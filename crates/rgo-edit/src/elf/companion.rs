//! Makes the companion of an ELF image. Sections keep their numbers, addresses and sizes. Loaded
//! sections lose their bytes, except the notes: they show debuggers that companion and program
//! belong together.

use object::elf;
use rgo_binary::{Error, Result};

use super::layout::Layout;
use super::section::Section;
use super::symtab;
use crate::debuglink::DEBUGLINK;
use crate::supplement::{SUPPLEMENTS, path_range};
use crate::{Draft, Edits, Reason, bytes};

/// See [`mod@crate::companion`].
pub(crate) fn companion<'a>(input: &'a [u8], supplement: Option<&str>) -> Result<Draft<'a>> {
    let mut layout = Layout::parse(Draft::of(input))?;
    if layout.sections.len() <= 1 {
        let why = "the image has no section headers";
        return Err(Error::unsupported("a debug file of this ELF image", why));
    }
    let encoder = layout.encoder;
    let link = layout.sections.iter_mut().find(|section| section.name == DEBUGLINK);
    if let Some(link) = link.filter(|link| !link.is_loaded()) {
        link.kept = false;
        symtab::edit(&mut layout, &Edits::default())?;
        layout.removed();
    }
    if let Some(path) = supplement {
        relink(&mut layout, path)?;
    }
    layout.headers.e_phoff = encoder.file_header_size();
    let size =
        layout.headers.e_phoff + layout.segments.len() as u64 * encoder.program_header_size();
    let mut output = Draft::empty(input);
    output.push(vec![0; bytes::index(size)], Reason::FileHeader);

    // Notes come first, in the order of their addresses.
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
    let table = segment_table(&mut layout, &placed, size);
    let at = layout.headers.e_phoff;
    output.put(at, &table, Reason::ProgramHeaders, "ELF program headers")?;
    layout.write_over(output, false)
}

/// A note: its address, offset and size.
type PlacedNote = (u64, u64, u64);

/// The program headers of a file that has `size` bytes of headers and then the `notes`. Only the
/// program headers themselves, the segment that maps them, and segments that are one note have
/// bytes in the file. The others get offsets congruent to their addresses, as loaders require.
fn segment_table(layout: &mut Layout<'_>, notes: &[PlacedNote], size: u64) -> Vec<u8> {
    let start = layout.headers.e_phoff;
    let mut table = Vec::new();
    for segment in &mut layout.segments {
        let note = notes.iter().find(|(address, ..)| *address == segment.p_vaddr);
        (segment.p_offset, segment.p_filesz) = match (segment.p_type, note) {
            (elf::PT_NOTE, Some((_, offset, size))) => (*offset, *size),
            (elf::PT_PHDR, _) => (start, size - start),
            (elf::PT_LOAD, _) if segment.p_offset == 0 && segment.p_filesz >= size => (0, size),
            _ => (segment.p_vaddr.checked_rem(segment.p_align).unwrap_or_default(), 0),
        };
        layout.encoder.program_header(&mut table, segment);
    }
    table
}

/// Replaces the path of the supplementary file.
fn relink(layout: &mut Layout<'_>, path: &str) -> Result<()> {
    if path.contains('\0') {
        return Err(Error::unsupported("this path of a supplementary file", "it contains a NUL"));
    }
    for section in layout.sections.iter_mut().filter(|section| !section.is_loaded()) {
        let known = SUPPLEMENTS.iter().find(|(name, _)| section.name == name.as_bytes());
        let (Some((_, start)), data) = (known, section.input()) else { continue };
        let Some(old) = path_range(data, *start) else { continue };
        let (head, rest) = (data.get(..old.start), data.get(old.end..));
        let content = [head.unwrap_or_default(), path.as_bytes(), rest.unwrap_or_default()];
        section.set(content.concat(), Reason::DebugLink);
    }
    Ok(())
}

/// Removes symbols whose names are loaded, and so have no bytes in the companion.
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
