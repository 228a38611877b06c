//! Checks an ELF image for its readers. For a loader: headers stay the same, except the fields with
//! the places of sections, and segments have the input's bytes. For a linker: relocations of an
//! object name the same symbols.

use std::ops::Range;

use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
use object::write::elf::ProgramHeader as WriteHeader;
use object::{Endianness, FileKind, elf};

use super::{bad, may_change};
use crate::{Draft, Piece, Reason};
use rgo_binary::{Error, Format, Result};

/// Bytes of the file header that an edit may change: the offsets of the program headers and of the
/// section headers, then the number of sections and the index of their names.
const FIELDS_32: [Range<usize>; 2] = [28..36, 48..52];
const FIELDS_64: [Range<usize>; 2] = [32..48, 60..64];

/// Checks one image. `offsets` has its start in the input and in the output.
pub(super) fn same(
    before: &[u8],
    after: &[u8],
    offsets: (u64, u64),
    draft: &Draft<'_>,
) -> Result<()> {
    match FileKind::parse(after) {
        Ok(FileKind::Elf32) => {
            same_as::<elf::FileHeader32<Endianness>>(before, after, offsets, draft, FIELDS_32)
        }
        _ => same_as::<elf::FileHeader64<Endianness>>(before, after, offsets, draft, FIELDS_64),
    }
}

fn same_as<Elf: FileHeader<Endian = Endianness>>(
    before: &[u8],
    after: &[u8],
    offsets: (u64, u64),
    draft: &Draft<'_>,
    fields: [Range<usize>; 2],
) -> Result<()> {
    let size = size_of::<Elf>();
    let header = |bytes: &[u8]| {
        let mut header = bytes.get(..size).unwrap_or_default().to_vec();
        for field in &fields {
            header.get_mut(field.clone()).unwrap_or_default().fill(0);
        }
        header
    };
    if header(before) != header(after) {
        return Err(bad(offsets.1, "the file header differs in what no edit changes".to_owned()));
    }
    let read = |why: object::Error| bad(offsets.1, why.to_string());
    let (old, new) = (Elf::parse(before).map_err(read)?, Elf::parse(after).map_err(read)?);
    let endian = old.endian().map_err(read)?;
    let pair = Pair {
        files: (before, after),
        headers: (old, new),
        segments: (
            old.program_headers(endian, before).map_err(read)?,
            new.program_headers(endian, after).map_err(read)?,
        ),
        endian,
        offsets,
        draft,
    };
    pair.same_segments()?;
    if pair.segments.0.is_empty() {
        return same_objects(before, after, (old, new), endian);
    }
    pair.same_sections()
}

/// An image before and after an edit.
struct Pair<'p, Elf: FileHeader<Endian = Endianness>> {
    files: (&'p [u8], &'p [u8]),
    headers: (&'p Elf, &'p Elf),
    segments: (&'p [Elf::ProgramHeader], &'p [Elf::ProgramHeader]),
    endian: Endianness,
    /// The image's start in the input and in the output.
    offsets: (u64, u64),
    draft: &'p Draft<'p>,
}

/// A loaded section: its address, offset and size.
type Loaded = (u64, u64, u64);

