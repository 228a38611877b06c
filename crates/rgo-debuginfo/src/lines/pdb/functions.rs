//! Reads the functions of a module and the calls inlined into them (Microsoft's `cvinfo.h`).
//!
//! ```text
//! procedure   parent, end, next u32; 12 size u32; 24 type u32; 28 offset u32; 32 section u16; flags u8; name
//! inlined     parent, end u32; 8 function u32; (calls u32); annotations
//! ```

use std::sync::OnceLock;

use super::super::LineError;
use super::super::budget::Budget;
use super::super::intervals::{Interval, Intervals};
use super::address_map::AddressMap;
use super::annotations::{InlinedRow, rows};
use super::bytes::{PdbBytes, Record, records, text_at};
use super::lines::ModuleLines;

const PROCEDURES: [u16; 6] = [0x110f, 0x1110, 0x1146, 0x1147, 0x1155, 0x1156];
const INLINED: u16 = 0x114d;
const INLINED_WITH_COUNT: u16 = 0x115d;
const END_OF_INLINED: u16 = 0x114e;
/// Deeper calls are not read.
const MAX_DEPTH: usize = 256;

/// The functions of a module.
#[derive(Debug, Default)]
pub(super) struct Procedures {
    procedures: Vec<Procedure>,
    at: Intervals,
}

/// A function.
#[derive(Debug)]
pub(super) struct Procedure {
    /// Its address, as the PDB has it.
    pub(super) start: u32,
    size: u32,
    /// Where its name is in the stream.
    name: usize,
    /// Where the records within it begin.
    inner: usize,
    /// Where they end.
    end: usize,
    calls: OnceLock<Result<Calls, LineError>>,
}

/// The calls inlined into a function.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<PdbCall>,
    rows: Vec<InlinedRow>,
    at: Intervals,
}

/// A call that was inlined.
#[derive(Clone, Copy, Debug)]
pub(super) struct PdbCall {
    /// The ID of the function that was called.
    pub(super) function: u32,
    caller: Option<u32>,
    first_row: usize,
    end_row: usize,
}

impl Procedures {
    /// Finds the functions in the symbols of a module.
    pub(super) fn read(
        symbols: &[u8],
        map: &AddressMap<'_>,
        budget: &Budget,
    ) -> Result<Self, LineError> {
        let mut procedures = Vec::new();
        let mut ranges = Vec::new();
        // The stream starts with a signature.
        for record in records(symbols, 4) {
            if !PROCEDURES.contains(&record.kind) {
                continue;
            }
            let Some(procedure) = Procedure::parse(&record, map) else { continue };
            budget.keep(1)?;
            let index = u32::try_from(procedures.len()).unwrap_or(u32::MAX);
            let begin = u64::from(procedure.start);
            let end = begin + u64::from(procedure.size);
            ranges.push(Interval { begin, end, rank: index, value: index });
            procedures.push(procedure);
        }
        Ok(Self { procedures, at: Intervals::new(ranges) })
    }

    /// All functions.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Procedure> {
        self.procedures.iter()
    }

    /// The function of an address.
    pub(super) fn find(&self, address: u32) -> Option<&Procedure> {
        let index = self.at.find(address.into())?;
        self.procedures.get(usize::try_from(index).ok()?)
    }
}

impl Procedure {
    fn parse(record: &Record<'_>, map: &AddressMap<'_>) -> Option<Self> {
        let mut content = PdbBytes(record.content);
        content.skip(4)?;
        let end = content.size()?;
        content.skip(4)?;
        let size = content.u32()?;
        content.skip(12)?;
        let (offset, section) = (content.u32()?, content.u16()?);
        Some(Self {
            start: map.address(section, offset)?,
            size,
            name: record.offset + 4 + 35,
            inner: record.offset + 4 + record.content.len(),
            end,
            calls: OnceLock::new(),
        })
    }

    /// Its name in the source.
    pub(super) fn name<'m>(&self, symbols: &'m [u8]) -> Option<&'m [u8]> {
        text_at(symbols, self.name).filter(|name| !name.is_empty())
    }

    /// The calls inlined into it, which are read when they are first asked for.
    pub(super) fn calls(
        &self,
        symbols: &[u8],
        lines: &ModuleLines,
        budget: &Budget,
    ) -> Result<&Calls, LineError> {
        let calls = self.calls.get_or_init(|| self.read_calls(symbols, lines, budget));
        calls.as_ref().map_err(LineError::clone)
    }

    fn read_calls(
        &self,
        symbols: &[u8],
        lines: &ModuleLines,
        budget: &Budget,
    ) -> Result<Calls, LineError> {
        let mut found = Calls::default();
        let mut ranges = Vec::new();
        let mut around = Vec::new();
        let symbols = symbols.get(..self.end).unwrap_or(symbols);
        for record in records(symbols, self.inner) {
            // An end that is in another function makes this one long: it is paid for.
            budget.step(1)?;
            if record.kind == END_OF_INLINED {
                around.pop();
            }
            let skipped = match record.kind {
                INLINED => 12,
                INLINED_WITH_COUNT => 16,
                _ => continue,
            };
            let mut content = PdbBytes(record.content);
            let function = content.skip(8).and_then(|()| content.u32());
            let annotations = record.content.get(skipped..).unwrap_or_default();
            let function = function.unwrap_or_default();
            let (file, line) = lines.inlinee(function).unwrap_or_default();
            let index = u32::try_from(found.calls.len()).unwrap_or(u32::MAX);
            let first_row = found.rows.len();
            found.rows.extend(rows(annotations, file, line, self.size));
            budget.keep(1 + (found.rows.len() - first_row) as u64)?;
            ranges.extend(found.rows.iter().skip(first_row).map(|row| {
                let (begin, end) = (row.start.into(), row.end.into());
                Interval { begin, end, rank: index, value: index }
            }));
            let caller = around.last().copied();
            found.calls.push(PdbCall { function, caller, first_row, end_row: found.rows.len() });
            if around.len() < MAX_DEPTH {
                around.push(index);
            }
        }
        found.at = Intervals::new(ranges);
        Ok(found)
    }
}

impl Calls {
    /// The calls at a distance from the start of the function, in bytes, the innermost first.
    pub(super) fn at(&self, distance: u32) -> impl Iterator<Item = &PdbCall> {
        let get = |index: u32| self.calls.get(usize::try_from(index).ok()?);
        // A caller's number is always lower, so this ends.
        std::iter::successors(self.at.find(distance.into()).and_then(get), move |call| {
            call.caller.and_then(get)
        })
    }

    /// Code that is inlined: where it starts and ends, in bytes from the start of the function, and the ID of the
    /// innermost function that it is from.
    pub(super) fn inlined(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        self.at.iter().filter_map(|(begin, end, index)| {
            let call = self.calls.get(usize::try_from(index).ok()?)?;
            Some((u32::try_from(begin).ok()?, u32::try_from(end).ok()?, call.function))
        })
    }

    /// The row of a call at a distance.
    pub(super) fn row(&self, call: &PdbCall, distance: u32) -> Option<&InlinedRow> {
        let rows = self.rows.get(call.first_row..call.end_row)?;
        rows.iter().rev().find(|row| (row.start..row.end).contains(&distance))
    }
}
