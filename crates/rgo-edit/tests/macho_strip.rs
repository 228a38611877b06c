//! Mach-O: symbols and sections by name, refusals, fat files and companions.

use object::{Object, ObjectSection, ObjectSymbol};
use proptest::prelude::*;
use rgo_edit::{Compression, Edits, NameFilter, SignaturePolicy, Strip, apply, only_keep_debug};

use crate::support::{MACHO_AMD64, MACHO_ARM64, fat, load_commands, put_u32, u32_le};

const LC_SEGMENT_64: u32 = 0x19;
const STRIPS: [Strip; 4] = [Strip::None, Strip::Debug, Strip::Unneeded, Strip::All];

#[test]
fn symbols_are_kept_and_dropped_by_name() {
    let names = |image: &[u8]| -> Vec<String> {
        let file = object::File::parse(image).expect("parses");
        file.symbols().map(|symbol| symbol.name().expect("UTF-8").to_owned()).collect()
    };
    let stripped = apply(MACHO_AMD64, &Edits { strip: Strip::All, ..Edits::default() });
    let stripped = names(&stripped.expect("strips").bytes);
    let local = names(MACHO_AMD64)
        .into_iter()
        .find(|name| !name.is_empty() && !stripped.contains(name) && name.starts_with('_'));
    let local = local.expect("a symbol that goes");
    let is_local = |name: &[u8]| name == local.as_bytes();
    let keep = NameFilter { keep: Some(&is_local), drop: None };
    let edits = Edits { strip: Strip::All, symbols: keep, ..Edits::default() };
    let kept = names(&apply(MACHO_AMD64, &edits).expect("strips").bytes);
    assert_eq!(kept.len(), stripped.len() + 1);
    assert!(kept.contains(&local));

    let drop = NameFilter { keep: None, drop: Some(&is_local) };
    let without = apply(MACHO_AMD64, &Edits { symbols: drop, ..Edits::default() });
    let without = object::File::parse(&*without.expect("drops").bytes)
        .map(|file| file.symbols().filter(|symbol| symbol.name() == Ok(&local)).count());
    assert_eq!(without, Ok(0));

    let undefined = object::File::parse(MACHO_AMD64).expect("parses");
    let undefined = undefined.symbols().find(ObjectSymbol::is_undefined).expect("imports");
    let needed = undefined.name_bytes().expect("named").to_vec();
    let is_needed = |name: &[u8]| name == needed;
    let drop = NameFilter { keep: None, drop: Some(&is_needed) };
    let error = apply(MACHO_AMD64, &Edits { symbols: drop, ..Edits::default() });
    let error = error.expect_err("needed").to_string();
    assert!(error.contains("the loader or a stub of the image asks for it"), "{error}");
}

