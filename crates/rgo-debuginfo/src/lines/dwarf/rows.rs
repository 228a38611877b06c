//! Runs the line program of a unit (DWARF 5, section 6.2): which file and line each instruction is from.

use std::borrow::Cow;

use gimli::{ColumnType, DebugLineOffset, LineProgramHeader, UnitRef};

use super::super::LineError;
use super::super::budget::Budget;
use super::super::intervals::{Interval, Intervals};
use super::super::source_path::SourcePath;
use super::DwarfReader;

/// The largest header of a line program, in bytes. gimli takes up to 150 times as much memory for it, until it is
/// read.
const MAX_HEADER: u64 = 4 << 20;

/// The rows of a unit.
#[derive(Default)]
pub(super) struct Rows<'a> {
    files: Vec<File<'a>>,
    /// The first file's number: DWARF before 5 counts from 1.
    first_file: u64,
    rows: Vec<Row>,
    /// Where each sequence is in `rows`.
    sequences: Vec<(usize, usize)>,
    at: Intervals,
    ranges: Vec<(u64, u64)>,
}

struct Row {
    address: u64,
    file: u32,
    line: u32,
    column: u32,
}

struct File<'a> {
    name: &'a [u8],
    folder: &'a [u8],
    /// Whether the folder is below the unit's.
    is_below: bool,
}

/// The place in the source that an instruction is from.
#[derive(Clone, Copy)]
pub(super) struct RowPlace {
    /// The number of the file.
    pub(super) file: u64,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

impl<'a> Rows<'a> {
    /// Runs a line program.
    pub(super) fn read(
        unit: UnitRef<'_, DwarfReader<'a>>,
        offset: DebugLineOffset,
        first_code: u64,
        budget: &Budget,
    ) -> Result<Self, LineError> {
        let header_bytes = header_bytes(unit.dwarf, offset)?;
        if header_bytes > MAX_HEADER {
            return Err(LineError::TooMuch);
        }
        budget.keep(header_bytes / 2)?;
        let program = unit.dwarf.debug_line.program(
            offset,
            unit.header.address_size(),
            unit.comp_dir,
            unit.name,
        )?;
        let mut read = Self::default();
        let mut rows = program.rows();
        let mut start = 0;
        while let Some((_, row)) = rows.next_row()? {
            budget.keep(1)?;
            if row.end_sequence() {
                read.end(start, row.address(), first_code);
                start = read.rows.len();
            } else {
                read.push(start, row);
            }
        }
        read.rows.truncate(start);
        read.rows.shrink_to_fit();
        let ranges = read.ranges.iter().zip(0..);
        read.at = Intervals::new(
            ranges
                .map(|(&(begin, end), value)| Interval { begin, end, rank: value, value })
                .collect(),
        );
        read.take_files(unit, rows.header(), budget)?;
        Ok(read)
    }

    fn push(&mut self, start: usize, row: &gimli::LineRow) {
        let new = Row {
            address: row.address(),
            file: u32::try_from(row.file_index()).unwrap_or(u32::MAX),
            line: row.line().and_then(|line| u32::try_from(line.get()).ok()).unwrap_or_default(),
            column: match row.column() {
                ColumnType::LeftEdge => 0,
                ColumnType::Column(column) => u32::try_from(column.get()).unwrap_or_default(),
            },
        };
        // Of several rows for one instruction the last one counts, as for debuggers.
        let last = self.rows.get_mut(start..).and_then(<[Row]>::last_mut);
        match last.filter(|last| last.address == new.address) {
            Some(last) => *last = new,
            None => self.rows.push(new),
        }
    }

    /// Ends a sequence, or drops it if it is empty or of code that the linker left out.
    fn end(&mut self, start: usize, end: u64, first_code: u64) {
        let sequence = self.rows.get(start..).unwrap_or_default();
        let begin = sequence.first().map(|row| row.address);
        let is_ordered = sequence.is_sorted_by_key(|row| row.address);
        match begin {
            Some(begin) if begin < end && begin >= first_code && is_ordered => {
                self.sequences.push((start, self.rows.len()));
                self.ranges.push((begin, end));
            }
            _ => self.rows.truncate(start),
        }
    }

    fn take_files(
        &mut self,
        unit: UnitRef<'_, DwarfReader<'a>>,
        header: &LineProgramHeader<DwarfReader<'a>>,
        budget: &Budget,
    ) -> Result<(), LineError> {
        let is_new = header.version() >= 5;
        self.first_file = u64::from(!is_new);
        budget.keep(header.file_names().len() as u64)?;
        let text = |value| unit.attr_string(value).map(|text| text.slice()).unwrap_or_default();
        self.files = header
            .file_names()
            .iter()
            .map(|file| {
                let number = file.directory_index();
                // Before DWARF 5, 0 is the unit's own folder.
                let has_folder = is_new || number > 0;
                let folder = header.directory(number).filter(|_| has_folder).map(text);
                File {
                    name: text(file.path_name()),
                    folder: folder.unwrap_or_default(),
                    is_below: !is_new || number > 0,
                }
            })
            .collect();
        Ok(())
    }

    /// Where the instruction at an address is from.
    pub(super) fn find(&self, address: u64) -> Option<RowPlace> {
        let sequence = usize::try_from(self.at.find(address)?).ok()?;
        let (start, end) = *self.sequences.get(sequence)?;
        let rows = self.rows.get(start..end)?;
        let after = rows.partition_point(|row| row.address <= address);
        let row = rows.get(after.checked_sub(1)?)?;
        let known = row.line > 0;
        Some(RowPlace {
            file: row.file.into(),
            line: known.then_some(row.line),
            column: Some(row.column).filter(|column| known && *column > 0),
        })
    }

    /// The addresses that it has rows for.
    pub(super) fn ranges(&self) -> &[(u64, u64)] {
        &self.ranges
    }

    /// The path of a file, in the folder of its unit.
    pub(super) fn path(&self, unit_folder: &'a [u8], number: u64) -> Option<Cow<'a, [u8]>> {
        let index = usize::try_from(number.checked_sub(self.first_file)?).ok()?;
        let file = self.files.get(index)?;
        let unit_folder = if file.is_below { unit_folder } else { &[] };
        SourcePath { unit_folder, folder: file.folder, name: file.name }.join()
    }
}

/// The length of a line program's header, without reading it.
///
/// ```text
/// unit_length: u32, or ffffffff and u64; version u16; from 5 on two bytes; header_length: u32 or u64
/// ```
fn header_bytes(
    dwarf: &gimli::Dwarf<DwarfReader<'_>>,
    offset: DebugLineOffset,
) -> gimli::Result<u64> {
    use gimli::{Reader, Section};
    let mut reader = *dwarf.debug_line.reader();
    reader.skip(offset.0)?;
    let (_, format) = reader.read_initial_length()?;
    if reader.read_u16()? >= 5 {
        reader.skip(2)?;
    }
    Ok(reader.read_length(format)? as u64)
}
