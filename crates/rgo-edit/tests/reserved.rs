//! Notes, dependency lists and values written into linked images.

use object::{Object, ObjectSection};
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot;
use rgo_binary::{Error, Image, Limits, SlotKind};
use rgo_edit::{Edits, SignaturePolicy, apply, stamp};

use crate::support::{self, ALL};

fn values(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn all_that_is_written_is_read_again() {
    let values = values(&[("a::BANNER", "a longer value"), ("b::BUILD", "16 bytes exactly")]);
    for (name, input) in ALL {
        let edits = Edits {
            note: Some("path\tx\n"),
            audit: Some(b"a compressed list"),
            slots: &values,
            ..Edits::default()
        };
        let finished = apply(input, &edits).expect(name);
        assert_eq!(
            finished.slots_written,
            [("a::BANNER".to_owned(), 2), ("b::BUILD".to_owned(), 1)],
            "{name}"
        );
        let image = Image::parse(&finished.bytes, &Limits::default()).expect(name);
        assert_eq!(rgo_note::find(&image).expect(name).expect(name).text, "path\tx\n");
        let read: Vec<_> = slot::list(&image)
            .expect(name)
            .into_iter()
            .map(|slot| (slot.name, slot.value, slot.capacity))
            .collect();
        assert_eq!(
            read,
            [
                ("a::BANNER".to_owned(), "a longer value".to_owned(), 32),
                ("a::BANNER".to_owned(), "a longer value".to_owned(), 32),
                ("b::BUILD".to_owned(), "16 bytes exactly".to_owned(), 16),
            ]
        );
        // The list by `object` alone, as another tool would read it.
        let file = object::File::parse(finished.bytes.as_slice()).expect(name);
        let list = file.section_by_name(".dep-v0").expect(name);
        let list = list.data().expect(name);
        assert!(list.starts_with(b"a compressed list\0"), "{name}");
        assert!(list[17..].iter().all(|byte| *byte == 0), "{name}");
    }
}

#[test]
fn nothing_else_changes() {
    let values = values(&[("b::BUILD", "x")]);
    for (name, input) in ALL {
        let output = stamp(input, &values, SignaturePolicy::Keep).expect(name).bytes;
        assert_eq!(output.len(), input.len(), "{name}");
        let at = find(input, b"b::BUILD") - slot::HEADER;
        // A signature follows, of which the hash of one page is new.
        let page_of_hash = if name == "macho-arm64.dylib" { 32 } else { 0 };
        let differing: Vec<_> = (0..input.len()).filter(|at| input[*at] != output[*at]).collect();
        let in_slot = |place: &&usize| (at..at + 32 + 8 + 16).contains(*place);
        assert_eq!(differing.iter().filter(in_slot).count(), 2, "{name}: length and one letter");
        assert!(differing.len() <= 2 + page_of_hash, "{name}: {differing:x?}");
    }
}

#[test]
fn a_second_pass_replaces_the_first() {
    for (name, input) in ALL {
        let long = values(&[("a::BANNER", "a long value before")]);
        let short = values(&[("a::BANNER", "short")]);
        let once = stamp(input, &short, SignaturePolicy::Keep).expect(name).bytes;
        let first = stamp(input, &long, SignaturePolicy::Keep).expect(name).bytes;
        let twice = stamp(&first, &short, SignaturePolicy::Keep).expect(name).bytes;
        assert!(once == twice, "{name}: a trace of the longer value is left");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for (name, input) in ALL {
        let error = |edits: &Edits<'_>| apply(input, edits).expect_err(name);
        let long = "x".repeat(5000);
        assert_eq!(
            error(&Edits { note: Some(&long), ..Edits::default() }),
            Error::NoteTooSmall { what: "build note".into(), needed: 5000, capacity: 256 }
        );
        assert_eq!(
            error(&Edits { audit: Some(long.as_bytes()), ..Edits::default() }),
            Error::NoteTooSmall { what: "dependency list".into(), needed: 5000, capacity: 128 }
        );
        assert_eq!(
            error(&Edits {
                slots: &values(&[("b::BUILD", "seventeen letters")]),
                ..Edits::default()
            }),
            Error::SlotTooSmall {
                name: "b::BUILD".to_owned(),
                kind: SlotKind::Record,
                needed: 17,
                capacity: 16
            }
        );
        assert_eq!(
            error(&Edits { slots: &values(&[("BANNER", "x")]), ..Edits::default() }),
            Error::UnknownSlot {
                name: "BANNER".to_owned(),
                known: vec!["a::BANNER".to_owned(), "b::BUILD".to_owned()]
            }
        );
    }
}

#[test]
fn an_image_without_room_says_so() {
    let mut input = support::ELF_AMD64.to_vec();
    let at = find(&input, b".rgo-bi");
    input[at + 1] = b'x';
    let error = apply(&input, &Edits { note: Some("text"), ..Edits::default() });
    let error = error.expect_err("no section").to_string();
    assert!(error.contains("without room for it (no section .rgo-bi)"), "{error}");
}

fn find(data: &[u8], what: &[u8]) -> usize {
    data.windows(what.len()).position(|window| window == what).expect("is there")
}
