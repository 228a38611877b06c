//! What a call asks for, as the edit of one file.

use std::collections::HashSet;

use object::{Object, ObjectSymbol};
use rgo_binary::edit::{self, Choice, Edited, Finish, Strip as Mode};
use rgo_binary::{Format, Image};

use super::asked::{Asked, Discard};

/// Thinks the edit of a file through, whose images these are.
///
/// # Errors
/// Those of [`edit::edit`].
pub(super) fn apply<'a>(
    bytes: &'a [u8],
    images: &[&Image<'_>],
    asked: &Asked,
    debuglink: Option<(&str, u32)>,
) -> rgo_binary::Result<Edited<'a>> {
    let (mode, discard) = mode(asked, images);
    let local = local_names(images, discard);
    let [keep_symbols, drop_symbols, keep_sections, drop_sections] =
        [&asked.keep_symbols, &asked.drop_symbols, &asked.keep_sections, &asked.drop_sections]
            .map(Option::as_ref);
    let keep_symbol = |name: &[u8]| keep_symbols.is_some_and(|names| names.has(name));
    let drop_symbol =
        |name: &[u8]| drop_symbols.is_some_and(|names| names.has(name)) || local.contains(name);
    let keep_section = |name: &[u8]| keep_sections.is_some_and(|names| names.has(name));
    let drop_section = |name: &[u8]| drop_sections.is_some_and(|names| names.has(name));
    let added: Vec<(&str, &[u8])> =
        asked.added.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let drops_symbols = drop_symbols.is_some() || !local.is_empty();
    let edits = Finish {
        strip: mode,
        symbols: Choice {
            keep: keep_symbols.is_some().then_some(&keep_symbol),
            drop: drops_symbols.then_some(&drop_symbol),
        },
        sections: Choice {
            keep: keep_sections.is_some().then_some(&keep_section),
            drop: drop_sections.is_some().then_some(&drop_section),
        },
        added: &added,
        compression: asked.compression,
        debuglink,
        sign: asked.sign,
        deterministic: asked.deterministic,
        ..Finish::default()
    };
    edit::edit(bytes, &edits)
}

/// The mode for these images, and which local symbols go besides.
fn mode(asked: &Asked, images: &[&Image<'_>]) -> (Mode, Discard) {
    match (asked.mode, asked.discard) {
        (mode @ (Mode::All | Mode::Unneeded), _) => (mode, Discard::None),
        // Which of its local symbols a Mach-O image needs, the edit knows.
        (_, Discard::All) if images.iter().any(|image| image.format() == Format::MachO) => {
            (Mode::Unneeded, Discard::None)
        }
        modes => modes,
    }
}

/// Names of local symbols that are to go. A name that something else is called by as well stays.
fn local_names<'i>(images: &'i [&Image<'_>], discard: Discard) -> HashSet<&'i [u8]> {
    let mut local = HashSet::new();
    let mut other = HashSet::new();
    for image in images.iter().filter(|_| discard != Discard::None) {
        let temporary: &[u8] = if image.format() == Format::MachO { b"L" } else { b".L" };
        for symbol in image.object().symbols() {
            let Ok(name) = symbol.name_bytes() else { continue };
            let goes = discard == Discard::All || name.starts_with(temporary);
            if symbol.is_local() && goes {
                local.insert(name)
            } else {
                other.insert(name)
            };
        }
    }
    local.retain(|name| !name.is_empty() && !other.contains(name));
    local
}
