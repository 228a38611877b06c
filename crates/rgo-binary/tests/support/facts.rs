//! Images and signed messages laid out by hand, for facts that no small program at hand has.

use rgo_binary::{Image, Limits};

pub(crate) const SIGNED_PE: &[u8] = include_bytes!("../fixtures/facts/signed.exe");
pub(crate) const HARD_ELF: &[u8] = include_bytes!("../fixtures/facts/hard.so");
pub(crate) const ELF: &[u8] = include_bytes!("../fixtures/read/sample.elf");
pub(crate) const MACHO: &[u8] = include_bytes!("../fixtures/read/sample.macho");
pub(crate) const PE: &[u8] = include_bytes!("../fixtures/read/sample.pe");
pub(crate) const ELF_PROGRAM: &[u8] = include_bytes!("../fixtures/edit/elf-amd64");
pub(crate) const MACHO_PROGRAM: &[u8] = include_bytes!("../fixtures/edit/macho-amd64");
pub(crate) const MACHO_SIGNED: &[u8] = include_bytes!("../fixtures/edit/macho-arm64.dylib");
pub(crate) const PE_PROGRAM: &[u8] = include_bytes!("../fixtures/edit/pe-amd64.exe");

pub(crate) fn image(data: &[u8]) -> Image<'_> {
    Image::parse(data, &Limits::default()).expect("parses")
}

pub(crate) fn u32_le(data: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

pub(crate) fn put(data: &mut [u8], at: usize, bytes: &[u8]) {
    data[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A note as `.note` sections have it.
pub(crate) fn note(name: &[u8], kind: u32, desc: &[u8], align: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [name.len() as u32, desc.len() as u32, kind] {
        bytes.extend(word.to_le_bytes());
    }
    for part in [name, desc] {
        bytes.extend(part);
        bytes.resize(bytes.len().next_multiple_of(align), 0);
    }
    bytes
}

/// One segment: type, flags, alignment, content.
pub(crate) type Segment<'a> = (u32, u32, u64, &'a [u8]);

/// A 64-bit little-endian ELF image of segments alone: no section headers.
pub(crate) fn elf(kind: u16, machine: u16, segments: &[Segment<'_>]) -> Vec<u8> {
    let mut image = b"\x7fELF\x02\x01\x01".to_vec();
    image.resize(16, 0);
    let count = segments.len() as u64;
    // e_type, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags, e_ehsize, e_phentsize,
    // e_phnum, e_shentsize, e_shnum, e_shstrndx
    let header: [(u64, usize); 13] = [
        (kind.into(), 2),
        (machine.into(), 2),
        (1, 4),
        (0, 8),
        (64, 8),
        (0, 8),
        (0, 4),
        (64, 2),
        (56, 2),
        (count, 2),
        (64, 2),
        (0, 2),
        (0, 2),
    ];
    let mut at = 64 + 56 * count;
    let mut programs = Vec::new();
    for (kind, flags, align, content) in segments {
        let size = content.len() as u64;
        programs.extend([(u64::from(*kind), 4), (u64::from(*flags), 4)]);
        programs.extend([at, at, at, size, size, *align].map(|value| (value, 8)));
        at += size;
    }
    for (value, size) in header.into_iter().chain(programs) {
        image.extend(&value.to_le_bytes()[..size]);
    }
    segments.iter().for_each(|(.., content)| image.extend(*content));
    image
}

/// An element of DER.
pub(crate) fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag, 0x83];
    bytes.extend(&u32::try_from(content.len()).expect("short").to_be_bytes()[1..]);
    bytes.extend(content);
    bytes
}

/// The same with an indefinite length.
pub(crate) fn ber(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80][..], &parts.concat(), &[0, 0]].concat()
}

pub(crate) const OID_SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
pub(crate) const OID_SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const OID_MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4];
const OID_COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// A signed message in the style of Apple: indefinite lengths outside, `digest` in the signed
/// attributes, one certificate of the name and its issuer's certificate in front.
pub(crate) fn signed_message(subject: &str, digest: &[u8], content: Option<&[u8]>) -> Vec<u8> {
    let name = |text: &str| {
        let pair = der(0x30, &[&der(6, &[OID_COMMON_NAME]), &der(0x0c, &[text.as_bytes()])]);
        der(0x30, &[&der(0x31, &[&pair])])
    };
    let empty = der(0x30, &[]);
    let issuer = name("Example Root");
    let certificate = |serial: u8, subject: &[u8]| {
        let body = [&[2, 1, serial][..], &empty, &issuer, &empty, subject];
        der(0x30, &[&der(0x30, &body), &empty])
    };
    let algorithm = der(0x30, &[&der(6, &[OID_SHA256])]);
    let values = der(0x31, &[&der(4, &[digest])]);
    let attribute = der(0x30, &[&der(6, &[OID_MESSAGE_DIGEST]), &values]);
    let signer = der(
        0x30,
        &[
            &[2, 1, 1],
            &der(0x30, &[&issuer, &[2, 1, 7]]),
            &algorithm,
            &der(0xa0, &[&attribute]),
            &empty,
            &der(4, &[b"not a signature"]),
        ],
    );
    let content = content.map(|content| der(0xa0, &[content])).unwrap_or_default();
    let certificates = [certificate(1, &issuer), certificate(7, &name(subject))].concat();
    let data = ber(
        0x30,
        &[
            &[2, 1, 1],
            &der(0x31, &[&algorithm]),
            &ber(0x30, &[&der(6, &[b"x"]), &content]),
            &ber(0xa0, &[&certificates]),
            &der(0x31, &[&signer]),
        ],
    );
    ber(0x30, &[&der(6, &[OID_SIGNED_DATA]), &ber(0xa0, &[&data])])
}

/// File offset of a PE image's optional header.
pub(crate) fn optional_header(data: &[u8]) -> usize {
    u32_le(data, 0x3c) as usize + 24
}

/// File offset of a section's header in a PE image.
pub(crate) fn section_header(data: &[u8], number: usize) -> usize {
    let optional = optional_header(data);
    optional + usize::from(data[optional - 4]) + 40 * number
}

/// Address and file offset of the section with the most bytes both in memory and in the file.
pub(crate) fn largest_section(data: &[u8]) -> (u32, usize) {
    let count = usize::from(data[optional_header(data) - 18]);
    let headers = (0..count).map(|number| section_header(data, number));
    let at = headers
        .max_by_key(|at| u32_le(data, at + 8).min(u32_le(data, at + 16)))
        .expect("has sections");
    (u32_le(data, at + 12), u32_le(data, at + 20) as usize)
}
