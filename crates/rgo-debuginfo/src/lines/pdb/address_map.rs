//! [`AddressMap`]: from sections and offsets, which a PDB has, to addresses of the image, and back. Microsoft's tools
//! that reorder a finished image leave the PDB as it was, and add a map (OMAP).
//!
//! ```text
//! section header  40 bytes: name 8, 8 size, 12 address, …     u32, relative to the image's base
//! OMAP            pairs of addresses u32: from here on, to there; 0 nowhere
//! ```

use std::borrow::Cow;

use super::super::LineError;
use super::super::budget::Budget;
use super::bytes::{PdbBytes, u32_at};

/// Addresses here are relative to the image's base.
#[derive(Debug, Default)]
pub(super) struct AddressMap<'d> {
    /// Address and size of each section.
    sections: Vec<(u32, u32)>,
    to_original: Cow<'d, [u8]>,
    from_original: Cow<'d, [u8]>,
}

impl<'d> AddressMap<'d> {
    /// Takes the streams: the sections of the image, those before it was reordered, and the maps; each may be empty.
    pub(super) fn new(
        sections: &[u8],
        original: &[u8],
        to_original: Cow<'d, [u8]>,
        from_original: Cow<'d, [u8]>,
    ) -> Self {
        let headers = if original.is_empty() { sections } else { original };
        let section = |header: &[u8]| Some((u32_at(header, 12)?, u32_at(header, 8)?));
        let sections = headers.chunks_exact(40).filter_map(section).collect();
        Self { sections, to_original, from_original }
    }

    /// The address that the PDB has for an address of the image.
    pub(super) fn original(&self, address: u32) -> Option<u32> {
        translate(&self.to_original, address)
    }

    /// The address in the image for one of the PDB.
    pub(super) fn in_image(&self, address: u32) -> Option<u32> {
        translate(&self.from_original, address)
    }

    /// Calls `each` with the address and size of each stretch of the image that a stretch of the PDB is now.
    pub(super) fn stretches_in_image(
        &self,
        start: u32,
        size: u32,
        budget: &Budget,
        each: &mut dyn FnMut(u32, u32),
    ) -> Result<(), LineError> {
        let end = start.saturating_add(size);
        let mut at = start;
        while at < end {
            budget.step(1)?;
            let next = next_block(&self.from_original, at).map_or(end, |next| next.min(end));
            if let Some(address) = self.in_image(at) {
                each(address, next - at);
            }
            at = next;
        }
        Ok(())
    }

    /// The address, as the PDB has it, of a place in a section, which is a number from 1.
    pub(super) fn address(&self, section: u16, offset: u32) -> Option<u32> {
        let (start, _) = self.sections.get(usize::from(section).checked_sub(1)?)?;
        start.checked_add(offset)
    }

    /// Where the sections end.
    pub(super) fn section_ends(&self) -> impl Iterator<Item = u32> + '_ {
        self.sections.iter().map(|(start, size)| start.saturating_add(*size))
    }
}

fn translate(map: &[u8], address: u32) -> Option<u32> {
    if map.is_empty() {
        return Some(address);
    }
    let (from, to) = entry(map, index_behind(map, address)?.checked_sub(1)?)?;
    (to != 0).then_some(to.checked_add(address - from)?)
}

/// Where the block behind that of an address begins.
fn next_block(map: &[u8], address: u32) -> Option<u32> {
    entry(map, index_behind(map, address)?).map(|(from, _)| from)
}

fn entry(map: &[u8], index: usize) -> Option<(u32, u32)> {
    let mut entry = PdbBytes(map.get(index.checked_mul(8)?..)?);
    Some((entry.u32()?, entry.u32()?))
}

/// The index of the first entry behind an address. A map that is not in order gives any entry behind it, or none.
fn index_behind(map: &[u8], address: u32) -> Option<usize> {
    let (mut low, mut high) = (0, map.len() / 8);
    while low < high {
        let middle = low + (high - low) / 2;
        if entry(map, middle)?.0 <= address { low = middle + 1 } else { high = middle }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_moves_blocks_and_leaves_some_out() {
        let pairs = [(0x1000, 0x5000), (0x1010, 0), (0x1020, 0x4000)];
        let map: Vec<u8> = pairs
            .iter()
            .flat_map(|(from, to): &(u32, u32)| [from.to_le_bytes(), to.to_le_bytes()].concat())
            .collect();
        assert_eq!(translate(&map, 0xfff), None);
        assert_eq!(translate(&map, 0x100f), Some(0x500f));
        assert_eq!(translate(&map, 0x1010), None);
        assert_eq!(translate(&map, 0x1021), Some(0x4001));
        assert_eq!(translate(&[], 7), Some(7));
    }

    #[test]
    fn a_stretch_is_cut_where_blocks_went_apart() {
        let map = |pairs: &[(u32, u32)]| {
            let entry = |(from, to): &(u32, u32)| [from.to_le_bytes(), to.to_le_bytes()].concat();
            let from_original: Vec<u8> = pairs.iter().flat_map(entry).collect();
            AddressMap { from_original: from_original.into(), ..AddressMap::default() }
        };
        let stretches = |map: &AddressMap<'_>, start, size| {
            let mut found = Vec::new();
            let budget = Budget::for_bytes(0);
            let each = &mut |address, size| found.push((address, size));
            map.stretches_in_image(start, size, &budget, each).expect("few steps");
            found
        };
        let moved = map(&[(0x1000, 0x5000), (0x1010, 0), (0x1020, 0x4000)]);
        assert_eq!(stretches(&moved, 0x1008, 0x20), [(0x5008, 8), (0x4000, 8)]);
        assert_eq!(stretches(&moved, 0xff0, 0x11), [(0x5000, 1)]);
        assert_eq!(stretches(&map(&[]), 7, 9), [(7, 9)]);
        assert_eq!(stretches(&map(&[]), u32::MAX, 9), []);
    }
}
