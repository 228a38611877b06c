//! Mach-O: the segment of added sections, as a reader of load commands finds it, and what the check
//! of an edit thinks of another one.

use object::{Object, ObjectSection, ObjectSymbol};
use proptest::prelude::*;
use rgo_edit::{Edits, SignaturePolicy, Strip, apply, edit, only_keep_debug};

use crate::added::without_note;
use crate::macho::{blob, check_signature, with_signature};
use crate::macho_strip::program_with_dwarf;
use crate::support::{MACHO_AMD64, MACHO_ARM64, load_commands, put_u32, u32_le};

const LC_SEGMENT_64: u32 = 0x19;
const STRIPS: [Strip; 4] = [Strip::None, Strip::Debug, Strip::Unneeded, Strip::All];
const BIG: &[u8] = &[7; 20_000];
const ADDED: &[(&str, &[u8])] = &[(".rgo-gx", b"small"), (".big", BIG)];

/// A segment: offset of its command, name, address, size, file offset, file size, protections.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    at: usize,
    name: String,
    address: u64,
    size: u64,
    offset: u64,
    file_size: u64,
    protections: [u32; 2],
}

fn segments(image: &[u8]) -> Vec<Segment> {
    let u64_le = |at| u64::from_le_bytes(image[at..at + 8].try_into().expect("eight bytes"));
    let segments = load_commands(image).into_iter().filter(|it| it.0 == LC_SEGMENT_64);
    let segment = |(_, at, _)| {
        let name: Vec<u8> =
            image[at + 8..at + 24].iter().copied().take_while(|b| *b != 0).collect();
        Segment {
            at,
            name: String::from_utf8(name).expect("UTF-8"),
            address: u64_le(at + 24),
            size: u64_le(at + 32),
            offset: u64_le(at + 40),
            file_size: u64_le(at + 48),
            protections: [u32_le(image, at + 56), u32_le(image, at + 60)],
        }
    };
    segments.map(segment).collect()
}

/// The command of a segment.
fn command(image: &[u8], name: &str) -> usize {
    segments(image).iter().find(|it| it.name == name).expect(name).at
}

/// Checks the places of the last two segments.
fn check_places(image: &[u8], page: u64) {
    let all = segments(image);
    let [others @ .., added, last] = &*all else { panic!("too few segments") };
    assert_eq!((added.name.as_str(), last.name.as_str()), ("__RGO", "__LINKEDIT"));
    assert_eq!((added.protections, added.size), ([1, 1], added.file_size));
    assert_eq!(added.address + added.size, last.address);
    assert_eq!(added.offset + added.file_size, last.offset);
    assert_eq!(last.offset + last.file_size, image.len() as u64);
    for place in [added.address, added.offset, added.size, last.address, last.offset] {
        assert_eq!(place % page, 0);
    }
    for other in others {
        assert!(other.address + other.size <= added.address, "{other:?}");
        assert!(other.offset + other.file_size <= added.offset, "{other:?}");
    }
}

fn check_contents(before: &[u8], after: &[u8], added: &[(&str, &[u8])]) {
    let (old, new) =
        (object::File::parse(before).expect("parses"), object::File::parse(after).expect("parses"));
    for (name, content) in added {
        let name = name.replace('.', "__").replace('-', "_");
        let section = new.section_by_name(&name).expect(&name);
        assert_eq!(section.segment_name(), Ok(Some("__RGO")));
        assert_eq!(section.data(), Ok(*content));
        assert_eq!(section.address() % 16, 0);
    }
    for section in old.sections().filter(|it| it.segment_name() != Ok(Some("__DWARF"))) {
        let name = section.name().expect("UTF-8");
        let twin = new.section_by_name(name).expect(name);
        assert_eq!((twin.address(), twin.data()), (section.address(), section.data()), "{name}");
    }
    let exports = |file: &object::File<'_>| -> Vec<(Vec<u8>, u64)> {
        let symbols = file.symbols().filter(|it| it.is_global() && it.is_definition());
        symbols.map(|it| (it.name_bytes().expect("named").to_vec(), it.address())).collect()
    };
    let kept = exports(&new);
    assert!(kept.iter().all(|symbol| exports(&old).contains(symbol)));
}

#[test]
fn sections_get_a_segment_between_the_others_and_linkedit() {
    let dwarf = program_with_dwarf(false);
    for (image, page) in [(MACHO_AMD64, 0x1000), (MACHO_ARM64, 0x4000), (&dwarf, 0x1000)] {
        for strip in STRIPS {
            let output = apply(image, &Edits { strip, added: ADDED, ..Edits::default() });
            let output = output.expect("adds").bytes;
            check_places(&output, page);
            check_contents(image, &output, ADDED);
            assert_eq!(check_signature(image).is_some(), check_signature(&output).is_some());
            let has_dwarf = segments(&output).iter().any(|it| it.name == "__DWARF");
            assert_eq!(has_dwarf, strip == Strip::None && image == dwarf);
            goblin::mach::MachO::parse(&output, 0).expect("goblin reads it");
        }
    }
}