#[test]
fn what_a_mach_o_image_cannot_have_is_refused() {
    let is_text = |name: &[u8]| name == b"__TEXT,__text";
    for (edits, expected) in [
        (Edits { added: &[("x", b"")], ..Edits::default() }, "adding section x"),
        (Edits { compression: Some(Compression::Zlib), ..Edits::default() }, "compressed debug"),
        (Edits { debuglink: Some(("x", 1)), ..Edits::default() }, "by its UUID"),
        (
            Edits { sections: NameFilter { keep: None, drop: Some(&is_text) }, ..Edits::default() },
            "removing section __TEXT,__text",
        ),
    ] {
        let error = apply(MACHO_ARM64, &edits).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn results_never_grow_and_say_the_same_twice() {
    let go = program_with_dwarf(true);
    for input in [MACHO_AMD64, MACHO_ARM64, &go] {
        let mut last = input.len();
        for strip in STRIPS {
            let edits = Edits { strip, ..Edits::default() };
            let output = apply(input, &edits).expect("strips").bytes;
            assert!(output.len() <= last, "{strip:?}: {} of {last}", output.len());
            assert_eq!(apply(&output, &edits).expect("strips").bytes, output, "{strip:?}");
            last = output.len();
        }
    }
}

/// The fixture with a segment `__DWARF` before `__LINKEDIT`, as Go's linker writes it: two
/// sections, compressed or not, and nothing in memory.
pub(crate) fn program_with_dwarf(compressed: bool) -> Vec<u8> {
    let image = MACHO_AMD64;
    let commands = load_commands(image);
    let (_, linkedit, _) = *commands.iter().rfind(|it| it.0 == LC_SEGMENT_64).expect("segments");
    let start = u32_le(image, linkedit + 40);
    let content = if compressed {
        let mut packed = b"ZLIB".to_vec();
        packed.extend((INFO.len() as u64).to_be_bytes());
        packed.extend(miniz_oxide::deflate::compress_to_vec_zlib(INFO, 6));
        packed
    } else {
        INFO.to_vec()
    };
    let names = if compressed {
        ["__zdebug_info", "__zdebug_rnglist"]
    } else {
        ["__debug_info", "__debug_rnglists"]
    };
    let address = u32_le(image, linkedit + 24);
    let segment = dwarf_segment(address, start, names, content.len() as u32);
    let mut bytes = [&content[..], &content].concat();
    bytes.resize(bytes.len().next_multiple_of(0x1000), 0);

    let mut output = image.to_vec();
    let end = commands.last().map(|(_, at, size)| at + size).expect("commands");
    output.copy_within(linkedit..end, linkedit + segment.len());
    output[linkedit..linkedit + segment.len()].copy_from_slice(&segment);
    put_u32(&mut output, 16, u32_le(image, 16) + 1);
    put_u32(&mut output, 20, u32_le(image, 20) + segment.len() as u32);
    move_tables(&mut output, bytes.len() as u32);
    put_u32(&mut output, linkedit + segment.len() + 40, start + bytes.len() as u32);
    output.splice(start as usize..start as usize, bytes);
    output
}

/// A segment `__DWARF` with two sections of `size` bytes, at this address and offset.
fn dwarf_segment(address: u32, start: u32, names: [&str; 2], size: u32) -> Vec<u8> {
    let mut segment = vec![0; 72 + 2 * 80];
    put_u32(&mut segment, 0, LC_SEGMENT_64);
    put_u32(&mut segment, 4, 72 + 2 * 80);
    segment[8..15].copy_from_slice(b"__DWARF");
    for (field, value) in [(24, address), (28, 1), (40, start), (48, 2 * size), (64, 2)] {
        put_u32(&mut segment, field, value);
    }
    for (number, name) in (0..).zip(names) {
        let at = 72 + 80 * number as usize;
        segment[at..at + name.len()].copy_from_slice(name.as_bytes());
        segment[at + 16..at + 23].copy_from_slice(b"__DWARF");
        let before = number * size;
        for (field, value) in [(32, address + before), (36, 1), (40, size), (48, start + before)] {
            put_u32(&mut segment, at + field, value);
        }
        put_u32(&mut segment, at + 64, 0x0200_0000);
    }
    segment
}

/// Moves the offsets of all tables in `__LINKEDIT` by so many bytes.
fn move_tables(image: &mut [u8], by: u32) {
    for (kind, at, _) in load_commands(image) {
        let fields: &[usize] = match kind {
            0x2 => &[8, 16],
            0xb => &[32, 40, 48, 56, 64, 72],
            0x8000_0022 => &[8, 16, 24, 32, 40],
            0x26 | 0x29 => &[8],
            _ => &[],
        };
        for field in fields.iter().map(|field| at + field) {
            let offset = u32_le(image, field);
            if offset != 0 {
                put_u32(image, field, offset + by);
            }
        }
    }
}

const INFO: &[u8] = &[7; 3000];

#[test]
fn sections_of_debug_data_are_kept_by_name() {
    let input = program_with_dwarf(false);
    for name in ["__debug_rnglists", "__DWARF,__debug_rnglists"] {
        let is_kept = |other: &[u8]| other == name.as_bytes();
        let sections = NameFilter { keep: Some(&is_kept), drop: None };
        let edits = Edits { strip: Strip::All, sections, ..Edits::default() };
        let output = apply(&input, &edits).expect("strips").bytes;
        let file = object::File::parse(&*output).expect("parses");
        assert!(file.section_by_name("__debug_info").is_none());
        let kept = file.section_by_name("__debug_rnglists").expect("kept");
        assert_eq!(kept.data(), Ok(INFO));
        assert!(output.len() < input.len());
        assert_eq!(apply(&output, &edits).expect("again").bytes, output);

        // The other way round, and nothing else goes.
        let sections = NameFilter { keep: None, drop: Some(&is_kept) };
        let dropped = apply(&input, &Edits { sections, ..Edits::default() }).expect("drops").bytes;
        let file = object::File::parse(&*dropped).expect("parses");
        assert!(file.section_by_name("__debug_rnglists").is_none());
        assert_eq!(file.section_by_name("__debug_info").expect("stays").data(), Ok(INFO));
        let before = object::File::parse(&*input).expect("parses").symbols().count();
        assert_eq!(file.symbols().count(), before);
    }
}

#[test]
fn data_between_segments_are_not_lost() {
    let mut input = program_with_dwarf(false);
    let (_, linkedit, _) =
        *load_commands(&input).iter().rfind(|it| it.0 == LC_SEGMENT_64).expect("segments");
    let gap = u32_le(&input, linkedit + 40) as usize - 1;
    input[gap] = 1;
    let error = apply(&input, &Edits { strip: Strip::Debug, ..Edits::default() });
    let error = error.expect_err("a byte of nobody's").to_string();
    assert!(error.contains("no segment has them"), "{error}");
}

#[test]
fn a_companion_has_the_debug_data_inflated() {
    for compressed in [false, true] {
        let input = program_with_dwarf(compressed);
        let companion = only_keep_debug(&input).expect("keeps").to_vec();
        assert_eq!(u32_le(&companion, 12), 10, "MH_DSYM");
        let file = object::File::parse(&*companion).expect("parses");
        let program = object::File::parse(&*input).expect("parses");
        assert_eq!(file.mach_uuid(), program.mach_uuid());
        assert!(file.mach_uuid().expect("reads").is_some());
        for name in ["__debug_info", "__debug_rnglists"] {
            assert_eq!(file.section_by_name(name).expect(name).data(), Ok(INFO), "{name}");
        }
        for section in program.sections().filter(|it| it.segment_name() != Ok(Some("__DWARF"))) {
            let name = section.name().expect("UTF-8");
            let twin = file.section_by_name(name).expect(name);
            assert_eq!((twin.address(), twin.size()), (section.address(), section.size()));
            assert_eq!(twin.index(), section.index());
        }
        let symbols = |file: &object::File<'_>| -> Vec<(String, u64)> {
            let defined = file.symbols().filter(ObjectSymbol::is_definition);
            let named = defined.map(|it| (it.name().expect("UTF-8").to_owned(), it.address()));
            named.filter(|(name, _)| !name.is_empty()).collect()
        };
        assert_eq!(symbols(&file), symbols(&program));
        assert_eq!(only_keep_debug(&companion).expect("is one").to_vec(), companion);
        goblin::mach::MachO::parse(&companion, 0).expect("goblin reads it");
    }
}

#[test]
fn companions_that_cannot_be_made_say_where_the_data_are() {
    let error = only_keep_debug(MACHO_ARM64).expect_err("elsewhere").to_string();
    assert!(error.contains("dsymutil collects them") && error.contains(".o"), "{error}");
    let stripped = apply(MACHO_ARM64, &Edits { strip: Strip::All, ..Edits::default() });
    let error = only_keep_debug(&stripped.expect("strips").bytes).expect_err("none").to_string();
    assert!(error.contains("it has no debug data"), "{error}");
}

#[test]
fn fat_files_are_done_as_a_whole() {
    let with_dwarf = program_with_dwarf(true);
    let companion = only_keep_debug(&fat(&[&with_dwarf, &with_dwarf])).expect("keeps").to_vec();
    let one = only_keep_debug(&with_dwarf).expect("keeps").to_vec();
    assert_eq!(companion, fat(&[&one, &one]));
    let error = only_keep_debug(&fat(&[&with_dwarf, MACHO_ARM64])).expect_err("one has none");
    assert!(error.to_string().contains("slice arm64"), "{error}");

    // arm64e is edited, i386 is not.
    let mut arm64e = MACHO_ARM64.to_vec();
    put_u32(&mut arm64e, 8, 0x8000_0002);
    let edits = Edits { strip: Strip::All, ..Edits::default() };
    let output = apply(&fat(&[MACHO_AMD64, &arm64e]), &edits).expect("strips").bytes;
    let slices = [MACHO_AMD64, &arm64e].map(|it| apply(it, &edits).expect("strips").bytes);
    assert_eq!(output, fat(&[&slices[0], &slices[1]]));
    let mut i386 = vec![0; 28];
    put_u32(&mut i386, 0, 0xfeed_face);
    put_u32(&mut i386, 4, 7);
    put_u32(&mut i386, 12, 2);
    let error = apply(&fat(&[MACHO_AMD64, &i386]), &edits).expect_err("32-bit").to_string();
    assert!(error.contains("slice i386"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1000), ..ProptestConfig::default() })]

    #[test]
    fn broken_programs_with_debug_data_are_answered(
        changes in prop::collection::vec((4_usize..0x900, any::<u8>(), any::<bool>()), 1..5),
        compressed in any::<bool>(),
    ) {
        let mut image = program_with_dwarf(compressed);
        let (_, linkedit, _) =
            *load_commands(&image).iter().rfind(|it| it.0 == LC_SEGMENT_64).expect("segments");
        for (at, byte, near) in changes {
            // Most of what decides is in the command before __LINKEDIT.
            image[if near { linkedit - 232 + at % 300 } else { at }] = byte;
        }
        let is_info = |name: &[u8]| name.ends_with(b"info");
        let sections = NameFilter { keep: Some(&is_info), drop: None };
        let edits = [
            Edits { strip: Strip::All, sections, sign: SignaturePolicy::AdHoc, ..Edits::default() },
            Edits { strip: Strip::Unneeded, sign: SignaturePolicy::None, ..Edits::default() },
        ];
        // An error or an image that passed its own check.
        for edits in &edits {
            let _ = apply(&image, edits);
        }
        if let Ok(companion) = only_keep_debug(&image) {
            prop_assert!(companion.size() <= image.len() as u64 + (1 << 20));
        }
    }
}
