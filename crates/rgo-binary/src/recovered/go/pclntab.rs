//! Reads the function table of a Go program, which its stack traces need, so that no strip removes
//! it (Go, `debug/gosym/pclntab.go`, `runtime/symtab.go`, `cmd/link/internal/ld/pcln.go`).
//!
//! ```text
//!  0  4  magic: fffffffb Go 1.2, fffffffa Go 1.16, fffffff0 Go 1.18, fffffff1 Go 1.20 and later
//!  4  2  zeros
//!  6  1  smallest instruction, in bytes: 1, 2 or 4
//!  7  1  size of a pointer, in bytes: 4 or 8
//!  8  …  words of the size of a pointer:
//!        Go 1.2    functions; then functab in place, u32 offset of the file table
//!        Go 1.16   functions, files, and the offsets of: names, units, files, values, functab
//!        Go 1.18   functions, files, text, and the same offsets
//!
//! functab   per function: entry, offset of its record; then the end of the last function
//!           pointers, and addresses; since Go 1.18 u32, and counted from text
//! record    entry (as in functab), then u32: name, args, deferreturn, pcsp, pcfile, pcln,
//!           npcdata, unit (since Go 1.16)
//! names     NUL-terminated, by offset            files   Go 1.2: u32 count + 1, u32 offsets
//! units     u32: offset into files, ffffffff none        since 1.16: NUL-terminated
//! values    per table: pairs of varints, zigzag change of the value and change of the address;
//!           the value starts at -1
//! ```
//!
//! Offsets of records count from functab (Go 1.2: from the table). In Go 1.2, offsets of names,
//! files and values count from the table. The word `text` has been 0 since Go 1.26.

use std::ffi::CStr;

use super::pc_values::PcValues;
use super::pclntab_header::{PclntabHeader, PclntabLayout};
use crate::image::words::text;

/// Longest accepted file name, in bytes.
const MAX_PATH: usize = 4096;
/// Longest accepted name of a function, in bytes: generic functions name their types.
const MAX_NAME: usize = 1 << 16;
/// Most tables of values that a function has for the runtime; Go 1.27 has 5.
const MAX_TABLES: usize = 64;

/// The function table of an image.
#[derive(Clone, Debug)]
pub struct PclnTable<'a> {
    pub(super) header: PclntabHeader,
    data: &'a [u8],
    names: &'a [u8],
    units: &'a [u8],
    files: &'a [u8],
    values: &'a [u8],
    records: &'a [u8],
    functab: &'a [u8],
    count: usize,
    text: u64,
    /// Functab's addresses by index of the function, if the loader relocates them.
    relocated: Vec<(usize, u64)>,
}

/// One function of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoFunction<'a> {
    /// The linker's name for it, with its package path escaped; empty if the table is damaged.
    pub name: &'a str,
    /// Address of its first instruction; in PE with the preferred image base.
    pub entry: u64,
    /// Bytes up to the next function, padding included; `None` if the table is damaged.
    pub size: Option<u64>,
    /// Place of its record, behind the entry.
    record: usize,
}

/// The numbers of a function's record, counted from behind its entry.
mod field {
    pub(super) const NAME: usize = 0;
    pub(super) const STACK: usize = 3;
    pub(super) const FILES: usize = 4;
    pub(super) const LINES: usize = 5;
    pub(super) const TABLE_COUNT: usize = 6;
    /// Since Go 1.16.
    pub(super) const UNIT: usize = 7;
    /// Since Go 1.20.
    pub(super) const START_LINE: usize = 8;
    /// The word whose last byte counts the data for the runtime: in Go 1.16, and since Go 1.20.
    pub(super) const DATA_COUNT: (usize, usize) = (8, 9);
}

