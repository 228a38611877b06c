//! Mach-O: signatures checked by a reader of their bytes that shares no code with the writer,
//! exports and symbols by goblin and object.

use std::collections::BTreeSet;

use object::{Object, ObjectSymbol};
use rgo_binary::security::signature::signature;
use rgo_binary::{Error, Image, Limits, TriState};
use rgo_edit::{Edits, SignaturePolicy, Strip, apply, make_deterministic, restrict_exports};
use sha2::{Digest, Sha256};

use crate::support::{self, MACHO_AMD64, MACHO_ARM64, fat, load_commands, put_u32, u32_le};

const LC_SYMTAB: u32 = 0x2;
const LC_DYSYMTAB: u32 = 0xb;
const LC_ID_DYLIB: u32 = 0xd;
const LC_SEGMENT_64: u32 = 0x19;
const LC_CODE_SIGNATURE: u32 = 0x1d;

/// What a signature says of itself, once all its hashes are found right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    identifier: String,
    flags: u32,
    page: usize,
    blobs: Vec<(u32, Vec<u8>)>,
}

fn u32_be(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

/// Checks every hash of the signature, and that image, segment and signature end together.
pub(crate) fn check_signature(image: &[u8]) -> Option<Signed> {
    let commands = load_commands(image);
    let segments = commands.iter().filter(|(kind, ..)| *kind == LC_SEGMENT_64);
    let linkedit = segments
        .map(|(_, at, _)| *at)
        .find(|at| image[at + 8..at + 24].starts_with(b"__LINKEDIT\0"))
        .expect("has __LINKEDIT");
    let end = u32_le(image, linkedit + 40) + u32_le(image, linkedit + 48);
    assert_eq!(end as usize, image.len(), "__LINKEDIT ends with the file");
    assert!(u32_le(image, linkedit + 32) >= u32_le(image, linkedit + 48), "fits its memory");

    let (_, at, _) = *commands.iter().find(|(kind, ..)| *kind == LC_CODE_SIGNATURE)?;
    let (start, size) = (u32_le(image, at + 8) as usize, u32_le(image, at + 12) as usize);
    assert_eq!((start % 16, start + size), (0, image.len()));
    let blob = &image[start..];
    assert_eq!((u32_be(blob, 0), u32_be(blob, 4) as usize), (0xfade_0cc0, size));
    let mut blobs = Vec::new();
    let mut directory = None;
    for number in 0..u32_be(blob, 8) as usize {
        let (slot, at) = (u32_be(blob, 12 + 8 * number), u32_be(blob, 16 + 8 * number) as usize);
        let content = &blob[at..at + u32_be(blob, at + 4) as usize];
        match slot {
            0 => directory = Some(content),
            _ => blobs.push((slot, content.to_vec())),
        }
    }
    let directory = directory.expect("a CodeDirectory");
    assert_eq!(u32_be(directory, 0), 0xfade_0c02);
    let hashes = u32_be(directory, 16) as usize;
    let (special, code) = (u32_be(directory, 24) as usize, u32_be(directory, 28) as usize);
    let limit = u32_be(directory, 32) as usize;
    assert_eq!(limit, start, "everything before the signature is signed");
    assert_eq!(directory[36..38], [32, 2], "SHA-256");
    let page = 1 << directory[39];
    assert_eq!(code, limit.div_ceil(page));
    for number in 0..code {
        let end = limit.min((number + 1) * page);
        let hash = Sha256::digest(&image[number * page..end]);
        let at = hashes + number * 32;
        assert_eq!(directory[at..at + 32], hash[..], "page {number}");
    }
    for (slot, content) in blobs.iter().filter(|(slot, _)| *slot < 32) {
        assert!(*slot as usize <= special);
        let at = hashes - *slot as usize * 32;
        assert_eq!(directory[at..at + 32], Sha256::digest(content)[..], "slot {slot}");
    }
    let name = &directory[u32_be(directory, 20) as usize..];
    let name = name.split(|byte| *byte == 0).next().expect("a name");
    Some(Signed {
        identifier: String::from_utf8(name.to_vec()).expect("UTF-8"),
        flags: u32_be(directory, 12),
        page,
        blobs,
    })
}

/// The fixture with another signature: an identifier, special hashes for the blobs, and zeros
/// for its code hashes, which nobody reads before they are renewed.
pub(crate) fn with_signature(image: &[u8], flags: u32, blobs: &[(u32, &[u8])]) -> Vec<u8> {
    let mut image = image.to_vec();
    let commands = load_commands(&image);
    let (_, at, _) =
        *commands.iter().find(|(kind, ..)| *kind == LC_CODE_SIGNATURE).expect("signed");
    image.truncate(u32_le(&image, at + 8) as usize);
    let special = 7;
    let mut directory = Vec::new();
    let hashes = 88 + 3 + special * 32;
    let code = image.len().div_ceil(0x1000);
    let size = hashes + code * 32;
    let words = [0xfade_0c02, size as u32, 0x2_0400, flags, hashes as u32, 88, special as u32];
    for word in words.into_iter().chain([code as u32, image.len() as u32]) {
        directory.extend(word.to_be_bytes());
    }
    directory.extend([32, 2, 0, 12]);
    directory.resize(88, 0);
    directory.extend(b"id\0");
    directory.resize(size, 0);
    // The hash of an Info.plist, which is not in the image.
    directory[hashes - 32..hashes].fill(0xab);
    let all: Vec<(u32, &[u8])> =
        std::iter::once((0, &directory[..])).chain(blobs.iter().copied()).collect();
    let mut at_blob = 12 + 8 * all.len();
    let total = at_blob + all.iter().map(|(_, blob)| blob.len()).sum::<usize>();
    let mut signature = Vec::new();
    for word in [0xfade_0cc0, total as u32, all.len() as u32] {
        signature.extend(word.to_be_bytes());
    }
    for (slot, blob) in &all {
        signature.extend(slot.to_be_bytes());
        signature.extend((at_blob as u32).to_be_bytes());
        at_blob += blob.len();
    }
    all.iter().for_each(|(_, blob)| signature.extend_from_slice(blob));
    put_u32(&mut image, at + 12, signature.len() as u32);
    image.extend_from_slice(&signature);
    let (_, linkedit, _) =
        *commands.iter().rfind(|(kind, ..)| *kind == LC_SEGMENT_64).expect("segments");
    let size = image.len() as u32 - u32_le(&image, linkedit + 40);
    put_u32(&mut image, linkedit + 48, size);
    image
}

pub(crate) fn blob(magic: u32, content: &[u8]) -> Vec<u8> {
    let mut blob = magic.to_be_bytes().to_vec();
    blob.extend((8 + content.len() as u32).to_be_bytes());
    blob.extend_from_slice(content);
    blob
}

#[test]
fn a_signature_made_here_holds_for_the_reader_of_facts() {
    let edits = Edits { identifier: Some("org.example.lib"), ..Edits::default() };
    let finished = apply(MACHO_ARM64, &edits).expect("signs");
    let image = Image::parse(&finished.bytes, &Limits::default()).expect("reads");
    let read = signature(&image).expect("reads");
    assert_eq!(read.holds, TriState::Yes);
    assert_eq!(read.apple.expect("is there").identifier, "org.example.lib");
}

#[test]
fn linkers_signatures_pass_the_check() {
    let signed = check_signature(MACHO_ARM64).expect("signed");
    assert_eq!((signed.flags, signed.page), (0x2_0002, 0x4000));
    assert_eq!(check_signature(MACHO_AMD64), None);
}

#[test]
fn every_edit_renews_the_signature_and_keeps_its_kind() {
    let values = [("a::BANNER".to_owned(), "value".to_owned())];
    for strip in [Strip::None, Strip::Debug, Strip::All] {
        for identifier in [None, Some("x"), Some("org.example.a-much-longer-identifier")] {
            let edits = Edits { slots: &values, strip, identifier, ..Edits::default() };
            let before = check_signature(MACHO_ARM64).expect("signed");
            let output = apply(MACHO_ARM64, &edits).expect("edits").bytes;
            let signed = check_signature(&output).expect("signed");
            assert_eq!(signed.identifier, identifier.unwrap_or(&before.identifier));
            assert_eq!((signed.flags, signed.page), (before.flags, before.page));
            let output = apply(MACHO_AMD64, &edits).expect("edits").bytes;
            assert_eq!(check_signature(&output), None, "unsigned stays unsigned");
        }
    }
}

#[test]
fn identities_are_refused_unless_asked() {
    let entitlements = blob(0xfade_7171, b"<plist/>");
    let cms = blob(0xfade_0b01, b"certificates");
    let input = with_signature(MACHO_ARM64, 0x1_0000, &[(5, &entitlements), (0x1_0000, &cms)]);
    let edits = Edits { strip: Strip::Debug, ..Edits::default() };
    let error = apply(&input, &edits).expect_err("signed by somebody");
    assert!(matches!(error, Error::SignedByIdentity { .. }), "{error}");

    let edits = Edits { sign: SignaturePolicy::AdHoc, ..edits };
    let finished = apply(&input, &edits).expect("asked for");
    assert!(finished.identity_dropped);
    let signed = check_signature(&finished.bytes).expect("signed");
    assert_eq!(signed.flags, 0x1_0002, "the hardened runtime stays, ad hoc is new");
    assert_eq!(signed.blobs, [(5, entitlements)]);
    assert_eq!((signed.identifier.as_str(), signed.page), ("id", 0x1000));
    // The hash of the Info.plist was carried over: 32 bytes of it in front of the first page's.
    assert!(finished.bytes.windows(32).any(|window| window == [0xab; 32]));

    // An empty CMS blob is what ad-hoc signing by codesign leaves.
    let input = with_signature(MACHO_ARM64, 2, &[(0x1_0000, &blob(0xfade_0b01, b""))]);
    let finished = apply(&input, &Edits { sign: SignaturePolicy::Keep, ..edits });
    assert!(!finished.expect("ad hoc").identity_dropped);
}

#[test]
fn fat_files_keep_their_slices() {
    let file = fat(&[MACHO_AMD64, MACHO_ARM64]);
    let values = [("b::BUILD".to_owned(), "7".to_owned())];
    let edits = Edits { slots: &values, strip: Strip::All, ..Edits::default() };
    let finished = apply(&file, &edits).expect("edits");
    assert_eq!(finished.slots_written, [("b::BUILD".to_owned(), 2)]);
    let slices: Vec<_> = [MACHO_AMD64, MACHO_ARM64]
        .into_iter()
        .map(|slice| apply(slice, &edits).expect("edits").bytes)
        .collect();
    assert!(finished.bytes == fat(&[&slices[0], &slices[1]]));
}

#[test]
fn a_library_exports_what_is_allowed() {
    let allowed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for names in [&["_exported_two", "_entry"][..], &["_entry"], &[]] {
        let output = restrict_exports(MACHO_ARM64, &allowed(names)).expect("restricts");
        check_signature(&output).expect("signed");
        check_symbol_groups(&output);
        let expected: BTreeSet<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let goblin = goblin::mach::MachO::parse(&output, 0).expect("goblin reads it");
        let exports: BTreeSet<_> =
            goblin.exports().expect("a trie").into_iter().map(|export| export.name).collect();
        assert_eq!(exports, expected);
        let before = object::File::parse(MACHO_ARM64).expect("parses");
        let after = object::File::parse(output.as_slice()).expect("parses");
        let global: BTreeSet<_> = after
            .symbols()
            .filter(|symbol| symbol.is_global() && symbol.is_definition())
            .map(|symbol| symbol.name().expect("UTF-8").to_owned())
            .collect();
        assert_eq!(global, expected);
        assert_eq!(after.symbols().count(), before.symbols().count(), "no symbol is lost");
    }
    let error = restrict_exports(MACHO_ARM64, &allowed(&["_nowhere"])).expect_err("not there");
    assert!(error.to_string().contains("exporting _nowhere"), "{error}");
    let header = "__mh_execute_header".to_owned();
    let program = restrict_exports(MACHO_AMD64, std::slice::from_ref(&header)).expect("restricts");
    let goblin = goblin::mach::MachO::parse(&program, 0).expect("goblin reads it");
    let exports = goblin.exports().expect("a trie").into_iter().map(|export| export.name);
    assert_eq!(exports.collect::<Vec<_>>(), [header], "a program");
    assert!(restrict_exports(support::ELF_AMD64, &[]).is_err(), "ELF");
}

/// Where the entries of the symbol table are whose type is `N_OSO`: an object file's name and time.
fn object_files(image: &[u8]) -> Vec<usize> {
    let (_, at, _) =
        *load_commands(image).iter().find(|(kind, ..)| *kind == LC_SYMTAB).expect("has symbols");
    let (start, count) = (u32_le(image, at + 8) as usize, u32_le(image, at + 12) as usize);
    (0..count).map(|n| start + n * 16).filter(|entry| image[entry + 4] == 0x66).collect()
}

fn uuid(image: &[u8]) -> [u8; 16] {
    let (_, at, _) =
        *load_commands(image).iter().find(|(kind, ..)| *kind == 0x1b).expect("has a UUID");
    image[at + 8..at + 24].try_into().expect("sixteen bytes")
}

#[test]
fn a_settled_image_does_not_say_when_it_was_linked() {
    for input in [MACHO_AMD64, MACHO_ARM64] {
        let mut later = input.to_vec();
        for entry in object_files(input) {
            later[entry + 8] ^= 0xff;
        }
        let (_, at, _) =
            *load_commands(input).iter().find(|(kind, ..)| *kind == 0x1b).expect("has a UUID");
        later[at + 8] ^= 0xff;
        let settled = make_deterministic(input).expect("settles");
        assert!(settled == make_deterministic(&later).expect("settles"));
        assert!(settled == make_deterministic(&settled).expect("settles"), "once is enough");
        check_symbol_groups(&settled);
        assert_eq!(check_signature(&settled).is_some(), check_signature(input).is_some());
        for entry in object_files(&settled) {
            assert_eq!(settled[entry + 8..entry + 16], [0; 8]);
        }
        assert_eq!((uuid(&settled)[6] & 0xf0, uuid(&settled)[8] & 0xc0), (0x80, 0x80));
        let symbols = |image: &[u8]| {
            let file = object::File::parse(image).expect("parses");
            file.symbols()
                .map(|s| (s.name_bytes().expect("named").to_vec(), s.address()))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(symbols(&settled), symbols(input), "nothing but the times");
        assert_eq!(object_files(&settled).len(), object_files(input).len());
    }
    assert!(make_deterministic(support::ELF_AMD64).is_err(), "ELF");
}

#[test]
fn another_program_has_another_uuid() {
    let values = [("b::BUILD".to_owned(), "7".to_owned())];
    let edits = Edits { slots: &values, ..Edits::default() };
    let other = apply(MACHO_ARM64, &edits).expect("edits").bytes;
    assert_eq!(uuid(&other), uuid(MACHO_ARM64), "companions are found by it");
    let uuids =
        [MACHO_ARM64, &other, MACHO_AMD64].map(|i| uuid(&make_deterministic(i).expect("settles")));
    assert_eq!(BTreeSet::from(uuids).len(), 3);
}

#[test]
fn a_debug_map_names_no_folder_of_the_machine() {
    for input in [MACHO_AMD64, MACHO_ARM64] {
        let names = |image: &[u8]| {
            let file = object::File::parse(image).expect("parses");
            let named = |entry: &usize| u32_le(image, *entry);
            let strings = named(
                &(load_commands(image)
                    .iter()
                    .find(|(kind, ..)| *kind == LC_SYMTAB)
                    .expect("has symbols")
                    .1
                    + 16),
            ) as usize;
            assert!(file.symbols().count() > 0);
            let name = |entry: usize| {
                let name = &image[strings + u32_le(image, entry) as usize..];
                let end = name.iter().position(|byte| *byte == 0).expect("ends");
                String::from_utf8_lossy(&name[..end]).into_owned()
            };
            object_files(image).into_iter().map(name).collect::<Vec<_>>()
        };
        let before = names(input);
        let folder = before[0].rsplit_once('/').expect("in a folder").0;
        let part = &folder[..folder.len() - 1];
        let path_remaps = [("/", "/wrong"), (folder, "/rgo/target"), (part, "/part")];
        let edits = Edits { path_remaps: &path_remaps, ..Edits::default() };
        let output = apply(input, &edits).expect("edits").bytes;
        let after = names(&output);
        assert_eq!(after[0], before[0].replacen(folder, "/rgo/target", 1));
        check_symbol_groups(&output);
        check_signature(&output);
    }
}

#[test]
fn stubs_keep_naming_their_symbols() {
    for input in [MACHO_AMD64, MACHO_ARM64] {
        let before = indirect_names(input);
        assert!(!before.is_empty());
        for strip in [Strip::Debug, Strip::All] {
            let edits = Edits { strip, ..Edits::default() };
            let output = apply(input, &edits).expect("strips").bytes;
            assert!(output.len() < input.len());
            assert_eq!(indirect_names(&output), before);
            check_symbol_groups(&output);
            let file = object::File::parse(output.as_slice()).expect("parses");
            let is_stab = |flags| matches!(flags, object::SymbolFlags::MachO { n_type, .. } if n_type.0 & 0xe0 != 0);
            assert!(!file.symbols().any(|symbol| is_stab(symbol.flags())), "no stabs are left");
            let twice = apply(&output, &edits).expect("strips again").bytes;
            assert!(twice == output, "stripping twice is stripping once");
        }
    }
}

#[test]
fn an_install_name_may_grow_into_the_padding() {
    for name in ["@rpath/l.dylib", "@rpath/a/rather/long/name/of/a/library.dylib"] {
        let edits = Edits { install_name: Some(name), ..Edits::default() };
        let output = apply(MACHO_ARM64, &edits).expect("renames").bytes;
        check_signature(&output).expect("signed");
        let goblin = goblin::mach::MachO::parse(&output, 0).expect("goblin reads it");
        assert_eq!(goblin.name, Some(name));
    }
    let long = "x".repeat(0x4000);
    let edits = Edits { install_name: Some(&long), ..Edits::default() };
    let error = apply(MACHO_ARM64, &edits).expect_err("too long").to_string();
    assert!(error.contains("there is room for"), "{error}");
    for edits in [
        Edits { install_name: Some("a\0b"), ..Edits::default() },
        Edits { identifier: Some("a\0b"), ..Edits::default() },
    ] {
        let error = apply(MACHO_ARM64, &edits).expect_err("two strings").to_string();
        assert!(error.contains("contains a NUL"), "{error}");
    }
    assert!(!load_commands(MACHO_AMD64).iter().any(|(kind, ..)| *kind == LC_ID_DYLIB));
    let edits = Edits { install_name: Some("x"), ..Edits::default() };
    assert!(apply(MACHO_AMD64, &edits).is_err(), "an executable has none");
}

#[test]
fn dwarf_leaves_and_linkedit_moves_up() {
    let input = with_dwarf(MACHO_AMD64);
    let debug = Edits { strip: Strip::Debug, ..Edits::default() };
    let output = apply(&input, &debug).expect("strips").bytes;
    // The same as if there had been none.
    assert!(output == apply(MACHO_AMD64, &debug).expect("strips").bytes);
}

#[test]
fn appended_data_are_not_lost_in_silence() {
    let mut input = MACHO_AMD64.to_vec();
    input.extend(b"overlay");
    let error = apply(&input, &Edits { strip: Strip::All, ..Edits::default() });
    let error = error.expect_err("overlay").to_string();
    assert!(error.contains("7 bytes follow its last segment"), "{error}");
}

/// Puts a segment `__DWARF` of one section before `__LINKEDIT`, as Go's linker does.
fn with_dwarf(image: &[u8]) -> Vec<u8> {
    let content = [b'd'; 0x1000];
    let commands = load_commands(image);
    let (_, linkedit, _) =
        *commands.iter().rfind(|(kind, ..)| *kind == LC_SEGMENT_64).expect("segments");
    let start = u32_le(image, linkedit + 40) as usize;
    let mut segment = vec![0; 72 + 80];
    put_u32(&mut segment, 0, LC_SEGMENT_64);
    put_u32(&mut segment, 4, 72 + 80);
    segment[8..15].copy_from_slice(b"__DWARF");
    let address = u32_le(image, linkedit + 24);
    put_u32(&mut segment, 24, address);
    put_u32(&mut segment, 28, 1);
    put_u32(&mut segment, 40, start as u32);
    put_u32(&mut segment, 48, content.len() as u32);
    put_u32(&mut segment, 64, 1);
    segment[72..84].copy_from_slice(b"__debug_info");
    segment[88..95].copy_from_slice(b"__DWARF");
    put_u32(&mut segment, 72 + 32, address);
    put_u32(&mut segment, 72 + 36, 1);
    put_u32(&mut segment, 72 + 40, content.len() as u32);
    put_u32(&mut segment, 72 + 48, start as u32);

    let mut output = image.to_vec();
    let end = commands.last().map(|(_, at, size)| at + size).expect("commands");
    output.copy_within(linkedit..end, linkedit + segment.len());
    output[linkedit..linkedit + segment.len()].copy_from_slice(&segment);
    put_u32(&mut output, 16, u32_le(image, 16) + 1);
    put_u32(&mut output, 20, u32_le(image, 20) + segment.len() as u32);
    // All offsets into __LINKEDIT grow: of dyld info, symbols, and the tables of one blob.
    let moved = |output: &mut Vec<u8>, at: usize| {
        let offset = u32_le(output, at);
        if offset != 0 {
            put_u32(output, at, offset + content.len() as u32);
        }
    };
    for (kind, at, _) in load_commands(&output) {
        let fields: &[usize] = match kind {
            LC_SYMTAB => &[8, 16],
            LC_DYSYMTAB => &[32, 40, 48, 56, 64, 72],
            0x8000_0022 => &[8, 16, 24, 32, 40],
            0x26 | 0x29 => &[8],
            _ => &[],
        };
        fields.iter().for_each(|field| moved(&mut output, at + field));
    }
    moved(&mut output, linkedit + segment.len() + 40);
    output.splice(start..start, content);
    output
}

/// Names that stubs and pointers go by, in order.
fn indirect_names(image: &[u8]) -> Vec<String> {
    let commands = load_commands(image);
    let at = |kind| commands.iter().find(|command| command.0 == kind).expect("is there").1;
    let (symtab, dysymtab) = (at(LC_SYMTAB), at(LC_DYSYMTAB));
    let symbols = u32_le(image, symtab + 8) as usize;
    let strings = u32_le(image, symtab + 16) as usize;
    let start = u32_le(image, dysymtab + 56) as usize;
    (0..u32_le(image, dysymtab + 60) as usize)
        .map(|number| u32_le(image, start + 4 * number) as usize)
        .map(|index| {
            let name = strings + u32_le(image, symbols + 16 * index) as usize;
            let name = image[name..].split(|byte| *byte == 0).next().expect("a name");
            String::from_utf8(name.to_vec()).expect("UTF-8")
        })
        .collect()
}

/// Symbols stand in the groups that `LC_DYSYMTAB` says: local, defined, undefined.
fn check_symbol_groups(image: &[u8]) {
    let commands = load_commands(image);
    let at = |kind| commands.iter().find(|command| command.0 == kind).expect("is there").1;
    let (symtab, dysymtab) = (at(LC_SYMTAB), at(LC_DYSYMTAB));
    let symbols = u32_le(image, symtab + 8) as usize;
    let count = u32_le(image, symtab + 12);
    let bounds: Vec<_> = (0..6).map(|field| u32_le(image, dysymtab + 8 + 4 * field)).collect();
    let [local, locals, defined, defineds, undefined, undefineds] = bounds[..] else {
        unreachable!("six fields")
    };
    assert_eq!((local, defined, undefined), (0, locals, locals + defineds));
    assert_eq!(undefined + undefineds, count);
    for index in 0..count {
        let kind = image[symbols + 16 * index as usize + 4];
        let expected = match kind {
            _ if kind & 0xe0 != 0 || kind & 1 == 0 => 0..locals,
            _ if kind & 0x0e != 0 => defined..undefined,
            _ => undefined..count,
        };
        assert!(expected.contains(&index), "symbol {index} of kind {kind:#x}");
    }
}
