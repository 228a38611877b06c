//! Reads the ID that the Go command gives each program to check whether it is up to date (Go,
//! `cmd/internal/buildid`).
//!
//! ```text
//! ELF            note: name "Go\0\0", type 4, the ID
//! Mach-O and PE  at the start of the text: ff " Go build ID: " "quoted ID" "\n \xff"
//! ```

use object::read::elf::{ElfFile, FileHeader, ProgramHeader, SectionHeader};

use crate::{Error, Image, Result};

const NOTE_NAME: &[u8] = b"Go\0\0";
const NOTE_TYPE: u32 = 4;
const SECTION: &str = ".note.go.buildid";
const PREFIX: &[u8] = b"\xff Go build ID: \"";
const END: &[u8] = b"\"\n \xff";
/// The number of bytes that Go's tools search, from the start of the file or of the text.
const LOOK_THROUGH: usize = 32 << 10;
const TEXT: [&str; 2] = [".text", "__text"];

/// The Go build ID of an image; `None` if it has none, as programs linked with `-buildid=`.
///
/// # Errors
/// [`Error::Malformed`] for an ID without an end, with its offset from the start of the image.
pub fn build_id(image: &Image<'_>) -> Result<Option<String>> {
    match image.object() {
        object::File::Elf32(file) => Ok(note(file, image.limits().max_symbols)),
        object::File::Elf64(file) => Ok(note(file, image.limits().max_symbols)),
        _ => in_text(image),
    }
}

fn note<E: FileHeader>(file: &ElfFile<'_, E>, most: usize) -> Option<String> {
    let (endian, data) = (file.endian(), file.data());
    let segments = file.elf_program_headers().iter();
    let in_segments = segments.filter_map(|segment| segment.notes(endian, data).ok().flatten());
    let sections = file.elf_section_table();
    let in_section = sections
        .section_by_name(endian, SECTION.as_bytes())
        .and_then(|(_, section)| section.notes(endian, data).ok().flatten());
    in_segments
        .chain(in_section)
        .flat_map(|notes| notes.map_while(std::result::Result::ok))
        .take(most)
        .find(|note| note.name_bytes() == NOTE_NAME && note.n_type(endian).0 == NOTE_TYPE)
        .map(|note| String::from_utf8_lossy(note.desc()).into_owned())
        .filter(|id| !id.is_empty())
}

fn in_text(image: &Image<'_>) -> Result<Option<String>> {
    let text = image.sections().find(|section| TEXT.contains(&section.name));
    let text = text.map(|section| (section.data, section.file_offset.unwrap_or_default()));
    for (data, base) in text.into_iter().chain([(image.data(), 0)]) {
        let data = data.get(..LOOK_THROUGH).unwrap_or(data);
        let Some(at) = position(data, PREFIX) else { continue };
        let rest = data.get(at + PREFIX.len()..).unwrap_or_default();
        let end = position(rest, END)
            .ok_or_else(|| Error::malformed("Go build ID", base + at as u64, "it does not end"))?;
        let id = rest.get(..end).unwrap_or_default();
        return Ok(Some(String::from_utf8_lossy(id).into_owned()).filter(|id| !id.is_empty()));
    }
    Ok(None)
}

fn position(data: &[u8], wanted: &[u8]) -> Option<usize> {
    data.windows(wanted.len()).position(|window| window == wanted)
}
