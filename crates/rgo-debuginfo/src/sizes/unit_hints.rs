//! The compile units of functions and variables that debug data do not name: by the symbol table, and by who refers to
//! them.
//!
//! ```text
//! ELF      STT_FILE, then the local symbols of its object file (System V gABI, "Symbol Table")
//! Mach-O   66 OSO, its object file; then 24 FUN and 26 STSYM, their addresses, 20 GSYM, its name (Apple, `mach-o/stab.h`)
//! ```

use hashbrown::{HashMap, HashSet};
use rgo_binary::{Format, Image};

use super::labels::Labels;
use super::names::SymbolLabels;
use super::owners::Owners;
use super::space::Space;
use super::units::Units;
use crate::list::{ListedSymbol, SymbolClass};
use crate::symbols::{Binding, Place, RawSymbol, SymbolKind, SymbolTable, TableKind};

const OSO: u8 = 0x66;
const FUN: u8 = 0x24;
const STATIC: u8 = 0x26;
const GLOBAL: u8 = 0x20;
/// The file that Go's linker names for all packages.
const OF_GO: &[u8] = b"go.go";
/// How long a chain of variables is that refer to variables.
const MAX_ROUNDS: usize = 16;

/// Gives symbols without a unit the one that the symbol table says.
pub(super) fn assign_by_table(
    image: &Image<'_>,
    space: &Space,
    symbols: &[ListedSymbol<'_>],
    units: &mut Units,
    named: &mut [SymbolLabels],
    [unit_names, packages]: [&mut Labels; 2],
) {
    if space.is_object() {
        return;
    }
    // The list of symbols reports a damaged table.
    let Ok(table) = SymbolTable::read(image.object(), TableKind::Full) else { return };
    let told = match image.format() {
        Format::Elf => of_elf(&table),
        Format::MachO => of_macho(&table),
        Format::Pe => return,
    };
    let crates: HashSet<&str> = told.units.iter().filter_map(|unit| crate_of(unit)).collect();
    let crates: HashSet<u32> = crates.into_iter().map(|name| packages.number(name)).collect();
    let first = u32::try_from(units.names.len()).unwrap_or(u32::MAX);
    for unit in &told.units {
        units.names.push(unit_names.number(unit));
        units.packages.push(crate_of(unit).map(|package| packages.number(package)));
    }
    for (symbol, named) in symbols.iter().zip(named.iter_mut()) {
        if named.unit.is_some() {
            continue;
        }
        let by_address = symbol.address.and_then(|address| told.by_address.get(&address));
        let Some(unit) = by_address.or_else(|| told.by_name.get(&*symbol.name)) else { continue };
        named.unit = Some(first.saturating_add(*unit));
        set_package(named, units.package(first.saturating_add(*unit)), &crates);
    }
    assign_by_neighbors(symbols, units, named, &crates);
}

/// Sets the crate that compiled a symbol. A unit of optimization across crates has the code of others, which have no
/// unit: their names say more.
fn set_package(named: &mut SymbolLabels, package: Option<u32>, crates: &HashSet<u32>) {
    if named.package.is_none_or(|package| crates.contains(&package)) {
        named.package = package.or(named.package);
    }
}

/// Gives functions that lie among those of one unit that unit, and among those of one crate that crate: linkers do
/// not mix the code of object files.
fn assign_by_neighbors(
    symbols: &[ListedSymbol<'_>],
    units: &Units,
    named: &mut [SymbolLabels],
    crates: &HashSet<u32>,
) {
    let mut functions: Vec<(u64, usize)> = symbols
        .iter()
        .enumerate()
        .filter(|(_, symbol)| symbol.class == SymbolClass::Function)
        .filter_map(|(index, symbol)| Some((symbol.address?, index)))
        .collect();
    functions.sort_unstable();
    let mut before = None;
    let mut between = Vec::new();
    for (_, index) in functions {
        let Some(unit) = named.get(index).and_then(|named| named.unit) else {
            between.push(index);
            continue;
        };
        for index in between.drain(..) {
            let (Some(before), Some(named)) = (before, named.get_mut(index)) else { continue };
            named.unit = (before == unit).then_some(unit);
            let package = units.package(unit);
            if units.package(before) == package {
                set_package(named, package, crates);
            }
        }
        before = Some(unit);
    }
}

/// Gives variables without a unit that of what refers to them first.
pub(super) fn assign_by_references(
    firsts: &HashMap<u32, u32>,
    owners: &Owners<'_>,
    named: &mut [SymbolLabels],
) {
    let unit_of = |label: u32, named: &[SymbolLabels]| {
        let members = owners.members(label);
        members.as_slice().iter().find_map(|symbol| named.get(*symbol as usize)?.unit)
    };
    for _ in 0..MAX_ROUNDS {
        let mut found = Vec::new();
        for (of, by) in firsts {
            if unit_of(*of, named).is_none()
                && let Some(unit) = unit_of(*by, named)
            {
                found.push((*of, unit));
            }
        }
        if found.is_empty() {
            return;
        }
        for (of, unit) in found {
            for symbol in owners.members(of).as_slice() {
                if let Some(named) = named.get_mut(*symbol as usize) {
                    named.unit = Some(unit);
                }
            }
        }
    }
}

/// What a symbol table says of units.
#[derive(Default)]
struct Told<'a> {
    /// Names of units.
    units: Vec<String>,
    /// By the address of a symbol, the index of its unit.
    by_address: HashMap<u64, u32>,
    /// The same by the name.
    by_name: HashMap<&'a [u8], u32>,
}

impl Told<'_> {
    /// Begins a unit, and returns its index.
    fn begin(&mut self, name: &[u8]) -> Option<u32> {
        if name.is_empty() {
            return None;
        }
        let index = u32::try_from(self.units.len()).ok()?;
        self.units.push(String::from_utf8_lossy(name).into_owned());
        Some(index)
    }
}

