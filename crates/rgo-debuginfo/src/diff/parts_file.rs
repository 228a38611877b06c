//! An attribution as columns of numbers, for the file of a snapshot.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::sizes::fold::Folded;
use crate::sizes::{Attribution, ByteKind, Part};

/// An attribution as columns. Number 0 stands for nothing; others are one more than the index of the name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PartsFile {
    is_go: bool,
    sections: Vec<String>,
    segments: Vec<String>,
    packages: Vec<String>,
    files: Vec<String>,
    units: Vec<String>,
    symbols: Vec<String>,
    section: Vec<u32>,
    kind: Vec<u8>,
    segment: Vec<u32>,
    package: Vec<u32>,
    file: Vec<u32>,
    unit: Vec<u32>,
    inlined: Vec<u32>,
    /// The difference to the number before.
    symbol: Vec<i64>,
    file_bytes: Vec<u64>,
    /// Bytes in memory, where they are not those in the file: 0 for nothing, 1 for the same, else 2 more.
    memory_bytes: Vec<u64>,
    /// The functions that exist only inlined: the difference to the number before.
    #[serde(default)]
    only_inlined: Vec<u32>,
}

impl PartsFile {
    pub(super) fn of(sizes: &Attribution) -> Self {
        let (symbols, order) = sorted(&sizes.symbols);
        let place = |symbol: Option<u32>| {
            symbol.and_then(|it| order.get(it as usize)).map_or(0, |it| it + 1)
        };
        let mut parts: Vec<Part> = sizes.parts.clone();
        parts.sort_unstable_by_key(|part| (place(part.symbol), *part));
        let plus_one = |number: Option<u32>| number.map_or(0, |number| number + 1);
        let mut file = Self {
            is_go: sizes.is_go,
            sections: sizes.sections.clone(),
            segments: sizes.segments.clone(),
            packages: sizes.packages.clone(),
            files: sizes.files.clone(),
            units: sizes.units.clone(),
            symbols,
            ..Self::default()
        };
        let only_inlined = sizes.only_inlined.iter().map(|number| place(Some(*number)));
        let only_inlined: BTreeSet<u32> = only_inlined.collect();
        let mut before = 0;
        for number in only_inlined {
            file.only_inlined.push(number - before);
            before = number;
        }
        let mut before = 0;
        for part in parts {
            file.section.push(part.section);
            file.kind.push(kind_number(part.kind));
            file.segment.push(plus_one(part.segment));
            file.package.push(plus_one(part.package));
            file.file.push(plus_one(part.file));
            file.unit.push(plus_one(part.unit));
            file.inlined.push(place(part.inlined));
            let symbol = i64::from(place(part.symbol));
            file.symbol.push(symbol - before);
            before = symbol;
            file.file_bytes.push(part.file_bytes);
            file.memory_bytes.push(match part.memory_bytes {
                0 => 0,
                same if same == part.file_bytes => 1,
                other => other.saturating_add(2),
            });
        }
        file
    }

    /// The attribution.
    ///
    /// # Errors
    /// If a column is shorter than others, or a number has no name.
    pub(super) fn attribution(self) -> Result<Attribution, &'static str> {
        const MISSING: &str = "its columns have different lengths";
        let mut parts = Vec::with_capacity(self.section.len());
        let mut symbol = 0_i64;
        let known = |number: u32, names: &[String]| match number.checked_sub(1) {
            Some(index) if index as usize >= names.len() => Err("a number has no name"),
            index => Ok(index),
        };
        for (index, section) in self.section.iter().enumerate() {
            let column = |column: &[u32]| column.get(index).copied().ok_or(MISSING);
            symbol =
                self.symbol.get(index).and_then(|it| symbol.checked_add(*it)).ok_or(MISSING)?;
            let file_bytes = *self.file_bytes.get(index).ok_or(MISSING)?;
            let kind = usize::from(*self.kind.get(index).ok_or(MISSING)?);
            known(section.saturating_add(1), &self.sections)?;
            parts.push(Part {
                section: *section,
                kind: *ByteKind::ALL.get(kind).ok_or("a kind is not known")?,
                segment: known(column(&self.segment)?, &self.segments)?,
                inlined: known(column(&self.inlined)?, &self.symbols)?,
                symbol: known(u32::try_from(symbol).unwrap_or(u32::MAX), &self.symbols)?,
                package: known(column(&self.package)?, &self.packages)?,
                file: known(column(&self.file)?, &self.files)?,
                unit: known(column(&self.unit)?, &self.units)?,
                file_bytes,
                memory_bytes: match *self.memory_bytes.get(index).ok_or(MISSING)? {
                    0 => 0,
                    1 => file_bytes,
                    more => more - 2,
                },
            });
        }
        let mut only_inlined = Vec::with_capacity(self.only_inlined.len());
        let mut number = 0_u32;
        for distance in &self.only_inlined {
            number = number.saturating_add(*distance);
            only_inlined.extend(known(number, &self.symbols)?);
        }
        let sum = |of: fn(&Part) -> u64| {
            parts.iter().map(of).try_fold(0_u64, u64::checked_add).ok_or("its sizes are too large")
        };
        Ok(Attribution {
            file_bytes: sum(|part| part.file_bytes)?,
            memory_bytes: sum(|part| part.memory_bytes)?,
            sections: self.sections,
            segments: self.segments,
            is_go: self.is_go,
            folded: Folded::default(),
            symbols: self.symbols,
            packages: self.packages,
            files: self.files,
            units: self.units,
            only_inlined,
            parts,
        })
    }
}

/// Sorted names, and for each name its new place.
fn sorted(names: &[String]) -> (Vec<String>, Vec<u32>) {
    let mut order: Vec<u32> = (0..u32::try_from(names.len()).unwrap_or(u32::MAX)).collect();
    order.sort_unstable_by_key(|index| names.get(*index as usize));
    let mut places = vec![0; names.len()];
    let mut sorted = Vec::with_capacity(names.len());
    for (place, index) in (0..).zip(&order) {
        if let (Some(slot), Some(name)) =
            (places.get_mut(*index as usize), names.get(*index as usize))
        {
            *slot = place;
            sorted.push(name.clone());
        }
    }
    (sorted, places)
}

fn kind_number(kind: ByteKind) -> u8 {
    let place = ByteKind::ALL.iter().position(|it| *it == kind).unwrap_or_default();
    u8::try_from(place).unwrap_or(u8::MAX)
}
