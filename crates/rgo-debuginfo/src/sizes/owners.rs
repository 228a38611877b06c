//! Who owns bytes: the symbols that cover them. Several symbols for the same bytes own them together.

use hashbrown::HashMap;

use super::kind::ByteKind;
use super::runs::{Run, Runs};
use super::space::Space;
use crate::list::{ListedSymbol, SymbolClass, SymbolSource};

/// Symbols that Go's linker puts around the data of many packages.
const CONTAINERS: [&str; 14] = [
    "type:*",
    "type.*",
    "go:string.*",
    "go.string.*",
    "go:func.*",
    "go.func.*",
    "runtime.gcbits.*",
    "runtime.pclntab",
    "runtime.types",
    "runtime.rodata",
    "runtime.typelink",
    "runtime.itablink",
    "runtime.symtab",
    "runtime.findfunctab",
];

/// What more symbols than these refer to, the first have.
pub(super) const MAX_OWNERS: usize = 16;

/// Owners of bytes. A label is a set of symbols: below the number of symbols the symbol itself, else one of several.
#[derive(Debug)]
pub(super) struct Owners<'a> {
    pub(super) symbols: Vec<ListedSymbol<'a>>,
    sets: Vec<Box<[u32]>>,
    known: HashMap<Box<[u32]>, u32>,
}

impl<'a> Owners<'a> {
    pub(super) fn new(symbols: Vec<ListedSymbol<'a>>) -> Self {
        Self { symbols, sets: Vec::new(), known: HashMap::new() }
    }

    /// Adds symbols before there are sets of them. Returns the number of the first.
    pub(super) fn add(&mut self, symbols: impl Iterator<Item = ListedSymbol<'a>>) -> u32 {
        let first = u32::try_from(self.symbols.len()).unwrap_or(u32::MAX);
        self.symbols.extend(symbols);
        first
    }

    /// The numbers of the symbols of a label.
    pub(super) fn members(&self, label: u32) -> Members<'_> {
        match (label as usize).checked_sub(self.symbols.len()) {
            None => Members::One(label),
            Some(index) => Members::Several(self.sets.get(index).map_or(&[], |set| set)),
        }
    }

    /// The label of a set of symbols, which is sorted.
    pub(super) fn label(&mut self, set: &[u32]) -> u32 {
        if let [one] = set {
            return *one;
        }
        if let Some(known) = self.known.get(set) {
            return *known;
        }
        let label = u32::try_from(self.symbols.len() + self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(set.into());
        self.known.insert(set.into(), label);
        label
    }

    /// The bytes that symbols cover.
    pub(super) fn covered(&mut self, space: &Space) -> Covered {
        let (mut exact, mut open, mut containers) = (Vec::new(), Vec::new(), Vec::new());
        let mut unmeasured = Vec::new();
        for (label, symbol) in (0..).zip(&self.symbols) {
            let Some(claim) = claim(space, symbol, label) else { continue };
            if CONTAINERS.iter().any(|name| *name.as_bytes() == *symbol.name) {
                containers.push(claim);
            } else if claim.start < claim.end {
                let is_data = space.kind_at(claim.start) != Some(ByteKind::Code);
                let is_measured = symbol.size_is_recorded || !is_data;
                if is_measured { &mut exact } else { &mut unmeasured }.push(claim);
            } else if symbol.class == SymbolClass::Function
                && symbol.source == SymbolSource::SymbolTable
            {
                open.push(claim);
            }
        }
        let exact = self.settled(exact);
        let open = Runs::innermost(up_to_next(open, &exact, space));
        let exact = exact.fill(&open);
        let unmeasured = self.settled(unmeasured);
        let containers = Runs::innermost(up_to_next(containers, &Runs::default(), space));
        Covered { exact, unmeasured, containers }
    }

    /// Joins symbols that claim the same bytes, then lets the innermost have them.
    fn settled(&mut self, mut claims: Vec<Run>) -> Runs {
        claims.sort_unstable_by_key(|claim| (claim.start, claim.end, claim.label));
        let joined = claims.chunk_by(|one, other| (one.start, one.end) == (other.start, other.end));
        let joined: Vec<Run> = joined
            .filter_map(|same| {
                let set: Vec<u32> = same.iter().map(|claim| claim.label).collect();
                Some(Run { label: self.label(&set), ..*same.first()? })
            })
            .collect();
        Runs::innermost(joined)
    }
}

/// The bytes that symbols cover.
pub(super) struct Covered {
    /// Those of functions and variables.
    pub(super) exact: Runs,
    /// Those of variables whose sizes are not recorded, up to the next symbol: what something refers to in between may
    /// be data without a symbol.
    pub(super) unmeasured: Runs,
    /// Those of symbols around the data of many.
    pub(super) containers: Runs,
}

/// The symbols of a label.
pub(super) enum Members<'s> {
    One(u32),
    Several(&'s [u32]),
}

impl Members<'_> {
    pub(super) fn as_slice(&self) -> &[u32] {
        match self {
            Self::One(symbol) => std::slice::from_ref(symbol),
            Self::Several(symbols) => symbols,
        }
    }
}

/// The bytes of a symbol. They are none if its size is unknown.
fn claim(space: &Space, symbol: &ListedSymbol<'_>, label: u32) -> Option<Run> {
    let is_placed = !matches!(
        symbol.class,
        SymbolClass::Undefined
            | SymbolClass::Absolute
            | SymbolClass::Common
            | SymbolClass::Alias
            | SymbolClass::InlinedFunction
    );
    let address = symbol.address.filter(|_| is_placed)?;
    let start = match symbol.class {
        SymbolClass::ThreadLocal => space.locate_thread_local(symbol.section, address)?,
        _ => space.locate(symbol.section, address)?,
    };
    let end = start.saturating_add(symbol.size_bytes.unwrap_or_default()).min(space.end);
    // A symbol does not go on in the next section.
    let place = space.places.run_at(start)?;
    Some(Run { start, end: end.min(place.end.max(start)), label })
}

/// Lets symbols without a size go on to the next symbol, or to the end of their section.
fn up_to_next(mut claims: Vec<Run>, others: &Runs, space: &Space) -> Vec<Run> {
    claims.sort_unstable_by_key(|claim| (claim.start, claim.end));
    let starts: Vec<u64> = claims.iter().map(|claim| claim.start).collect();
    claims
        .into_iter()
        .filter_map(|claim| {
            if claim.start < claim.end {
                return Some(claim);
            }
            let place = space.places.run_at(claim.start)?;
            let next = starts.get(starts.partition_point(|start| *start <= claim.start));
            let end = next.map_or(place.end, |next| place.end.min(*next));
            let end = others.next_start(claim.start).map_or(end, |next| end.min(next));
            Some(Run { end, ..claim })
        })
        .collect()
}
