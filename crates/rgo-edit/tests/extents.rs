//! Segments that tools add behind the debug data of an ELF image (patchelf, auditwheel, postject,
//! LIEF): they move up when what is in front of them goes, and a loader finds all as before.

use goblin::elf::Elf;
use goblin::elf::program_header::{PT_GNU_STACK, PT_LOAD, PT_NOTE, PT_PHDR};
use proptest::prelude::*;
use rgo_edit::{Edited, Edits, NameFilter, Strip, apply, edit, only_keep_debug};

use crate::support::{ELF_AMD64, ELF_ARM64};

const PHDR: usize = 56;
const SHDR: usize = 64;

fn number(data: &[u8], at: usize, size: usize) -> u64 {
    data[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn put(data: &mut [u8], at: usize, size: usize, value: u64) {
    data[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
}

/// Where an image has a program header that nothing needs.
fn spare(elf: &Elf<'_>) -> usize {
    let is_spare = |kind| matches!(kind, PT_NOTE | PT_GNU_STACK);
    let spare = elf.program_headers.iter().rposition(|it| is_spare(it.p_type));
    elf.header.e_phoff as usize + spare.expect("a note or the stack's") * PHDR
}

/// A segment to add to a little-endian 64-bit image.
#[derive(Clone, Debug)]
struct Added {
    content: Vec<u8>,
    align: u64,
    /// Bytes of zeros that the tool leaves in front of it, besides what the alignment asks for.
    gap: u64,
    /// Whether its address is its offset plus the difference that the first segment has.
    as_first: bool,
}

impl Added {
    fn new(size: usize) -> Self {
        let content = (0..size).map(|at| at as u8 | 1).collect();
        Self { content, align: 0x1000, gap: 0, as_first: false }
    }

    /// Puts it at the end of the file, in the place of a program header that nothing needs.
    /// Answers its offset and its address.
    fn to(&self, image: &mut Vec<u8>) -> (u64, u64) {
        let (spare, last, base) = {
            let elf = Elf::parse(image).expect("parses");
            let loaded = || elf.program_headers.iter().filter(|it| it.p_type == PT_LOAD);
            let end = loaded().map(|it| it.p_vaddr + it.p_memsz).max().expect("some");
            let first = loaded().next().expect("some");
            (spare(&elf), end, first.p_vaddr - first.p_offset)
        };
        let gap = if self.as_first { last - base } else { self.gap };
        let offset = (image.len() as u64 + gap).next_multiple_of(self.align);
        let far = last.next_multiple_of(0x1_0000) + 0x1_0000;
        let address = if self.as_first { base + offset } else { far.next_multiple_of(self.align) };
        image.resize(offset as usize, 0);
        image.extend(&self.content);
        let size = self.content.len() as u64;
        put(image, spare, 4, PT_LOAD.into());
        for (field, value) in [offset, address, address, size, size, self.align].iter().enumerate()
        {
            put(image, spare + 8 + 8 * field, 8, *value);
        }
        (offset, address)
    }
}

fn strip(image: &[u8], strip: Strip) -> Edited<'_> {
    let edited = edit(image, &Edits { strip, ..Edits::default() }).expect("strips");
    edited.verify(&edited.draft.to_vec()).expect("loads the same");
    edited
}

/// What a loader maps: addresses, sizes, flags and bytes, but for the fields that say where
/// sections and segments are in the file.
fn mapped(image: &[u8]) -> Vec<(u64, u64, u32, Vec<u8>)> {
    let mut image = image.to_vec();
    let (segments, sections, count) = {
        let elf = Elf::parse(&image).expect("parses");
        (elf.header.e_phoff as usize, elf.header.e_shoff as usize, elf.header.e_phnum as usize)
    };
    let elf = Elf::parse(&image).expect("parses");
    let shdrs = elf.section_headers.len() * SHDR;
    let loads: Vec<_> =
        elf.program_headers.iter().filter(|it| it.p_type == PT_LOAD).cloned().collect();
    for at in (0..count).map(|index| segments + index * PHDR + 8) {
        put(&mut image, at, 8, 0);
    }
    image[sections..sections + shdrs].fill(0);
    image[32..48].fill(0);
    image[60..64].fill(0);
    let bytes = |from: u64, size: u64| image[from as usize..(from + size) as usize].to_vec();
    loads
        .iter()
        .map(|it| (it.p_vaddr, it.p_memsz, it.p_flags, bytes(it.p_offset, it.p_filesz)))
        .collect()
}

/// Holds what a loader asks of an image.
#[track_caller]
fn check(input: &[u8], output: &[u8]) {
    assert_eq!(mapped(input), mapped(output));
    let (old, new) = (Elf::parse(input).expect("parses"), Elf::parse(output).expect("parses"));
    assert!(output.len() <= input.len());
    for (was, is) in old.program_headers.iter().zip(&new.program_headers) {
        assert_eq!(was.p_offset % was.p_align.max(1), is.p_offset % was.p_align.max(1));
        let page =
            if old.header.e_machine == goblin::elf::header::EM_AARCH64 { 0x1_0000 } else { 0x1000 };
        if was.p_type == PT_LOAD && was.p_vaddr % page == was.p_offset % page {
            assert_eq!(is.p_vaddr % page, is.p_offset % page, "{is:?}");
        }
        if is.p_type == PT_PHDR {
            assert_eq!(is.p_offset, new.header.e_phoff);
        }
    }
    for section in old.section_headers.iter().filter(|it| it.is_alloc()) {
        let name = old.shdr_strtab.get_at(section.sh_name);
        let find = |it: &&goblin::elf::SectionHeader| new.shdr_strtab.get_at(it.sh_name) == name;
        let twin = new.section_headers.iter().find(find).expect("is there");
        assert_eq!((section.sh_addr, section.sh_size), (twin.sh_addr, twin.sh_size), "{name:?}");
        if section.sh_type != goblin::elf::section_header::SHT_NOBITS {
            let bytes = |image: &[u8], at: u64| {
                image[at as usize..(at + section.sh_size) as usize].to_vec()
            };
            assert!(bytes(input, section.sh_offset) == bytes(output, twin.sh_offset), "{name:?}");
        }
    }
}

/// Holds that what is not loaded is behind all that is, unless that made the file longer.
#[track_caller]
fn check_order(input: &[u8], output: &[u8]) {
    let elf = Elf::parse(output).expect("parses");
    let loaded = elf.program_headers.iter().filter(|it| it.p_type == PT_LOAD);
    let last = loaded.map(|it| it.p_offset + it.p_filesz).max().expect("some");
    let sections = elf.section_headers.iter();
    let others: Vec<_> = sections.filter(|it| it.sh_type != 0 && !it.is_alloc()).collect();
    let size: u64 = others.iter().map(|section| section.sh_size.next_multiple_of(8)).sum();
    let behind = last + size + 8 + (SHDR * elf.section_headers.len()) as u64;
    if behind <= input.len() as u64 {
        assert!(others.iter().all(|section| section.sh_offset >= last), "{others:?}");
        assert!(elf.header.e_shoff >= last);
    }
}

#[test]
fn a_segment_behind_the_debug_data_moves_up() {
    for image in [ELF_AMD64, ELF_ARM64] {
        for mode in [Strip::Debug, Strip::Unneeded, Strip::All] {
            let plain = strip(image, mode).draft.to_vec();
            let mut input = image.to_vec();
            Added::new(0x1234).to(&mut input);
            Added::new(0x20).to(&mut input);
            let edited = strip(&input, mode);
            assert_eq!(edited.warnings, [""; 0]);
            let output = edited.draft.to_vec();
            check(&input, &output);
            check_order(&input, &output);
            // Two segments of a page and of two, each congruent to the largest page.
            assert!(output.len() < plain.len() + 0x3_0000, "{} {}", output.len(), plain.len());
            assert_eq!(strip(&output, mode).draft.to_vec(), output, "a second strip");
        }
    }
}

/// What is not loaded is in front of the segment, which can't move, and would make the file longer
/// behind it.
#[test]
fn a_strip_makes_nothing_longer() {
    for (name, image) in [("stripped", true), ("with debug data", false)] {
        let mut input = ELF_AMD64.to_vec();
        if image {
            input = strip(ELF_AMD64, Strip::All).draft.to_vec();
        }
        Added { align: 0x1_0000, ..Added::new(0x100) }.to(&mut input);
        let edited = strip(&input, Strip::All);
        let output = edited.draft.to_vec();
        check(&input, &output);
        assert_eq!(output.len(), input.len(), "{name}");
        assert_eq!(edited.removed.is_empty(), image, "{name}");
        assert_eq!(strip(&output, Strip::All).draft.to_vec(), output, "{name}: a second strip");
        let elf = Elf::parse(&output).expect("parses");
        let debug = elf.section_headers.iter().filter_map(|it| elf.shdr_strtab.get_at(it.sh_name));
        assert!(!debug.into_iter().any(|name| name.starts_with(".debug")), "{name}");
    }
}

/// Kernels before 5.18 take the address of the first segment plus `e_phoff` for that of the
/// program headers (`AT_PHDR`).
#[test]
fn program_headers_stay_where_old_kernels_find_them() {
    for as_first in [true, false] {
        let mut input = ELF_AMD64.to_vec();
        let size = {
            let elf = Elf::parse(&input).expect("parses");
            elf.program_headers.len() * PHDR
        };
        let (offset, address) = Added { as_first, ..Added::new(size) }.to(&mut input);
        let old = number(&input, 32, 8) as usize;
        let mut table = input[old..old + size].to_vec();
        for entry in
            table.chunks_exact_mut(PHDR).filter(|it| number(it, 0, 4) == u64::from(PT_PHDR))
        {
            put(entry, 8, 8, offset);
            put(entry, 16, 8, address);
        }
        input[offset as usize..].copy_from_slice(&table);
        put(&mut input, 32, 8, offset);
        let edited = strip(&input, Strip::All);
        let output = edited.draft.to_vec();
        check(&input, &output);
        let moved = Elf::parse(&output).expect("parses").header.e_phoff;
        if as_first {
            assert_eq!(moved, offset);
            let [warning] = edited.warnings.as_slice() else { panic!("{:?}", edited.warnings) };
            assert!(warning.contains("kernels before 5.18"), "{warning}");
            assert!(warning.contains(".debug_"), "{warning}");
        } else {
            assert!(moved < offset, "such a kernel starts it wrong today");
            assert_eq!(edited.warnings, [""; 0]);
        }
    }
}

/// A payload that a program finds by its offset is in no section, and stays where it is.
#[test]
fn bytes_that_no_header_speaks_of_stay_where_they_are() {
    let mut input = ELF_AMD64.to_vec();
    let at = input.len();
    input.extend(b"payload".repeat(9));
    Added::new(0x100).to(&mut input);
    let edited = strip(&input, Strip::All);
    let output = edited.draft.to_vec();
    assert_eq!(output[at..at + 63], input[at..at + 63]);
    let [warning] = edited.warnings.as_slice() else { panic!("{:?}", edited.warnings) };
    assert!(warning.contains(&format!("63 bytes at {at:#x}")), "{warning}");
}

/// patchelf writes the section headers anew at the end, and leaves the old ones.
#[test]
fn section_headers_that_a_tool_left_behind_are_no_payload() {
    let mut input = ELF_AMD64.to_vec();
    let (old, count) = (number(&input, 40, 8) as usize, number(&input, 60, 2) as usize);
    let table = input[old..old + count * SHDR].to_vec();
    Added::new(0x100).to(&mut input);
    let new = input.len().next_multiple_of(8);
    input.resize(new, 0);
    input.extend(&table);
    put(&mut input, 40, 8, new as u64);
    let edited = strip(&input, Strip::All);
    assert_eq!(edited.warnings, [""; 0]);
    check(&input, &edited.draft.to_vec());
    assert!(edited.draft.size() < ELF_AMD64.len() as u64);
}

#[test]
fn a_section_that_a_segment_holds_stays_with_a_word() {
    let mut input = ELF_AMD64.to_vec();
    let debug = {
        let elf = Elf::parse(&input).expect("parses");
        let find = |it: &&goblin::elf::SectionHeader| {
            elf.shdr_strtab.get_at(it.sh_name) == Some(".debug_info")
        };
        elf.section_headers.iter().find(find).expect("is there").clone()
    };
    // A segment in the place of a note's, over the debug data.
    let at = spare(&Elf::parse(&input).expect("parses"));
    let (offset, size) = (debug.sh_offset & !0xfff, (debug.sh_offset & 0xfff) + debug.sh_size);
    put(&mut input, at, 4, PT_LOAD.into());
    for (field, value) in [offset, 0x9000_0000, 0, size, size, 0x1000].iter().enumerate() {
        put(&mut input, at + 8 + 8 * field, 8, *value);
    }
    let edited = strip(&input, Strip::Debug);
    let [warning] = edited.warnings.as_slice() else { panic!("{:?}", edited.warnings) };
    assert!(warning.contains(".debug_info"), "{warning}");
    assert!(warning.ends_with("stay: a segment holds them"), "{warning}");
}

/// The segment is behind `.comment`, and does not hold it.
#[test]
fn a_section_between_two_segments_goes_by_its_name() {
    let mut input = ELF_AMD64.to_vec();
    Added::new(0x100).to(&mut input);
    let comment = |name: &[u8]| name == b".comment";
    let sections = NameFilter { drop: Some(&comment), ..NameFilter::default() };
    let edits = Edits { strip: Strip::Debug, sections, ..Edits::default() };
    let output = apply(&input, &edits).expect("strips").bytes;
    check_order(&input, &output);
    let elf = Elf::parse(&output).expect("parses");
    let names: Vec<_> =
        elf.section_headers.iter().filter_map(|it| elf.shdr_strtab.get_at(it.sh_name)).collect();
    assert!(!names.contains(&".comment"), "{names:?}");
}

fn added() -> impl Strategy<Value = Added> {
    let aligns = prop_oneof![Just(0x10), Just(0x1000), Just(0x1_0000), Just(0x20_0000)];
    (1..0x3000_usize, aligns, 0..0x2_0000_u64, any::<bool>())
        .prop_map(|(size, align, gap, as_first)| Added { align, gap, as_first, ..Added::new(size) })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn whatever_is_added_is_found_again(
        added in prop::collection::vec(added(), 1..3),
        arm in any::<bool>(),
        mode in prop_oneof![Just(Strip::Debug), Just(Strip::Unneeded), Just(Strip::All)],
    ) {
        let mut input = if arm { ELF_ARM64 } else { ELF_AMD64 }.to_vec();
        for one in &added {
            one.to(&mut input);
        }
        let output = strip(&input, mode).draft.to_vec();
        check(&input, &output);
        check_order(&input, &output);
        prop_assert_eq!(strip(&output, mode).draft.to_vec(), output);
    }

    /// Headers that no tool writes: an error, or a result that loads what the input loads.
    #[test]
    fn broken_headers_are_answered(
        added in prop::collection::vec(added(), 1..3),
        mode in prop_oneof![Just(Strip::Debug), Just(Strip::All)],
        changes in prop::collection::vec((0..0x400_usize, any::<bool>(), any::<u8>()), 1..8),
        cut in prop::option::of(0..0x4000_usize),
    ) {
        let mut input = ELF_AMD64.to_vec();
        for one in &added {
            one.to(&mut input);
        }
        let sections = number(&input, 40, 8) as usize;
        for (at, in_sections, value) in changes {
            // The file header and the program headers, or the section headers.
            let at = if in_sections { sections + at } else { at % 0x2a8 };
            if let Some(byte) = input.get_mut(at) {
                *byte = value;
            }
        }
        if let Some(cut) = cut {
            input.truncate(input.len().saturating_sub(cut));
        }
        if let Ok(edited) = edit(&input, &Edits { strip: mode, ..Edits::default() }) {
            let _ = edited.verify(&edited.draft.to_vec());
        }
        let _ = only_keep_debug(&input).map(|companion| companion.to_vec());
    }
}
