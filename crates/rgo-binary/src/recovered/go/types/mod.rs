//! The types of a Go program, and whose they are. The runtime has a record for each type that can be in an interface or
//! that is allocated, and the linker puts them together, without symbols.
//!
//! ```text
//! moduledata ─▶ types … etypes   every aligned place that can be a record is one     record
//!                 names, to which records have offsets or pointers                   name
//!            ─▶ typelinks        offsets of records
//!            ─▶ itablinks        pointers to itabs: interface, type, hash, functions
//! ```
//!
//! A record that has a package's name is of that package, another of the package of what it is made of: `[]a.T` is of
//! `a`. Names are of the packages of the records that refer to them.

mod name;
mod packages;
mod record;
mod table;

use std::ops::Range;

use hashbrown::HashMap;

use self::name::NameLengths;
use self::packages::Packages;
use self::record::{Kind, Record};
use self::table::TypeTable;
use super::moduledata::{TypeLinks, TypePlaces};
use super::pclntab_header::PclntabLayout;
use crate::image::memory::Memory;
use crate::image::words::WordFormat;

/// Names that are looked at to see how lengths are written.
const FIRST_NAMES: u64 = 16;

/// The types of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoTypes {
    /// The paths of the packages that have types.
    pub packages: Vec<String>,
    /// Records, names and tables, in no order. In a damaged program, they may overlap.
    pub pieces: Vec<GoTypePiece>,
}

/// Memory that the runtime needs for types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoTypePiece {
    /// Its addresses.
    pub addresses: Range<u64>,
    /// The packages that it is for, as numbers of [`GoTypes::packages`], sorted. None for types that are made of the
    /// language's own, such as `map[string]int`.
    pub packages: Vec<u32>,
}

/// Reads the types of a program.
pub(super) fn read(
    memory: &Memory<'_>,
    words: WordFormat,
    places: &TypePlaces,
    layout: PclntabLayout,
) -> GoTypes {
    let is_row = matches!(places.links, TypeLinks::Row(_));
    let Some(mut table) = TypeTable::new(memory, words, &places.range, is_row) else {
        return GoTypes::default();
    };
    if let (PclntabLayout::Go116, TypeLinks::Lists { types: (at, count), .. }) =
        (layout, &places.links)
    {
        table.lengths = lengths(&table, *at, (*count).min(FIRST_NAMES));
    }
    let records = records(&mut table);
    let mut packages = Packages::new(&mut table, &records);
    let mut types = GoTypes::default();
    let mut names: HashMap<usize, Vec<u32>> = HashMap::new();
    for (number, record) in records.iter().enumerate() {
        let package = packages.of_record(number);
        types.add(&table_range(packages.table, record.at..record.end), package);
        let mut mentioned = Vec::new();
        record.each_name(packages.table, |name| mentioned.push(name));
        for name in mentioned {
            let of = packages.table.name(name).and_then(|(_, name)| name.package);
            for name in [Some(name), of].into_iter().flatten() {
                let owners = names.entry(name).or_default();
                owners.extend(package.filter(|package| !owners.contains(package)));
            }
        }
    }
    for (name, mut owners) in names {
        let Some((_, extent)) = packages.table.name(name) else { continue };
        owners.sort_unstable();
        let addresses = table_range(packages.table, name..extent.end);
        types.pieces.push(GoTypePiece { addresses, packages: owners });
    }
    add_links(&mut types, &packages, places);
    types.packages = packages.into_paths();
    types
}

impl GoTypes {
    fn add(&mut self, addresses: &Range<u64>, package: Option<u32>) {
        let packages = package.into_iter().collect();
        self.pieces.push(GoTypePiece { addresses: addresses.clone(), packages });
    }
}

fn table_range(table: &TypeTable<'_, '_>, offsets: Range<usize>) -> Range<u64> {
    let address = |offset: usize| table.start.saturating_add(offset as u64);
    address(offsets.start)..address(offsets.end)
}

/// How the lengths of names are written: the high byte of two is 0 in names of types that are not long, and a name of
/// no letters is none of a type.
fn lengths(table: &TypeTable<'_, '_>, links: u64, count: u64) -> NameLengths {
    let word = table.words.size;
    let first_lengths = (0..count).filter_map(|index| {
        let record = table.u32_at(links.checked_add(index * 4)?)? as usize;
        let name = table.u32(record.checked_add(4 * word + 8)?)? as usize;
        table.data.get(name.checked_add(1)?).copied()
    });
    let first_lengths: Vec<u8> = first_lengths.collect();
    let has_two = !first_lengths.is_empty() && first_lengths.iter().all(|length| *length == 0);
    if has_two { NameLengths::Two } else { NameLengths::Varint }
}

/// The records, in their order. Nothing within one is another.
fn records(table: &mut TypeTable<'_, '_>) -> Vec<Record> {
    let step = table.words.size;
    let mut records = Vec::new();
    // Linkers align records to pointers in memory, and this memory begins at a page or a section.
    let mut at = usize::try_from(table.start.wrapping_neg() % step as u64).unwrap_or_default();
    while at < table.data.len() {
        match Record::read(table, at) {
            Some(record) => {
                at = record.end.next_multiple_of(step);
                records.push(record);
            }
            None => at += step,
        }
    }
    records
}

/// Adds the tables that lead to types, by the types that they lead to.
fn add_links(types: &mut GoTypes, packages: &Packages<'_, '_, '_>, places: &TypePlaces) {
    let table = &packages.table;
    let word = table.words.size as u64;
    match &places.links {
        TypeLinks::Lists { types: (links, count), itabs: (itabs, itab_count) } => {
            for index in 0..*count {
                let at = links.saturating_add(index * 4);
                let record = table.u32_at(at).and_then(|at| packages.number_at(at as usize));
                let Some(record) = record else { continue };
                types.add(&(at..at.saturating_add(4)), packages.known(record));
            }
            for index in 0..*itab_count {
                let at = itabs.saturating_add(index * word);
                let Some(itab) = table.pointer_at(at) else { continue };
                let Some((size, package)) = itab_at(packages, itab) else { continue };
                types.add(&(at..at.saturating_add(word)), package);
                types.add(&(itab..itab.saturating_add(size)), package);
            }
        }
        TypeLinks::Row(row) => {
            let mut at = row.start;
            while at < row.end
                && let Some((size, package)) = itab_at(packages, at)
            {
                types.add(&(at..at.saturating_add(size)), package);
                at = at.saturating_add(size);
            }
        }
    }
}

/// The size of an itab, and the package of its type.
fn itab_at(packages: &Packages<'_, '_, '_>, itab: u64) -> Option<(u64, Option<u32>)> {
    let table = &packages.table;
    let word = table.words.size as u64;
    let pointer = |index: u64| {
        let target = table.pointer_at(itab.checked_add(index * word)?)?;
        packages.number_at(table.offset(target)?)
    };
    let (interface, of) = (pointer(0)?, pointer(1)?);
    let interface = packages.record(interface).filter(|it| it.kind == Kind::Interface)?;
    // The hash takes a word; an itab that no conversion needs has no functions.
    let functions = interface.rows.1.max(1) as u64;
    Some(((3 + functions) * word, packages.known(of)))
}
