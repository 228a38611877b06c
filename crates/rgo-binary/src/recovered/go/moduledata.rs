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
//! ```

use std::ops::Range;

use super::memory::Memory;
use super::pclntab::{PclntabHeader, PclntabLayout};

/// The fields of the record that this crate uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModuleData {
    /// Base address of functions.
    pub(super) text: u64,
    /// Address range of the variables that hold pointers.
    pub(super) data: Range<u64>,
}

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
    let pointer = |index: u64| memory.pointer(word(text + index)?);
    Some(ModuleData { text: pointer(0)?, data: pointer(4)?..pointer(5)? })
}
