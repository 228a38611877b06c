//! ELF and PE images stripped: what must go is gone, what must stay has stayed, and nothing that
//! is loaded has moved.

use object::{Object, ObjectSection, ObjectSymbol};
use rgo_edit::{Edits, NameFilter, Strip, apply};

use crate::support::{ALL, ELF_AMD64, ELF_ARM64, PE_AMD64, PE_ARM64, coff_header, put_u32, u32_le};

fn strip(input: &[u8], strip: Strip) -> Vec<u8> {
    apply(input, &Edits { strip, ..Edits::default() }).expect("strips").bytes
}

fn names(image: &[u8]) -> Vec<String> {
    let file = object::File::parse(image).expect("parses");
    file.sections().map(|section| section.name().expect("UTF-8").to_owned()).collect()
}

#[test]
fn nothing_asked_is_nothing_done() {
    for (name, input) in ALL {
        assert!(strip(input, Strip::None) == input, "{name}");
    }
}

#[test]
fn stripping_twice_is_stripping_once() {
    for (name, input) in ALL {
        for how in [Strip::Debug, Strip::All] {
            let once = strip(input, how);
            assert!(once.len() < input.len(), "{name}");
            assert!(strip(&once, how) == once, "{name} {how:?}");
        }
        assert_eq!(
            strip(&strip(input, Strip::Debug), Strip::All),
            strip(input, Strip::All),
            "{name}"
        );
    }
}

#[test]
fn elf_keeps_what_tells_its_origin() {
    for input in [ELF_AMD64, ELF_ARM64] {
        assert!(names(input).iter().any(|name| name == ".debug_info"));
        for how in [Strip::Debug, Strip::All] {
            let output = strip(input, how);
            let left = names(&output);
            assert!(!left.iter().any(|name| name.starts_with(".debug")), "{left:?}");
            for kept in [".rgo-bi", ".dep-v0", ".rgo-x", ".comment", ".note.ABI-tag", ".shstrtab"] {
                assert!(left.iter().any(|name| name == kept), "{kept} of {left:?}");
            }
            assert_eq!(left.iter().any(|name| name == ".symtab"), how == Strip::Debug);
            let goblin = goblin::elf::Elf::parse(&output).expect("goblin reads it");
            assert_eq!(goblin.libraries, goblin::elf::Elf::parse(input).expect("reads").libraries);
        }
    }
}

/// PyInstaller keeps a program's archive in such a section, firmware the texts of its log.
#[test]
fn elf_sections_that_nobody_knows_are_a_payload_and_stay() {
    let names = ["pydata", ".defmt", ".rustc", ".custom"];
    let added: Vec<(&str, &[u8])> =
        names.iter().map(|name| (*name, b"payload".as_slice())).collect();
    let input = apply(ELF_AMD64, &Edits { added: &added, ..Edits::default() });
    let input = input.expect("adds").bytes;
    for mode in [Strip::Debug, Strip::Unneeded, Strip::All] {
        let stripped = strip(&input, mode);
        let file = object::File::parse(stripped.as_slice()).expect("parses");
        for name in names {
            let section = file.section_by_name(name).expect(name);
            assert_eq!(section.data().expect("is there"), b"payload", "{name}");
        }
        assert!(file.section_by_name(".debug_info").is_none());
    }
    // By name all of them can go.
    let pydata = |name: &[u8]| name == b"pydata";
    let sections = NameFilter { drop: Some(&pydata), ..NameFilter::default() };
    let edits = Edits { strip: Strip::All, sections, ..Edits::default() };
    let stripped = apply(&input, &edits).expect("strips").bytes;
    let file = object::File::parse(stripped.as_slice()).expect("parses");
    assert!(file.section_by_name("pydata").is_none());
}

