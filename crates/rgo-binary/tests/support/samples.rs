//! Images for tests: samples that `fixtures/read/make.sh` compiled, and ones laid out here by
//! hand where no small program has the layout.

use rgo_binary::embedded::go_buildinfo;

use super::bytes::Bytes;

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
    let mut blob = Bytes::new(8, !little);
    blob.data.extend(go_buildinfo::MAGIC);
    blob.data.extend([8, if inline { 2 } else { u8::from(!little) }]);
    let marked = [&[0x30; 16], modinfo.as_bytes(), &[0xf9; 16]].concat();
    if inline {
        blob.fill(32);
        for text in [version.as_bytes(), &marked] {
            blob.data.push(u8::try_from(text.len()).expect("one byte of uvarint"));
            blob.data.extend(text);
        }
    } else {
        // Pointers to two string headers, the headers, the strings.
        let (headers, strings) = (BASE + START + 32, BASE + START + 64);
        let length = version.len() as u64;
        for word in [headers, headers + 16, strings, length, strings + length, marked.len() as u64]
        {
            blob.word(word);
        }
        blob.data.extend(version.as_bytes());
        blob.data.extend(marked);
    }

    let mut image = Bytes::new(8, !little);
    image.data.extend(b"\x7fELF\x02");
    image.data.extend([if little { 1 } else { 2 }, 1]);
    image.fill(16);
    // e_type, e_machine, e_version, e_entry, e_phoff, e_shoff, e_flags
    let machine = if little { 62 } else { 22 };
    image.numbers(&[(2, 2), (machine, 2), (1, 4), (0, 8), (64, 8), (0, 8), (0, 4)]);
    // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
    image.numbers(&[64, 56, 1, 64, 0, 0].map(|half| (half, 2)));
    // PT_LOAD, PF_R | PF_W, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align
    let size = START + blob.data.len() as u64;
    image.numbers(&[(1, 4), (6, 4)]);
    image.numbers(&[0, BASE, BASE, size, size, 0x1000].map(|word| (word, 8)));
    image.fill(START);
    image.data.extend(blob.data);
    image.data
}
