//! Finds owners of data that has no symbols, such as strings and tables of constants: whoever refers to it.
//!
//! ```text
//! code of f ──▶ |string|      data without symbols begins at each place that something refers to,
//!          └──▶ |table | ──▶ |string|      and ends at the next
//! ```
//!
//! A variable whose size is not recorded ends there too.

mod arm64;
mod data;
mod go;
mod relocations;
mod unwind;
mod x86;

use std::collections::BTreeSet;

use hashbrown::HashMap;
use object::Object;
use rgo_binary::recovered::go::GoProgram;
use rgo_binary::{Arch, Image};

use super::kind::ByteKind;
use super::owners::{Covered, MAX_OWNERS, Owners};
use super::runs::{Run, Runs};
use super::space::Space;

/// How long a chain of data is that refers to data.
const MAX_ROUNDS: usize = 16;

/// A place that refers to another. Both are on the line of a [`Space`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    to: u64,
    from: u64,
}

/// What is known of data by who refers to it.
pub(super) struct Referred {
    /// The owners of data that has no symbol.
    pub(super) owners: Runs,
    /// By the label of a variable: that of the first function or variable which refers to it.
    pub(super) firsts: HashMap<u32, u32>,
}

/// Gathers references to data.
struct Gatherer<'s> {
    space: &'s Space,
    /// The data without an owner.
    wanted: Runs,
    found: Vec<Reference>,
    /// The functions and variables.
    symbols: Runs,
    firsts: HashMap<u32, u32>,
}

impl Gatherer<'_> {
    /// Adds a reference to an address, if data without an owner is there.
    fn add(&mut self, from: u64, to_address: u64) {
        if let Some(to) = self.space.locate(None, to_address) {
            self.add_place(from, to);
        }
    }

    fn add_place(&mut self, from: u64, to: u64) {
        if self.wanted.at(to).is_some() {
            self.found.push(Reference { to, from });
        }
        if self.space.kind_at(to) != Some(ByteKind::Code)
            && let (Some(of), Some(by)) = (self.symbols.at(to), self.symbols.at(from))
            && of != by
        {
            self.firsts.entry(of).or_insert(by);
        }
    }
}

/// What says who refers to data.
pub(super) struct Sources<'s, 'a> {
    pub(super) image: &'s Image<'a>,
    /// Its code as Go's runtime knows it.
    pub(super) program: Option<&'s GoProgram<'a>>,
    /// Data that is known to begin and end there.
    pub(super) parts: &'s Runs,
}

/// The owners of data that no symbol covers for sure.
pub(super) fn data_owners(
    sources: &Sources<'_, '_>,
    space: &Space,
    owners: &mut Owners<'_>,
    covered: &Covered,
) -> Referred {
    let Sources { image, program, parts } = *sources;
    let owned = &covered.exact;
    let mut gatherer = Gatherer {
        space,
        wanted: without_owner(space, owned),
        found: Vec::new(),
        symbols: owned.fill(&covered.unmeasured),
        firsts: HashMap::new(),
    };
    if image.object().kind() == object::ObjectKind::Relocatable {
        relocations::gather(image, &mut gatherer);
    } else {
        code(image, owned, &mut gatherer);
        data::gather(image, &mut gatherer);
        if let Some(program) = program {
            go::gather(program, &mut gatherer);
        }
        unwind::gather(image, &mut gatherer);
    }
    let Gatherer { wanted, mut found, firsts, .. } = gatherer;
    found.sort_unstable();
    found.dedup();
    let chunks = chunks(&wanted, &found, &covered.unmeasured, parts);
    Referred { owners: settle(chunks, &found, owners, owned), firsts }
}

