//! Reads the lines of a module, and what they refer to (LLVM, "CodeView line tables").
//!
//! ```text
//! subsection        kind u32, size u32, content, to 4
//! f2 lines          offset u32, section u16, flags u16 (1: columns), size u32; for each file:
//!                   file u32, count u32, size u32; count × (offset u32, line u24 and flags); columns: start, end u16
//! f4 files          name u32 (in /names), size of sum u8, kind u8, sum, to 4
//! f6 inlinees       0 or 1 u32; function u32, file u32, line u32; 1: count u32, other files
//! ```

use std::collections::HashMap;

use super::super::LineError;
use super::super::budget::Budget;
use super::super::intervals::{Interval, Intervals};
use super::address_map::AddressMap;
use super::bytes::{PdbBytes, u32_at};

const LINES: u32 = 0xf2;
const FILES: u32 = 0xf4;
const INLINEES: u32 = 0xf6;
/// Lines that a debugger never stops at.
const HIDDEN: [u32; 2] = [0xf0_0f00, 0xfe_efee];

/// The lines of a module. Addresses are relative to the image's base, as the PDB has them.
#[derive(Debug, Default)]
pub(super) struct ModuleLines {
    rows: Vec<PdbRow>,
    /// Where the rows of each block of code are.
    blocks: Vec<(usize, usize)>,
    at: Intervals,
    /// For each file, by the offset that rows have, the offset of its name.
    files: HashMap<u32, u32>,
    /// File and line of inlined functions, by their ID.
    inlinees: HashMap<u32, (u32, u32)>,
}

/// A row of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PdbRow {
    address: u32,
    /// Its file.
    pub(super) file: u32,
    /// Its line; 0 if it is hidden.
    pub(super) line: u32,
    /// Its column; 0 if it is unknown.
    pub(super) column: u32,
}

impl ModuleLines {
    /// Reads the subsections.
    pub(super) fn read(
        bytes: &[u8],
        map: &AddressMap<'_>,
        budget: &Budget,
    ) -> Result<Self, LineError> {
        let mut read = Self::default();
        let mut ranges = Vec::new();
        let mut rest = PdbBytes(bytes);
        while let (Some(kind), Some(size)) = (rest.u32(), rest.size()) {
            let Some(content) = rest.take(size) else {
                return Err(LineError::Pdb("the lines of a module"));
            };
            match kind {
                LINES => {
                    if let Some(range) = read.take_lines(content, map, budget)? {
                        let value = u32::try_from(ranges.len()).unwrap_or(u32::MAX);
                        let (begin, end) = range;
                        ranges.push(Interval { begin, end, rank: value, value });
                    }
                }
                FILES => read.take_files(content, budget)?,
                INLINEES => read.take_inlinees(content, budget)?,
                _ => {}
            }
            let padding = size.next_multiple_of(4) - size;
            if rest.skip(padding).is_none() {
                break;
            }
        }
        read.at = Intervals::new(ranges);
        Ok(read)
    }

    fn take_lines(
        &mut self,
        content: &[u8],
        map: &AddressMap<'_>,
        budget: &Budget,
    ) -> Result<Option<(u64, u64)>, LineError> {
        let start = self.rows.len();
        let mut rest = PdbBytes(content);
        let header = (rest.u32(), rest.u16(), rest.u16(), rest.u32());
        let (Some(offset), Some(section), Some(flags), Some(size)) = header else {
            return Ok(None);
        };
        let Some(base) = map.address(section, offset) else { return Ok(None) };
        while !rest.0.is_empty() {
            let Some(()) = self.take_file_block(&mut rest, base, flags & 1 == 1) else { break };
        }
        budget.keep(self.rows.len().saturating_sub(start) as u64)?;
        if let Some(rows) = self.rows.get_mut(start..) {
            // Each file has its own rows: together they are in order only once they are sorted.
            rows.sort_by_key(|row| row.address);
        }
        self.blocks.push((start, self.rows.len()));
        let begin = u64::from(base);
        Ok(Some((begin, begin + u64::from(size))))
    }

    fn take_file_block(
        &mut self,
        rest: &mut PdbBytes<'_>,
        base: u32,
        has_columns: bool,
    ) -> Option<()> {
        let (file, count, _size) = (rest.u32()?, rest.size()?, rest.u32()?);
        let lines = rest.take(count.checked_mul(8)?)?;
        let columns = if has_columns { rest.take(count.checked_mul(4)?)? } else { &[] };
        for (index, entry) in lines.chunks_exact(8).enumerate() {
            let line = u32_at(entry, 4)? & 0xff_ffff;
            let column = columns.get(index * 4..).and_then(|it| PdbBytes(it).u16());
            self.rows.push(PdbRow {
                address: base.wrapping_add(u32_at(entry, 0)?),
                file,
                line: if HIDDEN.contains(&line) { 0 } else { line },
                column: column.unwrap_or_default().into(),
            });
        }
        Some(())
    }

    fn take_files(&mut self, content: &[u8], budget: &Budget) -> Result<(), LineError> {
        let mut rest = PdbBytes(content);
        loop {
            let offset = content.len() - rest.0.len();
            let (Some(name), Some(length)) = (rest.u32(), rest.u8()) else { return Ok(()) };
            budget.keep(1)?;
            self.files.insert(u32::try_from(offset).unwrap_or(u32::MAX), name);
            let size = 2 + usize::from(length);
            if rest.skip((size + 4).next_multiple_of(4) - 5).is_none() {
                return Ok(());
            }
        }
    }

    fn take_inlinees(&mut self, content: &[u8], budget: &Budget) -> Result<(), LineError> {
        let mut rest = PdbBytes(content);
        let has_more_files = rest.u32() == Some(1);
        while let (Some(function), Some(file), Some(line)) = (rest.u32(), rest.u32(), rest.u32()) {
            budget.keep(1)?;
            // Equal functions of two files have one ID: the first counts, as for llvm-symbolizer.
            self.inlinees.entry(function).or_insert((file, line));
            if has_more_files {
                let more = rest.size().and_then(|count| count.checked_mul(4));
                if more.and_then(|size| rest.skip(size)).is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The row of an address.
    pub(super) fn find(&self, address: u32) -> Option<PdbRow> {
        let block = usize::try_from(self.at.find(address.into())?).ok()?;
        let (start, end) = *self.blocks.get(block)?;
        let rows = self.rows.get(start..end)?;
        let after = rows.partition_point(|row| row.address <= address);
        rows.get(after.checked_sub(1)?).copied()
    }

    /// File and line of an inlined function.
    pub(super) fn inlinee(&self, function: u32) -> Option<(u32, u32)> {
        self.inlinees.get(&function).copied()
    }

    /// Where the name of a file is in `/names`.
    pub(super) fn file_name(&self, file: u32) -> Option<u32> {
        self.files.get(&file).copied()
    }
}
