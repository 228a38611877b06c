//! What an ELF loader reads, and what a linker reads of an object: headers that stay but for the
//! fields that say where sections are, segments whose bytes are the input's, relocations that
//! name what they named.

use std::ops::Range;

use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
use object::write::elf::ProgramHeader as WriteHeader;
use object::{Endianness, FileKind, elf};

use super::{bad, may_change};
use crate::{Draft, Piece, Reason};
use rgo_binary::{Format, Result};

/// Bytes of the file header that an edit may change: the offsets of the program headers and of
/// the section headers, then how many sections there are and which one names them.
const FIELDS_32: [Range<usize>; 2] = [28..36, 48..52];
const FIELDS_64: [Range<usize>; 2] = [32..48, 60..64];

/// Checks one image. `offsets` is where it starts in the input and in the output.
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
    let segments = old.program_headers(endian, before).map_err(read)?;
    let others = new.program_headers(endian, after).map_err(read)?;
    let shape = |list: &[Elf::ProgramHeader]| -> Vec<_> {
        let plain = |segment| WriteHeader { p_offset: 0, ..WriteHeader::from_raw(endian, segment) };
        list.iter().map(plain).map(|it| format!("{it:?}")).collect()
    };
    if shape(segments) != shape(others) {
        return Err(bad(offsets.1, "the program headers differ".to_owned()));
    }
    let (was, is) = (old.e_phoff(endian).into(), new.e_phoff(endian).into());
    if address_of(segments, endian, was) != address_of(others, endian, is) {
        return Err(bad(offsets.1 + is, "the program headers have another address".to_owned()));
    }
    let start = offsets.1;
    let table = start + is..start + is + size_of_val(others) as u64;
    let may_be = |why: Reason, place: Range<u64>| match why {
        Reason::FileHeader => place.end <= start + 64,
        Reason::ProgramHeaders => table.start <= place.start && place.end <= table.end,
        why => may_change(why, Format::Elf),
    };
    for (segment, moved) in segments.iter().zip(others) {
        let (offset, size) = segment.file_range(endian);
        let (to, _) = moved.file_range(endian);
        let align = segment.p_align(endian).into().max(1);
        if offset % align != to % align {
            return Err(bad(offsets.1 + to, "a segment is out of alignment".to_owned()));
        }
        // Lld rounds the size of PT_GNU_RELRO up past the end of what is loaded.
        if size > 0 && segment.p_type(endian) != elf::PT_GNU_RELRO {
            same_bytes(draft, offsets.0 + offset, offsets.1 + to, size, &may_be)?;
        }
    }
    if segments.is_empty() {
        return same_objects(before, after, (old, new), endian);
    }
    // A loader maps whole pages: sections that a segment should hold may be outside of it.
    let loaded = |header: &'_ Elf, data| -> Result<Vec<(u64, u64, u64)>> {
        let sections = header.section_headers(endian, data).map_err(read)?;
        let loaded = sections.iter().filter(|section| {
            let is_loaded = section.sh_flags(endian).0 & elf::SHF_ALLOC.0 != 0;
            is_loaded && !matches!(section.sh_type(endian), elf::SHT_NOBITS | elf::SHT_NULL)
        });
        let place = |it: &Elf::SectionHeader| {
            (it.sh_addr(endian).into(), it.sh_offset(endian).into(), it.sh_size(endian).into())
        };
        Ok(loaded.map(place).collect())
    };
    let (was, is) = (loaded(old, before)?, loaded(new, after)?);
    if was.len() != is.len() {
        return Err(bad(offsets.1, "another number of loaded sections".to_owned()));
    }
    for ((address, from, size), (other, to, _)) in was.into_iter().zip(is) {
        let same_place = segments.iter().zip(others).filter(|(segment, _)| {
            let (start, size) = segment.file_range(endian);
            let end = start.saturating_add(size) | (PAGE - 1);
            segment.p_type(endian) == elf::PT_LOAD && (start & !(PAGE - 1)..=end).contains(&from)
        });
        let moved = |(old, new): (&Elf::ProgramHeader, &Elf::ProgramHeader)| {
            new.file_range(endian).0.wrapping_sub(old.file_range(endian).0)
        };
        let mut shifts = same_place.map(moved);
        let shift = to.wrapping_sub(from);
        let is_with =
            shifts.next().is_none_or(|first| first == shift) || shifts.any(|it| it == shift);
        if address != other || size > 0 && !is_with {
            return Err(bad(offsets.1 + to, format!("the section at {address:#x} moved")));
        }
        if size > 0 {
            same_bytes(draft, offsets.0 + from, offsets.1 + to, size, &may_be)?;
        }
    }
    Ok(())
}

/// Bytes of the smallest page.
const PAGE: u64 = 0x1000;

/// The address at which the byte at an offset of the file is loaded.
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

/// Checks that `size` bytes at `to` in the output are those at `from` in the input, or were made
/// for a reason that they may have at their place.
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

/// A section of an object, and where its relocations lead: to names and values, not to numbers.
struct Linked<'a> {
    name: &'a [u8],
    data: &'a [u8],
    relocations: Vec<(u64, u32, i64, Target<'a>)>,
}

/// The name, value and section of a symbol.
type Target<'a> = (&'a [u8], u64, &'a [u8]);

/// Checks that what a linker takes from an object is what it was: sections that are loaded, their
/// bytes and their relocations.
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
        // A full strip leaves an object without any.
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
) -> Result<Vec<Linked<'a>>> {
    let read = |why: object::Error| bad(0, why.to_string());
    let sections = header.sections(endian, data).map_err(read)?;
    let symbols = sections.symbols(endian, data, elf::SHT_SYMTAB).map_err(read)?;
    let name = |section: &'a Elf::SectionHeader| {
        sections.section_name(endian, section).unwrap_or_default()
    };
    let target = |index: Option<object::SymbolIndex>| -> Result<Target<'a>> {
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
            found.push(Linked { name: name(section), data, relocations: Vec::new() });
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
