//! Makes a smaller string table from an old one. Names keep their order, so most of the table stays
//! a few ranges of the input. A name that is the end of another one is stored within it.
//!
//! ```text
//! old   \0 alpha\0 gone\0 text\0 .rela.text\0     used: alpha, text, .rela.text
//! new   \0 alpha\0 .rela.text\0                   text = .rela.text + 6
//! ```
//!
//! To find such names, the module sorts all names by their last letters, eight at a time: then the
//! names that end with a name follow it.

use super::section::{Section, SectionContent};
use crate::{Piece, Reason, bytes};
use rgo_binary::{Error, Result};

const WHAT: &str = "ELF names";

/// A string table, and the names to look up in it.
pub(super) struct NameTable<'a> {
    table: &'a [u8],
    /// Its offset in the input.
    at: u64,
    used: Vec<u32>,
    new: Vec<Vec<u8>>,
}

/// A used name of the old table, or several that end alike.
struct NameRange {
    start: u32,
    /// Offset of its NUL.
    end: u32,
    /// Its offset in the new table.
    to: u32,
}

/// The new table.
pub(super) struct Merged<'a> {
    table: &'a [u8],
    regions: Vec<NameRange>,
    new: Vec<(Vec<u8>, u32)>,
}

impl<'a> NameTable<'a> {
    pub(super) fn of(section: &Section<'a>) -> Self {
        let (table, at) = match &section.content {
            SectionContent::Input(bytes, at) => (*bytes, *at),
            SectionContent::New(_) => (&[][..], 0),
        };
        Self { table, at, used: Vec::new(), new: Vec::new() }
    }

    /// Adds a name by its offset in the old table.
    pub(super) fn add(&mut self, offset: u32) {
        self.used.push(offset);
    }

    /// Adds the names of sections. Names of new sections are not in the old table.
    pub(super) fn add_sections(&mut self, sections: &[Section<'_>]) {
        for section in sections.iter().filter(|section| section.kept) {
            if is_at(self.table, section.header.sh_name, &section.name) {
                self.used.push(section.header.sh_name);
            } else {
                self.new.push(section.name.clone());
            }
        }
    }

    /// Makes the new table, as the content of a section.
    pub(super) fn put(
        mut self,
        sections: &mut [Section<'a>],
        number: usize,
        why: Reason,
    ) -> Result<Merged<'a>> {
        self.new.sort_unstable();
        self.new.dedup();
        let mut merged = Merged { table: self.table, regions: self.regions()?, new: Vec::new() };
        let hosts = hosts(&merged.regions, self.table, &self.new);
        let hosted = |index: usize| hosts.get(index).copied().filter(|host| *host != NONE);
        let mut parts = NewNameTable { pieces: Vec::new(), size: 0, at: self.at, why };
        if self.table.first() == Some(&0) {
            parts.copy(0, 1)
        } else {
            parts.push(&[])
        }
        let mut starts = Vec::with_capacity(hosts.len());
        for (index, region) in merged.regions.iter().enumerate() {
            starts.push(parts.size);
            if hosted(index).is_none() {
                parts.copy(region.start, region.end + 1);
            }
        }
        for (index, name) in self.new.iter().enumerate() {
            starts.push(parts.size);
            if hosted(merged.regions.len() + index).is_none() {
                parts.push(name);
            }
        }
        let size = bytes::word(bytes::index(parts.size), WHAT)?;
        // A name within another one ends where that one ends.
        let length = |index: usize| match merged.regions.get(index) {
            Some(region) => u64::from(region.end - region.start),
            None => self.new.get(index - merged.regions.len()).map_or(0, |n| n.len() as u64),
        };
        let place = |index: usize| {
            let host = hosted(index).map_or(index, |host| host as usize);
            let start = starts.get(host).copied().unwrap_or_default();
            u32::try_from(start + length(host) - length(index)).unwrap_or(size)
        };
        let places: Vec<u32> = (0..starts.len()).map(place).collect();
        let (old, new) = places.split_at(merged.regions.len());
        merged.regions.iter_mut().zip(old).for_each(|(region, to)| region.to = *to);
        merged.new = self.new.into_iter().zip(new.iter().copied()).collect();
        let same = Piece::Copy(self.at..self.at + self.table.len() as u64);
        if let Some(section) = sections.get_mut(number)
            && parts.pieces != [same]
        {
            section.content = SectionContent::New(parts.pieces);
        }
        Ok(merged)
    }

    /// The used ranges of the old table.
    fn regions(&mut self) -> Result<Vec<NameRange>> {
        self.used.sort_unstable();
        self.used.dedup();
        let mut regions: Vec<NameRange> = Vec::with_capacity(self.used.len());
        for start in self.used.drain(..) {
            if regions.last().is_some_and(|last| start <= last.end) {
                continue;
            }
            let rest = self.table.get(start as usize..).unwrap_or_default();
            let size = memchr::memchr(0, rest).ok_or_else(|| {
                Error::malformed(WHAT, self.at, "a name lies outside of the table")
            })?;
            if size > 0 {
                let end = start + bytes::word(size, WHAT)?;
                regions.push(NameRange { start, end, to: 0 });
            }
        }
        Ok(regions)
    }
}

impl Merged<'_> {
    /// The new offset of a name. `near` is the index of the last lookup: linkers write names in the
    /// order of their symbols, so the next name mostly follows.
    pub(super) fn offset(&self, old: u32, near: &mut usize) -> u32 {
        let here = |index: usize| {
            self.regions.get(index).filter(|region| region.start <= old && old < region.end)
        };
        let found = here(*near).or_else(|| {
            *near += 1;
            here(*near)
        });
        let found = found.or_else(|| {
            let after = self.regions.partition_point(|region| region.start <= old);
            *near = after.saturating_sub(1);
            here(*near)
        });
        found.map_or(0, |region| region.to + (old - region.start))
    }

