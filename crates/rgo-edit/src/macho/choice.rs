//! Chooses the symbols of a Mach-O image that stay. It decides once about each, in the order of the
//! table.
//!
//! ```text
//! debug map, one group per object file:
//!   N_SO "/folder/"  N_SO "a.c"  N_OSO "/folder/a.o"  N_FUN …  N_SO ""
//! ```

use std::borrow::Cow;
use std::ops::Range;

use object::macho;

use super::linkedit::{Linkedit, LinkeditTable};
use super::symbols::{self, Fate, Symbol};
use super::{ImageParts, WHAT};
use crate::{Discard, Edits, MachOPart, Strip, bytes};
use rgo_binary::{Error, Result};

/// The facts and requests that decide about the symbols of an image.
pub(super) struct SymbolChoice<'e> {
    edits: &'e Edits<'e>,
    /// For each section number, from 1, the new one.
    sections: &'e [Option<u8>],
    is_library: bool,
    has_trie: bool,
    /// The parts in [`crate::MachO::without`] that this image does not need.
    without_all: bool,
    without_swift: bool,
    /// Indices of debugging symbols that stay although others go.
    kept_debugging: Vec<Range<usize>>,
    /// The number of symbols already decided.
    seen: usize,
    refused: Option<Error>,
    erased: bool,
}

impl<'e> SymbolChoice<'e> {
    /// Collects the facts about the image.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the request removes all symbols and the image needs some.
    pub(super) fn new(
        parts: &ImageParts<'_>,
        linkedit: &Linkedit<'_>,
        sections: &'e [Option<u8>],
        edits: &'e Edits<'e>,
    ) -> Result<Self> {
        let without = |part| edits.macho.without.contains(&part);
        let has_trie = !linkedit.bytes(LinkeditTable::Exports).is_empty();
        let is_library = parts.commands.file_type()? != macho::MH_EXECUTE;
        // Older images are bound through their symbols.
        let is_bound_without =
            [macho::LC_DYLD_INFO, macho::LC_DYLD_INFO_ONLY, macho::LC_DYLD_CHAINED_FIXUPS];
        let is_bound_without = is_bound_without.iter().any(|it| parts.commands.find(*it).is_some())
            && parts.commands.flags()?.0 & macho::MH_DYLDLINK.0 != 0;
        let without_all = without(MachOPart::Symbols);
        if without_all && !(is_bound_without && (has_trie || !is_library)) {
            let why = "dyld binds this image by its symbols";
            return Err(Error::unsupported("taking out all symbols", why));
        }
        let kept_debugging = match edits.macho.debug_map_of {
            Some(is_kept) => debug_map_of(linkedit, is_kept)?,
            None => Vec::new(),
        };
        Ok(Self {
            edits,
            sections,
            is_library,
            has_trie,
            without_all,
            without_swift: without(MachOPart::SwiftSymbols)
                && is_bound_without
                && has_swift(parts)?,
            kept_debugging,
            seen: 0,
            refused: None,
            erased: false,
        })
    }

    /// Decides about the next symbol.
    pub(super) fn fate(&mut self, symbol: &mut Symbol<'_>) -> Fate {
        let index = self.seen;
        self.seen += 1;
        if symbol.section != 0 {
            let number = self.sections.get(usize::from(symbol.section) - 1).copied().flatten();
            let Some(number) = number else { return Fate::Drop };
            symbol.section = number;
        }
        trim(symbol, self.edits.path_remaps);
        if self.without_all || self.without_swift && symbol.is_swift() {
            self.erased = true;
            return Fate::Erase;
        }
        let stays = self.stays(symbol, index);
        if stays || self.refused.is_some() { Fate::Keep } else { Fate::Drop }
    }