#[test]
fn names_are_refused_with_the_reason() {
    let is_there = "there is one of that name";
    for (added, expected) in [
        (&[("", &b"x"[..])][..], "that is no name for a section"),
        (&[("__DATA,x", b"x")], "that is no name for a section"),
        (&[("a\0", b"x")], "that is no name for a section"),
        (&[(".x", b"")], "it is empty"),
        (&[(".a-name-of-19-bytes", b"x")], "__a_name_of_19_bytes has 20 bytes, and 16"),
        (&[(".x-y", b"1"), (".x_y", b"2")], is_there),
        (&[(".rgo-bi", b"x")], is_there),
        (&[("__text", b"x")], is_there),
    ] {
        let error = apply(MACHO_ARM64, &Edits { added, ..Edits::default() });
        let error = error.expect_err("refused").to_string();
        assert!(error.contains(expected) && error.contains("adding section"), "{error}");
    }
}

#[test]
fn a_second_pass_adds_behind_the_first() {
    let dwarf = program_with_dwarf(true);
    for (image, page) in [(MACHO_AMD64, 0x1000), (MACHO_ARM64, 0x4000), (&dwarf, 0x1000)] {
        for strip in STRIPS {
            let big = &ADDED[1..];
            let first = apply(image, &Edits { added: big, ..Edits::default() });
            let first = first.expect("adds").bytes;
            let more: &[(&str, &[u8])] = &[(".more", b"more")];
            let second = apply(&first, &Edits { strip, added: more, ..Edits::default() });
            let second = second.expect("adds more").bytes;
            check_places(&second, page);
            check_contents(&first, &second, &[big, more].concat());
            // A later strip moves the segment in the file alone.
            let all = Edits { strip: Strip::All, ..Edits::default() };
            let stripped = apply(&second, &all).expect("strips").bytes;
            check_places(&stripped, page);
            check_contents(&second, &stripped, &[big, more].concat());
            assert_eq!(apply(&stripped, &all).expect("again").bytes, stripped);
        }
    }
}

#[test]
fn a_companion_is_made_of_a_program_with_added_sections() {
    let program = program_with_dwarf(true);
    let output = apply(&program, &Edits { added: ADDED, ..Edits::default() }).expect("adds").bytes;
    let companion = only_keep_debug(&output).expect("keeps").to_vec();
    let (file, was) = (
        object::File::parse(&*companion).expect("parses"),
        only_keep_debug(&program).expect("keeps").to_vec(),
    );
    let was = object::File::parse(&*was).expect("parses");
    for name in ["__debug_info", "__debug_rnglists"] {
        let data = |file: &object::File<'_>| {
            file.section_by_name(name).map(|it| it.data().expect("bytes").to_vec())
        };
        assert!(data(&file).is_some());
        assert_eq!(data(&file), data(&was));
    }
    assert_eq!(file.symbols().count(), was.symbols().count());
}

#[test]
fn other_edits_of_the_pass_are_made_too() {
    let edits = Edits {
        strip: Strip::All,
        added: ADDED,
        install_name: Some("@rpath/a-longer-name-than-before.dylib"),
        identifier: Some("org.example.x"),
        ..Edits::default()
    };
    let output = apply(MACHO_ARM64, &edits).expect("edits").bytes;
    check_places(&output, 0x4000);
    check_contents(MACHO_ARM64, &output, ADDED);
    check_signature(&output).expect("signed");
    let file = goblin::mach::MachO::parse(&output, 0).expect("reads");
    assert_eq!(file.name, edits.install_name);
    for sign in [SignaturePolicy::None, SignaturePolicy::AdHoc, SignaturePolicy::Renew] {
        let output = apply(MACHO_ARM64, &Edits { sign, ..edits }).expect("edits").bytes;
        check_places(&output, 0x4000);
        assert_eq!(check_signature(&output).is_some(), sign != SignaturePolicy::None);
    }
    let cms = blob(0xfade_0b01, b"certificates");
    let signed = with_signature(MACHO_ARM64, 0x1_0000, &[(0x1_0000, &cms)]);
    let error = apply(&signed, &edits).expect_err("signed").to_string();
    assert!(error.contains("signed by an identity"), "{error}");
}

