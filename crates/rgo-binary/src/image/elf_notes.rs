//! Reads the notes of an ELF image, by segments and by sections: a strip can remove the section
//! headers, a linker script the segments.
//!
//! ```text
//!  0  4  bytes of the name, its NUL included
//!  4  4  bytes of the content
//!  8  4  type; its meaning depends on the name
//! 12  …  name, padding, content, padding
//! ```
//!
//! Padding fills up to a multiple of 4, or of 8 if the segment or section is aligned to 8 and the
//! note's length agrees (gABI, "Note Section"; Linux extensions to it). Linkers also put notes
//! padded to 4 into segments aligned to 8 or more, so the lengths decide in doubt.

use std::collections::BTreeSet;

use object::read::elf::{ElfFile, FileHeader, ProgramHeader, SectionHeader};
use object::{Endianness, Object, elf};

use crate::Image;

const HEADER: usize = 12;
/// Segments and sections name the same bytes twice; only forged headers name them more often.
const MOST_PASSES: u64 = 4;
const MOST_PLACES: usize = 1 << 16;

/// One note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ElfNote<'a> {
    /// The owner's name, without NULs at its end.
    pub(crate) name: &'a [u8],
    /// The owner's number for this kind of note.
    pub(crate) kind: u32,
    /// The content.
    pub(crate) desc: &'a [u8],
}

#[derive(Clone, Copy)]
struct NoteRange {
    offset: u64,
    size: u64,
    align: u64,
}

/// All notes, those of segments first. A note in both a segment and a section comes twice. Empty
/// for other formats.
pub(crate) fn notes<'a>(image: &Image<'a>) -> impl Iterator<Item = ElfNote<'a>> + use<'a> {
    let places = match image.object() {
        object::File::Elf32(file) => places(file),
        object::File::Elf64(file) => places(file),
        _ => Vec::new(),
    };
    let (data, little) = (image.data(), image.object().is_little_endian());
    let mut budget = (data.len() as u64).saturating_mul(MOST_PASSES);
    let mut seen = BTreeSet::new();
    places
        .into_iter()
        .filter(move |place| seen.insert((place.offset, place.size)))
        .filter_map(move |place| {
            budget = budget.checked_sub(place.size)?;
            Some((range(data, place)?, place.align))
        })
        .flat_map(move |(bytes, align)| walk(bytes, align, little))
}

fn places<E: FileHeader<Endian = Endianness>>(file: &ElfFile<'_, E>) -> Vec<NoteRange> {
    let endian = file.endian();
    let segments = file
        .elf_program_headers()
        .iter()
        .filter(|segment| matches!(segment.p_type(endian), elf::PT_NOTE | elf::PT_GNU_PROPERTY))
        .map(|segment| NoteRange {
            offset: segment.p_offset(endian).into(),
            size: segment.p_filesz(endian).into(),
            align: segment.p_align(endian).into(),
        });
    let sections = file
        .elf_section_table()
        .iter()
        .filter(|section| section.sh_type(endian) == elf::SHT_NOTE)
        .map(|section| NoteRange {
            offset: section.sh_offset(endian).into(),
            size: section.sh_size(endian).into(),
            align: section.sh_addralign(endian).into(),
        });
    segments.chain(sections).take(MOST_PLACES).collect()
}

fn range(data: &[u8], place: NoteRange) -> Option<&[u8]> {
    let start = usize::try_from(place.offset).ok()?;
    data.get(start..start.checked_add(usize::try_from(place.size).ok()?)?)
}

fn walk(bytes: &[u8], align: u64, little: bool) -> ElfNotes<'_> {
    let walk = |align| ElfNotes { rest: bytes, align, little };
    match align {
        8 if walk(8).ends_well() || !walk(4).ends_well() => walk(8),
        _ => walk(4),
    }
}

/// The notes of one segment or section, up to the first that does not fit.
struct ElfNotes<'a> {
    rest: &'a [u8],
    align: usize,
    little: bool,
}

impl ElfNotes<'_> {
    fn ends_well(mut self) -> bool {
        self.by_ref().for_each(drop);
        self.rest.is_empty()
    }

    fn word(&self, at: usize) -> Option<u32> {
        let bytes = *self.rest.get(at..)?.first_chunk()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }
}

impl<'a> Iterator for ElfNotes<'a> {
    type Item = ElfNote<'a>;

    fn next(&mut self) -> Option<ElfNote<'a>> {
        let size = |at| self.word(at).and_then(|size| usize::try_from(size).ok());
        let (name_size, desc_size, kind) = (size(0)?, size(4)?, self.word(8)?);
        let name_end = HEADER.checked_add(name_size)?;
        let name = self.rest.get(HEADER..name_end)?;
        let desc_at = name_end.checked_next_multiple_of(self.align)?;
        let desc_end = desc_at.checked_add(desc_size)?;
        let desc = self.rest.get(desc_at.min(desc_end)..desc_end)?;
        let next = desc_end.checked_next_multiple_of(self.align)?;
        // The padding of the last note may be missing.
        self.rest = self.rest.get(next..).unwrap_or_default();
        let length = name.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(ElfNote { name: name.get(..length).unwrap_or_default(), kind, desc })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encode(name: &[u8], kind: u32, desc: &[u8], align: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [name.len() as u32, desc.len() as u32, kind] {
            bytes.extend(word.to_be_bytes());
        }
        for part in [name, desc] {
            bytes.extend(part);
            bytes.resize(bytes.len().next_multiple_of(align), 0);
        }
        bytes
    }

    #[test]
    fn lengths_decide_over_the_alignment() {
        let parts = [(&b"GNU\0"[..], 5, &[1; 16][..]), (b"FDO\0", 7, &[2; 20]), (b"A\0", 1, b"")];
        for padding in [4, 8] {
            let bytes: Vec<u8> = parts
                .iter()
                .flat_map(|(name, kind, desc)| encode(name, *kind, desc, padding))
                .collect();
            let aligns: &[u64] = if padding == 4 { &[0, 1, 4, 8, 16, 4096] } else { &[8] };
            for align in aligns {
                let notes: Vec<_> = walk(&bytes, *align, false).collect();
                let names: Vec<_> = notes.iter().map(|note| (note.name, note.kind)).collect();
                assert_eq!(names, [(&b"GNU"[..], 5), (b"FDO", 7), (b"A", 1)], "{padding} {align}");
                assert_eq!(notes[1].desc, [2; 20]);
            }
        }
    }

    #[test]
    fn what_fits_before_the_damage_is_kept() {
        let mut bytes = encode(b"GNU\0", 3, &[9; 20], 4);
        let good = bytes.len();
        bytes.extend([0xff; 30]);
        let notes: Vec<_> = walk(&bytes, 4, false).collect();
        assert_eq!(notes.len(), 1);
        for end in 0..good {
            assert_eq!(walk(&bytes[..end], 4, false).count(), 0, "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            align in 0_u64..20,
        ) {
            let count = walk(&bytes, align, true).count();
            prop_assert!(count <= bytes.len() / HEADER);
        }
    }
}
