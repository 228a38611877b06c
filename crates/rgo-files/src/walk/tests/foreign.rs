//! Files that are recognized and not read, by the headers that compilers write, and files that
//! merely begin alike.

use super::super::foreign::{Foreign, ForeignRole, describe, dos, is_core_dump, recognize};

/// These bytes, and zeros up to `length`.
fn padded(start: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = start.to_vec();
    bytes.resize(length.max(start.len()), 0);
    bytes
}

/// A header, and the name of the first section at `at`.
fn with_section(header: &[u8], at: usize, name: &[u8]) -> Vec<u8> {
    let mut bytes = padded(header, 512);
    bytes[at..at + name.len()].copy_from_slice(name);
    bytes
}

/// The table's name for a file with this start, unless it is data.
fn named(head: &[u8]) -> Option<&'static str> {
    recognize(head).filter(|foreign| foreign.role != ForeignRole::Data).map(|foreign| foreign.one)
}

/// Starts of what Go 1.26.8 and clang 20 wrote for other systems.
const PLAN9_386: &[u8] = b"\0\0\x01\xeb\0\x14\x52\xb8\0\0\x74\0\0\x01\x2f\xfc\0\x01\x0b\xf5\0\x07\
    \xab\x70\0\0\0\0\0\0\0\0\xff Go build ID: ";
const PLAN9_AMD64: &[u8] = b"\0\0\x8a\x97\0\x15\xac\xa8\0\0\x9a\xc0\0\x02\x42\xc8\0\x01\x46\x3a\0\
    \x27\x60\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\x27\x60\x40";
const XCOFF64: &[u8] = b"\x01\xf7\0\x0a\0\0\0\0\0\0\0\0\0\x45\x64\x39\0\x78\0\x02\0\0\x1e\x78";
const XCOFF32: &[u8] = b"\x01\xdf\0\x0b\x63\xf7\x50\xd4\0\x08\xcb\xf4\0\0\x08\x30\0\x48\x31\x02";
const COFF_AMD64: &[u8] = b"\x64\x86\x09\0\0\0\0\0\xe8\x26\0\0\x18\0\0\0\0\0\0\0";

#[test]
fn a_program_of_another_format_is_known_by_its_header() {
    let coff = |first: &[u8]| {
        let mut bytes = COFF_AMD64.to_vec();
        for name in [first, b".data", b".bss", b".xdata", b"/4", b"/16", b"/28", b"/40", b"/52"] {
            bytes.extend(padded(name, 40));
        }
        bytes
    };
    let big = b"\0\0\xff\xff\x02\0\x64\x86\0\0\0\0\xc7\xa1\xba\xd1\xee\xba\xa9\x4b";
    let go = b"go object linux amd64 go1.26.8 GOAMD64=v1\nbuild id \"x\"\n\n!\n\0go120ld";
    let linux = b"\x0b\x01\x64\0\0\x40\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\x20\x10\0\0\0\0\0\0\0\0\0\0";
    let cases: [(&[u8], &str); 13] = [
        (b"\0asm\x01\0\0\0\0\xf2\x80\x80", "a WebAssembly module"),
        (b"\0asm\x0d\0\x01\0", "a WebAssembly component"),
        (b"BC\xc0\xde\x35\x14\0\0", "a file of LLVM bitcode"),
        (b"\xde\xc0\x17\x0b\0\0\0\0", "a file of LLVM bitcode"),
        (PLAN9_386, "a Plan 9 program"),
        (PLAN9_AMD64, "a Plan 9 program"),
        (&with_section(XCOFF64, 24 + 0x78, b".text"), "an XCOFF program"),
        (&with_section(XCOFF32, 20 + 0x48, b".text"), "an XCOFF program"),
        (&coff(b".text"), "a COFF object"),
        (big, "a COFF object"),
        (go, "a Go object"),
        (linux, "an a.out program"),
        (b"Joy!peffpwpc", "a PEF program"),
    ];
    for (head, one) in cases {
        let foreign = recognize(head).unwrap_or_else(|| panic!("{one}: {head:x?}"));
        assert_eq!((foreign.one, foreign.role), (one, ForeignRole::Program), "{head:x?}");
    }
    // Neither an import library nor an icon is a program.
    assert_eq!(named(&coff(b".idata$2")), None);
    let mut icons = COFF_AMD64.to_vec();
    icons[2] = 1;
    icons.extend(padded(b".rsrc$01", 40));
    assert_eq!(named(&icons), None);
    assert_eq!(named(b"\0\0\xff\xff\0\0\x64\x86 a name to import"), None);
    // The export data of a Go package.
    assert_eq!(named(b"go object linux amd64 go1.26.8\nbuild id \"x\"\n\n\n$$B\nu"), None);
}

