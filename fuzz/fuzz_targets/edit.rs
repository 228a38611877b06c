//! Every edit of an image: what comes out parses, or nothing does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_binary::{FileKind, Limits, slices};
use rgo_edit::{Compression, Discard, Edits, MachO, MachOPart, NameFilter, SignaturePolicy, Strip};

fuzz_target!(|data: &[u8]| {
    let values = [("a::B".to_owned(), "value".to_owned())];
    // Formats that have no ad-hoc signature refuse one.
    let is_macho = !["\x7fELF", "MZ", "!<arch>"].iter().any(|it| data.starts_with(it.as_bytes()));
    let finish = |strip| Edits {
        strip,
        identifier: Some("an.identifier"),
        timestamp: Some(1),
        path_remaps: &[("/", "/elsewhere")],
        sign: if is_macho { SignaturePolicy::AdHoc } else { SignaturePolicy::None },
        ..Edits::default()
    };
    let some: &dyn Fn(&[u8]) -> bool = &|name| name.len() % 3 == 0;
    let others: &dyn Fn(&[u8]) -> bool = &|name| name.len() % 3 == 1;
    let chosen = NameFilter { keep: Some(some), drop: Some(others) };
    let parts = [
        MachOPart::Uuid,
        MachOPart::SplitInfo,
        MachOPart::AtomInfo,
        MachOPart::SwiftSymbols,
        MachOPart::Symbols,
    ];
    let fewer = MachO {
        exports: Some(some),
        debug_map_of: Some(others),
        keeps_absolute: true,
        ..MachO::default()
    };
    let edits = [
        finish(Strip::None),
        finish(Strip::Debug),
        finish(Strip::Unneeded),
        finish(Strip::All),
        Edits { symbols: chosen, discard: Discard::Temporary, ..finish(Strip::Debug) },
        Edits { discard: Discard::All, sign: SignaturePolicy::Renew, ..finish(Strip::None) },
        Edits { macho: fewer, ..finish(Strip::All) },
        Edits { macho: MachO { without: &parts, ..fewer }, ..finish(Strip::None) },
        Edits { sections: chosen, sign: SignaturePolicy::None, ..finish(Strip::All) },
        Edits { compression: Some(Compression::None), ..finish(Strip::None) },
        Edits { compression: Some(Compression::Zlib), ..finish(Strip::Unneeded) },
        Edits { added: &[(".added", b"content")], debuglink: Some(("a", 7)), ..finish(Strip::All) },
    ];
    let finished = edits.map(|edits| rgo_edit::apply(data, &edits).map(|done| done.bytes));
    // A companion is checked by whoever writes it, against its program.
    if let Ok(companion) = rgo_edit::only_keep_debug(data) {
        let _ = slices(&companion.to_vec(), &Limits::default());
    }
    let others = [
        rgo_edit::make_deterministic(data),
        rgo_edit::restrict_exports(data, &[]),
        rgo_edit::stamp(data, &values, SignaturePolicy::AdHoc).map(|done| done.bytes),
    ];
    for output in finished.into_iter().chain(others).flatten() {
        // An archive has been read again by the check of its edit.
        if FileKind::parse(&output) != FileKind::Archive {
            slices(&output, &Limits::default()).expect("what comes out parses");
        }
    }
});