#[test]
fn elf_symbols_keep_their_names_and_sections() {
    for input in [ELF_AMD64, ELF_ARM64] {
        let output = strip(input, Strip::Debug);
        let list = |image: &[u8]| -> Vec<_> {
            let file = object::File::parse(image).expect("parses");
            file.symbols()
                .filter(|symbol| symbol.kind() != object::SymbolKind::File)
                .map(|symbol| {
                    let section = symbol.section_index().map(|index| {
                        let section = file.section_by_index(index).expect("a section");
                        section.name().expect("UTF-8").to_owned()
                    });
                    let name = symbol.name().expect("UTF-8").to_owned();
                    (name, section, symbol.address(), symbol.size(), symbol.is_local())
                })
                .filter(|(_, section, ..)| {
                    section.as_ref().is_none_or(|section| !section.starts_with(".debug"))
                })
                .collect()
        };
        assert_eq!(list(&output), list(input));
        let goblin = goblin::elf::Elf::parse(&output).expect("goblin reads it");
        assert!(goblin.syms.iter().all(|symbol| symbol.st_type() != goblin::elf::sym::STT_FILE));
        let symtab = goblin.section_headers.iter().find(|header| header.sh_type == 2);
        let locals = goblin.syms.iter().take_while(|symbol| symbol.st_bind() == 0).count();
        assert_eq!(symtab.expect("a symbol table").sh_info as usize, locals);
    }
}

#[test]
fn elf_section_headers_inside_a_segment_stay_there() {
    // Go's layout, made of the fixture: the table moves into a segment's unused start.
    let mut input = ELF_AMD64.to_vec();
    let table = u64::from_le_bytes(input[40..48].try_into().expect("eight")) as usize;
    let size = usize::from(u16::from_le_bytes(input[60..62].try_into().expect("two"))) * 64;
    let headers = input[table..table + size].to_vec();
    assert_eq!(table + size, input.len(), "the linker puts it last");
    // A new page at the end of the last segment would move nothing: pretend that the first
    // segment reaches over the table, by loading all of the file.
    let first_load = (0..11).map(|n| 64 + 56 * n).find(|at| u32_le(&input, *at) == 1);
    let first_load = first_load.expect("a segment");
    let all = (input.len() as u64).to_le_bytes();
    input[first_load + 32..first_load + 40].copy_from_slice(&all);
    let output = strip(&input, Strip::All);
    assert_eq!(output.len(), input.len(), "loaded bytes are not given up");
    assert_eq!(output[40..48], input[40..48], "the table is where it was");
    assert_eq!(headers[..64], output[table..table + 64], "the null section");
    assert_eq!(names(&output), names(&input), "what is loaded is kept");
}

#[test]
fn elf_section_headers_inside_a_segment_grow_over_zeros_alone() {
    // Go's layout again: a segment of its own holds the table and the zeros behind it.
    let mut input = ELF_AMD64.to_vec();
    let table = u64::from_le_bytes(input[40..48].try_into().expect("eight"));
    let size = input.len() as u64 - table;
    input.resize(input.len() + 100, 0);
    let note = (0..11).map(|n| 64 + 56 * n).find(|at| u32_le(&input, *at) == 4).expect("a note");
    let address = 0x200_0000 + table;
    let words = [1 | 4 << 32, table, address, address, size + 100, size + 100, 0x1000_u64];
    let segment: Vec<_> = words.into_iter().flat_map(u64::to_le_bytes).collect();
    input[note..note + 56].copy_from_slice(&segment);
    let edits = Edits { added: &[(".extra", b"one")], ..Edits::default() };
    let output = apply(&input, &edits).expect("has room").bytes;
    assert_eq!(names(&output).len(), names(&input).len() + 1);
    let behind = (table + size) as usize;
    for at in [behind, behind + 63] {
        let mut full = input.clone();
        full[at] = 1;
        let error = apply(&full, &edits).expect_err("no room").to_string();
        assert!(error.contains("no room for its header"), "{error}");
    }
    input[behind + 64] = 1;
    apply(&input, &edits).expect("has room");
}

