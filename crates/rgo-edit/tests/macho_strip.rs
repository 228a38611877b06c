//! Mach-O: what can be asked by name, signatures added, kept whole and taken away, refusals, fat
//! files and companions.

mod common;

use common::{MACHO_AMD64, MACHO_ARM64, fat, load_commands, put_u32, u32_le};
use object::{Object, ObjectSection, ObjectSymbol};
use proptest::prelude::*;
use rgo_edit::{Compression, Edits, NameFilter, SignaturePolicy, Strip, apply, only_keep_debug};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

const LC_SEGMENT_64: u32 = 0x19;
const LC_CODE_SIGNATURE: u32 = 0x1d;
const STRIPS: [Strip; 4] = [Strip::None, Strip::Debug, Strip::Unneeded, Strip::All];

fn u32_be(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

fn put_be(data: &mut [u8], at: usize, value: u32) {
    data[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

/// Where the signature is.
fn signature(image: &[u8]) -> Option<usize> {
    let commands = load_commands(image);
    let (_, at, _) = commands.iter().find(|(kind, ..)| *kind == LC_CODE_SIGNATURE)?;
    assert_eq!(u32_le(image, at + 8) as usize + u32_le(image, at + 12) as usize, image.len());
    Some(u32_le(image, at + 8) as usize)
}

/// The blobs of a signature, by slot.
fn blobs(image: &[u8]) -> Vec<(u32, &[u8])> {
    let signature = &image[signature(image).expect("signed")..];
    let blob = |number: usize| {
        let at = u32_be(signature, 16 + 8 * number) as usize;
        (
            u32_be(signature, 12 + 8 * number),
            &signature[at..at + u32_be(signature, at + 4) as usize],
        )
    };
    (0..u32_be(signature, 8) as usize).map(blob).collect()
}

/// Checks all hashes of all CodeDirectories; answers their versions, hash types and identifiers.
fn check_signature(image: &[u8]) -> Vec<(u32, u8, String)> {
    let limit = signature(image).expect("signed");
    let blobs = blobs(image);
    let directories = blobs.iter().filter(|(_, blob)| u32_be(blob, 0) == 0xfade_0c02);
    let check = |(_, directory): &(u32, &[u8])| {
        let (size, kind) = (directory[36] as usize, directory[37]);
        let hash = |data: &[u8]| match kind {
            1 => Sha1::digest(data).to_vec(),
            4 => Sha384::digest(data).to_vec(),
            _ => Sha256::digest(data)[..size].to_vec(),
        };
        let first = u32_be(directory, 16) as usize;
        let page = if directory[39] == 0 { limit } else { 1 << directory[39] };
        assert_eq!(u32_be(directory, 32) as usize, limit);
        assert_eq!(u32_be(directory, 28) as usize, limit.div_ceil(page));
        for (number, content) in image[..limit].chunks(page).enumerate() {
            let at = first + number * size;
            assert_eq!(directory[at..at + size], hash(content), "page {number}");
        }
        for (slot, content) in blobs.iter().filter(|(slot, _)| (1..32).contains(slot)) {
            let at = first - *slot as usize * size;
            assert_eq!(directory[at..at + size], hash(content), "slot {slot}");
        }
        let name = &directory[u32_be(directory, 20) as usize..];
        let name = name.split(|byte| *byte == 0).next().expect("a name");
        (u32_be(directory, 8), kind, String::from_utf8(name.to_vec()).expect("UTF-8"))
    };
    directories.map(check).collect()
}

/// A CodeDirectory whose hashes are zeros.
fn directory(image: usize, version: u32, kind: u8, team: &[u8]) -> Vec<u8> {
    let header = match version {
        0x2_0001 => 44,
        0x2_0200 => 52,
        0x2_0400 => 88,
        0x2_0500 => 96,
        _ => 108,
    };
    let size = match kind {
        1 | 3 => 20,
        4 => 48,
        _ => 32,
    };
    let hashes = header + 3 + team.len() + 7 * size;
    let mut blob = vec![0; hashes + image.div_ceil(0x1000) * size];
    let words = [0xfade_0c02, blob.len() as u32, version, 2, hashes as u32, header as u32, 7];
    for (field, word) in words.into_iter().enumerate() {
        put_be(&mut blob, field * 4, word);
    }
    blob[36..40].copy_from_slice(&[size as u8, kind, 0, 12]);
    if version >= 0x2_0500 {
        put_be(&mut blob, 88, 0x000e_0300);
    }
    blob[header..header + 3].copy_from_slice(b"id\0");
    if !team.is_empty() {
        put_be(&mut blob, 48, header as u32 + 3);
        blob[header + 3..header + 3 + team.len()].copy_from_slice(team);
    }
    blob
}

fn blob(magic: u32, content: &[u8]) -> Vec<u8> {
    let head = [magic, 8 + content.len() as u32].into_iter().flat_map(u32::to_be_bytes);
    head.chain(content.iter().copied()).collect()
}

/// The fixture with a signature of these blobs.
fn signed(all: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut image = MACHO_ARM64.to_vec();
    image.truncate(signature(MACHO_ARM64).expect("signed"));
    let mut at = 12 + 8 * all.len();
    let size = at + all.iter().map(|(_, blob)| blob.len()).sum::<usize>();
    let mut super_blob: Vec<u8> = [0xfade_0cc0, size as u32, all.len() as u32]
        .into_iter()
        .flat_map(u32::to_be_bytes)
        .collect();
    for (slot, blob) in all {
        super_blob.extend([*slot, at as u32].into_iter().flat_map(u32::to_be_bytes));
        at += blob.len();
    }
    all.iter().for_each(|(_, blob)| super_blob.extend_from_slice(blob));
    let commands = load_commands(&image);
    let place = |wanted| commands.iter().rfind(|(kind, ..)| *kind == wanted).expect("is there").1;
    put_u32(&mut image, place(LC_CODE_SIGNATURE) + 12, super_blob.len() as u32);
    image.extend(super_blob);
    let linkedit = place(LC_SEGMENT_64);
    let size = image.len() as u32 - u32_le(&image, linkedit + 40);
    put_u32(&mut image, linkedit + 48, size);
    image
}

fn unsigned_size() -> usize {
    signature(MACHO_ARM64).expect("signed")
}

#[test]
fn every_kind_of_directory_is_renewed_as_it_was() {
    let size = unsigned_size();
    for version in [0x2_0001, 0x2_0200, 0x2_0400, 0x2_0500, 0x2_0600] {
        let requirements = blob(0xfade_0c01, &[0; 4]);
        let der = blob(0xfade_7172, b"der");
        let input = signed(&[
            (0, directory(size, version, 1, b"")),
            (2, requirements.clone()),
            (7, der.clone()),
            (0x1000, directory(size, version, 2, b"")),
            (0x1001, directory(size, version, 4, b"")),
            (0x1002, directory(size, version, 3, b"")),
        ]);
        for strip in STRIPS {
            let output = apply(&input, &Edits { strip, ..Edits::default() }).expect("signs").bytes;
            let expected: Vec<_> =
                [1, 2, 4, 3].into_iter().map(|kind| (version, kind, "id".to_owned())).collect();
            assert_eq!(check_signature(&output), expected);
            assert!(output.len() <= input.len());
            for (slot, content) in [(2, &requirements), (7, &der)] {
                assert!(blobs(&output).contains(&(slot, content)));
            }
            let first = blobs(&output)[0].1;
            assert!(version < 0x2_0500 || u32_be(first, 88) == 0x000e_0300, "the runtime");
        }
    }
}

#[test]
fn signatures_that_cannot_be_renewed_are_refused() {
    let size = unsigned_size();
    let mut scattered = directory(size, 0x2_0400, 2, b"");
    put_be(&mut scattered, 44, 90);
    let mut encrypted = directory(size, 0x2_0500, 2, b"");
    put_be(&mut encrypted, 92, 90);
    let mut unknown = directory(size, 0x2_0400, 2, b"");
    unknown[37] = 9;
    for (directory, expected) in [
        (scattered, "leaves out parts"),
        (encrypted, "encrypted pages"),
        (unknown, "not known (type 9)"),
        (directory(size, 0x2_0700, 2, b""), "version 0x20700"),
    ] {
        let error = apply(&signed(&[(0, directory)]), &Edits::default()).expect_err("refused");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn an_identity_leaves_nothing_that_names_it() {
    let size = unsigned_size();
    let requirements = blob(0xfade_0c01, b"certificate leaf[subject.OU] = TEAM");
    let entitlements = blob(0xfade_7171, b"<plist/>");
    let input = signed(&[
        (0, directory(size, 0x2_0500, 2, b"TEAM\0")),
        (2, requirements),
        (5, entitlements.clone()),
        (0x1_0000, blob(0xfade_0b01, b"certificates of TEAM")),
        (0x1_0002, blob(0xfade_0b01, b"ticket")),
    ]);
    let error = apply(&input, &Edits::default()).expect_err("signed").to_string();
    assert!(error.contains("team TEAM"), "{error}");
    let output = apply(&input, &Edits { sign: SignaturePolicy::AdHoc, ..Edits::default() });
    let output = output.expect("asked for").bytes;
    check_signature(&output);
    let slots: Vec<_> = blobs(&output).iter().map(|(slot, _)| *slot).collect();
    assert_eq!(slots, [0, 2, 5]);
    assert!(blobs(&output).contains(&(5, &entitlements)));
    let signature = &output[signature(&output).expect("signed")..];
    assert!(!signature.windows(4).any(|window| window == b"TEAM"));
}

#[test]
fn a_signature_comes_and_goes() {
    let sign = |sign| Edits { sign, ..Edits::default() };
    let bare = apply(MACHO_ARM64, &sign(SignaturePolicy::None)).expect("unsigns");
    assert!(bare.bytes.len() < MACHO_ARM64.len() && signature(&bare.bytes).is_none());
    assert_eq!(apply(&bare.bytes, &sign(SignaturePolicy::None)).expect("again").bytes, bare.bytes);
    assert_eq!(apply(&bare.bytes, &sign(SignaturePolicy::Keep)).expect("again").bytes, bare.bytes);
    let renewed = apply(&bare.bytes, &sign(SignaturePolicy::AdHoc)).expect("signs").bytes;
    let goblin = goblin::mach::MachO::parse(&renewed, 0).expect("goblin reads it");
    let name = goblin.name.expect("has an install name").rsplit('/').next().expect("a name");
    assert_eq!(check_signature(&renewed), [(0x2_0400, 2, name.to_owned())]);
    assert_eq!(apply(&renewed, &sign(SignaturePolicy::AdHoc)).expect("again").bytes, renewed);

    let program = apply(MACHO_AMD64, &sign(SignaturePolicy::AdHoc)).expect("signs").bytes;
    let [(_, 2, name)] = &check_signature(&program)[..] else { panic!("one directory") };
    assert!(name.starts_with("a.out-") && name.len() == 6 + 32, "{name}");
    assert_eq!(blobs(&program)[0].1[39], 12, "pages of 4 KiB");
    let edits = Edits { identifier: Some("org.example"), ..sign(SignaturePolicy::AdHoc) };
    let program = apply(MACHO_AMD64, &edits).expect("signs").bytes;
    assert_eq!(check_signature(&program)[0].2, "org.example");
}

/// An image whose first section starts where its load commands end has no room for another.
#[test]
fn a_signature_needs_room_in_the_header() {
    let mut input = MACHO_AMD64.to_vec();
    let end = 32 + u32_le(&input, 20);
    let (_, text, _) = load_commands(&input)[1];
    assert!(input[text + 8..].starts_with(b"__TEXT\0"));
    put_u32(&mut input, text + 72 + 48, end + 8);
    let error = apply(&input, &Edits { sign: SignaturePolicy::AdHoc, ..Edits::default() });
    let error = error.expect_err("no room").to_string();
    assert!(error.contains("there is room for"), "{error}");
}

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
        (Edits { added: &[("x", b"y")], ..Edits::default() }, "adding section x"),
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
fn program_with_dwarf(compressed: bool) -> Vec<u8> {
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
    let mut segment = vec![0; 72 + 2 * 80];
    put_u32(&mut segment, 0, LC_SEGMENT_64);
    put_u32(&mut segment, 4, 72 + 2 * 80);
    segment[8..15].copy_from_slice(b"__DWARF");
    let address = u32_le(image, linkedit + 24);
    for (field, value) in
        [(24, address), (28, 1), (40, start), (48, 2 * content.len() as u32), (64, 2)]
    {
        put_u32(&mut segment, field, value);
    }
    for (number, name) in names.into_iter().enumerate() {
        let at = 72 + 80 * number;
        segment[at..at + name.len()].copy_from_slice(name.as_bytes());
        segment[at + 16..at + 23].copy_from_slice(b"__DWARF");
        let before = (number * content.len()) as u32;
        for (field, value) in
            [(32, address + before), (36, 1), (40, content.len() as u32), (48, start + before)]
        {
            put_u32(&mut segment, at + field, value);
        }
        put_u32(&mut segment, at + 64, 0x0200_0000);
    }
    let mut bytes = [&content[..], &content].concat();
    bytes.resize(bytes.len().next_multiple_of(0x1000), 0);

    let mut output = image.to_vec();
    let end = commands.last().map(|(_, at, size)| at + size).expect("commands");
    output.copy_within(linkedit..end, linkedit + segment.len());
    output[linkedit..linkedit + segment.len()].copy_from_slice(&segment);
    put_u32(&mut output, 16, u32_le(image, 16) + 1);
    put_u32(&mut output, 20, u32_le(image, 20) + segment.len() as u32);
    for (kind, at, _) in load_commands(&output) {
        let fields: &[usize] = match kind {
            0x2 => &[8, 16],
            0xb => &[32, 40, 48, 56, 64, 72],
            0x8000_0022 => &[8, 16, 24, 32, 40],
            0x26 | 0x29 => &[8],
            _ => &[],
        };
        for field in fields.iter().map(|field| at + field) {
            let offset = u32_le(&output, field);
            if offset != 0 {
                put_u32(&mut output, field, offset + bytes.len() as u32);
            }
        }
    }
    put_u32(&mut output, linkedit + segment.len() + 40, start + bytes.len() as u32);
    output.splice(start as usize..start as usize, bytes);
    output
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
