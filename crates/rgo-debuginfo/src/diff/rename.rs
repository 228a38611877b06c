//! Gives the symbols of an old image the names that they have in the new one.

use hashbrown::HashMap;

use super::pair::{Candidate, pair};
use super::plain_name::{Plainness, plain_name};
use crate::sizes::fold::Folded;
use crate::sizes::{Attribution, Part};

/// What tells symbols of an image from one another: the numbers of the symbol, section, package and file.
type RowKey = (u32, u32, Option<u32>, Option<u32>);

/// The key of a part; `None` if it belongs to no symbol.
fn key(part: &Part) -> Option<RowKey> {
    Some((part.symbol?, part.section, part.package, part.file))
}

/// The old image with the names of the new one for the symbols that are paired.
pub(super) fn renamed(old: &Attribution, new: &Attribution) -> Attribution {
    let (names, (old_rows, new_rows)) =
        rayon::join(|| Names::of(old, new), || (rows(old), rows(new)));
    let of_new = |(key, bytes): &(RowKey, u64)| {
        let (name, section, package, file) = *key;
        let (package, file) = (from_one(package), from_one(file));
        Candidate { name, section, package, file, bytes: *bytes }
    };
    let of_old = |(key, bytes): &(RowKey, u64)| of_new(&(names.key(key), *bytes));
    let candidates: (Vec<_>, Vec<_>) =
        (old_rows.iter().map(of_old).collect(), new_rows.iter().map(of_new).collect());
    let pairs = pair(&candidates.0, &candidates.1, &names.symbols.names);
    let partners: HashMap<RowKey, RowKey> = old_rows
        .iter()
        .zip(&pairs)
        .filter_map(|((key, _), pair)| Some((*key, new_rows.get((*pair)?)?.0)))
        .collect();
    let inlined = Inlined::of(new);
    let parts = old.parts.iter().map(|part| {
        let partner = key(part).and_then(|key| partners.get(&key));
        let lonely = part.symbol.filter(|_| partner.is_none());
        let inlined = lonely.and_then(|symbol| inlined.find(old.symbols.get(symbol as usize)?));
        names.renumbered(part, partner, inlined)
    });
    let parts = parts.collect();
    Attribution {
        file_bytes: old.file_bytes,
        memory_bytes: old.memory_bytes,
        sections: names.sections.names,
        segments: names.segments.names,
        is_go: old.is_go || new.is_go,
        folded: Folded::default(),
        symbols: names.symbols.names,
        packages: names.packages.names,
        files: names.files.names,
        units: names.units.names,
        only_inlined: Vec::new(),
        parts,
    }
}

/// A number from 1; 0 for none.
fn from_one(number: Option<u32>) -> u32 {
    number.map_or(0, |number| number.saturating_add(1))
}

/// The symbols of an image with their bytes, in the order of their keys.
fn rows(sizes: &Attribution) -> Vec<(RowKey, u64)> {
    let mut rows: Vec<(RowKey, u64)> = sizes
        .parts
        .iter()
        .filter(|part| !part.kind.is_overhead())
        .filter_map(|part| Some((key(part)?, part.file_bytes.max(part.memory_bytes))))
        .collect();
    rows.sort_unstable();
    rows.dedup_by(|next, row| {
        let is_same = next.0 == row.0;
        if is_same {
            row.1 += next.1;
        }
        is_same
    });
    rows
}

/// The functions that the new image has only inlined.
struct Inlined {
    /// By the name without what differs from build to build: their numbers.
    numbers: HashMap<String, u32>,
}

impl Inlined {
    fn of(new: &Attribution) -> Self {
        let name = |number: u32| new.symbols.get(number as usize);
        let plain = |name: &String| plain_name(name, Plainness::Stable);
        let numbers = new.only_inlined.iter();
        Self { numbers: numbers.filter_map(|it| Some((plain(name(*it)?), *it))).collect() }
    }

    /// The number of what an old function has become that has no partner.
    fn find(&self, name: &str) -> Option<u32> {
        if self.numbers.is_empty() {
            return None;
        }
        self.numbers.get(&plain_name(name, Plainness::Stable)).copied()
    }
}

/// The names of the new image, and what the old one adds to them.
struct Names {
    sections: Merged,
    segments: Merged,
    symbols: Merged,
    packages: Merged,
    files: Merged,
    units: Merged,
}

/// Names of one kind.
struct Merged {
    names: Vec<String>,
    /// The numbers of the old image's names among them.
    of_old: Vec<u32>,
}

impl Merged {
    fn of(old: &[String], new: &[String]) -> Self {
        let known: HashMap<&str, u32> = new.iter().map(String::as_str).zip(0..).collect();
        let mut names = new.to_vec();
        let number = |name: &String| {
            known.get(name.as_str()).copied().unwrap_or_else(|| {
                names.push(name.clone());
                u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
            })
        };
        let of_old = old.iter().map(number).collect();
        Self { names, of_old }
    }

    fn number(&self, of_old: Option<u32>) -> Option<u32> {
        self.of_old.get(of_old? as usize).copied()
    }
}

impl Names {
    fn of(old: &Attribution, new: &Attribution) -> Self {
        Self {
            sections: Merged::of(&old.sections, &new.sections),
            segments: Merged::of(&old.segments, &new.segments),
            symbols: Merged::of(&old.symbols, &new.symbols),
            packages: Merged::of(&old.packages, &new.packages),
            files: Merged::of(&old.files, &new.files),
            units: Merged::of(&old.units, &new.units),
        }
    }

    /// A key of the old image with numbers of these names.
    fn key(&self, (symbol, section, package, file): &RowKey) -> RowKey {
        (
            self.symbols.number(Some(*symbol)).unwrap_or(u32::MAX),
            self.sections.number(Some(*section)).unwrap_or_default(),
            self.packages.number(*package),
            self.files.number(*file),
        )
    }

    /// A part of the old image with numbers of these names, and those of the symbol that it has become, or of the
    /// `inlined` function.
    fn renumbered(&self, part: &Part, partner: Option<&RowKey>, inlined: Option<u32>) -> Part {
        let (symbol, package, file) = match partner {
            Some((symbol, _, package, file)) => (Some(*symbol), *package, *file),
            None => (
                inlined.or_else(|| self.symbols.number(part.symbol)),
                self.packages.number(part.package),
                self.files.number(part.file),
            ),
        };
        Part {
            section: self.sections.number(Some(part.section)).unwrap_or_default(),
            segment: self.segments.number(part.segment),
            symbol,
            inlined: self.symbols.number(part.inlined),
            package,
            file,
            unit: self.units.number(part.unit),
            ..*part
        }
    }
}