impl<Elf: FileHeader<Endian = Endianness>> Pair<'_, Elf> {
    fn bad(&self, offset: u64, why: &str) -> Error {
        bad(self.offsets.1 + offset, why.to_owned())
    }

    /// The offset of the program headers in the image, before and after.
    fn table_offsets(&self) -> (u64, u64) {
        let (old, new) = self.headers;
        (old.e_phoff(self.endian).into(), new.e_phoff(self.endian).into())
    }

    /// Checks that each segment is loaded at its old address, with its old bytes.
    fn same_segments(&self) -> Result<()> {
        let (endian, (segments, others)) = (self.endian, self.segments);
        let shape = |list: &[Elf::ProgramHeader]| -> Vec<_> {
            let plain =
                |segment| WriteHeader { p_offset: 0, ..WriteHeader::from_raw(endian, segment) };
            list.iter().map(plain).map(|it| format!("{it:?}")).collect()
        };
        if shape(segments) != shape(others) {
            return Err(self.bad(0, "the program headers differ"));
        }
        let (was, is) = self.table_offsets();
        if address_of(segments, endian, was) != address_of(others, endian, is) {
            return Err(self.bad(is, "the program headers have another address"));
        }
        for (segment, moved) in segments.iter().zip(others) {
            let (offset, size) = segment.file_range(endian);
            let (to, _) = moved.file_range(endian);
            let align = segment.p_align(endian).into().max(1);
            if offset % align != to % align {
                return Err(self.bad(to, "a segment is out of alignment"));
            }
            // Lld rounds the size of PT_GNU_RELRO up past the end of the loaded bytes.
            if size > 0 && segment.p_type(endian) != elf::PT_GNU_RELRO {
                self.same_bytes(offset, to, size)?;
            }
        }
        Ok(())
    }

    /// Checks that each loaded section moved together with a segment that holds it. A loader maps
    /// whole pages, so a section may also lie outside of its segment.
    fn same_sections(&self) -> Result<()> {
        let was = self.loaded(self.headers.0, self.files.0)?;
        let is = self.loaded(self.headers.1, self.files.1)?;
        if was.len() != is.len() {
            return Err(self.bad(0, "another number of loaded sections"));
        }
        for ((address, from, size), (other, to, _)) in was.into_iter().zip(is) {
            if address != other || size > 0 && !self.moves_with_segment(from, to) {
                return Err(self.bad(to, &format!("the section at {address:#x} moved")));
            }
            if size > 0 {
                self.same_bytes(from, to, size)?;
            }
        }
        Ok(())
    }

    fn loaded(&self, header: &Elf, data: &[u8]) -> Result<Vec<Loaded>> {
        let endian = self.endian;
        let sections = header.section_headers(endian, data);
        let sections = sections.map_err(|why| self.bad(0, &why.to_string()))?;
        let loaded = sections.iter().filter(|section| {
            let is_loaded = section.sh_flags(endian).0 & elf::SHF_ALLOC.0 != 0;
            is_loaded && !matches!(section.sh_type(endian), elf::SHT_NOBITS | elf::SHT_NULL)
        });
        let place = |it: &Elf::SectionHeader| {
            (it.sh_addr(endian).into(), it.sh_offset(endian).into(), it.sh_size(endian).into())
        };
        Ok(loaded.map(place).collect())
    }

    /// Whether bytes moved from `from` to `to` together with a segment whose pages contain them.
    /// Bytes in no segment may be anywhere.
    fn moves_with_segment(&self, from: u64, to: u64) -> bool {
        let (endian, (segments, others)) = (self.endian, self.segments);
        let around = segments.iter().zip(others).filter(|(segment, _)| {
            let (start, size) = segment.file_range(endian);
            let end = start.saturating_add(size) | (PAGE - 1);
            segment.p_type(endian) == elf::PT_LOAD && (start & !(PAGE - 1)..=end).contains(&from)
        });
        let mut shifts = around
            .map(|(old, new)| new.file_range(endian).0.wrapping_sub(old.file_range(endian).0));
        let shift = to.wrapping_sub(from);
        shifts.next().is_none_or(|first| first == shift) || shifts.any(|it| it == shift)
    }

    /// Checks a range of the image; see [`same_bytes`].
    fn same_bytes(&self, from: u64, to: u64, size: u64) -> Result<()> {
        let start = self.offsets.1;
        let table = start + self.table_offsets().1;
        let table = table..table + size_of_val(self.segments.1) as u64;
        let may_be = |reason: Reason, place: Range<u64>| match reason {
            Reason::FileHeader => place.end <= start + 64,
            Reason::ProgramHeaders => table.start <= place.start && place.end <= table.end,
            reason => may_change(reason, Format::Elf),
        };
        same_bytes(self.draft, self.offsets.0 + from, start + to, size, &may_be)
    }
}

/// The smallest page size in bytes.
const PAGE: u64 = 0x1000;

/// The address at which the byte at a file offset is loaded.
fn address_of<P: ProgramHeader<Endian = Endianness>>(
    segments: &[P],
    endian: Endianness,
    offset: u64,
) -> Option<u64> {
    segments.iter().filter(|it| it.p_type(endian) == elf::PT_LOAD).find_map(|segment| {
        let (start, size) = segment.file_range(endian);
        let within = offset.checked_sub(start).filter(|within| *within < size)?;
        Some(segment.p_vaddr(endian).into().wrapping_add(within))
    })
}

