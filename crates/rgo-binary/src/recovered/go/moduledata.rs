//! The linker's record of where a Go program's parts lie, which its runtime starts from
//! (Go, `runtime/symtab.go`, `moduledata`). It has no name in a stripped program. It is known by
//! its pointers into the function table, whose address and inner offsets are known.
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
//! ```

use std::ops::Range;

use super::memory::Memory;
use super::pclntab::{PclntabHeader, PclntabLayout};

/// What is used of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModuleData {
    /// Address that functions are counted from.
    pub(super) text: u64,
    /// Addresses of the variables that hold pointers.
    pub(super) data: Range<u64>,
}

/// Where a part of the table starts in it.
type PartStart = fn(&PclntabHeader) -> usize;

/// Since Go 1.16: the words that point into the table, and where to.
const INTO_TABLE: [(u64, PartStart); 6] = [
    (1, |header| header.names),
    (4, |header| header.units),
    (7, |header| header.files),
    (10, |header| header.values),
    (13, |header| header.records),
    (16, |header| header.functab),
];

/// Finds the record of the table that lies at `address`.
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
    let pointer = |index: u64| memory.pointer(word(text + index)?);
    Some(ModuleData { text: pointer(0)?, data: pointer(4)?..pointer(5)? })
}
