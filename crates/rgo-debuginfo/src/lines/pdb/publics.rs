//! Finds public symbols: the names for linkers, which are mangled (LLVM, "The PDB Public Symbol Stream").
//!
//! ```text
//! stream    size of the hash table, size of the order u32; 28 bytes header in all; hash table;
//!           order: offsets of records u32, by address
//! record    kind 110e: flags, offset u32, section u16, name
//! ```

use std::borrow::Cow;

use super::address_map::AddressMap;
use super::bytes::{PdbBytes, records, u32_at};

const PUBLIC: u16 = 0x110e;
const HEADER: usize = 28;

/// The public symbols in the order of their addresses.
#[derive(Debug)]
pub(super) struct Publics<'d> {
    stream: Cow<'d, [u8]>,
    records: Cow<'d, [u8]>,
    /// Where the order is in the stream.
    start: usize,
    count: usize,
}

impl<'d> Publics<'d> {
    /// Takes the stream and the one of the records; both may be empty.
    pub(super) fn new(stream: Cow<'d, [u8]>, records: Cow<'d, [u8]>) -> Self {
        let sizes = || {
            let mut header = PdbBytes(&stream);
            Some((header.size()?, header.size()?))
        };
        let (hash, order) = sizes().unwrap_or_default();
        let start = HEADER.saturating_add(hash);
        let count = order.min(stream.len().saturating_sub(start)) / 4;
        Self { stream, records, start, count }
    }

    /// Address and name of the last symbol that is not behind an address.
    pub(super) fn find(&self, address: u32, map: &AddressMap<'_>) -> Option<(u32, &[u8])> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            // A damaged record ends the search: the answer is then `None`.
            if self.symbol(middle, map)?.0 <= address { low = middle + 1 } else { high = middle }
        }
        self.symbol(low.checked_sub(1)?, map)
    }

    fn symbol(&self, index: usize, map: &AddressMap<'_>) -> Option<(u32, &[u8])> {
        let place = index.checked_mul(4)?.checked_add(self.start)?;
        let record = usize::try_from(u32_at(&self.stream, place)?).ok()?;
        let record = records(&self.records, record).next().filter(|it| it.kind == PUBLIC)?;
        let mut content = PdbBytes(record.content);
        content.skip(4)?;
        let (offset, section) = (content.u32()?, content.u16()?);
        // Symbols that are numbers are in a section behind the last one, and so at the end of the order.
        let address = map.address(section, offset).unwrap_or(u32::MAX);
        Some((address, content.text()?))
    }
}