    /// Writes the new offsets of names into section headers.
    pub(super) fn name(&self, sections: &mut [Section<'_>]) {
        let mut near = 0;
        for section in sections.iter_mut().filter(|section| section.kept) {
            section.header.sh_name = if is_at(self.table, section.header.sh_name, &section.name) {
                self.offset(section.header.sh_name, &mut near)
            } else {
                let found = self.new.binary_search_by(|(name, _)| name.cmp(&section.name));
                let place = found.ok().and_then(|index| self.new.get(index));
                place.map_or(0, |(_, offset)| *offset)
            };
        }
    }
}

/// Whether a table has a name at an offset.
pub(super) fn is_at(table: &[u8], offset: u32, name: &[u8]) -> bool {
    let rest = table.get(offset as usize..).unwrap_or_default();
    rest.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&0))
}

/// A table under construction.
struct NewNameTable {
    pieces: Vec<Piece>,
    size: u64,
    at: u64,
    why: Reason,
}

impl NewNameTable {
    fn copy(&mut self, start: u32, end: u32) {
        let (start, end) = (self.at + u64::from(start), self.at + u64::from(end));
        self.size += end - start;
        match self.pieces.last_mut() {
            Some(Piece::Copy(last)) if last.end == start => last.end = end,
            _ => self.pieces.push(Piece::Copy(start..end)),
        }
    }

    fn push(&mut self, name: &[u8]) {
        self.size += name.len() as u64 + 1;
        if !matches!(self.pieces.last(), Some(Piece::New(..))) {
            self.pieces.push(Piece::New(Vec::new(), self.why));
        }
        if let Some(Piece::New(bytes, _)) = self.pieces.last_mut() {
            bytes.extend_from_slice(name);
            bytes.push(0);
        }
    }
}

const NONE: u32 = u32::MAX;

/// For each name, the name whose end it is.
fn hosts(regions: &[NameRange], table: &[u8], new: &[Vec<u8>]) -> Vec<u32> {
    let name = |index: u32| -> &[u8] {
        let index = index as usize;
        match regions.get(index) {
            Some(region) => table.get(region.start as usize..region.end as usize),
            None => new.get(index - regions.len()).map(Vec::as_slice),
        }
        .unwrap_or_default()
    };
    let count = u32::try_from(regions.len() + new.len()).unwrap_or(NONE);
    let mut order: Vec<(u64, u32)> =
        (0..count).map(|index| (ending(name(index), 0), index)).collect();
    let mut left = vec![(0..order.len(), 0)];
    while let Some((range, depth)) = left.pop() {
        let Some(alike) = order.get_mut(range.clone()) else { continue };
        if depth > 0 {
            alike.iter_mut().for_each(|(key, index)| *key = ending(name(*index), depth));
        }
        alike.sort_unstable();
        let mut start = range.start;
        for group in alike.chunk_by(|one, other| one.0 == other.0) {
            // If the first of the eight letters is zero, the names are equal.
            if group.len() > 1 && group.first().is_some_and(|(key, _)| key & 0xff != 0) {
                left.push((start..start + group.len(), depth + 8));
            }
            start += group.len();
        }
    }
    let mut hosts = vec![NONE; order.len()];
    let mut host = NONE;
    for (_, index) in order.iter().rev() {
        if host != NONE && name(host).ends_with(name(*index)) {
            if let Some(place) = hosts.get_mut(*index as usize) {
                *place = host;
            }
        } else {
            host = *index;
        }
    }
    hosts
}

/// The eight letters before the last `skip` ones, the last letter first; zeros if there are no
/// more.
fn ending(name: &[u8], skip: usize) -> u64 {
    let rest = name.get(..name.len().saturating_sub(skip)).unwrap_or_default();
    let last = rest.last_chunk().copied().unwrap_or_else(|| {
        let mut last = [0; 8];
        last.iter_mut().rev().zip(rest.iter().rev()).for_each(|(place, byte)| *place = *byte);
        last
    });
    u64::from_le_bytes(last)
}
