//! PE images with sections and symbols taken out or put in by name.

use object::{Object, ObjectSection, ObjectSymbol};
use proptest::prelude::*;
use rgo_binary::{Error, Image, Limits};
use rgo_edit::{Edits, NameFilter, Strip, apply, edit};

use crate::support::{PE_AMD64, PE_ARM64, coff_header, put_u32, u32_le};

/// A COFF symbol of an image: name, value, section, class, and one auxiliary record.
type Symbol<'a> = (&'a str, u32, i16, u8, Option<[u8; 18]>);

/// The fixture with a symbol table, and its section names in the same strings as they were.
fn with_symbols(image: &[u8], symbols: &[Symbol<'_>]) -> Vec<u8> {
    let coff = coff_header(image);
    let (at, count) = (u32_le(image, coff + 8) as usize, u32_le(image, coff + 12) as usize);
    let mut strings = image[at + 18 * count..].to_vec();
    let mut output = image[..at].to_vec();
    let mut records = 0;
    for (name, value, section, class, auxiliary) in symbols {
        output.extend(0_u32.to_le_bytes());
        output.extend((strings.len() as u32).to_le_bytes());
        strings.extend(name.bytes().chain([0]));
        output.extend(value.to_le_bytes());
        output.extend(section.to_le_bytes());
        output.extend(0x20_u16.to_le_bytes());
        output.extend([*class, u8::from(auxiliary.is_some())]);
        output.extend(auxiliary.iter().flatten());
        records += 1 + u32::from(auxiliary.is_some());
    }
    let size = strings.len() as u32;
    put_u32(&mut strings, 0, size);
    output.extend(strings);
    put_u32(&mut output, coff + 12, records);
    output
}

fn symbols(image: &[u8]) -> Vec<(String, u64)> {
    let file = object::File::parse(image).expect("parses");
    let symbols = file.symbols().map(|it| (it.name().expect("UTF-8").to_owned(), it.address()));
    symbols.collect()
}

fn section_names(image: &[u8]) -> Vec<String> {
    let file = object::File::parse(image).expect("parses");
    file.sections().map(|section| section.name().expect("UTF-8").to_owned()).collect()
}

fn is(names: &'static [&'static str]) -> impl Fn(&[u8]) -> bool {
    move |name| names.iter().any(|it| it.as_bytes() == name)
}

/// One of each kind: a function with a reference to the next, a file, one of a debug section.
fn sample(input: &[u8]) -> Vec<u8> {
    let debug = section_names(input).iter().position(|it| it.starts_with(".debug"));
    let debug = debug.expect("is there") as i16 + 1;
    let mut next = [0; 18];
    next[12..16].copy_from_slice(&4_u32.to_le_bytes());
    with_symbols(
        input,
        &[
            ("source_file.c", 2, -2, 103, None),
            ("first_function", 0x10, 1, 2, Some(next)),
            ("of_a_debug_section", 0, debug, 3, None),
            ("second_function", 0x20, 1, 2, None),
        ],
    )
}

#[test]
fn symbols_stay_unless_debuggers_alone_read_them() {
    for input in [PE_AMD64, PE_ARM64] {
        let input = sample(input);
        let strip = |strip| apply(&input, &Edits { strip, ..Edits::default() }).expect("strips");
        let output = strip(Strip::Debug).bytes;
        let names: Vec<_> = symbols(&output).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["first_function", "second_function"]);
        let table = u32_le(&output, coff_header(&output) + 8) as usize;
        assert_eq!(u32_le(&output, table + 18 + 12), 2, "the next function by its new number");
        for all in [Strip::Unneeded, Strip::All] {
            assert!(symbols(&strip(all).bytes).is_empty());
        }
        let again = Edits { strip: Strip::Debug, ..Edits::default() };
        assert!(apply(&output, &again).expect("strips").bytes == output, "twice is once");
    }
}

#[test]
fn symbols_go_and_stay_by_name() {
    let input = sample(PE_AMD64);
    let first = is(&["first_function"]);
    let keep = NameFilter { keep: Some(&first), drop: None };
    let edits = Edits { strip: Strip::All, symbols: keep, ..Edits::default() };
    let output = apply(&input, &edits).expect("strips").bytes;
    let left = symbols(&output);
    assert_eq!(left.len(), 1);
    assert!(symbols(&input).contains(&left[0]), "at its address");
    let drop = NameFilter { keep: None, drop: Some(&first) };
    let output = apply(&input, &Edits { symbols: drop, ..Edits::default() });
    let output = output.expect("drops").bytes;
    let left: Vec<_> = symbols(&input).into_iter().filter(|it| it.0 != "first_function").collect();
    assert_eq!(symbols(&output), left);
    assert_eq!(section_names(&output), section_names(&input));
}

