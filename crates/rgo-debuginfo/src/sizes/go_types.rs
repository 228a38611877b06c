//! Whose the types of a Go program are. The linker puts the records of all packages together, and what refers to a
//! record is rarely the package that defines the type, so the records themselves have to say it.
//!
//! A record that is made of the language's types alone, such as `map[string]int`, belongs to those that refer to it, as
//! other data. What no one refers to is of no package.

use std::borrow::Cow;

use rgo_binary::recovered::go::{self, GoProgram};

use super::labels::Labels;
use super::names::SymbolLabels;
use super::owners::{MAX_OWNERS, Owners};
use super::runs::{Run, Runs};
use super::space::Space;
use crate::list::{ListedSymbol, Scope, SymbolClass, SymbolSource};

/// All types, as the linker calls them.
const ALL: &str = "type:*";
/// The package of those that have none.
const NO_PACKAGE: &str = "[types of no package]";
/// What the names of single types begin with, where the linker keeps them: since Go 1.20, before.
const SINGLE: [&[u8]; 2] = [b"type:", b"type."];

/// The types of a program.
#[derive(Default)]
pub(super) struct TypeRuns {
    /// Those that packages have.
    pub(super) of_packages: Runs,
    /// Those of the language.
    pub(super) others: Runs,
    /// The symbol of these.
    of_others: Option<u32>,
}

impl TypeRuns {
    /// Reads the types of a program, and adds a symbol for those of each package.
    pub(super) fn read(
        program: Option<&GoProgram<'_>>,
        space: &Space,
        owners: &mut Owners<'_>,
    ) -> Self {
        let Some(program) = program else { return Self::default() };
        let types = program.types();
        if types.pieces.is_empty() {
            return Self::default();
        }
        let names = types.packages.iter().map(|path| go::types_of(path));
        let first = owners.add(names.chain([ALL.to_owned()]).map(symbol));
        let of_others =
            first.saturating_add(u32::try_from(types.packages.len()).unwrap_or(u32::MAX));
        let (mut of_packages, mut others) = (Vec::new(), Vec::new());
        for piece in &types.pieces {
            let Some(start) = space.locate(None, piece.addresses.start) else { continue };
            let size = piece.addresses.end.saturating_sub(piece.addresses.start);
            let Some(place) = space.places.run_at(start) else { continue };
            let run =
                Run { start, end: start.saturating_add(size).min(place.end), label: of_others };
            if piece.packages.is_empty() {
                others.push(run);
            } else {
                let set = piece.packages.iter().take(MAX_OWNERS);
                let set: Vec<u32> = set.map(|package| first.saturating_add(*package)).collect();
                of_packages.push(Run { label: owners.label(&set), ..run });
            }
        }
        let of_others = Some(of_others);
        Self {
            of_packages: Runs::innermost(of_packages),
            others: Runs::innermost(others),
            of_others,
        }
    }

    /// Names the packages of types where their symbols do not: of those that have none, and where each type has a
    /// symbol, as in programs with plugins.
    pub(super) fn name(
        &self,
        space: &Space,
        owners: &Owners<'_>,
        named: &mut [SymbolLabels],
        packages: &mut Labels,
    ) {
        let Some(of_others) = self.of_others else { return };
        if let Some(named) = named.get_mut(of_others as usize) {
            named.package = Some(packages.number(NO_PACKAGE));
        }
        for (index, symbol) in owners.symbols.iter().enumerate() {
            let is_type = SINGLE.iter().any(|start| symbol.name.starts_with(start));
            let Some(address) = symbol.address.filter(|_| is_type) else { continue };
            if named.get(index).is_none_or(|named| named.package.is_some()) {
                continue;
            }
            let owner =
                space.locate(symbol.section, address).and_then(|at| self.of_packages.at(at));
            let members = owner.map(|owner| owners.members(owner));
            let package = members.and_then(|members| {
                let first = members.as_slice().first()?;
                named.get(*first as usize)?.package
            });
            if let Some(named) = named.get_mut(index) {
                named.package = package;
            }
        }
    }
}

/// A symbol that no table has.
fn symbol<'a>(name: String) -> ListedSymbol<'a> {
    ListedSymbol {
        name: Cow::Owned(name.into_bytes()),
        address: None,
        section: None,
        size_bytes: None,
        size_is_recorded: false,
        class: SymbolClass::ReadOnlyData,
        scope: Scope::Local,
        version: None,
        library: None,
        ordinal: None,
        source: SymbolSource::SymbolTable,
        file: None,
        line: None,
    }
}