#[test]
fn images_without_a_place_for_it_are_refused() {
    let names: Vec<String> = (0..100).map(|number| format!(".x{number}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let full = apply(MACHO_AMD64, &Edits { added: &many, ..Edits::default() });
    let full = full.expect_err("no room").to_string();
    let numbers: Vec<u64> = full.split([' ', ':']).filter_map(|word| word.parse().ok()).collect();
    let [needed, room, missing] = numbers[..] else { panic!("{full}") };
    assert_eq!(needed - room, missing, "{full}");
    assert!(full.ends_with("are missing") && needed > 72 + 100 * 80, "{full}");

    let at = command(MACHO_AMD64, "__DATA");
    let mut behind = MACHO_AMD64.to_vec();
    put_u32(&mut behind, at + 28, 9);
    let error = apply(&behind, &Edits { added: ADDED, ..Edits::default() }).expect_err("behind");
    assert!(error.to_string().contains("__LINKEDIT is not its last segment"), "{error}");

    let mut foreign = apply(MACHO_AMD64, &Edits { added: ADDED, ..Edits::default() });
    let foreign = &mut foreign.as_mut().expect("adds").bytes;
    let at = command(foreign, "__RGO");
    put_u32(foreign, at + 32, 0x1000);
    let error = apply(foreign, &Edits { added: &[(".y", b"x")], ..Edits::default() });
    let error = error.expect_err("a gap").to_string();
    assert!(error.contains("__RGO does not end where __LINKEDIT starts"), "{error}");
}

/// Each change of what comes out is one that the check has to find.
#[test]
fn the_check_finds_what_is_out_of_place() {
    let edited = edit(MACHO_AMD64, &Edits { added: ADDED, ..Edits::default() }).expect("adds");
    let output = edited.draft.to_vec();
    edited.verify(&output).expect("is right");
    let (added, last) = (command(&output, "__RGO"), command(&output, "__LINKEDIT"));
    let section = added + 72;
    for (what, at) in [
        ("address of the segment", added + 24),
        ("its size in memory", added + 32),
        ("its file offset", added + 40),
        ("its size in the file", added + 48),
        ("its highest protection", added + 56),
        ("its protection", added + 60),
        ("its flags", added + 68),
        ("address of __LINKEDIT", last + 24),
        ("file offset of __LINKEDIT", last + 40),
        ("protection of __LINKEDIT", last + 60),
        ("address of a section", section + 32),
        ("file offset of a section", section + 48),
        ("relocations of a section", section + 60),
        ("flags of a section", section + 64),
    ] {
        let mut wrong = output.clone();
        // A page more, or two protections more.
        let by = if u32_le(&wrong, at) < 16 { 6 } else { 0x1000 };
        put_u32(&mut wrong, at, u32_le(&output, at) ^ by);
        assert!(edited.verify(&wrong).is_err(), "{what}");
    }
    let mut other = output.clone();
    other[added + 8..added + 13].copy_from_slice(b"__RGP");
    assert!(edited.verify(&other).is_err(), "another segment");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1000), ..ProptestConfig::default() })]

    #[test]
    fn broken_programs_are_answered(
        changes in prop::collection::vec((4_usize..0x900, any::<u8>(), any::<bool>()), 1..5),
        which in 0..4,
    ) {
        let mut image = match which {
            0 => program_with_dwarf(true),
            1 => without_note(MACHO_ARM64),
            2 => apply(&program_with_dwarf(true), &Edits { added: ADDED, ..Edits::default() })
                .expect("adds").bytes,
            _ => apply(MACHO_ARM64, &Edits { added: ADDED, ..Edits::default() }).expect("adds").bytes,
        };
        let last = command(&image, "__LINKEDIT");
        for (at, byte, near) in changes {
            // Most of what decides is in the commands of the last segments.
            image[if near { last - 232 + at % 300 } else { at }] = byte;
        }
        for strip in [Strip::None, Strip::All] {
            let added: &[(&str, &[u8])] = &[(".fresh", b"x"), (".rgo-bi", b"y")];
            for added in [&added[..1], added, &[]] {
                // An error or an image that passed its own check.
                if let Ok(finished) = apply(&image, &Edits { strip, added, ..Edits::default() }) {
                    prop_assert!(finished.bytes.len() <= image.len() + 0x2_0000);
                }
            }
        }
        let _ = only_keep_debug(&image);
    }

    #[test]
    fn whatever_is_added_is_found_again(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..6000), 1..3),
        strip in prop::sample::select(STRIPS.to_vec()),
        which in 0..3,
    ) {
        let names: Vec<String> = (0..contents.len()).map(|it| format!(".s{it}")).collect();
        let added: Vec<(&str, &[u8])> =
            names.iter().zip(&contents).map(|(name, it)| (name.as_str(), it.as_slice())).collect();
        let dwarf = program_with_dwarf(true);
        let (image, page) = match which {
            0 => (MACHO_AMD64, 0x1000),
            1 => (MACHO_ARM64, 0x4000),
            _ => (&*dwarf, 0x1000),
        };
        let output = apply(image, &Edits { strip, added: &added, ..Edits::default() });
        let output = output.expect("adds").bytes;
        check_places(&output, page);
        check_contents(image, &output, &added);
    }
}
