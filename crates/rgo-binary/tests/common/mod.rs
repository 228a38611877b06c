//! Images for tests: samples that `fixtures/read/make.sh` compiled, and ones laid out here by
//! hand where no small program has the layout.

// Every test file compiles this module and none uses all of it.
#![allow(dead_code)]

use rgo_binary::embedded::go_buildinfo;

/// An x86-64 shared library for glibc.
pub(crate) const ELF: &[u8] = include_bytes!("../fixtures/read/sample.elf");
/// An x86-64 dylib.
pub(crate) const MACHO: &[u8] = include_bytes!("../fixtures/read/sample.macho");
/// An x86-64 DLL.
pub(crate) const PE: &[u8] = include_bytes!("../fixtures/read/sample.pe");
/// One of each format.
pub(crate) const SAMPLES: [&[u8]; 3] = [ELF, MACHO, PE];

/// A fat Mach-O file (`mach-o/fat.h`) of thin ones, each at a multiple of 16 KiB.
pub(crate) fn fat(images: &[&[u8]]) -> Vec<u8> {
    let mut header = 0xcafe_babe_u32.to_be_bytes().to_vec();
    header.extend(u32::try_from(images.len()).expect("few").to_be_bytes());
    let mut body = Vec::new();
    let align = 0x4000_usize;
    for image in images {
        body.resize(body.len().next_multiple_of(align), 0);
        let offset = u32::try_from(align + body.len()).expect("small");
        let size = u32::try_from(image.len()).expect("small");
        // CPU_TYPE_X86_64, CPU_SUBTYPE_X86_64_ALL, offset, size, log2 of the alignment.
        for word in [0x0100_0007, 3, offset, size, 14] {
            header.extend(word.to_be_bytes());
        }
        body.extend_from_slice(image);
    }
    header.resize(align, 0);
    [header, body].concat()
}

/// A 64-bit ELF executable of one writable segment that holds nothing but Go's blob, in the
/// inline or the pointer form.
pub(crate) fn go_image(little: bool, inline: bool, version: &str, modinfo: &str) -> Vec<u8> {
    const BASE: u64 = 0x10_0000;
    const START: u64 = 128;
    let bytes = |value: u64, size: usize| -> Vec<u8> {
        if little {
            value.to_le_bytes()[..size].to_vec()
        } else {
            value.to_be_bytes()[8 - size..].to_vec()
        }
    };
    let marked = [&[0x30; 16], modinfo.as_bytes(), &[0xf9; 16]].concat();
    let mut blob = go_buildinfo::MAGIC.to_vec();
    blob.push(8);
    blob.push(if inline { 2 } else { u8::from(!little) });
    if inline {
        blob.resize(32, 0);
        for text in [version.as_bytes(), &marked] {
            blob.push(u8::try_from(text.len()).expect("one byte of uvarint"));
            blob.extend_from_slice(text);
        }
    } else {
        // Pointers to two string headers, the headers, the strings.
        let (headers, strings) = (BASE + START + 32, BASE + START + 64);
        let length = version.len() as u64;
        for word in [headers, headers + 16, strings, length, strings + length, marked.len() as u64]
        {
            blob.extend(bytes(word, 8));
        }
        blob.extend_from_slice(version.as_bytes());
        blob.extend_from_slice(&marked);
    }

    let mut image = b"\x7fELF\x02".to_vec();
    image.push(if little { 1 } else { 2 });
    image.push(1);
    image.resize(16, 0);
    let size = START + blob.len() as u64;
    let machine = if little { 62 } else { 22 };
    // e_type, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags, e_ehsize, e_phentsize,
    // e_phnum, e_shentsize, e_shnum, e_shstrndx
    let header = [
        (2, 2),
        (machine, 2),
        (1, 4),
        (0, 8),
        (64, 8),
        (0, 8),
        (0, 4),
        (64, 2),
        (56, 2),
        (1, 2),
        (64, 2),
        (0, 2),
        (0, 2),
    ];
    // PT_LOAD, PF_R | PF_W, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align
    let program = [(1, 4), (6, 4), (0, 8), (BASE, 8), (BASE, 8), (size, 8), (size, 8), (0x1000, 8)];
    for (value, length) in header.into_iter().chain(program) {
        image.extend(bytes(value, length));
    }
    image.resize(usize::try_from(START).expect("small"), 0);
    image.extend(blob);
    image
}
