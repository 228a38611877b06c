//! Mach-O: what Apple's strip can take out and no other: exports, all symbols, Swift's symbols, the
//! debug map of some sources, load commands. And signatures by an identity that give way.

use object::{Object, ObjectSection, ObjectSymbol};
use rgo_edit::{Discard, Edits, MachO, MachOPart, NameFilter, Strip, apply};

use crate::support::{self, MACHO_AMD64, MACHO_ARM64, load_commands, put_u32, u32_le};

const LC_SYMTAB: u32 = 0x2;
const LC_SEGMENT_64: u32 = 0x19;
const LC_UUID: u32 = 0x1b;
const LC_SEGMENT_SPLIT_INFO: u32 = 0x1e;
const LC_DATA_IN_CODE: u32 = 0x29;
const LC_DYLD_INFO_ONLY: u32 = 0x8000_0022;
/// The header's flag that symbols are fewer than what dyld knows.
const OUT_OF_SYNC: u32 = 0x0400_0000;

fn edit(input: &[u8], edits: &Edits<'_>) -> Vec<u8> {
    apply(input, edits).expect("edits").bytes
}

fn refused(input: &[u8], edits: &Edits<'_>) -> String {
    apply(input, edits).expect_err("refuses").to_string()
}

/// Names of symbols that are not for debuggers.
fn symbols(image: &[u8]) -> Vec<String> {
    let object::File::MachO64(file) = object::File::parse(image).expect("parses") else {
        panic!("64 bits")
    };
    file.symbols().map(|symbol| symbol.name().expect("UTF-8").to_owned()).collect()
}

