//! Sections that rgo adds, in images of every format: a note and an index of slots for programs
//! whose linker reserved no room for them. Later strips keep them.

use object::{Object, ObjectSection};
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Image, Limits};
use rgo_edit::{Edits, SignaturePolicy, Strip, apply, edit};

use crate::support::{ALL, fat, load_commands};

const STRIPS: [Strip; 4] = [Strip::None, Strip::Debug, Strip::Unneeded, Strip::All];
const INDEX: &[u8] = b"an index of slots";

/// The fixtures have room for a note. The name of the section with that room becomes another one.
pub(crate) fn without_note(image: &[u8]) -> Vec<u8> {
    let mut image = image.to_vec();
    for name in [&b".rgo-bi\0"[..], b"__rgo_bi\0"] {
        let places: Vec<usize> = memchr_all(&image, name);
        for place in places {
            image[place + name.len() - 3] = b'x';
        }
    }
    image
}

fn memchr_all(image: &[u8], name: &[u8]) -> Vec<usize> {
    image.windows(name.len()).enumerate().filter(|it| it.1 == name).map(|it| it.0).collect()
}

fn note() -> Vec<u8> {
    rgo_note::encode("path\texample.com/x\n", 64).expect("fits")
}

fn content(image: &[u8], names: [&str; 2]) -> Option<Vec<u8>> {
    let file = object::File::parse(image).expect("parses");
    let section = names.iter().find_map(|name| file.section_by_name(name))?;
    Some(section.data().expect("bytes").to_vec())
}

fn check(image: &[u8]) {
    let parsed = Image::parse(image, &Limits::default()).expect("parses");
    let found = rgo_note::find(&parsed).expect("reads").expect("is there");
    assert_eq!((found.capacity, found.text), (64, "path\texample.com/x\n"));
    let index = content(image, [".rgo-gx", "__rgo_gx"]).expect("is there");
    assert_eq!(index.get(..INDEX.len()), Some(INDEX));
}

#[test]
fn every_format_gets_them_and_no_strip_takes_them() {
    let note = note();
    let added: [(&str, &[u8]); 2] = [(".rgo-bi", &note), (".rgo-gx", INDEX)];
    for (name, image) in ALL {
        let image = without_note(image);
        for strip in STRIPS {
            let edits = Edits { strip, added: &added, ..Edits::default() };
            let output = apply(&image, &edits).expect(name).bytes;
            check(&output);
            for later in STRIPS {
                let edits = Edits { strip: later, ..Edits::default() };
                let edited = edit(&output, &edits).expect(name);
                assert!(!edited.removed.iter().any(|it| it.name.contains("rgo")), "{name}");
                let stripped = edited.draft.to_vec();
                edited.verify(&stripped).expect(name);
                check(&stripped);
            }
            let again = apply(&output, &edits).expect_err("is there").to_string();
            assert!(again.contains("there is one"), "{again}");
        }
    }
}

#[test]
fn a_note_that_was_added_is_written_like_another() {
    let note = note();
    let added: [(&str, &[u8]); 1] = [(".rgo-bi", &note)];
    for (name, image) in ALL {
        let image = without_note(image);
        let output = apply(&image, &Edits { added: &added, ..Edits::default() }).expect(name).bytes;
        for strip in STRIPS {
            let edits = Edits { note: Some("path\tother\n"), strip, ..Edits::default() };
            let output = apply(&output, &edits).expect(name).bytes;
            let parsed = Image::parse(&output, &Limits::default()).expect("parses");
            let found = rgo_note::find(&parsed).expect("reads").expect("is there");
            assert_eq!((found.capacity, found.text), (64, "path\tother\n"), "{name}");
        }
    }
}

#[test]
fn each_slice_of_a_fat_file_gets_them() {
    let slices: Vec<Vec<u8>> = ALL[2..4].iter().map(|(_, image)| without_note(image)).collect();
    let slices: Vec<&[u8]> = slices.iter().map(Vec::as_slice).collect();
    let note = note();
    let added: [(&str, &[u8]); 2] = [(".rgo-bi", &note), (".rgo-gx", INDEX)];
    let edits = Edits { strip: Strip::All, added: &added, ..Edits::default() };
    let each = slices.iter().map(|slice| apply(slice, &edits).expect("adds").bytes);
    let each: Vec<_> = each.collect();
    let each: Vec<&[u8]> = each.iter().map(Vec::as_slice).collect();
    assert_eq!(apply(&fat(&slices), &edits).expect("adds").bytes, fat(&each));
}

#[test]
fn an_image_that_is_signed_in_the_same_pass_is_signed_whole() {
    let image = without_note(ALL[2].1);
    let edits =
        Edits { added: &[(".rgo-gx", INDEX)], sign: SignaturePolicy::AdHoc, ..Edits::default() };
    let output = apply(&image, &edits).expect("adds").bytes;
    assert!(crate::macho::check_signature(&output).is_some());
    assert_eq!(load_commands(&output).len(), load_commands(&image).len() + 2);
}
