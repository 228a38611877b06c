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

use super::endian::{WordFormat, text};

/// Longest accepted file name, in bytes.
const MAX_PATH: usize = 4096;
/// Changes read to find the file at a function's start: the first change that covers an
/// instruction.
const MAX_STEPS: usize = 8;

/// A layout of the table, by the Go version that introduced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PclntabLayout {
    /// Go 1.2 to 1.15.
    Go12,
    /// Go 1.16 and 1.17.
    Go116,
    /// Go 1.18 and 1.19.
    Go118,
    /// Go 1.20 and later.
    Go120,
}

const MAGIC: [(u32, PclntabLayout); 4] = [
    (0xffff_fffb, PclntabLayout::Go12),
    (0xffff_fffa, PclntabLayout::Go116),
    (0xffff_fff0, PclntabLayout::Go118),
    (0xffff_fff1, PclntabLayout::Go120),
];

/// The table's first words, checked against the size of the table.
#[derive(Clone, Debug)]
pub(super) struct PclntabHeader {
    pub(super) layout: PclntabLayout,
    pub(super) words: WordFormat,
    /// The number of functions in the header.
    pub(super) functions: u64,
    /// Address of the program's text in the header; 0 if it has none.
    pub(super) text: u64,
    pub(super) names: usize,
    pub(super) units: usize,
    pub(super) files: usize,
    pub(super) values: usize,
    /// The base of the offsets of records.
    pub(super) records: usize,
    pub(super) functab: usize,
}

/// The layout for a magic number, and whether it is big-endian.
fn layout(magic: [u8; 4]) -> Option<(PclntabLayout, bool)> {
    let known = |value: u32| MAGIC.iter().find(|(magic, _)| *magic == value);
    let little = known(u32::from_le_bytes(magic)).map(|(_, layout)| (*layout, false));
    little.or_else(|| known(u32::from_be_bytes(magic)).map(|(_, layout)| (*layout, true)))
}

impl PclntabHeader {
    /// Reads a table's header. The error describes the flaw.
    pub(super) fn parse(data: &[u8]) -> Result<Self, &'static str> {
        let start = data.first_chunk::<8>().ok_or("its header is cut short")?;
        let [magic @ .., 0, 0, 1 | 2 | 4, size @ (4 | 8)] = start else {
            return Err("its first bytes are no function table's");
        };
        let (layout, big) = layout(*magic).ok_or("its magic number is unknown")?;
        let words = WordFormat { size: usize::from(*size), big };
        let word = |index: usize| {
            data.get(8..).and_then(|rest| words.nth(rest, index)).ok_or("its header is cut short")
        };
        let functions = word(0)?;
        if layout == PclntabLayout::Go12 {
            return Self::before_go_1_16(data, words, functions);
        }
        let (text, first) = if layout == PclntabLayout::Go116 { (0, 2) } else { (word(2)?, 3) };
        let offset = |index: usize| {
            usize::try_from(word(first + index)?)
                .ok()
                .filter(|offset| *offset <= data.len())
                .ok_or("its parts reach outside of it")
        };
        let header = Self {
            layout,
            words,
            functions,
            text,
            names: offset(0)?,
            units: offset(1)?,
            files: offset(2)?,
            values: offset(3)?,
            records: offset(4)?,
            functab: offset(4)?,
        };
        let parts = [header.names, header.units, header.files, header.values, header.functab];
        if !parts.is_sorted() {
            return Err("its parts overlap");
        }
        Ok(header)
    }

    /// Reads the header of a table whose parts all have offsets from its start.
    fn before_go_1_16(
        data: &[u8],
        words: WordFormat,
        functions: u64,
    ) -> Result<Self, &'static str> {
        let functab = 8 + words.size;
        let files = usize::try_from(functions)
            .ok()
            .and_then(|count| count.checked_mul(2)?.checked_add(1)?.checked_mul(words.size))
            .and_then(|size| words.u32(data, functab.checked_add(size)?))
            .ok_or("it is shorter than its number of functions needs")?;
        Ok(Self {
            layout: PclntabLayout::Go12,
            words,
            functions,
            text: 0,
            names: 0,
            units: 0,
            files: files as usize,
            values: 0,
            records: 0,
            functab,
        })
    }

    /// Size of a number in functab, in bytes.
    fn field(&self) -> usize {
        if self.layout >= PclntabLayout::Go118 { 4 } else { self.words.size }
    }
}

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
    file: u32,
    unit: u32,
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
        let number = self.value_at_entry(function.file)?;
        let words = self.header.words;
        if self.header.layout == PclntabLayout::Go12 {
            // The first number of the file table is its length.
            let offset = words.u32(self.files, number.checked_mul(4).filter(|at| *at > 0)?)?;
            return text(self.data, offset as usize, MAX_PATH);
        }
        let unit = (function.unit as usize).checked_add(number)?.checked_mul(4)?;
        let offset = words.u32(self.units, unit).filter(|offset| *offset != u32::MAX)?;
        text(self.files, offset as usize, MAX_PATH)
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
        let words = self.header.words;
        let record = self
            .number(index * 2 + 1)
            .and_then(|offset| self.records.get(usize::try_from(offset).ok()?..))
            .and_then(|record| record.get(self.header.field()..))
            .unwrap_or_default();
        let field = |number: usize| words.u32(record, (number - 1) * 4);
        let name = field(1)
            .and_then(|offset| budgeted(self.names, offset as usize, left))
            .unwrap_or_default();
        Some(GoFunction {
            name,
            entry,
            size,
            file: field(5).unwrap_or_default(),
            unit: field(8).unwrap_or(u32::MAX),
        })
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

    /// The value for a function's first instruction in a table of values.
    fn value_at_entry(&self, table: u32) -> Option<usize> {
        let mut rest = self.values.get(table as usize..).filter(|_| table != 0)?;
        let mut value = -1_i32;
        for _ in 0..MAX_STEPS {
            let change = varint(&mut rest)?;
            let half = (change >> 1).cast_signed();
            value = value.wrapping_add(if change & 1 == 0 { half } else { !half });
            if varint(&mut rest)? > 0 {
                return usize::try_from(value).ok();
            }
        }
        None
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

fn varint(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    for shift in (0..32).step_by(7) {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
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
