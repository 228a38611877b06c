//! Mach-O: signatures that are renewed, added, kept whole and taken away.

use rgo_edit::{Edits, SignaturePolicy, Strip, apply};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384};

use crate::support::{MACHO_AMD64, MACHO_ARM64, load_commands, put_u32, u32_le};

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