/// The data that no symbol covers.
fn without_owner(space: &Space, owned: &Runs) -> Runs {
    let is_data = |run: &&Run| {
        let kind = space.place_names.get(run.label as usize).map(|place| place.kind);
        matches!(kind, Some(ByteKind::ReadOnlyData | ByteKind::Data | ByteKind::ZeroedData))
    };
    let data = Runs::innermost(space.places.iter().filter(is_data).copied().collect());
    let mut wanted = Runs::default();
    for [data, owner] in super::runs::sweep([&data, owned]) {
        if data.label.is_some() && owner.label.is_none() {
            wanted.push(Run { start: data.start, end: data.end, label: 0 });
        }
    }
    wanted
}

/// Follows the code of each function.
fn code(image: &Image<'_>, owned: &Runs, gatherer: &mut Gatherer<'_>) {
    let find = match image.arch() {
        Arch::Amd64 => x86::references_of_amd64,
        Arch::Other(name) if name == "386" => x86::references_of_386,
        Arch::Arm64 => arm64::references,
        Arch::Other(_) => return,
    };
    for (address, run) in gatherer.space.addressed(owned) {
        if gatherer.space.kind_at(run.start) != Some(ByteKind::Code) {
            continue;
        }
        let Some(code) = image.data().get(run.start as usize..run.end as usize) else { continue };
        let is_fixed = gatherer.space.is_fixed();
        find(code, address, is_fixed, &mut |offset, to| gatherer.add(run.start + offset, to));
    }
}

/// A stretch of data that something refers to.
struct Chunk {
    run: Run,
    /// Its references, by their index.
    references: std::ops::Range<usize>,
    /// Its owner, where that is the variable at its start.
    variable: Option<u32>,
    is_owned: bool,
}

/// Passes ownership on from those that refer to data, in rounds.
fn settle(
    mut chunks: Vec<Chunk>,
    found: &[Reference],
    owners: &mut Owners<'_>,
    owned: &Runs,
) -> Runs {
    let variables = chunks.iter().filter_map(|it| Some(Run { label: it.variable?, ..it.run }));
    let mut settled = Runs::innermost(variables.collect());
    for _ in 0..MAX_ROUNDS {
        let mut new = Vec::new();
        for chunk in chunks.iter_mut().filter(|chunk| !chunk.is_owned) {
            let mut set = BTreeSet::new();
            for reference in found.get(chunk.references.clone()).unwrap_or_default() {
                let label = owned.at(reference.from).or_else(|| settled.at(reference.from));
                if let Some(label) = label {
                    set.extend(owners.members(label).as_slice());
                }
                if set.len() > MAX_OWNERS {
                    break;
                }
            }
            if !set.is_empty() {
                chunk.is_owned = true;
                let set: Vec<u32> = set.into_iter().take(MAX_OWNERS).collect();
                new.push(Run { label: owners.label(&set), ..chunk.run });
            }
        }
        if new.is_empty() {
            break;
        }
        settled = settled.fill(&Runs::innermost(new));
    }
    settled
}

/// Cuts the data at the places that something refers to, and where a variable or a part begins and ends.
fn chunks(wanted: &Runs, found: &[Reference], variables: &Runs, parts: &Runs) -> Vec<Chunk> {
    let mut starts: Vec<u64> = found.iter().map(|reference| reference.to).collect();
    starts.extend(variables.iter().map(|run| run.start));
    starts.extend(parts.iter().flat_map(|run| [run.start, run.end]));
    starts.sort_unstable();
    starts.dedup();
    let mut references = 0;
    let mut chunks: Vec<Chunk> = Vec::new();
    for (index, to) in starts.iter().copied().enumerate() {
        let rest = found.get(references..).unwrap_or_default();
        let next = references + rest.partition_point(|it| it.to <= to);
        if let Some(run) = wanted.run_at(to) {
            let end = starts.get(index + 1).map_or(run.end, |next| run.end.min(*next));
            let variable = variables.run_at(to).filter(|variable| variable.start == to);
            chunks.push(Chunk {
                run: Run { start: to, end, label: 0 },
                references: references..next,
                variable: variable.map(|variable| variable.label),
                is_owned: variable.is_some(),
            });
        }
        references = next;
    }
    chunks
}
