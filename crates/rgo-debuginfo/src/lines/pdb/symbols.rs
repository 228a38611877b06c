//! [`PdbSymbol`]: all functions and variables of a PDB, for lists and sizes.
//!
//! ```text
//! records of globals    publics: names for linkers, without sizes; variables
//! records of a module   procedures and thunks, with sizes; variables of its own
//!
//! kind        offset u32, section u16 at   size at        name at     (Microsoft's cvinfo.h)
//! public                 4                                  10
//! variable               4                                  10
//! procedure             28                 12 u32           35
//! thunk                 12                 18 u16           21
//! ```
//!
//! A public and a procedure can be for one function; the public has the mangled name, as linkers and other tools have it.

use std::collections::{HashMap, HashSet};

use super::super::LineError;
use super::super::budget::Budget;
use super::PdbFile;
use super::address_map::AddressMap;
use super::bytes::{PdbBytes, Record, records, text_at, u32_at};
use super::dbi::Contribution;

/// What a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum PdbSymbolKind {
    /// A name for linkers: the section says of what.
    Public,
    /// Code.
    Function,
    /// A variable or constant.
    Variable,
    /// A variable that each thread has for itself.
    ThreadLocal,
}

/// A function or variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PdbSymbol {
    /// Its name: mangled if linkers know it.
    pub(crate) name: Box<[u8]>,
    /// What it is.
    pub(crate) kind: PdbSymbolKind,
    /// Whether only its own object file may refer to it.
    pub(crate) is_local: bool,
    /// Its address.
    pub(crate) address: u64,
    /// Its size in bytes, if it is recorded.
    pub(crate) size: Option<u64>,
    /// How many bytes there are up to the next symbol, or to the end of what its object file has there.
    pub(crate) reach: u64,
}

/// Where the fields of a kind of record are.
struct Layout {
    record: u16,
    kind: PdbSymbolKind,
    is_local: bool,
    /// Where the offset is, and the section behind it.
    place: usize,
    size: SizeField,
    name: usize,
}

/// Where the size of a function is.
#[derive(Clone, Copy)]
enum SizeField {
    None,
    U16(usize),
    U32(usize),
}

const fn named(record: u16, kind: PdbSymbolKind, is_local: bool) -> Layout {
    Layout { record, kind, is_local, place: 4, size: SizeField::None, name: 10 }
}

const fn procedure(record: u16, is_local: bool) -> Layout {
    let kind = PdbSymbolKind::Function;
    Layout { record, kind, is_local, place: 28, size: SizeField::U32(12), name: 35 }
}

const LAYOUTS: [Layout; 12] = [
    named(0x110e, PdbSymbolKind::Public, false),
    named(0x110c, PdbSymbolKind::Variable, true),
    named(0x110d, PdbSymbolKind::Variable, false),
    named(0x1112, PdbSymbolKind::ThreadLocal, true),
    named(0x1113, PdbSymbolKind::ThreadLocal, false),
    procedure(0x110f, true),
    procedure(0x1110, false),
    procedure(0x1146, true),
    procedure(0x1147, false),
    procedure(0x1155, true),
    procedure(0x1156, true),
    Layout {
        record: 0x1102,
        kind: PdbSymbolKind::Function,
        is_local: true,
        place: 12,
        size: SizeField::U16(18),
        name: 21,
    },
];

/// A symbol at the address that the PDB has for it.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Found {
    start: u32,
    name: Box<[u8]>,
    kind: PdbSymbolKind,
    is_local: bool,
    size: Option<u32>,
}

