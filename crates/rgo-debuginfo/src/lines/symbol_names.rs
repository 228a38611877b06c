//! [`SymbolNames`]: the names of functions in symbol tables, for addresses that no debug data describes.

use std::borrow::Cow;

use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use rgo_binary::Image;

use super::LineError;
use super::debug_sections::DebugSections;
use crate::list::{ListedSymbol, Scope, Sources, SymbolClass, SymbolSource, list};

/// Named code in the order of its addresses.
#[derive(Default)]
pub(super) struct SymbolNames<'a> {
    names: Vec<NamedCode<'a>>,
    /// What of the tables cannot be read.
    pub(super) damage: Option<LineError>,
}

/// Code with a name.
pub(super) struct NamedCode<'a> {
    /// Its address.
    pub(super) start: u64,
    end: u64,
    /// Its name, mangled.
    pub(super) name: Cow<'a, [u8]>,
    /// Whether other files know it: of several names for one address these are preferred.
    is_global: bool,
}

impl<'a> SymbolNames<'a> {
    /// Takes the symbols of an image, then those of its companion and of a mini symbol table.
    pub(super) fn read(
        image: &Image<'a>,
        sections: &DebugSections<'_>,
        others: &[&Image<'a>],
    ) -> Self {
        let mut read = Self::default();
        if image.object().kind() == object::ObjectKind::Relocatable {
            read.take_object(image, sections);
            return read.finish(&[]);
        }
        let mut damage = None;
        for file in std::iter::once(&image).chain(others) {
            match list(file, Sources::Best) {
                Ok(symbols) => read.names.extend(symbols.into_iter().filter_map(named)),
                Err(error) => damage = Some(LineError::Symbols(error.to_string())),
            }
        }
        // A companion has the headers of the sections, and the image always has the bytes.
        let code = image.object().sections().filter(|it| it.kind() == SectionKind::Text);
        let mut code: Vec<_> =
            code.map(|it| (it.address(), it.address().saturating_add(it.size()))).collect();
        code.sort_unstable();
        read.damage = damage;
        read.finish(&code)
    }

    /// The symbols of an ELF object file, at the addresses that its sections have here.
    fn take_object(&mut self, image: &Image<'a>, sections: &DebugSections<'_>) {
        for symbol in image.object().symbols() {
            let base = symbol.section_index().and_then(|it| sections.base_of_section(it.0));
            let (Some(base), Ok(name)) = (base, symbol.name_bytes()) else { continue };
            if symbol.kind() != object::SymbolKind::Text || name.is_empty() {
                continue;
            }
            let start = base.saturating_add(symbol.address());
            let end = start.saturating_add(symbol.size());
            let (name, is_global) = (Cow::Owned(name.to_vec()), symbol.is_global());
            self.names.push(NamedCode { start, end, name, is_global });
        }
    }

    /// Sorts the names, and lets those without a size reach to the next one, or to the end of their section.
    fn finish(mut self, code: &[(u64, u64)]) -> Self {
        self.names.sort_by_key(|name| (name.start, !name.is_global));
        self.names.dedup_by_key(|name| name.start);
        let mut next = u64::MAX;
        for name in self.names.iter_mut().rev() {
            if name.end <= name.start {
                let after = code.partition_point(|(start, _)| *start <= name.start);
                let section = after.checked_sub(1).and_then(|index| code.get(index));
                name.end = section.map_or(name.start, |(_, end)| next.min(*end));
            }
            next = name.start;
        }
        self
    }

    /// The code that an address is in.
    pub(super) fn find(&self, address: u64) -> Option<&NamedCode<'a>> {
        let after = self.names.partition_point(|name| name.start <= address);
        self.names.get(after.checked_sub(1)?).filter(|name| address < name.end)
    }
}

fn named(symbol: ListedSymbol<'_>) -> Option<NamedCode<'_>> {
    let is_code = matches!(symbol.class, SymbolClass::Function | SymbolClass::IndirectFunction);
    // Go's functions are asked before, with their lines.
    let start = symbol.address.filter(|_| is_code && symbol.source != SymbolSource::GoFunctions)?;
    Some(NamedCode {
        start,
        end: start.saturating_add(symbol.size_bytes.unwrap_or_default()),
        name: symbol.name,
        is_global: symbol.scope != Scope::Local,
    })
}
