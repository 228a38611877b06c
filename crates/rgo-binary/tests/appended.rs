//! Bytes behind images of every format, in front of certificates, behind slices; and what a .NET
//! host has there.

use proptest::prelude::*;
use rgo_binary::appended::{Appended, appended, behind_slices};
use rgo_binary::recovered::origin::{Language, origin};
use rgo_binary::{Confidence, Format, Image, Limits, slices};

use crate::support::facts::{
    ELF_PROGRAM, HARD_ELF, MACHO_PROGRAM, MACHO_SIGNED, PE_PROGRAM, SIGNED_PE, image,
    optional_header, put, u32_le,
};
use crate::support::samples;

const SAMPLES: [&[u8]; 9] = [
    samples::ELF,
    samples::MACHO,
    samples::PE,
    ELF_PROGRAM,
    HARD_ELF,
    MACHO_PROGRAM,
    MACHO_SIGNED,
    PE_PROGRAM,
    SIGNED_PE,
];
const ZIP: &[u8] = b"PK\x03\x04 and so on, up to PK\x05\x06 and the rest";

fn of(data: &[u8]) -> Option<Appended> {
    appended(&image(data))
}

#[test]
fn what_linkers_and_signers_make_has_nothing_behind_it() {
    for (number, data) in SAMPLES.iter().enumerate() {
        assert_eq!(of(data), None, "sample {number}");
    }
}

#[test]
fn every_byte_behind_an_image_is_told() {
    for (number, data) in SAMPLES.iter().enumerate() {
        for (bytes, looks_like) in [
            (ZIP, "zip"),
            (b"x", "text"),
            (b"\x80", "data"),
            (b"\0", "zeros"),
            (b"\xfd7zXZ\0", "xz"),
        ] {
            let found = of(&[data, bytes].concat()).expect("is there");
            let expected = (data.len() as u64, bytes.len() as u64, looks_like);
            let told = (found.offset, found.size_bytes, found.looks_like);
            assert_eq!(told, expected, "sample {number}");
            assert_eq!(found.is_padding(), looks_like == "zeros");
        }
    }
}

#[test]
fn what_is_cut_short_has_nothing_behind_it() {
    // Of a PE image whose table of names is cut nobody knows that it was there.
    let others = SAMPLES.iter().filter(|data| image(data).format() != Format::Pe);
    for data in others {
        for length in (64..data.len()).step_by(97) {
            if let Ok(image) = Image::parse(&data[..length], &Limits::default()) {
                assert_eq!(appended(&image), None, "{length} of {}", data.len());
            }
        }
    }
}

/// File offset and size of the certificate, and where the header has them.
fn certificate(data: &[u8]) -> (usize, usize, usize) {
    let directory = optional_header(data) + 112 + 8 * 4;
    (u32_le(data, directory) as usize, u32_le(data, directory + 4) as usize, directory)
}

#[test]
fn what_was_appended_before_signing_is_in_front_of_the_certificate() {
    let (at, _, directory) = certificate(SIGNED_PE);
    let mut payload = ZIP.to_vec();
    payload.resize(payload.len().next_multiple_of(8), b' ');
    let mut data = [&SIGNED_PE[..at], &payload, &SIGNED_PE[at..]].concat();
    put(&mut data, directory, &u32::try_from(at + payload.len()).expect("small").to_le_bytes());
    let found = of(&data).expect("is there");
    assert_eq!(found.looks_like, "zip");
    assert_eq!((found.offset, found.size_bytes), (at as u64, payload.len() as u64));
    // Up to seven zeros align the certificate.
    let mut data = [&SIGNED_PE[..at], &[0; 4], &SIGNED_PE[at..]].concat();
    put(&mut data, directory, &u32::try_from(at + 4).expect("small").to_le_bytes());
    assert_eq!(of(&data), None);
}

#[test]
fn what_is_behind_all_slices_is_of_the_file() {
    let fat = samples::fat(&[MACHO_PROGRAM, MACHO_PROGRAM]);
    let behind = |data: &[u8]| {
        let all = slices(data, &Limits::default()).expect("parses");
        behind_slices(data, &all)
    };
    assert_eq!(behind(&fat), None);
    let found = behind(&[&fat[..], ZIP].concat()).expect("is there");
    assert_eq!((found.offset, found.looks_like), (fat.len() as u64, "zip"));
    assert_eq!(behind(&[MACHO_PROGRAM, ZIP].concat()), None);
}

#[test]
fn a_net_host_is_told_with_its_bundle() {
    const MARK: [u8; 32] = [
        0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0,
        0x32, 0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3,
        0x6a, 0xae,
    ];
    // In the place of other data.
    let section = image(samples::ELF).section(".rgo-x").expect("is there");
    let at = usize::try_from(section.file_offset.expect("in the file")).expect("small");
    assert!(section.data.len() >= 40);
    let host = |bundle: u64| {
        let mut data = samples::ELF.to_vec();
        put(&mut data, at, &[&bundle.to_le_bytes()[..], &MARK].concat());
        data
    };
    let language = |data: &[u8]| {
        let origin = origin(&image(data));
        let first = origin.languages.first().expect("a language");
        (first.language, first.confidence())
    };
    let alone = host(0);
    assert_eq!(of(&alone), None);
    assert_eq!(language(&alone), (Language::DotNet, Confidence::Likely));
    // An assembly comes first, which is a PE image; the header of the bundle is behind it.
    let assembly = [b"MZ\x90\0", &[7; 60][..]].concat();
    let header = (samples::ELF.len() + assembly.len()) as u64;
    let bundled = [host(header), assembly, b"\x06\0\0\0 and the list".to_vec()].concat();
    let found = of(&bundled).expect("is there");
    assert_eq!((found.offset, found.looks_like), (samples::ELF.len() as u64, "dotnet-bundle"));
    assert_eq!(found.evidence.found, format!("the header of a .NET bundle at offset {header:#x}"));
    assert_eq!(language(&bundled), (Language::DotNet, Confidence::Certain));
    // A header that is elsewhere is none.
    let strange = [host(8), b"MZ\x90\0".to_vec()].concat();
    assert_eq!(of(&strange).map(|found| found.looks_like), Some("pe"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn damage_is_answered(
        sample in 0..SAMPLES.len(),
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..9),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let mut data = [SAMPLES[sample], ZIP].concat();
        let at = at.index(data.len());
        for (old, new) in data.iter_mut().skip(at).zip(&bytes) {
            *old = *new;
        }
        if let Some(cut) = cut {
            data.truncate(cut.index(data.len()));
        }
        for slice in slices(&data, &Limits::default()).unwrap_or_default() {
            if let Some(found) = appended(&slice.image) {
                prop_assert!(found.offset + found.size_bytes <= data.len() as u64);
            }
        }
    }
}
