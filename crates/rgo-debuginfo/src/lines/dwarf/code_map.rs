//! Finds which unit has which code.

use std::collections::HashMap;

use gimli::{DebugInfoOffset, UnitRef, UnitType};

use super::super::LineError;
use super::super::budget::Budget;
use super::super::intervals::{Interval, Intervals};
use super::DwarfReader;
use super::unit::{Unit, UnitTables};
use super::units::Units;

/// Finds where the code of each unit is. `tables` keeps the lines that have to be read for it.
pub(super) fn locate<'a>(
    units: &Units<'a>,
    tables: &[UnitTables<'a>],
    dwarf: &gimli::Dwarf<DwarfReader<'a>>,
    first_code: u64,
    budget: &Budget,
) -> (Intervals, Option<LineError>) {
    let (listed, mut damage) = address_ranges(dwarf, budget);
    let mut ranges = Vec::new();
    for (index, (header, tables)) in units.headers().iter().zip(tables).enumerate() {
        if matches!(header.type_(), UnitType::Type { .. } | UnitType::Partial) {
            continue;
        }
        let Ok(value) = u32::try_from(index) else { break };
        // Where units overlap, the first one is asked, as by llvm-symbolizer.
        let mut take = |begin, end| {
            if begin >= first_code {
                ranges.push(Interval { begin, end, rank: !value, value });
            }
        };
        let Some(root) = units.get(dwarf, index, budget) else {
            damage.get_or_insert(gimli::Error::MissingUnitDie.into());
            continue;
        };
        let listed = header.debug_info_offset().and_then(|offset| listed.get(&offset));
        let unit = Unit { root, tables };
        let found = each_range(unit, dwarf, listed, first_code, budget, &mut take);
        damage = damage.or(found.err());
    }
    (Intervals::new(ranges), damage)
}

/// Ranges that `.debug_aranges` lists for each unit (DWARF 5, section 6.1.2).
type Listed = HashMap<DebugInfoOffset, Vec<(u64, u64)>>;

fn address_ranges(
    dwarf: &gimli::Dwarf<DwarfReader<'_>>,
    budget: &Budget,
) -> (Listed, Option<LineError>) {
    let mut listed = Listed::new();
    let mut read = || -> Result<(), LineError> {
        let mut headers = dwarf.debug_aranges.headers();
        while let Some(header) = headers.next()? {
            let mut entries = header.entries();
            // An entry that is damaged alone, such as one that overflows, is left out.
            while let Some(entry) = entries.next().transpose() {
                budget.keep(1)?;
                let Ok(entry) = entry else { continue };
                let range = entry.range();
                if range.begin < range.end {
                    let ranges = listed.entry(header.debug_info_offset()).or_default();
                    ranges.push((range.begin, range.end));
                }
            }
        }
        Ok(())
    };
    let damage = read().err();
    (listed, damage)
}

/// Calls `take` for each range of its code. Its own list is the most reliable. The section of ranges comes before
/// a single range, which some compilers for macOS write also where there are gaps.
fn each_range<'a>(
    unit: Unit<'_, 'a>,
    dwarf: &gimli::Dwarf<DwarfReader<'a>>,
    listed: Option<&Vec<(u64, u64)>>,
    first_code: u64,
    budget: &Budget,
    take: &mut impl FnMut(u64, u64),
) -> Result<(), LineError> {
    if !unit.root.has_code {
        return Ok(());
    }
    let code = &unit.root.code;
    if let Some(listed) = listed.filter(|_| !code.has_list()) {
        listed.iter().for_each(|(begin, end)| take(*begin, *end));
        return Ok(());
    }
    let mut any = false;
    code.each(UnitRef::new(dwarf, &unit.root.unit), budget, |begin, end| {
        any = true;
        take(begin, end);
    })?;
    if !any && unit.root.lines.is_some() {
        let rows = unit.rows(dwarf, first_code, budget)?;
        rows.ranges().iter().for_each(|(begin, end)| take(*begin, *end));
    }
    Ok(())
}
