//! Every edit of an image: what comes out parses, or nothing does.

#![no_main]

use libfuzzer_sys::fuzz_target;
use rgo_edit::{Choice, Compression, Discard, Finish, MachO, MachOPart, Sign, Strip};
use rgo_binary::{Limits, FileKind, slices};

fuzz_target!(|data: &[u8]| {
    let values = [("a::B".to_owned(), "value".to_owned())];
    // Formats that have no ad-hoc signature refuse one.
    let is_macho = !["\x7fELF", "MZ", "!<arch>"].iter().any(|it| data.starts_with(it.as_bytes()));
    let finish = |strip| Finish {
        strip,
        identifier: Some("an.identifier"),
        timestamp: Some(1),
        trims: &[("/", "/elsewhere")],
        sign: if is_macho { Sign::AdHoc } else { Sign::None },
        ..Finish::default()
    };
    let some: &dyn Fn(&[u8]) -> bool = &|name| name.len() % 3 == 0;
    let others: &dyn Fn(&[u8]) -> bool = &|name| name.len() % 3 == 1;
    let chosen = Choice { keep: Some(some), drop: Some(others) };
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
        Finish { symbols: chosen, discard: Discard::Temporary, ..finish(Strip::Debug) },
        Finish { discard: Discard::All, sign: Sign::Renew, ..finish(Strip::None) },
        Finish { macho: fewer, ..finish(Strip::All) },
        Finish { macho: MachO { without: &parts, ..fewer }, ..finish(Strip::None) },
        Finish { sections: chosen, sign: Sign::None, ..finish(Strip::All) },
        Finish { compression: Some(Compression::None), ..finish(Strip::None) },
        Finish { compression: Some(Compression::Zlib), ..finish(Strip::Unneeded) },
        Finish {
            added: &[(".added", b"content")],
            debuglink: Some(("a", 7)),
            ..finish(Strip::All)
        },
    ];
    let finished = edits.map(|edits| rgo_edit::finish(data, &edits).map(|done| done.bytes));
    // A companion is checked by whoever writes it, against its program.
    if let Ok(companion) = rgo_edit::only_keep_debug(data) {
        let _ = slices(&companion.to_vec(), &Limits::default());
    }
    let others = [
        rgo_edit::settle(data),
        rgo_edit::restrict_exports(data, &[]),
        rgo_edit::stamp(data, &values, Sign::AdHoc).map(|done| done.bytes),
    ];
    for output in finished.into_iter().chain(others).flatten() {
        // An archive has been read again by the check of its edit.
        if FileKind::parse(&output) != FileKind::Archive {
            slices(&output, &Limits::default()).expect("what comes out parses");
        }
    }
});