fn of_elf<'a>(table: &SymbolTable<'a>) -> Told<'a> {
    let mut told = Told::default();
    let mut unit = None;
    for symbol in &table.symbols {
        if symbol.kind == SymbolKind::File {
            unit = told.begin(symbol.name).filter(|_| symbol.name != OF_GO);
        } else if symbol.binding != Binding::Local {
            unit = None;
        } else if let (Some(unit), Place::Section(_)) = (unit, symbol.place)
            && symbol.kind != SymbolKind::ThreadLocal
        {
            told.by_address.entry(symbol.address).or_insert(unit);
        }
    }
    told
}

fn of_macho<'a>(table: &SymbolTable<'a>) -> Told<'a> {
    let mut told = Told::default();
    let mut unit = None;
    for symbol in &table.symbols {
        let RawSymbol::MachO { kind, .. } = symbol.raw else { continue };
        match (kind, unit) {
            (OSO, _) => {
                let name = symbol.name.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                unit = told.begin(name);
            }
            (FUN | STATIC, Some(unit)) if !symbol.name.is_empty() => {
                told.by_address.entry(symbol.address).or_insert(unit);
            }
            (GLOBAL, Some(unit)) => {
                let name = symbol.name.strip_prefix(b"_").unwrap_or(symbol.name);
                told.by_name.entry(name).or_insert(unit);
            }
            _ => {}
        }
    }
    told
}

/// The crate of a codegen unit of rustc: `app.9f1b6ae6-cgu.0`, or of an object file with it.
fn crate_of(unit: &str) -> Option<&str> {
    let (start, _) = unit.split_once("-cgu.")?;
    start.rsplit_once('.')?.0.rsplit(['.', '(']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_codegen_unit_names_its_crate() {
        for (unit, expected) in [
            ("app.9f1b6ae6-cgu.0", Some("app")),
            ("app.app.9f1b6ae6-cgu.0.rcgu.o", Some("app")),
            ("libstd-1a2b.rlib(std-1a2b.std.9f1b-cgu.0.rcgu.o)", Some("std")),
            ("libc_1.rlib(c_1.9f1b-cgu.12.rcgu.o)", Some("c_1")),
            ("3k1q7ihzfk0dfzzk", None),
            ("hello.c", None),
        ] {
            assert_eq!(crate_of(unit), expected, "{unit}");
        }
    }
}
