//! The memory that the records of types are in, by offsets, with the names that were read.

use std::ops::Range;

use hashbrown::HashMap;

use super::name::{self, Name, NameLengths};
use crate::image::memory::Memory;
use crate::image::words::WordFormat;

/// The names of a program are this many times as large as all its types at most, if a hostile one has them overlap.
const NAME_BYTES: usize = 4;

/// The memory of types.
pub(super) struct TypeTable<'m, 'a> {
    memory: &'m Memory<'a>,
    pub(super) words: WordFormat,
    /// The address to which offsets count.
    pub(super) start: u64,
    pub(super) data: &'a [u8],
    pub(super) lengths: NameLengths,
    /// Whether maps are those of Go 1.27.
    pub(super) has_wide_maps: bool,
    names: HashMap<usize, Option<(&'a str, Name)>>,
    /// The bytes of names that may still be read.
    budget: usize,
}

impl<'m, 'a> TypeTable<'m, 'a> {
    pub(super) fn new(
        memory: &'m Memory<'a>,
        words: WordFormat,
        range: &Range<u64>,
        has_wide_maps: bool,
    ) -> Option<Self> {
        let data = memory.at(range.start)?;
        let wanted = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        let data = data.get(..wanted).unwrap_or(data);
        Some(Self {
            memory,
            words,
            start: range.start,
            data,
            lengths: NameLengths::Varint,
            has_wide_maps,
            names: HashMap::new(),
            budget: data.len().saturating_mul(NAME_BYTES),
        })
    }

    /// The text and the extent of the name at an offset. The same is read once.
    pub(super) fn name(&mut self, at: usize) -> Option<(&'a str, Name)> {
        if !self.names.contains_key(&at) {
            let name = name::read(self.data, at, self.lengths, self.words);
            let size = name.as_ref().map_or(0, |name| name.text.len());
            self.budget = self.budget.checked_sub(size)?;
            let text = |name: Name| Some((name::text(self.data.get(name.text.clone())?)?, name));
            self.names.insert(at, name.and_then(text));
        }
        self.names.get(&at).cloned().flatten()
    }

    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.words.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        self.words.u32(self.data, at)
    }

    /// The offset to which a pointer at an offset leads.
    pub(super) fn pointer(&self, at: usize) -> Option<usize> {
        let target = self.memory.pointer(self.start.checked_add(at as u64)?)?;
        self.offset(target)
    }

    /// The offset of an address.
    pub(super) fn offset(&self, address: u64) -> Option<usize> {
        let offset = usize::try_from(address.checked_sub(self.start)?).ok()?;
        (offset < self.data.len()).then_some(offset)
    }

    /// The length of a list whose pointer is at an offset, and which has to be at `rows`.
    pub(super) fn count(&self, at: usize, rows: usize) -> Option<usize> {
        let word = self.words.size;
        let count = self.words.word(self.data, at.checked_add(word)?)?;
        let fits = count == 0 || self.pointer(at) == Some(rows);
        fits.then(|| usize::try_from(count).ok())?
    }

    /// A number of four bytes anywhere in memory.
    pub(super) fn u32_at(&self, address: u64) -> Option<u32> {
        self.words.u32(self.memory.at(address)?, 0)
    }

    /// A pointer anywhere in memory.
    pub(super) fn pointer_at(&self, address: u64) -> Option<u64> {
        self.memory.pointer(address)
    }
}