#[test]
fn data_that_begins_as_a_program_is_no_program() {
    let cases: [&[u8]; 14] = [
        b"\x01\xdf and so on, which is long enough for all of its fields to be there",
        b"\x01\xf7\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x78\0\0\0\0\0\0",
        b"\x64\x86 and so on, which is long enough for all of its fields to be there",
        b"\x4c\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        // A shortcut of Windows.
        b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46",
        b"\0\0\x01\xeb\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        // An icon, an MPEG stream, a font.
        b"\0\0\x01\0\x02\0\x10\x10\0\0\x01\0\x20\0",
        b"\0\0\x01\xba\x44\0\x04\0\x04\x01\x01\x89\xc3\xf8\xbb",
        b"\0\x01\0\0\0\x13\x01\0\0\x04\0\x30",
        b"\x0b\x01\x64\0\xff\xff\xff\xff\xff\xff\xff\xff",
        b"BZh is a word",
        b"\x5d\0\0 and so on, which is long",
        b"go object of desire\n",
        b"\x89PNG\r\n\x1a\n",
    ];
    for head in cases {
        assert_eq!(named(head), None, "{head:x?}");
    }
    let mut noise = 1_u32;
    let mut found = 0;
    for _ in 0..100_000 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .take(80)
        .collect();
        found += usize::from(named(&bytes).is_some());
    }
    // Magic numbers of two bytes alone (`compress`, old cpio) occur in one file of some ten
    // thousand.
    assert!(found < 20, "{found}");
}

#[test]
fn packed_files_are_known_by_their_mark() {
    let lzma = b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0";
    let cases: [(&[u8], &str); 7] = [
        (b"\x04\x22\x4d\x18\x64\x40\xa7", "an lz4 file"),
        (lzma, "an lzma file"),
        (b"\x1f\x9d\x90", "a compress (.Z) file"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive"),
        (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
        (b"\xed\xab\xee\xdb\x03\0", "an RPM package"),
        (b"<bigaf>\n", "an AIX archive"),
    ];
    for (head, one) in cases {
        let foreign = recognize(head).unwrap_or_else(|| panic!("{one}: {head:x?}"));
        assert_eq!((foreign.one, foreign.role), (one, ForeignRole::Packed), "{head:x?}");
    }
}

#[test]
fn what_is_no_program_has_a_name_where_it_is_asked_for() {
    let mut core = padded(b"\x7fELF\x02\x01\x01", 64);
    core[16] = 4;
    let cases: [(&[u8], Option<&str>); 9] = [
        (b"", Some("an empty file")),
        ("Größe\n".as_bytes(), Some("a text file")),
        (b"#!/bin/sh\n", Some("a script")),
        (&core, Some("a core dump")),
        (b"\xca\xfe\xba\xbe\0\0\0\x41", Some("a Java class")),
        (b"\xa7\x0d\r\n\0\0\0\0", Some("a file of Python byte code")),
        (b"dex\n035\0", Some("a file of Android byte code (.dex)")),
        (b"\x89PNG\r\n\x1a\n", None),
        (&[0; 512], None),
    ];
    for (head, one) in cases {
        assert_eq!(describe(head).map(|foreign| foreign.one), one, "{head:x?}");
    }
    // The last character may cross the end of the bytes read.
    let cut = "a".repeat(511) + "ß";
    assert_eq!(describe(&cut.as_bytes()[..512]).map(Foreign::noun), Some("text file"));
}

/// The 16th byte is the number of load commands in a Mach-O image, and part of a stack size in a PE
/// image.
#[test]
fn only_an_elf_file_is_a_core_dump() {
    let mut elf = padded(b"\x7fELF\x02\x01\x01", 64);
    elf[16] = 4;
    assert!(is_core_dump(&elf));
    for magic in [b"\xcf\xfa\xed\xfe".as_slice(), b"\xce\xfa\xed\xfe", b"MZ", b"\xca\xfe\xba\xbe"] {
        let mut other = padded(magic, 64);
        other[16] = 4;
        assert!(!is_core_dump(&other), "{magic:x?}");
    }
}

#[test]
fn programs_for_dos_and_16_bit_windows_are_known_by_both_headers() {
    let program = |relocations: u8, new: &[u8], length: usize| {
        let mut bytes = padded(b"MZ\x40\0\x01\0\0\0\x04\0\0\0\xff\xff", length.max(64));
        bytes[24] = relocations;
        bytes[60] = 0x50;
        if !new.is_empty() {
            bytes[0x50..0x50 + new.len()].copy_from_slice(new);
        }
        bytes
    };
    let one = |bytes: &[u8]| dos(bytes).map(|foreign| foreign.one);
    assert_eq!(one(&program(0x1c, b"", 200)), Some("a DOS program"));
    assert_eq!(one(&program(0x40, b"NE", 200)), Some("a 16-bit Windows program (NE)"));
    let le = Some("a program for OS/2 or a driver for Windows 9x (LE)");
    assert_eq!(one(&program(0x40, b"LE", 200)), le);
    assert_eq!(one(&program(0x40, b"LX", 200)), le);
    assert_eq!(one(&program(0x40, b"", 70)), Some("a Windows program without its end"));
    assert_eq!(one(b"MZ"), None);
    assert_eq!(one(&padded(b"MZ and other words", 400)), None);
}