#[test]
fn a_section_takes_the_place_of_gos_symbol_table() {
    let size = 5000_u32;
    let mut table = size.to_le_bytes().to_vec();
    table.resize(size as usize, 0);
    let edits = Edits { strip: Strip::All, added: &[(".symtab", &table)], ..Edits::default() };
    let mut input = apply(PE_AMD64, &edits).expect("adds").bytes;
    let file = object::File::parse(input.as_slice()).expect("parses");
    let (at, _) = file.section_by_name(".symtab").expect("added").file_range().expect("bytes");
    let header = coff_header(&input);
    put_u32(&mut input, header + 8, at as u32);
    let edits = Edits { added: &[(".extra", b"one")], ..Edits::default() };
    let output = apply(&input, &edits).expect("adds").bytes;
    assert_eq!(section_names(&output).len(), section_names(&input).len());
    let memory = |image: &[u8]| u32_le(image, coff_header(image) + 20 + 56);
    assert_eq!(memory(&output) + 0x1000, memory(&input), "one page instead of two");
}

#[test]
fn what_is_needed_is_not_removed() {
    for (name, why) in
        [(".text", "the headers lead to it"), (".rgo-bi", "not marked as discardable")]
    {
        let named = |section: &[u8]| section == name.as_bytes();
        let sections = NameFilter { keep: None, drop: Some(&named) };
        let error = edit(PE_AMD64, &Edits { sections, ..Edits::default() });
        let error = error.expect_err("needed").to_string();
        assert!(error.contains(name) && error.contains(why), "{error}");
    }
}

#[test]
fn debug_sections_go_and_stay_by_name() {
    let abbrev = is(&[".debug_abbrev"]);
    let keep = NameFilter { keep: Some(&abbrev), drop: None };
    let output = apply(PE_AMD64, &Edits { strip: Strip::All, sections: keep, ..Edits::default() });
    let names = section_names(&output.expect("strips").bytes);
    let debug: Vec<_> = names.iter().filter(|name| name.starts_with(".debug")).collect();
    assert_eq!(debug, [".debug_abbrev"]);
    let drop = NameFilter { keep: None, drop: Some(&abbrev) };
    let edited = Edits { sections: drop, ..Edits::default() };
    let edited = edit(PE_AMD64, &edited).expect("removes");
    let removed: Vec<_> = edited.removed.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(removed, [".debug_abbrev"]);
    let output = edited.draft.to_vec();
    edited.verify(&output).expect("loads the same");
    assert_eq!(section_names(&output).len() + 1, section_names(PE_AMD64).len());
}

#[test]
fn sections_are_added_behind_all_others() {
    for input in [PE_AMD64, PE_ARM64] {
        let edits = Edits {
            strip: Strip::All,
            added: &[(".extra", b"one"), (".a-long-name", b"two")],
            debuglink: Some(("folder/x.debug", 0x1234_5678)),
            ..Edits::default()
        };
        let output = apply(input, &edits).expect("adds").bytes;
        let file = object::File::parse(output.as_slice()).expect("parses");
        for (name, content) in edits.added {
            let section = file.section_by_name(name).expect(name);
            assert_eq!(section.data().expect("bytes").get(..content.len()), Some(*content));
        }
        let image = Image::parse(&output, &Limits::default()).expect("parses");
        let link = image.debug_data().expect("reads").debuglink.expect("is there");
        assert_eq!((link.name.as_str(), link.crc32), ("x.debug", 0x1234_5678));
        let again = apply(&output, &edits).expect_err("is there").to_string();
        assert!(again.contains("there is one already"), "{again}");
        let link = Edits { debuglink: Some(("y", 1)), ..Edits::default() };
        let output = apply(&output, &link).expect("links anew").bytes;
        let links = section_names(&output).iter().filter(|it| *it == ".gnu_debuglink").count();
        assert_eq!(links, 1, "the old link is replaced");
    }
}