impl<'a> PclnTable<'a> {
    /// Parses the table at the start of `data`.
    pub(super) fn parse(data: &'a [u8]) -> Result<Self, &'static str> {
        let header = PclntabHeader::parse(data)?;
        let part = |start: usize, end: usize| data.get(start..end).unwrap_or_default();
        let whole = header.layout == PclntabLayout::Go12;
        let (names, units, files, values) = if whole {
            (data, &[][..], part(header.files, data.len()), data)
        } else {
            (
                part(header.names, header.units),
                part(header.units, header.files),
                part(header.files, header.values),
                part(header.values, header.functab),
            )
        };
        let functab = part(header.functab, data.len());
        // Two numbers per function, and one at the end.
        let room = (functab.len() / header.field()).saturating_sub(1) / 2;
        let count = usize::try_from(header.functions).map_or(room, |claimed| claimed.min(room));
        Ok(Self {
            data,
            names,
            units,
            files,
            values,
            records: part(header.records, data.len()),
            functab,
            count,
            text: header.text,
            relocated: Vec::new(),
            header,
        })
    }

    /// Whether this is a real table: its first functions have ascending addresses and names.
    pub(super) fn is_plausible(&self) -> bool {
        const LOOK_AT: usize = 64;
        self.count > 0
            && self.count as u64 == self.header.functions
            && (0..self.count.min(LOOK_AT))
                .all(|index| self.offset(index) <= self.offset(index + 1))
            && Functions { table: self, next: 0, left: LOOK_AT * MAX_PATH }.take(LOOK_AT).all(
                |function| !function.name.is_empty() && !function.name.contains(char::is_control),
            )
    }

    /// Sets the base address of entries.
    pub(super) fn set_text(&mut self, text: u64) {
        self.text = text;
    }

    /// Takes functab's addresses from the loader's relocations, because the file has zeros in their
    /// place.
    pub(super) fn relocate(&mut self, address: u64, value: impl Fn(u64) -> Option<u64>) {
        if self.header.layout >= PclntabLayout::Go118 {
            return;
        }
        let place = |index: usize| {
            let within = self.header.functab.checked_add(index * 2 * self.header.field())?;
            address.checked_add(within as u64)
        };
        self.relocated = (0..=self.count)
            .filter(|index| self.number(index * 2) == Some(0))
            .filter_map(|index| Some((index, value(place(index)?)?)))
            .collect();
    }

    /// The layout.
    #[must_use]
    pub fn layout(&self) -> PclntabLayout {
        self.header.layout
    }

    /// The number of functions: the header's, or as many as the bytes hold if that is less.
    #[must_use]
    pub fn function_count(&self) -> usize {
        self.count
    }

    /// Address of the program's text, the base of entries; 0 before Go 1.18.
    #[must_use]
    pub fn text(&self) -> u64 {
        self.text
    }

    /// All functions, by address.
    #[must_use]
    pub fn functions(&self) -> Functions<'_, 'a> {
        // Linkers write each name once. The budget keeps a table with overlapping names as cheap as
        // one without.
        Functions { table: self, next: 0, left: self.names.len().saturating_mul(2) }
    }

    /// The source file of a function's first instruction; `None` if it has none.
    #[must_use]
    pub fn file(&self, function: &GoFunction<'a>) -> Option<&'a str> {
        self.file_at(function, 0)
    }

    /// The line of a function's first instruction; `None` if it has none.
    #[must_use]
    pub fn line(&self, function: &GoFunction<'a>) -> Option<u32> {
        self.line_at(function, 0)
    }

    /// The line of the word `func`; `None` before Go 1.20, which does not record it.
    #[must_use]
    pub fn start_line(&self, function: &GoFunction<'a>) -> Option<u32> {
        let known = self.header.layout >= PclntabLayout::Go120;
        known.then(|| self.field(function, field::START_LINE)).flatten().filter(|line| *line > 0)
    }

    /// The source file of the instruction at a distance from a function's entry.
    pub(super) fn file_at(&self, function: &GoFunction<'a>, distance: u64) -> Option<&'a str> {
        let number = self.value_at(self.field(function, field::FILES)?, distance)?;
        self.file_of_unit(function, usize::try_from(number).ok()?)
    }

    /// The line of the instruction at a distance from a function's entry.
    pub(super) fn line_at(&self, function: &GoFunction<'a>, distance: u64) -> Option<u32> {
        let line = self.value_at(self.field(function, field::LINES)?, distance)?;
        u32::try_from(line).ok().filter(|line| *line > 0)
    }

    /// A source file by its number in the unit of a function.
    pub(super) fn file_of_unit(&self, function: &GoFunction<'a>, number: usize) -> Option<&'a str> {
        let words = self.header.words;
        if self.header.layout == PclntabLayout::Go12 {
            // The first number of the file table is its length.
            let offset = words.u32(self.files, number.checked_mul(4).filter(|at| *at > 0)?)?;
            return text(self.data, offset as usize, MAX_PATH);
        }
        let unit = self.field(function, field::UNIT)? as usize;
        let offset = words.u32(self.units, unit.checked_add(number)?.checked_mul(4)?)?;
        text(self.files, Some(offset).filter(|offset| *offset != u32::MAX)? as usize, MAX_PATH)
    }

    /// The function with an address. Padding behind a function is a part of it.
    #[must_use]
    pub fn function_at(&self, address: u64) -> Option<GoFunction<'a>> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.address(middle)? <= address {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let function = self.function(low.checked_sub(1)?, &mut MAX_NAME.clone())?;
        let within = function.size.is_some_and(|size| address - function.entry < size);
        within.then_some(function)
    }

    /// The names of all source files with code in the program, inlined code included.
    pub fn files(&self) -> impl Iterator<Item = &'a str> + '_ {
        let words = self.header.words;
        let (joined, offsets) = if self.header.layout == PclntabLayout::Go12 {
            let count = words.u32(self.files, 0).unwrap_or_default() as usize;
            let end = count.saturating_mul(4).min(self.files.len());
            (&[][..], self.files.get(4..end).unwrap_or_default())
        } else {
            (self.files, &[][..])
        };
        let mut left = self.data.len().saturating_mul(2);
        let listed = offsets.chunks_exact(4).filter_map(move |offset| {
            budgeted(self.data, words.u32(offset, 0)? as usize, &mut left)
        });
        joined
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty() && name.len() < MAX_PATH)
            .filter_map(|name| std::str::from_utf8(name).ok())
            .chain(listed)
    }

    fn function(&self, index: usize, left: &mut usize) -> Option<GoFunction<'a>> {
        if index >= self.count {
            return None;
        }
        let entry = self.address(index)?;
        let size = self.address(index + 1).and_then(|next| next.checked_sub(entry));
        let offset = self.number(index * 2 + 1).and_then(|offset| usize::try_from(offset).ok());
        let record = offset.and_then(|offset| offset.checked_add(self.header.field()));
        let mut function =
            GoFunction { name: "", entry, size, record: record.unwrap_or(usize::MAX) };
        let name = self.field(&function, field::NAME);
        function.name =
            name.and_then(|offset| budgeted(self.names, offset as usize, left)).unwrap_or_default();
        Some(function)
    }

    /// A number of a function's record.
    fn field(&self, function: &GoFunction<'a>, number: usize) -> Option<u32> {
        self.header.words.u32(self.records.get(function.record..)?, number * 4)
    }

    /// The value of a table at a distance from a function's entry.
    fn value_at(&self, table: u32, distance: u64) -> Option<i32> {
        PcValues::new(self.values, table, self.header.quantum).at(distance)
    }

    /// A table of values that only the runtime needs, by its number.
    pub(super) fn runtime_values(&self, function: &GoFunction<'a>, number: usize) -> PcValues<'a> {
        let count = self.field(function, field::TABLE_COUNT).unwrap_or_default() as usize;
        let table = Some(self.first_table() + number).filter(|_| number < count);
        let table = table.and_then(|table| self.field(function, table)).unwrap_or_default();
        PcValues::new(self.values, table, self.header.quantum)
    }

    /// The offset of data for the runtime, by its number; since Go 1.18.
    pub(super) fn runtime_offset(&self, function: &GoFunction<'a>, number: usize) -> Option<u32> {
        let first = self.first_runtime_data(function, number)?;
        self.field(function, first.checked_add(number)?).filter(|offset| *offset != u32::MAX)
    }

    /// The place in the table of the pointer to data for the runtime, by its number; up to Go 1.17.
    pub(super) fn place_of_runtime_pointer(
        &self,
        function: &GoFunction<'a>,
        number: usize,
    ) -> Option<usize> {
        let first = self.first_runtime_data(function, number)?;
        let size = self.header.words.size;
        // Records are aligned as pointers are.
        let first = function.record.checked_add(first.checked_mul(4)?)?;
        let first = first.checked_next_multiple_of(size)?;
        self.header.records.checked_add(first)?.checked_add(number * size)
    }

    /// Calls `each` with the offset of each part of the table that a function needs. None before Go 1.16.
    pub(super) fn parts(&self, function: &GoFunction<'a>, mut each: impl FnMut(usize)) {
        if self.header.layout == PclntabLayout::Go12 {
            return;
        }
        let within = |part: usize, offset: u32| part.saturating_add(offset as usize);
        each(
            self.header.records.saturating_add(function.record).saturating_sub(self.header.field()),
        );
        if let Some(name) = self.field(function, field::NAME) {
            each(within(self.header.names, name));
        }
        let of_runtime = self.field(function, field::TABLE_COUNT).unwrap_or_default() as usize;
        let first = self.first_table();
        let known = [field::STACK, field::FILES, field::LINES];
        // 0 stands for no table.
        known
            .into_iter()
            .chain(first..first.saturating_add(of_runtime.min(MAX_TABLES)))
            .filter_map(|number| self.field(function, number).filter(|offset| *offset > 0))
            .for_each(|offset| each(within(self.header.values, offset)));
    }

    /// How many data for the runtime a function has.
    pub(super) fn runtime_data_count(&self, function: &GoFunction<'a>) -> usize {
        let at = (self.first_table() - 1) * 4 + 3;
        let count = function.record.checked_add(at).and_then(|at| self.records.get(at));
        count.copied().unwrap_or_default().into()
    }

    /// The number of the field behind the tables of values, if there is data with this number.
    fn first_runtime_data(&self, function: &GoFunction<'a>, number: usize) -> Option<usize> {
        let count = self.runtime_data_count(function);
        let tables = self.field(function, field::TABLE_COUNT)? as usize;
        (number < count).then(|| self.first_table().checked_add(tables)).flatten()
    }

    /// The number of the field with the first table of values for the runtime.
    fn first_table(&self) -> usize {
        let (before, since) = field::DATA_COUNT;
        1 + if self.header.layout >= PclntabLayout::Go120 { since } else { before }
    }

    /// A function's name by its offset among the names.
    pub(super) fn name_at(&self, offset: u32) -> Option<&'a str> {
        let at = offset as usize;
        let starts = at == 0 || self.names.get(at - 1) == Some(&0);
        text(self.names, at, MAX_NAME).filter(|name| starts && !name.is_empty())
    }

    /// Size of the table, in bytes; more if other data follows it.
    pub(super) fn byte_count(&self) -> usize {
        self.data.len()
    }

    /// The number at `index` in functab.
    fn number(&self, index: usize) -> Option<u64> {
        let at = index.checked_mul(self.header.field())?;
        if self.header.layout >= PclntabLayout::Go118 {
            self.header.words.u32(self.functab, at).map(u64::from)
        } else {
            self.header.words.word(self.functab, at)
        }
    }

    /// The entry of a function in functab, or the end of the last one.
    fn offset(&self, index: usize) -> Option<u64> {
        self.number(index.checked_mul(2)?)
    }

    fn address(&self, index: usize) -> Option<u64> {
        if let Ok(at) = self.relocated.binary_search_by_key(&index, |(index, _)| *index) {
            return self.relocated.get(at).map(|(_, address)| *address);
        }
        self.offset(index)?.checked_add(self.text)
    }
}

/// The text at an offset, up to its NUL. Each byte read reduces `left`.
fn budgeted<'a>(data: &'a [u8], at: usize, left: &mut usize) -> Option<&'a str> {
    let rest = data.get(at..)?;
    let rest = rest.get(..*left).unwrap_or(rest);
    let found = CStr::from_bytes_until_nul(rest).ok();
    *left -= found.map_or(rest.len(), CStr::count_bytes);
    found?.to_str().ok()
}

/// The functions of a table, by address.
#[derive(Clone, Debug)]
pub struct Functions<'t, 'a> {
    table: &'t PclnTable<'a>,
    next: usize,
    left: usize,
}

impl<'a> Iterator for Functions<'_, 'a> {
    type Item = GoFunction<'a>;

    fn next(&mut self) -> Option<GoFunction<'a>> {
        let function = self.table.function(self.next, &mut self.left)?;
        self.next += 1;
        Some(function)
    }
}
