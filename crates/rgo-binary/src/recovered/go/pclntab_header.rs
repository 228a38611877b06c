//! The first words of a Go function table: which layout it has, and where its parts are. The layout is drawn
//! in [`super::pclntab`].

use crate::image::words::WordFormat;

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
    /// Size of the smallest instruction, in bytes.
    pub(super) quantum: u8,
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
        let [magic @ .., 0, 0, quantum @ (1 | 2 | 4), size @ (4 | 8)] = start else {
            return Err("its first bytes are no function table's");
        };
        let (layout, big) = layout(*magic).ok_or("its magic number is unknown")?;
        let words = WordFormat { size: usize::from(*size), big };
        let word = |index: usize| {
            data.get(8..).and_then(|rest| words.nth(rest, index)).ok_or("its header is cut short")
        };
        let functions = word(0)?;
        if layout == PclntabLayout::Go12 {
            return Self::before_go_1_16(data, words, *quantum, functions);
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
            quantum: *quantum,
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
        quantum: u8,
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
            quantum,
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
    pub(super) fn field(&self) -> usize {
        if self.layout >= PclntabLayout::Go118 { 4 } else { self.words.size }
    }
}
