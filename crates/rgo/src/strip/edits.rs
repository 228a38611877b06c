//! Converts the options of the call to the edit of one file.

use std::cell::RefCell;
use std::collections::HashSet;

use rgo_binary::FileKind;
use rgo_edit::{Edited, Edits, MachO, NameFilter, Strip};

use super::apple::List;
use super::names::Names;
use super::options::StripOptions;

/// Computes the edit of one file, without its output's bytes.
///
/// # Errors
/// Those of [`rgo_edit::edit`].
pub(super) fn compute<'a>(
    bytes: &'a [u8],
    options: &StripOptions,
    debuglink: Option<(&str, u32)>,
) -> rgo_binary::Result<Edited<'a>> {
    let has = |names: &Option<Names>, name: &[u8]| names.as_ref().is_some_and(|it| it.has(name));
    let lists = |list: &Option<List>, name: &[u8]| list.as_ref().is_some_and(|it| it.has(name));
    let apple = &options.apple;
    let keep_symbol = |name: &[u8]| has(&options.keep_symbols, name) || lists(&apple.keep, name);
    let drop_symbol = |name: &[u8]| has(&options.drop_symbols, name) || lists(&apple.remove, name);
    let keep_section = |name: &[u8]| has(&options.keep_sections, name);
    let drop_section = |name: &[u8]| has(&options.drop_sections, name);
    let found = RefCell::new(HashSet::new());
    let debugging_of = |name: &[u8]| {
        let is_listed = lists(&apple.debugging_of, name);
        if is_listed {
            found.borrow_mut().insert(name.to_vec());
        }
        is_listed
    };
    // If the mode keeps all global symbols, a list of some of them requests nothing more.
    let keeps_listed = apple.keep.is_some() && options.mode == Strip::All;
    let exported =
        |name: &[u8]| (!keeps_listed || keep_symbol(name)) && !lists(&apple.remove, name);
    let is_macho = matches!(FileKind::parse(bytes), FileKind::MachO | FileKind::FatMachO);
    let chooses_exports = is_macho && (keeps_listed || apple.remove.is_some());
    let added: Vec<(&str, &[u8])> =
        options.added.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let edits = Edits {
        strip: options.mode,
        discard: options.discard,
        symbols: NameFilter {
            keep: (options.keep_symbols.is_some() || apple.keep.is_some()).then_some(&keep_symbol),
            drop: (options.drop_symbols.is_some() || apple.remove.is_some())
                .then_some(&drop_symbol),
        },
        sections: NameFilter {
            keep: options.keep_sections.is_some().then_some(&keep_section),
            drop: options.drop_sections.is_some().then_some(&drop_section),
        },
        macho: MachO {
            without: &apple.without,
            exports: chooses_exports.then_some(&exported),
            debug_map_of: apple.debugging_of.is_some().then_some(&debugging_of),
            keeps_absolute: apple.keeps_absolute,
            entitlements: None,
        },
        added: &added,
        compression: options.compression,
        debuglink,
        sign: options.sign,
        deterministic: options.deterministic,
        ..Edits::default()
    };
    let mut edited = rgo_edit::edit(bytes, &edits)?;
    let list = apple.debugging_of.as_ref();
    edited.warnings.extend(list.and_then(|list| list.not_found(&found.borrow())));
    Ok(edited)
}
