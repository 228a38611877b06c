//! [`AbbreviationTables`]: the abbreviations of all units of a section, each read once and when it is needed.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use gimli::{Abbreviations, DebugAbbrev, DebugAbbrevOffset, Reader, Section};

use super::DwarfReader;

/// A table that is read when it is needed.
type Lazy = OnceLock<gimli::Result<Arc<Abbreviations>>>;

/// Tables by their offset. Units share tables, and each ends before the next one starts: with that bound, reading all
/// of them is linear in the size of the section.
pub(super) struct AbbreviationTables<'a> {
    section: DwarfReader<'a>,
    tables: BTreeMap<usize, Lazy>,
}

impl<'a> AbbreviationTables<'a> {
    /// Prepares the tables at these offsets.
    pub(super) fn new(
        section: &DebugAbbrev<DwarfReader<'a>>,
        offsets: impl Iterator<Item = DebugAbbrevOffset>,
    ) -> Self {
        let tables = offsets.map(|offset| (offset.0, Lazy::new())).collect();
        Self { section: *section.reader(), tables }
    }

    /// The table at an offset.
    pub(super) fn at(&self, offset: DebugAbbrevOffset) -> gimli::Result<Arc<Abbreviations>> {
        let unknown = gimli::Error::OffsetOutOfBounds(offset.0 as u64);
        let Some(table) = self.tables.get(&offset.0) else { return Err(unknown) };
        table.get_or_init(|| self.read(offset).map(Arc::new)).clone()
    }

    fn read(&self, offset: DebugAbbrevOffset) -> gimli::Result<Abbreviations> {
        let all = self.section.slice();
        let end = self.tables.range(offset.0 + 1..).next().map_or(all.len(), |(end, _)| *end);
        let bytes = all.get(..end.min(all.len())).unwrap_or(all);
        DebugAbbrev::new(bytes, self.section.endian()).abbreviations(offset)
    }
}
