//! Slots of Go programs, written into images of every format: found ones, whose index the edit
//! adds, and recorded ones. The images are the fixtures, with two string variables and their
//! placeholders put over the records of `.rgo-x`.

use object::{Object, ObjectSection};
use rgo_binary::embedded::go_slot::{self, GoSlot, placeholder};
use rgo_binary::embedded::slot;
use rgo_binary::{Error, Image, Limits, SlotKind};
use rgo_edit::{Edits, SignaturePolicy, Strip, apply, edit, stamp};

use crate::support::{ALL, ELF_AMD64, MACHO_AMD64, MACHO_ARM64, PE_AMD64, fat};

const NAMES: [&str; 2] = ["main.version", "a.b/c.Commit"];
/// Offset of each variable in the planted section; its text follows.
const VARIABLES: [usize; 2] = [0, 120];
const HEADER: usize = 16;

fn parse(data: &[u8]) -> Image<'_> {
    Image::parse(data, &Limits::default()).expect("parses")
}

fn values(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn wanted() -> Vec<(String, String)> {
    NAMES.map(|name| (name.to_owned(), placeholder(name, 64))).to_vec()
}

/// Replaces every occurrence of a name of sections by another of the same length.
fn rename(image: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len());
    for at in 0..image.len() - old.len() {
        if image[at..].starts_with(old) {
            image[at..at + old.len()].copy_from_slice(new);
        }
    }
}

/// The fixture as Go's linker would have left it. Also gives where its variables are.
fn planted(input: &[u8]) -> (Vec<u8>, Vec<GoSlot>) {
    let mut image = input.to_vec();
    let section = parse(input).section("__rgo_x").or_else(|| parse(input).section(".rgo-x"));
    let section = section.expect("is there");
    let offset = usize::try_from(section.file_offset.expect("is filled")).expect("small");
    image[offset..offset + section.data.len()].fill(0);
    let mut slots = Vec::new();
    for ((name, text), at) in wanted().into_iter().zip(VARIABLES) {
        let header_address = section.address + at as u64;
        let value_address = header_address + HEADER as u64;
        let header = [value_address.to_le_bytes(), 64_u64.to_le_bytes()].concat();
        let place = offset + at;
        image[place..place + HEADER].copy_from_slice(&header);
        image[place + HEADER..place + HEADER + 64].copy_from_slice(text.as_bytes());
        slots.push(GoSlot { name, header_address, value_address, capacity: 64 });
    }
    rename(&mut image, b"__rgo_x\0", b"__go__x\0");
    rename(&mut image, b".rgo-x\0", b".go--x\0");
    (image, slots)
}

/// The same with the index in it: in the room for the list of dependencies.
fn recorded(input: &[u8]) -> Vec<u8> {
    let (mut image, slots) = planted(input);
    let index = go_slot::encode(&slots).expect("fits");
    let room = parse(&image).section(".dep-v0").expect("is there");
    let at = usize::try_from(room.file_offset.expect("is filled")).expect("small");
    assert!(index.len() <= room.data.len());
    image[at..at + index.len()].copy_from_slice(&index);
    let name = if input.starts_with(b"\xcf\xfa") { b"__rgo_gx" } else { b".rgo-gx\0" };
    rename(&mut image, b".dep-v0\0", name);
    image
}

/// Names and values of an image's slots.
fn listed(data: &[u8]) -> Vec<(String, String)> {
    let slots = slot::list(&parse(data)).expect("reads");
    assert!(slots.iter().all(|slot| slot.kind == SlotKind::GoString && slot.capacity == 64));
    slots.into_iter().map(|slot| (slot.name, slot.value)).collect()
}

#[test]
fn variables_are_found_where_they_are() {
    for (name, input) in ALL {
        let (image, slots) = planted(input);
        let found = go_slot::find(&parse(&image), &wanted()).expect(name);
        assert_eq!(found, slots, "{name}");
    }
}

#[test]
fn found_slots_are_written_and_recorded() {
    let values = values(&[(NAMES[0], "1.2.3"), (NAMES[1], "")]);
    for (name, input) in ALL {
        let (image, go_slots) = planted(input);
        for strip in [Strip::None, Strip::Debug, Strip::All] {
            let edits = Edits { slots: &values, go_slots: &go_slots, strip, ..Edits::default() };
            let finished = apply(&image, &edits).expect(name);
            let written = NAMES.map(|name| (name.to_owned(), 1));
            assert_eq!(finished.slots_written, written, "{name}");
            assert_eq!(listed(&finished.bytes), values, "{name} {strip:?}");
            assert_eq!(go_slot::recorded(&parse(&finished.bytes)).expect(name), go_slots);
            // As another tool would read it: the text, zeros, and the length in the variable.
            let file = object::File::parse(finished.bytes.as_slice()).expect(name);
            let section =
                file.section_by_name(".go--x").or_else(|| file.section_by_name("__go__x"));
            let data = section.expect(name).data().expect(name);
            let (text, zeros) = data[HEADER..HEADER + 64].split_at(5);
            assert_eq!((text, zeros), (&b"1.2.3"[..], &[0; 59][..]), "{name}");
            assert_eq!(data[8..16], 5_u64.to_le_bytes(), "{name}");
            assert_eq!(data[..8], go_slots[0].value_address.to_le_bytes(), "{name}");
            assert_eq!(data[VARIABLES[1] + 8..][..8], [0; 8], "{name}");
            let again = Edits { strip: Strip::All, ..Edits::default() };
            let stripped = apply(&finished.bytes, &again).expect(name).bytes;
            assert_eq!(listed(&stripped), values, "{name}: the index outlasts a strip");
        }
    }
}

