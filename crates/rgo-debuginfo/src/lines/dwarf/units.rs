//! [`Units`]: the units of a `.debug_info` section, each with its first entry.

use std::sync::OnceLock;

use gimli::{DebugInfoOffset, DwoId, UnitHeader};

use super::super::LineError;
use super::super::budget::Budget;
use super::DwarfReader;
use super::abbreviations::AbbreviationTables;
use super::root::Root;

/// The most units that are read of one file.
const MAX_UNITS: usize = 1 << 20;

/// All units of a section.
pub(super) struct Units<'a> {
    headers: Vec<UnitHeader<DwarfReader<'a>>>,
    abbreviations: AbbreviationTables<'a>,
    roots: Vec<OnceLock<Option<Root<'a>>>>,
}

impl<'a> Units<'a> {
    /// Lists the units of a section. Those behind a damaged header are not found: the error says that there is one.
    pub(super) fn list(dwarf: &gimli::Dwarf<DwarfReader<'a>>) -> (Self, Option<LineError>) {
        let mut headers = Vec::new();
        let mut all = dwarf.units();
        let damage = loop {
            match all.next() {
                Ok(Some(_)) if headers.len() == MAX_UNITS => break Some(LineError::TooMuch),
                Ok(Some(header)) => headers.push(header),
                Ok(None) => break None,
                Err(error) => break Some(error.into()),
            }
        };
        let abbreviations = AbbreviationTables::new(
            &dwarf.debug_abbrev,
            headers.iter().map(UnitHeader::debug_abbrev_offset),
        );
        let roots = headers.iter().map(|_| OnceLock::new()).collect();
        (Self { headers, abbreviations, roots }, damage)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.headers.len()
    }

    /// The headers, in their order.
    pub(super) fn headers(&self) -> &[UnitHeader<DwarfReader<'a>>] {
        &self.headers
    }

    /// The first entry of a unit; `None` if it is damaged.
    pub(super) fn get(
        &self,
        dwarf: &gimli::Dwarf<DwarfReader<'a>>,
        index: usize,
        budget: &Budget,
    ) -> Option<&Root<'a>> {
        let header = *self.headers.get(index)?;
        let root = self.roots.get(index)?.get_or_init(|| {
            let table = self.abbreviations.at(header.debug_abbrev_offset()).ok()?;
            Root::read(dwarf, header, table, budget).ok()
        });
        root.as_ref()
    }

    /// Takes the first unit of an ID.
    pub(super) fn into_root(
        mut self,
        dwarf: &gimli::Dwarf<DwarfReader<'a>>,
        id: DwoId,
        budget: &Budget,
    ) -> Option<Root<'a>> {
        let has_id = |index: &usize| {
            self.get(dwarf, *index, budget).is_some_and(|root| root.unit.dwo_id == Some(id))
        };
        let index = (0..self.len()).find(has_id)?;
        self.roots.get_mut(index)?.take()?
    }

    /// The unit that an entry of this offset is in.
    pub(super) fn around(
        &self,
        dwarf: &gimli::Dwarf<DwarfReader<'a>>,
        offset: DebugInfoOffset,
        budget: &Budget,
    ) -> Option<&gimli::Unit<DwarfReader<'a>>> {
        let start = |header: &UnitHeader<_>| header.debug_info_offset();
        let after = self.headers.partition_point(|header| start(header) < Some(offset));
        let root = self.get(dwarf, after.checked_sub(1)?, budget)?;
        Some(&root.unit)
    }
}