/// Checks that `size` bytes at `to` in the output are those at `from` in the input, or new for a
/// reason that is allowed at their place.
fn same_bytes(
    draft: &Draft<'_>,
    from: u64,
    to: u64,
    size: u64,
    may_be: &dyn Fn(Reason, Range<u64>) -> bool,
) -> Result<()> {
    let last = to.saturating_add(size);
    let mut start = 0;
    for piece in draft.pieces() {
        let end = start + piece.size();
        if start >= last {
            break;
        }
        let is_right = end <= to
            || match piece {
                Piece::Copy(range) => range.start.wrapping_sub(start) == from.wrapping_sub(to),
                Piece::New(_, why) | Piece::Zeros(_, why) => may_be(*why, start..end),
            };
        if !is_right {
            return Err(bad(start, "other bytes in a segment".to_owned()));
        }
        start = end;
    }
    if start < last {
        return Err(bad(start, "a segment is cut short".to_owned()));
    }
    Ok(())
}

/// A section of an object, and the targets of its relocations as names and values, not as numbers.
struct LinkedSection<'a> {
    name: &'a [u8],
    data: &'a [u8],
    relocations: Vec<(u64, u32, i64, SymbolTarget<'a>)>,
}

/// The name, value and section of a symbol.
type SymbolTarget<'a> = (&'a [u8], u64, &'a [u8]);

/// Checks the linker's input from an object: the loaded sections, their bytes and their relocations
/// are unchanged.
fn same_objects<Elf: FileHeader<Endian = Endianness>>(
    before: &[u8],
    after: &[u8],
    (old, new): (&Elf, &Elf),
    endian: Endianness,
) -> Result<()> {
    let (old, new) = (linked(old, before, endian)?, linked(new, after, endian)?);
    let mut left = old.iter();
    for section in &new {
        let twin = left.find(|other| other.name == section.name && other.data == section.data);
        let name = String::from_utf8_lossy(section.name);
        let Some(twin) = twin else {
            return Err(bad(0, format!("section {name} has other bytes, or another place")));
        };
        // A full strip removes all relocations of an object.
        if !section.relocations.is_empty() && section.relocations != twin.relocations {
            return Err(bad(0, format!("relocations of section {name} lead elsewhere")));
        }
    }
    Ok(())
}

fn linked<'a, Elf: FileHeader<Endian = Endianness>>(
    header: &'a Elf,
    data: &'a [u8],
    endian: Endianness,
) -> Result<Vec<LinkedSection<'a>>> {
    let read = |why: object::Error| bad(0, why.to_string());
    let sections = header.sections(endian, data).map_err(read)?;
    let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB).map_err(read)?;
    let name = |section: &'a Elf::SectionHeader| {
        sections.section_name(endian, section).unwrap_or_default()
    };
    let target = |index: Option<object::SymbolIndex>| -> Result<SymbolTarget<'a>> {
        let Some(index) = index else { return Ok(Default::default()) };
        let symbol = symbols.symbol(index).map_err(read)?;
        let home = symbols.symbol_section(endian, symbol, index).map_err(read)?;
        let home = home.and_then(|home| sections.section(home).ok()).map(name);
        let text = symbols.symbol_name(endian, symbol).map_err(read)?;
        Ok((text, symbol.st_value(endian).into(), home.unwrap_or_default()))
    };
    let mips64el = header.is_mips64el(endian);
    let mut found = Vec::new();
    let mut places = vec![None; sections.len()];
    for (index, section) in sections.enumerate() {
        if section.sh_flags(endian).0 & elf::SHF_ALLOC.0 != 0 {
            let data = section.data(endian, data).map_err(read)?;
            if let Some(place) = places.get_mut(index.0) {
                *place = Some(found.len());
            }
            found.push(LinkedSection { name: name(section), data, relocations: Vec::new() });
        }
    }
    for section in sections.iter() {
        let place = places.get(section.sh_info(endian) as usize).copied().flatten();
        let Some(home) = place.and_then(|place| found.get_mut(place)) else { continue };
        if let Some((list, _)) = section.rela(endian, data).map_err(read)? {
            for one in list {
                use object::read::elf::Rela;
                let target = target(one.symbol(endian, mips64el))?;
                let (offset, addend) = (one.r_offset(endian).into(), one.r_addend(endian).into());
                home.relocations.push((offset, one.r_type(endian, mips64el).0, addend, target));
            }
        } else if let Some((list, _)) = section.rel(endian, data).map_err(read)? {
            for one in list {
                use object::read::elf::Rel;
                let target = target(one.symbol(endian))?;
                let offset = one.r_offset(endian).into();
                home.relocations.push((offset, one.r_type(endian).0, 0, target));
            }
        }
    }
    Ok(found)
}
