//! What a call asks for, as the edit of one file.

use std::cell::RefCell;
use std::collections::HashSet;

use rgo_binary::FileKind;
use rgo_edit::{Choice, Edited, Finish, MachO, Strip as Mode};

use super::apple::List;
use super::asked::Asked;
use super::names::Names;

/// Works out the edit of one file.
///
/// # Errors
/// Those of [`rgo_edit::edit`].
pub(super) fn apply<'a>(
    bytes: &'a [u8],
    asked: &Asked,
    debuglink: Option<(&str, u32)>,
) -> rgo_binary::Result<Edited<'a>> {
    let has = |names: &Option<Names>, name: &[u8]| names.as_ref().is_some_and(|it| it.has(name));
    let lists = |list: &Option<List>, name: &[u8]| list.as_ref().is_some_and(|it| it.has(name));
    let apple = &asked.apple;
    let keep_symbol = |name: &[u8]| has(&asked.keep_symbols, name) || lists(&apple.keep, name);
    let drop_symbol = |name: &[u8]| has(&asked.drop_symbols, name) || lists(&apple.remove, name);
    let keep_section = |name: &[u8]| has(&asked.keep_sections, name);
    let drop_section = |name: &[u8]| has(&asked.drop_sections, name);
    let found = RefCell::new(HashSet::new());
    let debugging_of = |name: &[u8]| {
        let is_listed = lists(&apple.debugging_of, name);
        if is_listed {
            found.borrow_mut().insert(name.to_vec());
        }
        is_listed
    };
    // Where a mode keeps all global symbols, a list of some of them asks for nothing more.
    let keeps_listed = apple.keep.is_some() && asked.mode == Mode::All;
    let exported =
        |name: &[u8]| (!keeps_listed || keep_symbol(name)) && !lists(&apple.remove, name);
    let is_macho = matches!(FileKind::parse(bytes), FileKind::MachO | FileKind::FatMachO);
    let chooses_exports = is_macho && (keeps_listed || apple.remove.is_some());
    let added: Vec<(&str, &[u8])> =
        asked.added.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let edits = Finish {
        strip: asked.mode,
        discard: asked.discard,
        symbols: Choice {
            keep: (asked.keep_symbols.is_some() || apple.keep.is_some()).then_some(&keep_symbol),
            drop: (asked.drop_symbols.is_some() || apple.remove.is_some()).then_some(&drop_symbol),
        },
        sections: Choice {
            keep: asked.keep_sections.is_some().then_some(&keep_section),
            drop: asked.drop_sections.is_some().then_some(&drop_section),
        },
        macho: MachO {
            without: &apple.without,
            exports: chooses_exports.then_some(&exported),
            debug_map_of: apple.debugging_of.is_some().then_some(&debugging_of),
            keeps_absolute: apple.keeps_absolute,
            entitlements: None,
        },
        added: &added,
        compression: asked.compression,
        debuglink,
        sign: asked.sign,
        deterministic: asked.deterministic,
        ..Finish::default()
    };
    let mut edited = rgo_edit::edit(bytes, &edits)?;
    let list = apple.debugging_of.as_ref();
    edited.warnings.extend(list.and_then(|list| list.not_found(&found.borrow())));
    Ok(edited)
}