    fn stays(&mut self, symbol: &Symbol<'_>, index: usize) -> bool {
        let edits = self.edits;
        if symbol.is_debugging() {
            // Debugging symbols are records of the debug map: their names do not count as names of
            // symbols.
            let is_kept = || self.kept_debugging.iter().any(|group| group.contains(&index));
            return edits.strip == Strip::None || is_kept();
        }
        let is_needed = symbol.is_needed();
        let stays_exported = |name: &[u8]| edits.macho.exports.is_none_or(|stays| stays(name));
        if let Some(stays) = edits.symbols.of(&symbol.name) {
            let is_weak = edits.macho.exports.is_some() && symbol.is_weak_definition();
            let is_bound = self.is_library && !self.has_trie && symbol.is_exported();
            if !stays && (is_needed || is_bound || is_weak) && self.refused.is_none() {
                let what = format!("removing symbol {}", String::from_utf8_lossy(&symbol.name));
                let why = "the loader or a stub of the image asks for it";
                self.refused = Some(Error::unsupported(what, why));
            }
            return stays;
        }
        let is_exported = symbol.is_exported();
        if is_exported
            && !is_needed
            && !symbol.is_weak_definition()
            && !stays_exported(&symbol.name)
        {
            return false;
        }
        match edits.strip {
            _ if is_discarded(symbol, edits.discard) => false,
            Strip::None | Strip::Debug => true,
            Strip::Unneeded => is_needed || is_exported,
            Strip::All => {
                let is_absolute = edits.macho.keeps_absolute && symbol.is_absolute();
                is_needed || is_absolute || self.is_library && is_exported
            }
        }
    }

    /// Returns whether removed symbols were named by stubs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the request removes a symbol that something needs.
    pub(super) fn finish(self) -> Result<bool> {
        self.refused.map_or(Ok(self.erased), Err)
    }
}

/// Whether it is one of the local symbols to remove.
fn is_discarded(symbol: &Symbol<'_>, discard: Discard) -> bool {
    let is_meant = match discard {
        Discard::None => false,
        Discard::Temporary => symbol.name.starts_with(b"L"),
        Discard::All => true,
    };
    is_meant && symbol.is_local() && !symbol.is_needed()
}

/// The ranges of the debugging symbols that belong to the selected source files.
fn debug_map_of(
    linkedit: &Linkedit<'_>,
    is_kept: &dyn Fn(&[u8]) -> bool,
) -> Result<Vec<Range<usize>>> {
    let (table, strings) =
        (linkedit.bytes(LinkeditTable::Symbols), linkedit.bytes(LinkeditTable::Strings));
    let mut kept: Vec<Range<usize>> = Vec::new();
    // The start of the group, and whether its file is selected.
    let mut group: Option<(usize, bool)> = None;
    let mut in_names = false;
    for (index, symbol) in symbols::parse(table, strings, &[])?.iter().enumerate() {
        let Some(source) = symbol.source_file() else {
            in_names = false;
            continue;
        };
        let is_end = source.is_empty();
        if let Some((start, true)) = group.filter(|_| is_end || !in_names) {
            kept.push(start..index + usize::from(is_end));
        }
        group = match (is_end, group.filter(|_| in_names)) {
            (true, _) => None,
            (false, begun) => {
                let name = source.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                let (start, is_meant) = begun.unwrap_or((index, false));
                Some((start, is_meant || !name.is_empty() && is_kept(name)))
            }
        };
        in_names = !is_end;
    }
    if let Some((start, true)) = group {
        kept.push(start..usize::MAX);
    }
    Ok(kept)
}

/// Whether the image declares Swift code: `__objc_imageinfo` holds two words, and the second byte
/// of the second is the version of Swift's ABI.
fn has_swift(parts: &ImageParts<'_>) -> Result<bool> {
    const SEGMENTS: [&str; 3] = ["__DATA", "__DATA_CONST", "__DATA_DIRTY"];
    for segment in parts.commands.segments()? {
        if !SEGMENTS.iter().any(|name| segment.is(name)) {
            continue;
        }
        for section in parts.commands.sections(&segment)? {
            if section.name() == "__objc_imageinfo" {
                let info = section.bytes(parts.image.input())?;
                return Ok(info.len() >= 8 && bytes::u32_at(info, 4, WHAT)? >> 8 & 0xff != 0);
            }
        }
    }
    Ok(false)
}

/// Replaces folders in the file names of the debug map. Of several matching remaps the last one
/// counts, as in compilers.
fn trim(symbol: &mut Symbol<'_>, path_remaps: &[(&str, &str)]) {
    if !symbol.names_file() {
        return;
    }
    let trimmed = path_remaps.iter().rev().find_map(|(from, to)| {
        let rest = symbol.name.strip_prefix(from.as_bytes())?;
        let whole = from.ends_with('/') || matches!(rest.first(), None | Some(b'/'));
        whole.then(|| [to.as_bytes(), rest].concat())
    });
    if let Some(trimmed) = trimmed {
        symbol.name = Cow::Owned(trimmed);
    }
}