#[test]
fn headers_grow_up_to_the_first_section() {
    let names: Vec<String> = (0..120).map(|number| format!(".add{number}")).collect();
    let added: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"new"[..])).collect();
    for input in [PE_AMD64, PE_ARM64] {
        let headers = |image: &[u8]| u32_le(image, coff_header(image) + 20 + 60);
        for (count, strip) in [(12, Strip::None), (12, Strip::All), (40, Strip::None)] {
            let edits = Edits { strip, added: &added[..count], ..Edits::default() };
            let output = apply(input, &edits).expect("adds").bytes;
            assert!(headers(&output) > headers(input), "{count}");
            assert_eq!(headers(&output) % 0x200, 0);
            let (old, new) = (parse(input), parse(&output));
            let link = old.pdb_info().expect("reads").expect("is there");
            for section in old.sections() {
                let name = section.name().expect("UTF-8");
                if strip == Strip::All && name.starts_with(".debug") {
                    continue;
                }
                let twin = new.section_by_name(name).expect(name);
                assert_eq!((twin.address(), twin.size()), (section.address(), section.size()));
                let data = section.data().expect("bytes");
                // The debug directory is beside the link, and has file offsets.
                if !data.windows(16).any(|it| it == link.guid()) {
                    assert_eq!(twin.data(), Ok(data), "{name}");
                }
            }
            // goblin follows these offsets.
            let found = goblin::pe::PE::parse(&output).expect("reads").debug_data;
            let found = found.expect("is there").guid().expect("is there");
            assert_eq!(found, link.guid());
            for (name, content) in edits.added {
                let section = new.section_by_name(name).expect(name);
                assert_eq!(section.data().expect("bytes").get(..content.len()), Some(*content));
            }
        }
        let error = apply(input, &Edits { added: &added, ..Edits::default() });
        let error = error.expect_err("4 KiB of headers").to_string();
        assert!(error.contains("no room for 120 more"), "{error}");
    }
}

fn parse(image: &[u8]) -> object::File<'_> {
    object::File::parse(image).expect("parses")
}

#[test]
fn no_header_is_put_where_others_lie() {
    let mut input = PE_AMD64.to_vec();
    let end = coff_header(&input) + 20 + 0xf0 + 40 * section_names(&input).len();
    input[end] = 1;
    let edits = Edits { added: &[(".extra", b"one")], ..Edits::default() };
    let error = apply(&input, &edits).expect_err("no room").to_string();
    assert!(error.contains("no room"), "{error}");
}

#[test]
fn data_at_the_end_stay_where_nothing_moves() {
    let all = Edits { strip: Strip::All, ..Edits::default() };
    let mut input = apply(PE_AMD64, &all).expect("strips").bytes;
    input.extend(b"an installer's data".repeat(50));
    assert!(apply(&input, &all).expect("nothing to do").bytes == input);
    let edits = Edits { added: &[(".extra", b"one")], ..Edits::default() };
    let error = apply(&input, &edits).expect_err("would move").to_string();
    assert!(error.contains("950 bytes at 0x"), "{error}");
}

#[test]
fn images_that_are_mapped_as_they_lie_do_not_move() {
    // A driver's layout: sections aligned as in the file.
    let mut input = PE_AMD64.to_vec();
    let optional = coff_header(&input) + 20;
    put_u32(&mut input, optional + 32, 0x200);
    let edits = Edits { added: &[(".extra", b"one")], ..Edits::default() };
    let error = apply(&input, &edits).expect_err("would move").to_string();
    assert!(error.contains("mapped as it lies"), "{error}");
}

#[test]
fn objects_are_refused_by_name() {
    let mut object = vec![0; 64];
    object[..4].copy_from_slice(&[0x64, 0x86, 1, 0]);
    let error = apply(&object, &Edits::default()).expect_err("an object");
    assert!(matches!(&error, Error::Unsupported { what, .. } if what.contains("COFF")), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1500), ..ProptestConfig::default() })]

    /// Headers, section table and symbol table changed at random: an error, or what verifies.
    #[test]
    fn broken_tables_are_answered(
        changes in prop::collection::vec((any::<u16>(), any::<bool>(), any::<u32>(), 0..4_u32), 1..6),
    ) {
        let mut image = sample(PE_AMD64);
        let table = u32_le(&image, coff_header(&image) + 8) as usize;
        for (place, in_symbols, value, shift) in changes {
            let (start, size) = if in_symbols { (table, image.len() - table) } else { (0x78, 0x400) };
            let at = start + usize::from(place) % (size - 4);
            put_u32(&mut image, at, value >> (8 * shift));
        }
        let first = is(&["first_function"]);
        let abbrev = is(&[".debug_abbrev"]);
        for strip in [Strip::None, Strip::Debug, Strip::All] {
            let edits = Edits {
                strip,
                symbols: NameFilter { keep: None, drop: Some(&first) },
                sections: NameFilter { keep: Some(&abbrev), drop: None },
                added: &[(".a-long-name", b"two")],
                debuglink: Some(("x.debug", 7)),
                ..Edits::default()
            };
            if let Ok(finished) = apply(&image, &edits) {
                Image::parse(&finished.bytes, &Limits::default()).expect("what comes out parses");
            }
        }
    }
}
