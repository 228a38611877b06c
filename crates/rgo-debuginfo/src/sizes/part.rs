//! The parts of an image: what the same section, symbol, package, … have, in bytes.

use hashbrown::HashMap;

use super::fold::Folded;
use super::kind::ByteKind;
use super::labels::Labels;
use super::names::SymbolLabels;
use super::owners::Owners;
use super::runs::{Runs, Slot, sweep};
use super::sources::InlinedCode;
use super::space::Space;
use super::units::Units;

/// What each byte of an image belongs to.
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    /// Bytes of the image in the file.
    pub file_bytes: u64,
    /// Bytes that the loader makes of it, without rounding to pages.
    pub memory_bytes: u64,
    /// Names of sections; of what is none, in brackets.
    pub sections: Vec<String>,
    /// Names of segments.
    pub segments: Vec<String>,
    /// Whether it is a Go program.
    pub is_go: bool,
    /// Demangled names of functions and variables.
    pub symbols: Vec<String>,
    /// The same without the arguments of generics, where they have some.
    pub(crate) folded: Folded,
    /// Crates of Rust and packages of Go.
    pub packages: Vec<String>,
    /// Source files.
    pub files: Vec<String>,
    /// Compile units.
    pub units: Vec<String>,
    /// The functions that exist only inlined into others: numbers of [`Attribution::symbols`], sorted.
    pub only_inlined: Vec<u32>,
    /// The parts, in no order. Each byte is in one of them.
    pub parts: Vec<Part>,
}

/// Bytes that belong to the same things. Numbers are indexes into the names of [`Attribution`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    /// The section.
    pub section: u32,
    /// What the bytes are for.
    pub kind: ByteKind,
    /// The segment, if the bytes are loaded.
    pub segment: Option<u32>,
    /// The function or variable; for data without a symbol, the one that refers to it.
    pub symbol: Option<u32>,
    /// The function of the source that the code is from, if it is inlined into [`Part::symbol`]; a number of a symbol.
    pub inlined: Option<u32>,
    /// The crate or package.
    pub package: Option<u32>,
    /// The source file.
    pub file: Option<u32>,
    /// The compile unit.
    pub unit: Option<u32>,
    /// Bytes in the file.
    pub file_bytes: u64,
    /// Bytes in memory.
    pub memory_bytes: u64,
}

impl Part {
    /// Whether nothing owns the bytes, although something should.
    #[must_use]
    pub fn is_unattributed(&self) -> bool {
        self.symbol.is_none() && self.unit.is_none() && !self.kind.is_overhead()
    }
}

/// The names of parts.
#[derive(Debug, Default)]
pub(super) struct PartLabels {
    pub(super) symbols: Labels,
    pub(super) packages: Labels,
    pub(super) files: Labels,
    pub(super) units: Labels,
}

/// What the bytes belong to.
pub(super) struct Dimensions<'d, 'a> {
    pub(super) space: &'d Space,
    pub(super) owned: &'d Runs,
    /// The bytes that align what is owned.
    pub(super) padding: &'d Runs,
    pub(super) owners: &'d Owners<'a>,
    /// The compile units.
    pub(super) units: &'d Units,
    /// The functions whose code is inlined.
    pub(super) inlined: &'d InlinedCode,
    /// What is said of each symbol.
    pub(super) named: &'d [SymbolLabels],
}

/// Adds up the bytes of each part.
pub(super) fn parts(
    dimensions: &Dimensions<'_, '_>,
    labels: PartLabels,
    is_go: bool,
) -> Attribution {
    let Dimensions { space, owned, padding, units, inlined, .. } = dimensions;
    let mut sums = Sums::default();
    let lists =
        [&space.places, &space.segments, owned, &space.loaded, padding, &units.runs, &inlined.runs];
    for [place, segment, owner, loaded, padding, unit, inlined] in sweep(lists) {
        let Slot { start, end, label } = place;
        let end = end.min(space.end);
        let Some(section) = label.filter(|_| start < end) else { continue };
        let Some(place) = space.place_names.get(section as usize) else { continue };
        let kind = if padding.label.is_some() { ByteKind::Padding } else { place.kind };
        let part = Part {
            section,
            kind,
            segment: segment.label,
            symbol: None,
            inlined: inlined.label,
            package: unit.label.and_then(|unit| units.package(unit)),
            file: None,
            unit: unit.label.and_then(|unit| units.name(unit)),
            file_bytes: end.min(space.file_bytes).saturating_sub(start),
            memory_bytes: if loaded.label.is_some() { end - start } else { 0 },
        };
        // The format has these for itself, whatever symbols point there.
        let owner = owner.label.filter(|_| !kind.is_overhead());
        sums.add_shared(dimensions, part, owner);
    }
    let symbols = labels.symbols.into_names();
    let mut only_inlined: Vec<u32> = inlined.functions.iter().copied().collect();
    only_inlined.sort_unstable();
    Attribution {
        file_bytes: sums.file_bytes,
        memory_bytes: sums.memory_bytes,
        sections: space.place_names.iter().map(|place| place.name.clone()).collect(),
        segments: space.segment_names.clone(),
        is_go,
        folded: Folded::default(),
        symbols,
        packages: labels.packages.into_names(),
        files: labels.files.into_names(),
        units: labels.units.into_names(),
        only_inlined,
        parts: sums.into_parts(),
    }
}

/// Parts as they are found, and the bytes of all.
#[derive(Default)]
struct Sums {
    file_bytes: u64,
    memory_bytes: u64,
    /// Parts without their bytes, and the bytes.
    parts: HashMap<Part, (u64, u64)>,
}

impl Sums {
    /// Adds bytes, and shares them out among the symbols that own them.
    fn add_shared(&mut self, dimensions: &Dimensions<'_, '_>, part: Part, owner: Option<u32>) {
        self.file_bytes += part.file_bytes;
        self.memory_bytes += part.memory_bytes;
        let members = owner.map(|label| dimensions.owners.members(label));
        let members = members.as_ref().map_or(&[][..], |members| members.as_slice());
        if members.is_empty() {
            self.add(part);
        }
        for (index, symbol) in (0..).zip(members) {
            let named = dimensions.named.get(*symbol as usize);
            let unit = named.and_then(|it| dimensions.units.name(it.unit?));
            self.add(Part {
                symbol: named.map(|it| it.name),
                package: named.and_then(|it| it.package),
                file: named.and_then(|it| it.file),
                unit: part.unit.or(unit),
                file_bytes: share(part.file_bytes, index, members.len()),
                memory_bytes: share(part.memory_bytes, index, members.len()),
                ..part
            });
        }
    }

    fn add(&mut self, part: Part) {
        let without_bytes = Part { file_bytes: 0, memory_bytes: 0, ..part };
        let sum = self.parts.entry(without_bytes).or_default();
        *sum = (sum.0 + part.file_bytes, sum.1 + part.memory_bytes);
    }

    fn into_parts(self) -> Vec<Part> {
        let with_bytes =
            |(part, (file_bytes, memory_bytes))| Part { file_bytes, memory_bytes, ..part };
        self.parts.into_iter().map(with_bytes).collect()
    }
}

/// The bytes that one of several owners gets. All of them together get `bytes`.
fn share(bytes: u64, index: u64, count: usize) -> u64 {
    let count = count as u64;
    bytes / count + u64::from(index < bytes % count)
}