impl PdbFile<'_> {
    /// The functions and variables of an image that is linked for the address `base`, by their addresses in the PDB.
    /// Damaged modules have none.
    ///
    /// # Errors
    /// If the symbols for linkers, or the map of addresses, are outside the file.
    pub(in super::super) fn symbols(&self, base: u64) -> Result<Vec<PdbSymbol>, LineError> {
        let map = self.address_map()?;
        let budget = Budget::for_bytes(self.byte_count);
        let found = self.found(&map)?;
        let reaches = reaches(&found, &self.ends(&map));
        let mut symbols = Vec::with_capacity(found.len());
        for (it, reach) in found.iter().zip(reaches) {
            let mut first = None;
            let size = it.size.unwrap_or(reach).max(1);
            map.stretches_in_image(it.start, size, &budget, &mut |address, size| {
                first = first.or(Some((address, size)));
            })?;
            let Some((address, whole)) = first else { continue };
            symbols.push(PdbSymbol {
                name: it.name.clone(),
                kind: it.kind,
                is_local: it.is_local,
                address: base.saturating_add(address.into()),
                // What was moved elsewhere is not part of it.
                size: it.size.map(|size| size.min(whole).into()),
                reach: reach.min(whole).into(),
            });
        }
        Ok(symbols)
    }

    /// The symbols, each once, in the order of their addresses.
    fn found(&self, map: &AddressMap<'_>) -> Result<Vec<Found>, LineError> {
        let globals = self.optional(self.dbi.symbol_records)?;
        let mut found: HashSet<Found> =
            records(&globals, 0).filter_map(|it| parse(&it, map)).collect();
        let is_public = |it: &&Found| it.kind == PdbSymbolKind::Public;
        let publics: HashSet<u32> = found.iter().filter(is_public).map(|it| it.start).collect();
        let mut streams = HashSet::new();
        for module in &self.dbi.modules {
            let Some(stream) = module.stream.filter(|stream| streams.insert(*stream)) else {
                continue;
            };
            let Ok(bytes) = self.msf.stream(stream) else { continue };
            let symbols = bytes.get(..module.symbol_bytes).unwrap_or(&bytes);
            // The stream starts with a signature.
            found.extend(records(symbols, 4).filter_map(|it| parse(&it, map)));
        }
        let mut described: HashMap<u32, (Option<u32>, PdbSymbolKind)> = HashMap::new();
        for it in &found {
            let known = described.entry(it.start).or_insert((it.size, it.kind));
            *known = (*known).max((it.size, it.kind));
        }
        let is_named = |it: &Found| {
            it.kind == PdbSymbolKind::Public || it.is_local || !publics.contains(&it.start)
        };
        let mut found: Vec<Found> = found.into_iter().filter(is_named).collect();
        for public in found.iter_mut().filter(|it| it.kind == PdbSymbolKind::Public) {
            (public.size, public.kind) =
                described.get(&public.start).copied().unwrap_or((None, public.kind));
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Where the sections, and what modules have in them, end, in order.
    fn ends(&self, map: &AddressMap<'_>) -> Vec<u32> {
        let end = |it: &Contribution| map.address(it.section, it.offset)?.checked_add(it.size);
        let mut ends: Vec<u32> = self.dbi.contributions.iter().filter_map(end).collect();
        ends.extend(map.section_ends());
        ends.sort_unstable();
        ends
    }
}

/// For each symbol, how far it is to the next one or to the next end.
fn reaches(found: &[Found], ends: &[u32]) -> Vec<u32> {
    let mut reaches = Vec::with_capacity(found.len());
    let (mut here, mut behind) = (u32::MAX, u32::MAX);
    for it in found.iter().rev() {
        // Several symbols can begin at one address.
        if it.start < here {
            (here, behind) = (it.start, here);
        }
        let end = ends.get(ends.partition_point(|end| *end <= here)).copied();
        reaches.push(end.unwrap_or(here).min(behind) - here);
    }
    reaches.reverse();
    reaches
}

fn parse(record: &Record<'_>, map: &AddressMap<'_>) -> Option<Found> {
    let layout = LAYOUTS.iter().find(|layout| layout.record == record.kind)?;
    let mut place = PdbBytes(record.content.get(layout.place..)?);
    let (offset, section) = (place.u32()?, place.u16()?);
    let name = text_at(record.content, layout.name).filter(|name| !name.is_empty())?;
    let size = match layout.size {
        SizeField::None => None,
        SizeField::U16(at) => PdbBytes(record.content.get(at..)?).u16().map(u32::from),
        SizeField::U32(at) => u32_at(record.content, at),
    };
    Some(Found {
        start: map.address(section, offset)?,
        name: name.into(),
        kind: layout.kind,
        is_local: layout.is_local,
        size: size.filter(|size| *size > 0),
    })
}