/// The names that dyld finds.
fn exports(image: &[u8]) -> Vec<String> {
    let file = object::File::parse(image).expect("parses");
    let exports = file.exports().expect("has some");
    let names = exports.map(|export| match export.expect("reads").name() {
        object::NameOrOrdinal::Name(name) => String::from_utf8(name.to_vec()).expect("UTF-8"),
        object::NameOrOrdinal::Ordinal(number) => number.to_string(),
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn has_command(image: &[u8], kind: u32) -> bool {
    load_commands(image).iter().any(|(other, ..)| *other == kind)
}

fn command(image: &[u8], kind: u32) -> usize {
    let found = load_commands(image).into_iter().find(|(other, ..)| *other == kind);
    found.expect("has it").1
}

/// Where the entry of a symbol is, not one for debuggers.
fn entry(image: &[u8], name: &str) -> usize {
    let symtab = command(image, LC_SYMTAB);
    let (start, count) = (u32_le(image, symtab + 8) as usize, u32_le(image, symtab + 12) as usize);
    let strings = u32_le(image, symtab + 16) as usize;
    let is_meant = |at: &usize| {
        let text = &image[strings + u32_le(image, *at) as usize..];
        image[at + 4] & 0xe0 == 0 && text.starts_with(&[name.as_bytes(), b"\0"].concat())
    };
    (0..count).map(|number| start + 16 * number).find(is_meant).expect("is there")
}

#[test]
fn exports_that_are_not_to_stay_are_found_no_longer() {
    let is_one = |name: &[u8]| name == b"_exported_one";
    let all = exports(MACHO_ARM64);
    for (stays, expected) in [
        (&is_one as &dyn Fn(&[u8]) -> bool, vec!["_exported_one".to_owned()]),
        (
            &|name: &[u8]| !is_one(name),
            all.iter().filter(|name| *name != "_exported_one").cloned().collect(),
        ),
        (&|_: &[u8]| true, all.clone()),
        (&|_: &[u8]| false, Vec::new()),
    ] {
        let macho = MachO { exports: Some(stays), ..MachO::default() };
        for strip in [Strip::None, Strip::Debug, Strip::Unneeded, Strip::All] {
            let output = edit(MACHO_ARM64, &Edits { strip, macho, ..Edits::default() });
            assert_eq!(exports(&output), expected, "{strip:?}");
            let offered = symbols(&output).into_iter().filter(|name| all.contains(name));
            assert_eq!(offered.count(), expected.len(), "{strip:?}: in the symbol table");
            let again = edit(&output, &Edits { strip, macho, ..Edits::default() });
            assert_eq!(again, output, "{strip:?}");
        }
    }
}

#[test]
fn what_dyld_binds_in_the_image_itself_stays_exported() {
    let mut weak = MACHO_ARM64.to_vec();
    let at = entry(&weak, "_exported_one");
    weak[at + 6] |= 0x80;
    let (nothing, one) = (|_: &[u8]| false, |name: &[u8]| name == b"_exported_one");
    let macho = MachO { exports: Some(&nothing), ..MachO::default() };
    let output = edit(&weak, &Edits { macho, strip: Strip::All, ..Edits::default() });
    assert!(symbols(&output).contains(&"_exported_one".to_owned()));
    let dropped = NameFilter { keep: None, drop: Some(&one) };
    let error = refused(&weak, &Edits { macho, symbols: dropped, ..Edits::default() });
    assert!(error.contains("removing symbol _exported_one"), "{error}");
}

#[test]
fn an_image_can_do_without_symbols() {
    for image in [MACHO_AMD64, MACHO_ARM64] {
        let macho = MachO { without: &[MachOPart::Symbols], ..MachO::default() };
        for strip in [Strip::None, Strip::All] {
            let output = edit(image, &Edits { strip, macho, ..Edits::default() });
            let symtab = command(&output, LC_SYMTAB);
            assert_eq!(u32_le(&output, symtab + 12), 0, "no symbol");
            assert_ne!(u32_le(&output, 24) & OUT_OF_SYNC, 0);
            assert_eq!(exports(&output), exports(image));
            // Stubs name no symbol, and are as many as they were.
            let dysymtab = command(&output, 0xb);
            let (at, count) = (u32_le(&output, dysymtab + 56), u32_le(&output, dysymtab + 60));
            assert_eq!(count, u32_le(image, command(image, 0xb) + 60));
            let stub = |number| u32_le(&output, (at + 4 * number) as usize);
            assert!(count > 0 && (0..count).all(|number| stub(number) == 0xc000_0000));
        }
    }
    // An old one is bound by them.
    let mut old = MACHO_AMD64.to_vec();
    let at = command(&old, LC_DYLD_INFO_ONLY);
    put_u32(&mut old, at, 0x24);
    let macho = MachO { without: &[MachOPart::Symbols], ..MachO::default() };
    let error = refused(&old, &Edits { macho, ..Edits::default() });
    assert!(error.contains("dyld binds this image by its symbols"), "{error}");
}

/// The fixture, with a symbol that Swift could have made, and a section that says so or not.
fn swift(version: u8) -> Vec<u8> {
    let mut image = MACHO_AMD64.to_vec();
    let at = entry(&image, "_hidden");
    let symtab = command(&image, LC_SYMTAB);
    let name = (u32_le(&image, symtab + 16) + u32_le(&image, at)) as usize;
    image[name..name + 7].copy_from_slice(b"_$shidd");
    let file = object::File::parse(MACHO_AMD64).expect("parses");
    let data = file.sections().find(|section| {
        let is_data = section.segment_name() == Ok(Some("__DATA"));
        is_data && section.size() >= 8 && section.file_range().is_some()
    });
    let data = data.expect("a section of data");
    let place = data.file_range().expect("in the file").0 as usize;
    let header = [data.name().expect("UTF-8").as_bytes(), b"\0"].concat();
    let header = (0..0x800).find(|at| image[*at..].starts_with(&header)).expect("its header");
    image[header..header + 16].copy_from_slice(b"__objc_imageinfo");
    image[place + 4..place + 8].copy_from_slice(&[0, version, 0, 0]);
    image
}

#[test]
fn symbols_of_swift_go_where_there_is_swift() {
    let macho = MachO { without: &[MachOPart::SwiftSymbols], ..MachO::default() };
    let edits = Edits { macho, ..Edits::default() };
    let count = |image: &[u8]| {
        let file = object::File::parse(image).expect("parses");
        file.symbols().filter(|it| it.name().is_ok_and(|name| name.starts_with("_$s"))).count()
    };
    let output = edit(&swift(7), &edits);
    assert_eq!((count(&swift(7)), count(&output)), (1, 0));
    assert!(symbols(&output).contains(&"_main".to_owned()));
    let output = edit(&swift(0), &edits);
    assert_eq!(count(&output), 1, "it says that it has none");
}

#[test]
fn the_debug_map_of_some_sources_stays() {
    let debugging = |image: &[u8]| -> usize {
        let symtab = command(image, LC_SYMTAB);
        let start = u32_le(image, symtab + 8) as usize;
        let count = u32_le(image, symtab + 12) as usize;
        (0..count).filter(|number| image[start + 16 * number + 4] & 0xe0 != 0).count()
    };
    let kept = |name: &'static [u8], strip, discard| {
        let is_kept = |source: &[u8]| source == name;
        let macho = MachO { debug_map_of: Some(&is_kept), ..MachO::default() };
        let output = edit(MACHO_AMD64, &Edits { strip, discard, macho, ..Edits::default() });
        debugging(&output)
    };
    let all = debugging(MACHO_AMD64);
    assert!(all > 0);
    for strip in [Strip::Debug, Strip::Unneeded, Strip::All] {
        assert_eq!(kept(b"sample.c", strip, Discard::None), all, "{strip:?}");
        assert_eq!(kept(b"sample.c", strip, Discard::All), all, "{strip:?}");
        assert_eq!(kept(b"other.c", strip, Discard::None), 0, "{strip:?}");
    }
}

#[test]
fn absolute_symbols_stay_where_that_is_asked_for() {
    let mut image = MACHO_AMD64.to_vec();
    let at = entry(&image, "_slot_one");
    // External and absolute, in no section.
    image[at + 4..at + 6].copy_from_slice(&[0x03, 0]);
    for (keeps_absolute, value, stays) in [(true, 1, true), (false, 1, false), (true, 0, false)] {
        image[at + 8..at + 16].copy_from_slice(&u64::to_le_bytes(value));
        let macho = MachO { keeps_absolute, ..MachO::default() };
        let output = edit(&image, &Edits { strip: Strip::All, macho, ..Edits::default() });
        assert_eq!(symbols(&output).contains(&"_slot_one".to_owned()), stays, "{value}");
    }
}

#[test]
fn load_commands_go_with_what_they_name() {
    let mut image = MACHO_ARM64.to_vec();
    // Of the same shape, and as little needed.
    let at = command(&image, LC_DATA_IN_CODE);
    put_u32(&mut image, at, LC_SEGMENT_SPLIT_INFO);
    for (part, kind) in [(MachOPart::Uuid, LC_UUID), (MachOPart::SplitInfo, LC_SEGMENT_SPLIT_INFO)]
    {
        let macho = MachO { without: &[part], ..MachO::default() };
        let output = edit(&image, &Edits { macho, ..Edits::default() });
        assert!(has_command(&image, kind) && !has_command(&output, kind), "{part:?}");
        assert_eq!(load_commands(&output).len() + 1, load_commands(&image).len());
        assert!(has_command(&output, LC_SEGMENT_64) && output.len() <= image.len());
        assert_eq!(exports(&output), exports(&image));
        let again = edit(&output, &Edits { macho, ..Edits::default() });
        assert_eq!(again, output, "{part:?}");
    }
}

#[test]
fn local_symbols_go_as_discard_says() {
    for image in [MACHO_AMD64, MACHO_ARM64] {
        let names = |discard| symbols(&edit(image, &Edits { discard, ..Edits::default() }));
        let (all, none) = (names(Discard::All), names(Discard::None));
        assert!(none.contains(&"_hidden".to_owned()) && !all.contains(&"_hidden".to_owned()));
        let global = |names: &[String]| -> Vec<String> {
            let exports = exports(image);
            names.iter().filter(|name| exports.contains(name)).cloned().collect()
        };
        assert_eq!(global(&all), global(&none));
        assert_eq!(names(Discard::Temporary), none, "no name begins with L");
    }
}

#[test]
fn other_formats_refuse_what_only_mach_o_has() {
    let macho = MachO { without: &[MachOPart::Uuid], ..MachO::default() };
    for image in [support::ELF_AMD64, support::PE_AMD64] {
        let error = refused(image, &Edits { macho, ..Edits::default() });
        assert!(error.contains("only Mach-O images can have"), "{error}");
    }
}
