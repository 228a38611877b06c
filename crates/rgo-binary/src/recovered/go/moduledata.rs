//! Finds moduledata, the linker's record of a Go program's parts, from which the runtime starts
//! (Go, `runtime/symtab.go`, `moduledata`). A stripped program has no symbol for it, but its
//! pointers into the function table identify it, because the table's address and inner offsets are
//! known.
//!
//! ```text
//! words of the size of a pointer
//!          Go 1.5 – 1.15              since Go 1.16
//!  0       table                      table
//!  1       its length                 function names: pointer, length, capacity
//!  3       functab: pointer           4 units, 7 files, 10 pc-value tables,
//!  4       functab: functions + 1     13 functions, 16 functab: likewise
//!  9 / 19  findfunctab, minpc, maxpc
//! 12 / 22  text, etext, noptrdata, enoptrdata, data, edata
//! 38       since Go 1.18: gofunc; Go 1.20 moved it to 40, Go 1.27 to 43
//!
//!          types, etypes    typelinks    itablinks: pointer, length, capacity of each
//! Go 1.16  35, 36           40           43
//! Go 1.18  35, 36           42           45
//! Go 1.20  37, 38           44           47
//! later    37, 38           45           48          (epclntab is before them)
//! Go 1.27  37, 39           38: length of the records that were linked; 40, 41: offset and size of the itabs
//! ```

use std::ops::Range;

use super::pclntab_header::{PclntabHeader, PclntabLayout};
use crate::image::memory::Memory;

/// The fields of the record that this crate uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModuleData {
    /// Base address of functions.
    pub(super) text: u64,
    /// Address range of the variables that hold pointers.
    pub(super) data: Range<u64>,
    /// Where the data for the runtime may begin, to which functions have offsets.
    pub(super) gofunc: Vec<u64>,
    /// Where the program's types are.
    pub(super) types: Option<TypePlaces>,
}

/// Where the records of types are, and the tables that lead to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypePlaces {
    /// The addresses to which types and names have offsets. Other constants may be among them.
    pub(super) range: Range<u64>,
    pub(super) links: TypeLinks,
}

/// The tables that lead to types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TypeLinks {
    /// Up to Go 1.26: offsets of types, of four bytes each, and pointers to itabs. Both by address and count.
    Lists { types: (u64, u64), itabs: (u64, u64) },
    /// Since Go 1.27: the addresses where the itabs are.
    Row(Range<u64>),
}

/// The places of `gofunc` in the record, by the layout of the table. Only the data shows which it is.
const GOFUNC: [(PclntabLayout, &[u64]); 2] =
    [(PclntabLayout::Go118, &[38]), (PclntabLayout::Go120, &[40, 43])];

/// The places of `types`, `etypes`, `typelinks`, and `itablinks` in the record, likewise.
const TYPES: [(PclntabLayout, [u64; 4]); 4] = [
    (PclntabLayout::Go116, [35, 36, 40, 43]),
    (PclntabLayout::Go118, [35, 36, 42, 45]),
    (PclntabLayout::Go120, [37, 38, 44, 47]),
    (PclntabLayout::Go120, [37, 38, 45, 48]),
];

/// The offset of a part within the function table.
type PartStart = fn(&PclntabHeader) -> usize;

/// Since Go 1.16: the words that point into the table, and their targets.
const INTO_TABLE: [(u64, PartStart); 6] = [
    (1, |header| header.names),
    (4, |header| header.units),
    (7, |header| header.files),
    (10, |header| header.values),
    (13, |header| header.records),
    (16, |header| header.functab),
];

/// Finds the record for the table at `address`.
pub(super) fn find(
    memory: &Memory<'_>,
    header: &PclntabHeader,
    address: u64,
) -> Option<ModuleData> {
    memory.pointers_to(address).into_iter().find_map(|place| read(memory, header, address, place))
}

fn read(
    memory: &Memory<'_>,
    header: &PclntabHeader,
    address: u64,
    place: u64,
) -> Option<ModuleData> {
    let word = |index: u64| place.checked_add(index * header.words.size as u64);
    let points_at = |index: u64, offset: usize| {
        word(index).and_then(|place| memory.pointer(place)) == address.checked_add(offset as u64)
    };
    let text = if header.layout == PclntabLayout::Go12 {
        let functions = memory.number(word(4)?)?;
        if !points_at(3, header.functab) || functions != header.functions.checked_add(1)? {
            return None;
        }
        12
    } else {
        if !INTO_TABLE.iter().all(|(index, offset)| points_at(*index, offset(header))) {
            return None;
        }
        22
    };
    let pointer = |index: u64| memory.pointer(word(index)?);
    let places = GOFUNC.iter().find(|(layout, _)| *layout == header.layout);
    let places = places.map_or(&[][..], |(_, places)| places);
    Some(ModuleData {
        text: pointer(text)?,
        data: pointer(text + 4)?..pointer(text + 5)?,
        gofunc: places.iter().filter_map(|place| pointer(*place)).collect(),
        types: types(memory, header, place),
    })
}

/// Reads where the types are. A place counts if what it says fits together.
fn types(memory: &Memory<'_>, header: &PclntabHeader, place: u64) -> Option<TypePlaces> {
    let word = |index: u64| place.checked_add(index * header.words.size as u64);
    let pointer = |index: u64| memory.pointer(word(index)?);
    let number = |index: u64| memory.number(word(index)?);
    let slice = |index: u64, size: u64| {
        let (start, count) = (pointer(index)?, number(index + 1)?);
        let bytes = count.checked_mul(size)?;
        let is_there = count == 0 || memory.at(start)?.len() as u64 >= bytes;
        (is_there && number(index + 2)? == count).then_some((start, count))
    };
    let lists = TYPES.iter().filter(|(layout, _)| *layout == header.layout);
    let lists = lists.filter_map(|(_, [start, end, types, itabs])| {
        let range = pointer(*start)?..pointer(*end)?;
        let types = slice(*types, 4).filter(|_| !range.is_empty())?;
        let itabs = slice(*itabs, header.words.size as u64)?;
        Some(TypePlaces { range, links: TypeLinks::Lists { types, itabs } })
    });
    let row = || {
        let (start, linked, end) = (pointer(37)?, number(38)?, pointer(39)?);
        let (offset, size) = (number(40)?, number(41)?);
        let fits = header.layout == PclntabLayout::Go120 && linked <= offset;
        let fits = fits && offset.checked_add(size)? <= end.checked_sub(start)?;
        let row = start.checked_add(offset)?..start.checked_add(offset)?.checked_add(size)?;
        fits.then_some(TypePlaces { range: start..end, links: TypeLinks::Row(row) })
    };
    // The types of Go 1.27 do not look like a range of others: the length is no address.
    row().or_else(|| lists.into_iter().next())
}