#[test]
fn elf_links_to_its_debug_file() {
    let edits = Edits {
        strip: Strip::All,
        debuglink: Some(("folder/x.debug", 0x1234_5678)),
        ..Edits::default()
    };
    let output = apply(ELF_AMD64, &edits).expect("strips").bytes;
    let file = object::File::parse(output.as_slice()).expect("parses");
    let (name, crc) = file.gnu_debuglink().expect("reads").expect("is there");
    assert_eq!((name, crc), (&b"x.debug"[..], 0x1234_5678));
    let again = Edits { debuglink: Some(("y", 1)), ..edits };
    let output = apply(&output, &again).expect("links anew").bytes;
    let links = names(&output).iter().filter(|name| *name == ".gnu_debuglink").count();
    assert_eq!(links, 1, "the old link is replaced");
}

#[test]
fn data_at_the_end_are_not_lost_in_silence() {
    for input in [ELF_AMD64, ELF_ARM64, PE_AMD64, PE_ARM64] {
        let mut with_overlay = input.to_vec();
        with_overlay.extend(b"overlay");
        let edits = Edits { strip: Strip::Debug, ..Edits::default() };
        let error = apply(&with_overlay, &edits).expect_err("overlay").to_string();
        assert!(error.contains("belong to no section and would be lost"), "{error}");
        let edits = Edits { note: Some("text"), ..Edits::default() };
        let output = apply(&with_overlay, &edits).expect("fills").bytes;
        assert!(output.ends_with(b"overlay"), "no strip, no loss");
    }
}

/// Name, address, memory and file range of the sections of a PE image, as they stand in the file.
fn pe_sections(image: &[u8]) -> Vec<(String, u32, u32, u32, u32)> {
    let goblin = goblin::pe::PE::parse(image).expect("goblin reads it");
    let sections = goblin.sections.iter();
    sections
        .map(|section| {
            (
                section.name().expect("UTF-8").to_owned(),
                section.virtual_address,
                section.virtual_size,
                section.pointer_to_raw_data,
                section.size_of_raw_data,
            )
        })
        .collect()
}

/// What Windows' loader insists on, and Wine does not.
fn check_pe_layout(image: &[u8]) {
    let optional = coff_header(image) + 20;
    let (section_align, file_align) = (u32_le(image, optional + 32), u32_le(image, optional + 36));
    let mut next_address = None;
    let mut next_offset = u32_le(image, optional + 60);
    for (name, address, size, offset, file_size) in pe_sections(image) {
        assert!(next_address.is_none_or(|next| next == address), "{name}: a gap in memory");
        let memory = if size == 0 { file_size } else { size };
        next_address = Some((address + memory).next_multiple_of(section_align));
        if file_size > 0 {
            assert_eq!(
                (offset, offset % file_align),
                (next_offset, 0),
                "{name}: place in the file"
            );
            next_offset = (offset + file_size).next_multiple_of(file_align);
        }
    }
    assert_eq!(Some(u32_le(image, optional + 56)), next_address, "SizeOfImage");
    assert_eq!(image.len() as u32, next_offset, "the file ends with its last section");
}

#[test]
fn pe_loses_dwarf_and_symbols() {
    for input in [PE_AMD64, PE_ARM64] {
        for how in [Strip::Debug, Strip::All] {
            let output = strip(input, how);
            check_pe_layout(&output);
            assert!(!names(&output).iter().any(|name| name.starts_with(".debug")));
            let coff = coff_header(&output);
            // The fixtures' linker writes no symbols, only long names.
            assert_eq!((u32_le(&output, coff + 8), u32_le(&output, coff + 12)), (0, 0));
            let read = |image: &[u8]| {
                let goblin = goblin::pe::PE::parse(image).expect("goblin reads it");
                goblin
                    .debug_data
                    .and_then(|data| data.codeview_pdb70_debug_info)
                    .map(|info| info.signature)
            };
            assert!(read(input).is_some());
            assert_eq!(read(&output), read(input), "the debug directory points to its data");
        }
    }
}

