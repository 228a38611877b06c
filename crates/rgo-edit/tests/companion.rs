//! Companions read as a debugger would: by build-id or name, then DWARF at the same addresses.

use object::{Object, ObjectSection, ObjectSymbol, SectionKind};
use rgo_binary::{Image, Limits};
use rgo_edit::{Edits, Strip, apply, companion, debuglink_crc, only_keep_debug, supplement};

use crate::support::{ELF_AMD64, ELF_ARM64, MACHO_ARM64, PE_AMD64, PE_ARM64};

type Sections = Vec<(String, u64, u64)>;

fn sections(image: &[u8]) -> Sections {
    let file = object::File::parse(image).expect("parses");
    file.sections()
        .map(|section| {
            (section.name().expect("UTF-8").to_owned(), section.address(), section.size())
        })
        .collect()
}

fn content(image: &[u8], name: &str) -> Vec<u8> {
    let file = object::File::parse(image).expect("parses");
    let section = file.section_by_name(name).expect(name);
    section.uncompressed_data().expect(name).into_owned()
}

fn debug_sections(image: &[u8]) -> Vec<String> {
    let names = sections(image).into_iter().map(|(name, ..)| name);
    names.filter(|name| name.starts_with(".debug")).collect()
}

#[test]
fn elf_companions_hold_what_the_program_lost() {
    for input in [ELF_AMD64, ELF_ARM64] {
        let companion = only_keep_debug(input).expect("keeps").to_vec();
        let apart = |image: &[u8]| {
            // Of the names of sections, one may have become the end of another.
            let mut all = sections(image);
            all.retain(|(name, ..)| name != ".shstrtab");
            all
        };
        assert_eq!(apart(&companion), apart(input), "names, addresses and sizes stay");
        assert!(!debug_sections(input).is_empty());
        for name in debug_sections(input) {
            assert_eq!(content(&companion, &name), content(input, &name), "{name}");
        }
        assert_eq!(content(&companion, ".note.ABI-tag"), content(input, ".note.ABI-tag"));
        let file = object::File::parse(companion.as_slice()).expect("parses");
        let text = file.section_by_name(".text").expect("is there");
        assert_eq!(text.data().expect("none"), b"");
        let elf = goblin::elf::Elf::parse(&companion);
        let elf = elf.expect("goblin reads it");
        for header in elf.section_headers.iter().filter(|header| header.is_alloc()) {
            assert!(matches!(header.sh_type, 7 | 8), "notes and sections without bytes alone");
        }
        // What `eu-elflint` and readelf ask: the program headers are where they are said to be,
        // and mapped; nothing else has bytes but notes; offsets are congruent to addresses.
        let table = (64, 56 * elf.program_headers.len() as u64);
        for segment in &elf.program_headers {
            let place = (segment.p_offset, segment.p_filesz);
            match segment.p_type {
                4 => assert!(place.0 + place.1 <= companion.len() as u64),
                6 => assert_eq!(place, table),
                1 if place.1 > 0 => assert_eq!(place, (0, table.0 + table.1)),
                _ => assert_eq!(place.1, 0, "{segment:?}"),
            }
            let align = segment.p_align.max(1);
            assert_eq!(segment.p_offset % align, segment.p_vaddr % align, "{segment:?}");
        }
        let symbols = |image: &[u8]| -> Vec<_> {
            let file = object::File::parse(image).expect("parses");
            let symbols = file
                .symbols()
                .map(|symbol| (symbol.name().expect("UTF-8").to_owned(), symbol.address()));
            symbols.collect()
        };
        assert_eq!(symbols(&companion), symbols(input));
    }
}

#[test]
fn whatever_sections_say_of_being_loaded_a_companion_can_be_read() {
    const FLAGS: usize = 8;
    let elf = goblin::elf::Elf::parse(ELF_AMD64).expect("goblin reads it");
    let (start, size) = (elf.header.e_shoff as usize, elf.header.e_shentsize as usize);
    for number in 1..elf.section_headers.len() {
        let mut input = ELF_AMD64.to_vec();
        let flags = &mut input[start + number * size + FLAGS];
        *flags ^= goblin::elf::section_header::SHF_ALLOC as u8;
        let companion = only_keep_debug(&input).expect("keeps").to_vec();
        object::File::parse(companion.as_slice()).expect("parses");
    }
}

#[test]
fn names_of_sections_are_in_a_table_of_names() {
    const SHSTRNDX: usize = 62;
    let elf = goblin::elf::Elf::parse(ELF_AMD64).expect("goblin reads it");
    let is_symbols = |section: &goblin::elf::SectionHeader| section.sh_type == 2;
    let symbols = elf.section_headers.iter().position(is_symbols).expect("has symbols");
    let mut input = ELF_AMD64.to_vec();
    input[SHSTRNDX] = symbols as u8;
    let error = only_keep_debug(&input).expect_err("these are symbols").to_string();
    assert!(error.contains("of another type"), "{error}");
}

