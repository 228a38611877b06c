//! Finds the function table in an image.
//!
//! ```text
//! ELF      .gopclntab, .data.rel.ro.gopclntab; in .data.rel.ro where another linker joined them;
//!          without section headers: anywhere in the segments
//! Mach-O   __gopclntab
//! PE       symbol runtime.pclntab (pclntab up to Go 1.3), else anywhere in the sections; among
//!          code only where the linker is one of Go's
//! ```
//!
//! If no name leads to the table, this tries every aligned place that looks like a header, and
//! accepts it if functions with names follow from it.

use memchr::memmem;
use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol, SectionKind};

use super::moduledata::{self, ModuleData};
use super::pclntab::PclnTable;
use super::pclntab_header::PclntabLayout;
use crate::image::memory::Memory;
use crate::image::words::WordFormat;
use crate::{Error, Format, Image, Result};

const SECTIONS: [&str; 3] = [".gopclntab", ".data.rel.ro.gopclntab", "__gopclntab"];
/// The ELF section into which other linkers put the table.
const JOINED: &str = ".data.rel.ro";
const SYMBOLS: [&str; 2] = ["runtime.pclntab", "pclntab"];
/// With this many false headers, an image is made to be hard to read.
const MAX_CANDIDATES: usize = 64;
/// Sections at the start of the program's text, if nothing else shows where that is.
const TEXT: [&str; 2] = [".text", "__text"];

/// A function table with the Go data that belongs to it.
pub(super) struct Located<'a> {
    pub(super) table: PclnTable<'a>,
    /// The table's address.
    pub(super) address: u64,
    pub(super) module: Option<ModuleData>,
    pub(super) memory: Memory<'a>,
}

/// Finds the function table of an image; `None` if there is none, as in programs of other
/// languages.
pub(super) fn locate<'a>(image: &Image<'a>) -> Result<Option<Located<'a>>> {
    let Some((address, mut table)) = find(image)? else { return Ok(None) };
    let memory = Memory::new(image, table.header.words);
    let module = moduledata::find(&memory, &table.header, address);
    if table.layout() >= PclntabLayout::Go118 {
        let text = match (&module, table.header.text) {
            (Some(module), _) => module.text,
            (None, 0) => start_of_text(image),
            (None, text) => text,
        };
        table.set_text(text);
    } else {
        table.relocate(address, |place| memory.relocation(place));
    }
    Ok(Some(Located { table, address, module, memory }))
}

fn find<'a>(image: &Image<'a>) -> Result<Option<(u64, PclnTable<'a>)>> {
    let named = |section: &crate::SectionRef<'_>| {
        SECTIONS.contains(&section.name) && !section.data.is_empty()
    };
    if let Some(section) = image.sections().find(named) {
        let offset = section.file_offset.unwrap_or_default();
        return PclnTable::parse(section.data)
            .map(|table| Some((section.address, table)))
            .map_err(|why| Error::malformed("Go function table", offset, why));
    }
    Ok(match image.format() {
        Format::MachO => None,
        Format::Elf if image.sections().next().is_none() => {
            let segments = image.object().segments();
            search(image, segments.map(|it| (it.address(), it.data().unwrap_or_default())))
        }
        Format::Elf => {
            let joined = image.sections().filter(|section| section.name == JOINED);
            search(image, joined.map(|section| (section.address, section.data)))
        }
        Format::Pe => by_symbol(image).or_else(|| {
            let kinds = image.object().sections().map(|section| section.kind());
            let sections = image.sections().zip(kinds);
            let sections =
                sections.filter(|(_, kind)| *kind != SectionKind::Text || among_code(image));
            search(image, sections.map(|(section, _)| (section.address, section.data)))
        }),
    })
}

/// Whether a PE image's table could be among its code. Go put it there before it had `.rdata`. Go
/// itself or GNU ld linked those programs; they write 3.0 and 2.x as the linker's version. For
/// other programs, the search would waste time, because most of their bytes are code.
fn among_code(image: &Image<'_>) -> bool {
    let linker = match image.object() {
        object::File::Pe32(file) => file.nt_headers().optional_header.major_linker_version,
        object::File::Pe64(file) => file.nt_headers().optional_header.major_linker_version,
        _ => return true,
    };
    linker <= 3
}

fn by_symbol<'a>(image: &Image<'a>) -> Option<(u64, PclnTable<'a>)> {
    let wanted =
        |symbol: &object::Symbol<'_, '_>| symbol.name().is_ok_and(|name| SYMBOLS.contains(&name));
    let symbol = image.object().symbols().find(wanted)?;
    let section = image.object().section_by_index(symbol.section_index()?).ok()?;
    let within = usize::try_from(symbol.address().checked_sub(section.address())?).ok()?;
    let table = PclnTable::parse(section.data().ok()?.get(within..)?).ok()?;
    table.is_plausible().then_some((symbol.address(), table))
}

/// Searches ranges of memory for a table. Ranges may overlap in a hostile image, so the image's
/// size bounds the number of searched bytes.
fn search<'a>(
    image: &Image<'a>,
    stretches: impl Iterator<Item = (u64, &'a [u8])>,
) -> Option<(u64, PclnTable<'a>)> {
    let words = WordFormat {
        size: if image.object().is_64() { 8 } else { 4 },
        big: !image.object().is_little_endian(),
    };
    let (mut left, mut candidates) = (image.data().len(), 0);
    for (address, data) in stretches {
        let data = data.get(..left).unwrap_or(data);
        left -= data.len();
        let found = headers(data, words).find_map(|at| {
            if candidates == MAX_CANDIDATES {
                return None;
            }
            let table = PclnTable::parse(data.get(at..)?).ok()?;
            candidates += 1;
            let fits = table.header.words == words && table.is_plausible();
            fits.then_some((address.checked_add(at as u64)?, table))
        });
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Places where a table's header could be.
fn headers<'d>(data: &'d [u8], words: WordFormat) -> Box<dyn Iterator<Item = usize> + 'd> {
    if words.big {
        return Box::new((0..data.len()).step_by(words.size));
    }
    // All magic numbers end with these bytes, and zeros follow them. Code rarely contains them by
    // chance, and the search is about as fast as reading the memory.
    let ends = memmem::find_iter(data, b"\xff\xff\xff\0\0");
    Box::new(ends.filter_map(|end| end.checked_sub(1)).filter(move |at| at % words.size == 0))
}

fn start_of_text(image: &Image<'_>) -> u64 {
    image
        .sections()
        .find(|section| TEXT.contains(&section.name))
        .map_or(0, |section| section.address)
}