#[test]
fn recorded_slots_are_written_again() {
    let all = [wanted()[0].clone(), wanted()[1].clone()];
    for (name, input) in ALL {
        let image = recorded(input);
        assert_eq!(listed(&image), all, "{name}");
        let long = "x".repeat(64);
        let mut stamped = image;
        for value in ["1.2.3", "a longer value", long.as_str(), "", "ü"] {
            let new = values(&[(NAMES[0], value)]);
            let once = stamp(&stamped, &new, SignaturePolicy::Keep).expect(name).bytes;
            assert_eq!(once.len(), stamped.len(), "{name}");
            assert_eq!(listed(&once), [new[0].clone(), all[1].clone()], "{name}");
            let twice = stamp(&once, &new, SignaturePolicy::Keep).expect(name).bytes;
            assert!(twice == once, "{name}");
            stamped = once;
        }
    }
}

#[test]
fn every_slice_of_a_fat_file_is_written() {
    let file = fat(&[&recorded(MACHO_AMD64), &recorded(MACHO_ARM64)]);
    let new = values(&[(NAMES[1], "0123abcd")]);
    let finished = stamp(&file, &new, SignaturePolicy::Keep).expect("stamps");
    assert_eq!(finished.slots_written, [(NAMES[1].to_owned(), 2)]);
    for slice in rgo_binary::slices(&finished.bytes, &Limits::default()).expect("parses") {
        assert_eq!(listed(slice.image.data())[1], new[0]);
    }
    let (_, go_slots) = planted(MACHO_AMD64);
    let edits = Edits { slots: &new, go_slots: &go_slots[1..], ..Edits::default() };
    let error = apply(&file, &edits).expect_err("several images").to_string();
    assert!(error.contains("addresses are those of one image"), "{error}");
}

#[test]
fn no_placeholder_is_shipped() {
    let (image, go_slots) = planted(ELF_AMD64);
    let one = values(&[(NAMES[0], "1")]);
    let edits = Edits { slots: &one, go_slots: &go_slots, ..Edits::default() };
    let expected = Error::SlotWithoutValue { name: NAMES[1].to_owned() };
    assert_eq!(apply(&image, &edits).expect_err("one is left"), expected);
}

#[test]
fn what_does_not_fit_or_is_not_there_is_refused() {
    for (name, input) in ALL {
        let image = recorded(input);
        let error = |list: &[(&str, &str)]| {
            stamp(&image, &values(list), SignaturePolicy::Keep).expect_err(name)
        };
        let long = error(&[(NAMES[0], &"x".repeat(65))]);
        let expected = Error::SlotTooSmall {
            name: NAMES[0].to_owned(),
            kind: SlotKind::GoString,
            needed: 65,
            capacity: 64,
        };
        assert_eq!(long, expected, "{name}");
        assert!(long.hint().is_some_and(|hint| hint.contains("rgo-build -X main.version=")));
        let known = vec![NAMES[1].to_owned(), NAMES[0].to_owned()];
        let name_of = "main.versio".to_owned();
        assert_eq!(error(&[("main.versio", "1")]), Error::UnknownSlot { name: name_of, known });
    }
}

#[test]
fn a_second_index_and_addresses_outside_are_refused() {
    let new = values(&[(NAMES[0], "1"), (NAMES[1], "2")]);
    for input in [ELF_AMD64, PE_AMD64] {
        let (image, go_slots) = planted(input);
        let edits = Edits { slots: &new, go_slots: &go_slots, ..Edits::default() };
        let once = apply(&image, &edits).expect("writes").bytes;
        let error = apply(&once, &edits).expect_err("has an index").to_string();
        assert!(error.contains("adding section .rgo-gx") && error.contains("there is one"));
        let mut outside = go_slots.clone();
        outside[0].header_address = 8;
        let error = apply(&image, &Edits { go_slots: &outside, ..edits }).expect_err("is nowhere");
        assert!(error.to_string().contains("the program has nothing at 0x8"), "{error}");
    }
}

#[test]
fn a_companion_has_an_index_and_no_slots() {
    let (image, go_slots) = planted(ELF_AMD64);
    let new = values(&[(NAMES[0], "1"), (NAMES[1], "2")]);
    let edits = Edits { slots: &new, go_slots: &go_slots, ..Edits::default() };
    let program = edit(&image, &edits).expect("edits").draft.to_vec();
    let companion = rgo_edit::only_keep_debug(&program).expect("makes one").to_vec();
    assert!(parse(&companion).section(".rgo-gx").is_some());
    assert_eq!(listed(&companion), []);
}
