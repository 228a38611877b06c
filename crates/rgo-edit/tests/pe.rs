//! PE images made a function of their input: times, PDB reference, checksum, certificate.

use rgo_binary::Error;
use rgo_edit::{Compression, Edits, SignaturePolicy, Strip, apply, edit, stamp};

use crate::support::{PE_AMD64, PE_ARM64, coff_header, put_u32, u32_le};

const TIMESTAMP: u32 = 1_700_000_000;
const CHECKSUM: usize = 20 + 64;
const CERTIFICATE: usize = 20 + 112 + 8 * 4;

fn canonical(input: &[u8]) -> Vec<u8> {
    let edits = Edits { timestamp: Some(TIMESTAMP), ..Edits::default() };
    apply(input, &edits).expect("canonicalizes").bytes
}

fn rsds(image: &[u8]) -> usize {
    image.windows(4).position(|window| window == b"RSDS").expect("a PDB reference")
}

#[test]
fn what_differs_from_link_to_link_is_gone() {
    for input in [PE_AMD64, PE_ARM64] {
        let mut other = input.to_vec();
        let time = coff_header(input) + 4;
        let old_time = u32_le(input, time);
        for at in 0..other.len() - 4 {
            if u32_le(input, at) == old_time {
                put_u32(&mut other, at, 0x0bad_cafe);
            }
        }
        let guid = rsds(input) + 4;
        other[guid..guid + 16].fill(0x5a);
        put_u32(&mut other, guid + 16, 7);
        assert_ne!(other, input);
        let output = canonical(input);
        assert!(canonical(&other) == output);
        let goblin = goblin::pe::PE::parse(&output).expect("goblin reads it");
        assert_eq!(goblin.header.coff_header.time_date_stamp, TIMESTAMP);
        let data = goblin.debug_data.expect("a debug directory");
        assert!(data.entries().flatten().all(|entry| entry.time_date_stamp == TIMESTAMP));
        let view = data.codeview_pdb70_debug_info.expect("a PDB reference");
        assert_eq!(view.age, 1);
        assert_eq!(view.filename, b"out.pdb\0");
        assert!(canonical(&output) == output, "twice is once");
    }
}

#[test]
fn the_guid_follows_the_content() {
    let guid = |image: &[u8]| image[rsds(image) + 4..rsds(image) + 20].to_vec();
    let with_note = |text| {
        let edits = Edits { note: Some(text), timestamp: Some(TIMESTAMP), ..Edits::default() };
        apply(PE_AMD64, &edits).expect("fills").bytes
    };
    assert_eq!(guid(&with_note("a")), guid(&with_note("a")));
    assert_ne!(guid(&with_note("a")), guid(&with_note("b")));
    // Without a time stamp nothing is canonicalized: a stamp keeps the reference.
    let edits = Edits { note: Some("a"), ..Edits::default() };
    assert_eq!(guid(&apply(PE_AMD64, &edits).expect("fills").bytes), guid(PE_AMD64));
}

#[test]
fn a_path_of_the_build_machine_is_reduced_to_a_name() {
    for path in [&b"C:\\b\\x.pdb"[..], b"/home/me/.pdb"] {
        let mut input = PE_AMD64.to_vec();
        let at = rsds(&input) + 24;
        let room = input[at..].iter().position(|byte| *byte == 0).expect("ends");
        let path = &path[path.len().saturating_sub(room)..];
        input[at..at + room].fill(0);
        input[at..at + path.len()].copy_from_slice(path);
        let output = canonical(&input);
        let name = path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().expect("a name");
        assert!(output[at..].starts_with(name));
        assert!(output[at + name.len()..at + room].iter().all(|byte| *byte == 0));
    }
}

/// The sum as Microsoft's `ImageHlp` computes it, one word at a time.
fn checksum(image: &[u8], field: usize) -> u32 {
    let mut sum: u32 = 0;
    for at in (0..image.len()).step_by(2) {
        let in_field = (field..field + 4).contains(&at);
        let word = if in_field {
            0
        } else {
            u32::from(image[at]) | u32::from(*image.get(at + 1).unwrap_or(&0)) << 8
        };
        sum += word;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum + image.len() as u32
}

#[test]
fn a_base_at_the_end_of_all_addresses_is_no_overflow() {
    for input in [PE_AMD64, PE_ARM64] {
        let mut hostile = input.to_vec();
        let base = coff_header(input) + 20 + 24;
        hostile[base..base + 8].fill(0xff);
        let edits = Edits { timestamp: Some(TIMESTAMP), ..Edits::default() };
        if let Ok(finished) = apply(&hostile, &edits) {
            assert_eq!(u32_le(&finished.bytes, coff_header(input) + 4), TIMESTAMP);
        }
    }
}

#[test]
fn a_checksum_is_renewed_where_there_is_one() {
    for (input, strip) in [(PE_AMD64, Strip::None), (PE_ARM64, Strip::All)] {
        let field = coff_header(input) + CHECKSUM;
        let edits = Edits { note: Some("text"), strip, ..Edits::default() };
        let output = apply(input, &edits).expect("fills").bytes;
        assert_eq!(u32_le(&output, field), 0, "none stays none");
        let mut input = input.to_vec();
        put_u32(&mut input, field, 1);
        let output = apply(&input, &edits).expect("fills").bytes;
        assert_eq!(u32_le(&output, field), checksum(&output, field));
    }
}

/// The fixture with a certificate of 64 bytes at its end, as far as headers tell.
fn signed(mut image: Vec<u8>) -> Vec<u8> {
    let directory = coff_header(&image) + CERTIFICATE;
    let start = image.len() as u32;
    image.extend([0xcc; 64]);
    put_u32(&mut image, directory, start);
    put_u32(&mut image, directory + 4, 64);
    image
}

#[test]
fn a_certificate_is_refused_or_dropped() {
    let input = signed(PE_AMD64.to_vec());
    let edits = Edits { note: Some("text"), ..Edits::default() };
    let error = apply(&input, &edits).expect_err("signed");
    assert!(matches!(error, Error::SignedByIdentity { .. }), "{error}");
    let edits = Edits { sign: SignaturePolicy::None, ..edits };
    let edited = edit(&input, &edits).expect("asked for");
    assert!(edited.identity_dropped);
    assert!(edited.warnings.iter().any(|warning| warning.contains("certificate")));
    let unsigned = apply(PE_AMD64, &edits).expect("fills");
    assert!(!unsigned.identity_dropped);
    assert!(edited.draft.to_vec() == unsigned.bytes);
    let stamped =
        stamp(&input, &[("a::BANNER".to_owned(), "x".to_owned())], SignaturePolicy::AdHoc);
    assert!(stamped.expect("drops it").identity_dropped);
}

#[test]
fn a_certificate_stays_where_nothing_changes() {
    let strip = Edits { strip: Strip::All, ..Edits::default() };
    let input = signed(apply(PE_AMD64, &strip).expect("strips").bytes);
    let finished = apply(&input, &strip).expect("nothing to do");
    assert!(!finished.identity_dropped && finished.bytes == input);
}

#[test]
fn what_the_format_does_not_have_is_refused() {
    let default = Edits::default;
    for edits in [
        Edits { sign: SignaturePolicy::AdHoc, ..default() },
        Edits { compression: Some(Compression::Zlib), ..default() },
        Edits { compression: Some(Compression::Zstd), ..default() },
    ] {
        let error = apply(PE_AMD64, &edits).expect_err("no such thing");
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
    }
}
