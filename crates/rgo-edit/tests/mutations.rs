//! Broken images: every edit answers with an error or with an image that still parses, whatever
//! the bytes, and takes no more memory than the input justifies.

use proptest::prelude::*;
use rgo_binary::{Limits, slices};
use rgo_edit::{
    Discard, Edits, MachO, MachOPart, SignaturePolicy, Strip, apply, make_deterministic,
    only_keep_debug, restrict_exports,
};

use crate::support;

/// A change to one place of an image.
#[derive(Clone, Debug)]
enum Change {
    Byte(usize, u8),
    /// Counts, sizes and offsets at their extremes.
    Word(usize, u32),
    Cut(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let extremes = prop_oneof![
        Just(0),
        Just(1),
        Just(7),
        Just(0x7fff_ffff),
        Just(0x8000_0000),
        Just(0xffff_fff0),
        Just(u32::MAX),
        any::<u32>(),
        0_u32..0x1_0000,
    ];
    // Headers stand at the front, and most of what decides about an edit is in them.
    let place = prop_oneof![4 => 0_usize..0x800, 1 => 0_usize..0x1_0000];
    prop_oneof![
        3 => (place.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        6 => (place.clone(), extremes).prop_map(|(at, word)| Change::Word(at & !3, word)),
        1 => place.prop_map(Change::Cut),
    ]
}

fn damage(image: &mut Vec<u8>, change: &Change) {
    let size = image.len();
    match *change {
        Change::Byte(at, byte) if size > 8 => image[8 + at % (size - 8)] = byte,
        Change::Word(at, word) if size > 16 => {
            let at = 4 + at % (size - 12);
            image[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        Change::Cut(at) => image.truncate(size - at.min(size / 2)),
        _ => {}
    }
}

/// Mach-O programs and companions find each other by their UUID alone.
fn is_linkable(image: &[u8]) -> bool {
    image.starts_with(b"\x7fELF") || image.starts_with(b"MZ")
}

fn try_all(image: &[u8]) {
    let values = [("a::BANNER".to_owned(), "changed".to_owned())];
    let edits = |strip| Edits {
        note: Some("text"),
        audit: Some(b"list"),
        slots: &values,
        strip,
        path_remaps: &[("/proc", "/a/much/longer/name")],
        identifier: Some("an.identifier"),
        timestamp: Some(1),
        debuglink: is_linkable(image).then_some(("x.debug", 7)),
        sign: if is_linkable(image) { SignaturePolicy::None } else { SignaturePolicy::AdHoc },
        ..Edits::default()
    };
    let some = |name: &[u8]| name.len().is_multiple_of(2);
    let parts = [MachOPart::Uuid, MachOPart::SwiftSymbols, MachOPart::Symbols];
    let fewer = MachO {
        exports: Some(&some),
        debug_map_of: Some(&some),
        keeps_absolute: true,
        ..MachO::default()
    };
    let all = [
        apply(
            image,
            &Edits { discard: Discard::All, sign: SignaturePolicy::Renew, ..Edits::default() },
        )
        .map(|finished| finished.bytes),
        apply(image, &Edits { macho: fewer, strip: Strip::All, ..Edits::default() })
            .map(|finished| finished.bytes),
        apply(image, &Edits { macho: MachO { without: &parts, ..fewer }, ..Edits::default() })
            .map(|finished| finished.bytes),
        apply(image, &edits(Strip::None)).map(|finished| finished.bytes),
        apply(image, &edits(Strip::All)).map(|finished| finished.bytes),
        apply(image, &Edits { strip: Strip::Debug, ..Edits::default() })
            .map(|finished| finished.bytes),
        apply(image, &Edits { install_name: Some("@rpath/x"), ..Edits::default() })
            .map(|finished| finished.bytes),
        only_keep_debug(image).map(|companion| companion.to_vec()),
        restrict_exports(image, &["_exported_one".to_owned()]),
        make_deterministic(image),
    ];
    for output in all.into_iter().flatten() {
        assert!(output.len() <= 2 * image.len() + 0x4_0000, "{} bytes", output.len());
        slices(&output, &Limits::default()).expect("what comes out parses");
    }
}

#[test]
fn whole_images_pass() {
    for (_, image) in support::ALL {
        try_all(image);
    }
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1500), ..ProptestConfig::default() })]

    #[test]
    fn broken_images_are_answered(
        which in 0..=support::ALL.len(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let mut image = match support::ALL.get(which) {
            Some((_, image)) => image.to_vec(),
            None => support::fat(&[support::MACHO_AMD64, support::MACHO_ARM64]),
        };
        for change in &changes {
            damage(&mut image, change);
        }
        try_all(&image);
    }
}
