//! The names under which symbols are counted: demangled, with the crate or package.

use super::labels::Labels;
use crate::demangle::{Demangler, NameStyle, Scheme};
use crate::list::{ListedSymbol, owner};

/// A function of every Go program. A dot in a name of C does not end a package.
const GO_START: &[u8] = b"runtime.main";

/// What is said of a symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct SymbolLabels {
    pub(super) name: u32,
    pub(super) package: Option<u32>,
    pub(super) file: Option<u32>,
    /// Its compile unit, by the number of the unit.
    pub(super) unit: Option<u32>,
}

/// Makes the labels of symbols.
pub(super) struct Namer<'l> {
    pub(super) names: &'l mut Labels,
    pub(super) packages: &'l mut Labels,
    pub(super) files: &'l mut Labels,
    demangler: Demangler,
    /// Whether names that are not mangled are Go's.
    are_of_go: bool,
}

impl<'l> Namer<'l> {
    pub(super) fn new(
        [names, packages, files]: [&'l mut Labels; 3],
        symbols: &[ListedSymbol<'_>],
    ) -> Self {
        let are_of_go = symbols.iter().any(|symbol| *symbol.name == *GO_START);
        Self { names, packages, files, demangler: Demangler::default(), are_of_go }
    }

    /// The labels of a symbol.
    pub(super) fn labels(&mut self, symbol: &ListedSymbol<'_>) -> SymbolLabels {
        let mut text = Vec::new();
        let scheme = self.demangler.demangle(&symbol.name, NameStyle::People, &mut text).ok();
        let name = if scheme.is_some() { &text[..] } else { &symbol.name };
        let name = String::from_utf8_lossy(name);
        let package = self.package(symbol, &name, scheme);
        SymbolLabels {
            name: self.names.number(&name),
            package: package.map(|package| self.packages.number(&package)),
            file: symbol.file.map(|file| self.files.number(file)),
            unit: None,
        }
    }

    /// Whether the names are a Go program's.
    pub(super) fn is_go(&self) -> bool {
        self.are_of_go
    }

    /// The crate that compiled a function, or the package of Go that it is in. Without a record of that, the crate
    /// that its name begins with.
    fn package(
        &self,
        symbol: &ListedSymbol<'_>,
        name: &str,
        scheme: Option<Scheme>,
    ) -> Option<String> {
        if scheme.is_none() && !self.are_of_go {
            return None;
        }
        let compiled_by = self.demangler.instantiating_crate(&symbol.name);
        compiled_by.or_else(|| owner(name, scheme).map(Into::into))
    }
}