#[test]
fn a_program_finds_its_companion() {
    let companion = only_keep_debug(ELF_AMD64).expect("keeps");
    let crc = debuglink_crc(&companion);
    let edits =
        Edits { strip: Strip::All, debuglink: Some(("program.debug", crc)), ..Edits::default() };
    let program = apply(ELF_AMD64, &edits).expect("strips").bytes;
    let file = object::File::parse(program.as_slice()).expect("parses");
    let (_, linked) = file.gnu_debuglink().expect("reads").expect("is there");
    assert_eq!(linked, crc);
    let companion = companion.to_vec();
    assert_eq!(crc, bitwise_crc(&companion));
    // A companion of a companion says nothing new.
    assert!(only_keep_debug(&companion).expect("keeps").to_vec() == companion);
}

/// CRC-32 by its definition: the reversed polynomial, one bit at a time.
fn bitwise_crc(data: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    };
    !data.iter().fold(!0, step)
}

#[test]
fn pe_companions_hold_what_the_program_lost() {
    for input in [PE_AMD64, PE_ARM64] {
        let companion = only_keep_debug(input).expect("keeps").to_vec();
        assert!(companion.len() < input.len());
        let places = |image| {
            let all: Sections = sections(image);
            all.into_iter().map(|(name, address, _)| (name, address)).collect::<Vec<_>>()
        };
        assert_eq!(places(&companion), places(input));
        assert!(!debug_sections(input).is_empty());
        for name in debug_sections(input) {
            assert_eq!(content(&companion, &name), content(input, &name), "{name}");
        }
        let file = object::File::parse(companion.as_slice()).expect("parses");
        let text = file.section_by_name(".text").expect("is there");
        assert_eq!((text.data().expect("none"), text.kind()), (&b""[..], SectionKind::Text));
        let id = |image: &[u8]| {
            let file = object::File::parse(image).expect("parses");
            file.pdb_info().expect("reads").map(|info| (info.guid(), info.age()))
        };
        assert!(id(input).is_some());
        assert_eq!(id(&companion), id(input), "by which the two belong together");
    }
}

#[test]
fn mach_o_has_its_debug_data_elsewhere() {
    let error = only_keep_debug(MACHO_ARM64).expect_err("none here").to_string();
    assert!(error.contains("dsymutil"), "{error}");
}

/// The companion is in another folder than its program, and a relative path starts from there.
#[test]
fn a_companion_names_the_supplementary_file_from_where_it_is() {
    let gnu = [b"../common.dwz\0".as_slice(), &[7; 20]].concat();
    let dwarf = [&[5, 0, 0], b"../common.dwz\0".as_slice(), &[2, 7, 7]].concat();
    let standalone = [&[5, 0, 1], b"\0".as_slice(), &[2, 7, 7]].concat();
    for (name, link, is_link) in [
        (".gnu_debugaltlink", &gnu, true),
        (".debug_sup", &dwarf, true),
        (".debug_sup", &standalone, false),
    ] {
        let edits = Edits { added: &[(name, link)], ..Edits::default() };
        let input = apply(ELF_AMD64, &edits).expect("adds").bytes;
        let image = Image::parse(&input, &Limits::default()).expect("parses");
        assert_eq!(supplement(&image), is_link.then_some("../common.dwz"), "{name}");
        let companion = companion(&input, Some("../../far/common.dwz")).expect("keeps").to_vec();
        let image = Image::parse(&companion, &Limits::default()).expect("parses");
        assert_eq!(supplement(&image), is_link.then_some("../../far/common.dwz"), "{name}");
        let end = |bytes: &[u8]| bytes[bytes.len() - 3..].to_vec();
        assert_eq!(end(&content(&companion, name)), end(link), "{name}: what identifies it stays");
        let same = only_keep_debug(&input).expect("keeps").to_vec();
        assert_eq!(content(&same, name), *link, "{name}");
    }
    // Cut short, it names nothing.
    for (name, link) in [
        (".gnu_debugaltlink", b"".as_slice()),
        (".gnu_debugaltlink", b"no end"),
        (".gnu_debugaltlink", b"\0"),
        (".debug_sup", b""),
        (".debug_sup", &[5, 0]),
        (".debug_sup", &[5, 0, 0]),
        (".debug_sup", &[5, 0, 0, 0]),
    ] {
        let edits = Edits { added: &[(name, link)], ..Edits::default() };
        let input = apply(ELF_AMD64, &edits).expect("adds").bytes;
        let image = Image::parse(&input, &Limits::default()).expect("parses");
        assert_eq!(supplement(&image), None, "{name} {link:?}");
        let companion = companion(&input, Some("elsewhere")).expect("keeps").to_vec();
        assert_eq!(content(&companion, name), link);
    }
}