/// The fixture as Go would have linked it: a debug section in the middle of the addresses.
fn with_dwarf_in_the_middle() -> (Vec<u8>, String) {
    let mut image = PE_AMD64.to_vec();
    let table = coff_header(&image) + 20 + 0xf0;
    let sections = pe_sections(&image);
    // The first debug section takes the place in the table, and the addresses, of one that
    // nobody refers to: .rgo-x, which comes after all debug sections then.
    let debug = sections.iter().position(|(name, ..)| name == ".debug_abbrev").expect("is there");
    let plain = sections.iter().position(|(name, ..)| name == ".rgo-x").expect("is there");
    assert!(plain < debug);
    let header = |number: usize| table + 40 * number;
    let (first, second) = (header(plain), header(debug));
    let copies = (image[first..first + 40].to_vec(), image[second..second + 40].to_vec());
    image[first..first + 40].copy_from_slice(&copies.1);
    image[second..second + 40].copy_from_slice(&copies.0);
    // Addresses stay with the place.
    put_u32(&mut image, first + 12, u32::from_le_bytes(copies.0[12..16].try_into().expect("four")));
    put_u32(
        &mut image,
        second + 12,
        u32::from_le_bytes(copies.1[12..16].try_into().expect("four")),
    );
    (image, sections[plain - 1].0.clone())
}

#[test]
fn pe_leaves_no_hole_where_dwarf_was() {
    let (input, before) = with_dwarf_in_the_middle();
    let output = strip(&input, Strip::Debug);
    let sections = pe_sections(&output);
    assert!(sections.iter().any(|(name, ..)| name == ".rgo-x"), "{sections:?}");
    assert!(!sections.iter().any(|(name, ..)| name.starts_with(".debug")), "{sections:?}");
    check_pe_layout(&output);
    let size = |image: &[u8]| {
        pe_sections(image).into_iter().find(|(name, ..)| *name == before).expect("is there").2
    };
    assert!(size(&output) > size(&input), "{before} takes the addresses");
}

#[test]
fn pe_keeps_long_names_of_what_it_keeps() {
    let mut input = PE_AMD64.to_vec();
    // Rename a debug section in the string table: it is one no more.
    let at = input.windows(13).position(|window| window == b".debug_abbrev").expect("is there");
    input[at..at + 13].copy_from_slice(b".eh_frame_hdr");
    let output = strip(&input, Strip::All);
    assert!(names(&output).iter().any(|name| name == ".eh_frame_hdr"), "{:?}", names(&output));
    assert!(pe_sections(&output).iter().any(|(name, ..)| name == ".eh_frame_hdr"));
}

#[test]
fn elf_segments_that_only_protect_hold_nothing() {
    // Lld rounds GNU_RELRO up to a page, past the end of what is loaded.
    let mut input = ELF_AMD64.to_vec();
    let relro = (0..11).map(|n| 64 + 56 * n).find(|at| u32_le(&input, *at) == 0x6474_e552);
    let size = relro.expect("a segment") + 32;
    let grown = u32_le(&input, size) + 0x1000;
    put_u32(&mut input, size, grown);
    let output = strip(&input, Strip::All);
    assert_eq!(output.len(), strip(ELF_AMD64, Strip::All).len());
}

#[test]
fn elf_sections_with_an_address_may_still_not_be_loaded() {
    // As annobin leaves .gnu.build.attributes.
    let mut input = ELF_AMD64.to_vec();
    let table = u64::from_le_bytes(input[40..48].try_into().expect("eight")) as usize;
    let number = names(&input).iter().position(|name| name == ".strtab").expect("is there") + 1;
    put_u32(&mut input, table + 64 * number + 16, 0x20_0000);
    let output = strip(&input, Strip::All);
    assert!(!names(&output).iter().any(|name| name == ".strtab"));
}
