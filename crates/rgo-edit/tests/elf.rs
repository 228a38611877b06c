//! ELF objects and archives of them, and what of an image can be chosen by name: a linker and a
//! loader find what they found.

use object::write::{self, Relocation, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, CompressionFormat, Endianness, Object, ObjectSection, ObjectSymbol,
    RelocationEncoding, RelocationFlags, RelocationKind, SectionKind, SymbolFlags, SymbolKind,
    SymbolScope, elf,
};
use proptest::prelude::*;
use rgo_edit::{Compression, Edits, NameFilter, SignaturePolicy, Strip, apply, only_keep_debug};

use crate::support::{ELF_AMD64, ELF_ARM64};

/// An object with a symbol of each kind; relocations of `.text` name `outside` and `helper`.
fn object(architecture: Architecture, endian: Endianness, sections: usize) -> Vec<u8> {
    let mut object = write::Object::new(BinaryFormat::Elf, architecture, endian);
    let text = object.add_section(Vec::new(), b".text".to_vec(), SectionKind::Text);
    object.append_section_data(text, &[0; 64], 16);
    let debug = object.add_section(Vec::new(), b".debug_info".to_vec(), SectionKind::Debug);
    object.append_section_data(debug, &[7; 640], 1);
    let mut add = |name: &str, scope, kind, section| {
        object.add_symbol(Symbol {
            name: name.into(),
            value: 8,
            size: 4,
            kind,
            scope,
            weak: false,
            section,
            flags: SymbolFlags::None,
        })
    };
    let here = SymbolSection::Section(text);
    let (local, global) = (SymbolScope::Compilation, SymbolScope::Dynamic);
    add("source.c", local, SymbolKind::File, SymbolSection::None);
    add("unused", local, SymbolKind::Text, here);
    let helper = add("helper", local, SymbolKind::Text, here);
    add("exported", global, SymbolKind::Text, here);
    let outside = add("outside", global, SymbolKind::Unknown, SymbolSection::Undefined);
    add("asked_by_nobody", global, SymbolKind::Unknown, SymbolSection::Undefined);
    let size = if architecture == Architecture::X86_64 { 64 } else { 32 };
    let relocation = |offset, symbol| Relocation {
        offset,
        symbol,
        addend: 0,
        flags: RelocationFlags::Generic {
            kind: RelocationKind::Absolute,
            encoding: RelocationEncoding::Generic,
            size,
        },
    };
    let debug_symbol = object.section_symbol(debug);
    object.add_relocation(text, relocation(8, outside)).expect("relocates");
    object.add_relocation(text, relocation(16, helper)).expect("relocates");
    object.add_relocation(debug, relocation(8, debug_symbol)).expect("relocates");
    for number in 0..sections {
        let name = format!(".text.{number}");
        let id = object.add_section(Vec::new(), name.clone().into(), SectionKind::Text);
        object.append_section_data(id, &[1], 1);
        object.add_symbol(Symbol {
            name: name.into(),
            value: 0,
            size: 1,
            kind: SymbolKind::Text,
            scope: SymbolScope::Dynamic,
            weak: false,
            section: SymbolSection::Section(id),
            flags: SymbolFlags::None,
        });
    }
    object.write().expect("writes")
}

fn objects() -> [Vec<u8>; 3] {
    [
        object(Architecture::X86_64, Endianness::Little, 0),
        object(Architecture::PowerPc, Endianness::Big, 0),
        object(Architecture::Arm, Endianness::Little, 0),
    ]
}

fn edit(input: &[u8], edits: &Edits<'_>) -> Vec<u8> {
    apply(input, edits).expect("edits").bytes
}

fn strip(input: &[u8], strip: Strip) -> Vec<u8> {
    edit(input, &Edits { strip, ..Edits::default() })
}

fn refused(input: &[u8], edits: &Edits<'_>) -> String {
    apply(input, edits).expect_err("refuses").to_string()
}

/// Names of symbols, those of sections left out, and where they are defined.
fn symbols(image: &[u8]) -> Vec<(String, String)> {
    let file = object::File::parse(image).expect("parses");
    let named = file.symbols().filter(|symbol| symbol.kind() != SymbolKind::Section);
    named
        .map(|symbol| {
            let home = symbol.section_index().map(|index| {
                let section = file.section_by_index(index).expect("a section");
                section.name().expect("UTF-8").to_owned()
            });
            (symbol.name().expect("UTF-8").to_owned(), home.unwrap_or_default())
        })
        .collect()
}

fn symbol_names(image: &[u8]) -> Vec<String> {
    symbols(image).into_iter().map(|(name, _)| name).collect()
}

fn section_names(image: &[u8]) -> Vec<String> {
    let file = object::File::parse(image).expect("parses");
    file.sections().map(|section| section.name().expect("UTF-8").to_owned()).collect()
}

/// What the relocations of `.text` name.
fn needed(image: &[u8]) -> Vec<String> {
    let file = object::File::parse(image).expect("parses");
    let text = file.section_by_name(".text").expect("is there");
    let relocations = text.relocations().map(|(_, relocation)| match relocation.target() {
        object::RelocationTarget::Symbol(index) => {
            let symbol = file.symbol_by_index(index).expect("a symbol");
            symbol.name().expect("UTF-8").to_owned()
        }
        other => panic!("{other:?}"),
    });
    relocations.collect()
}

#[test]
fn objects_keep_what_a_linker_needs() {
    for input in objects() {
        let debug = strip(&input, Strip::Debug);
        assert_eq!(
            symbol_names(&debug),
            ["unused", "helper", "exported", "outside", "asked_by_nobody"]
        );
        let unneeded = strip(&input, Strip::Unneeded);
        assert_eq!(symbol_names(&unneeded), ["helper", "exported", "outside"]);
        for output in [&debug, &unneeded] {
            assert_eq!(needed(output), ["outside", "helper"]);
            assert!(!section_names(output).iter().any(|name| name.contains("debug")));
            assert!(output.len() < input.len());
        }
        assert_eq!(strip(&debug, Strip::Unneeded), unneeded);
        let all = strip(&input, Strip::All);
        assert_eq!(section_names(&all), [".text", ".shstrtab"]);
        assert_eq!(strip(&all, Strip::All), all);
    }
}

#[test]
fn what_relocations_need_is_not_taken_by_name() {
    let meant = |wanted: &'static str| move |name: &[u8]| name == wanted.as_bytes();
    for input in objects() {
        for strip in [Strip::None, Strip::Debug] {
            let drop = meant("helper");
            let symbols = NameFilter { keep: None, drop: Some(&drop) };
            let error = refused(&input, &Edits { strip, symbols, ..Edits::default() });
            assert!(error.contains("helper") && error.contains("relocation"), "{error}");
            let drop = meant("unused");
            let symbols = NameFilter { keep: None, drop: Some(&drop) };
            let output = edit(&input, &Edits { strip, symbols, ..Edits::default() });
            assert!(!symbol_names(&output).contains(&"unused".to_owned()));
            assert_eq!(needed(&output), ["outside", "helper"]);
        }
        let drop = meant(".symtab");
        let sections = NameFilter { keep: None, drop: Some(&drop) };
        let error = refused(&input, &Edits { sections, ..Edits::default() });
        assert!(error.contains("relocations need"), "{error}");
        // A section that a mode takes stays with its relocations.
        let keep = meant(".debug_info");
        let sections = NameFilter { keep: Some(&keep), drop: None };
        let output = edit(&input, &Edits { strip: Strip::Debug, sections, ..Edits::default() });
        let debug = section_names(&output).into_iter().filter(|name| name.contains("debug"));
        assert_eq!(debug.count(), 2, "{:?}", section_names(&output));
    }
}

#[test]
fn more_sections_than_a_symbol_can_count() {
    let input = object(Architecture::X86_64, Endianness::Little, 0xff40);
    assert!(section_names(&input).iter().any(|name| name == ".symtab_shndx"));
    let output = strip(&input, Strip::Debug);
    let mut expected = symbols(&input);
    expected.retain(|(name, _)| name != "source.c");
    assert_eq!(symbols(&output), expected);
    let few = strip(&object(Architecture::X86_64, Endianness::Little, 0xfefa), Strip::Debug);
    assert!(symbols(&few).iter().all(|(name, home)| !name.starts_with('.') || name == home));
}

#[test]
fn symbols_and_sections_by_name() {
    for input in [ELF_AMD64, ELF_ARM64] {
        let keep = |name: &[u8]| name == b"main";
        let symbols = NameFilter { keep: Some(&keep), drop: None };
        let output = edit(input, &Edits { strip: Strip::All, symbols, ..Edits::default() });
        assert_eq!(symbol_names(&output), ["main"]);
        assert_eq!(place_of_main(&output), place_of_main(input));
        let drop = |name: &[u8]| name == b"main";
        let symbols = NameFilter { keep: None, drop: Some(&drop) };
        let output = edit(input, &Edits { symbols, ..Edits::default() });
        assert_eq!(symbol_names(&output).len() + 1, symbol_names(input).len());

        let keep = |name: &[u8]| name == b".debug_line";
        let drop = |name: &[u8]| name == b".comment";
        let sections = NameFilter { keep: Some(&keep), drop: Some(&drop) };
        let output = edit(input, &Edits { strip: Strip::All, sections, ..Edits::default() });
        let names = section_names(&output);
        assert!(names.contains(&".debug_line".to_owned()), "{names:?}");
        assert!(!names.contains(&".comment".to_owned()), "{names:?}");
        for loaded in [".text", ".rgo-bi", ".dynsym", ".shstrtab"] {
            let drop = |name: &[u8]| name == loaded.as_bytes();
            let sections = NameFilter { keep: None, drop: Some(&drop) };
            let error = refused(input, &Edits { sections, ..Edits::default() });
            assert!(error.contains(loaded), "{error}");
        }
    }
}

/// Address and size of `main`.
fn place_of_main(image: &[u8]) -> Option<(u64, u64)> {
    let file = object::File::parse(image).expect("parses");
    let main = file.symbols().find(|symbol| symbol.name() == Ok("main"))?;
    Some((main.address(), main.size()))
}

#[test]
fn sections_are_added_once() {
    for input in [ELF_AMD64, &objects()[1]] {
        let added: [(&str, &[u8]); 1] = [(".words", b"some words")];
        let edits = Edits { added: &added, ..Edits::default() };
        let output = edit(input, &edits);
        let file = object::File::parse(output.as_slice()).expect("parses");
        let section = file.section_by_name(".words").expect("is there");
        assert_eq!((section.data(), section.address()), (Ok(&b"some words"[..]), 0));
        assert!(refused(&output, &edits).contains("there is one of that name"));
    }
}

/// Names and bytes of sections, in the order of their headers.
fn contents(image: &[u8]) -> Vec<(String, Vec<u8>)> {
    let file = object::File::parse(image).expect("parses");
    let sections = file.sections();
    sections
        .map(|section| {
            let data = section.data().expect("lies within").to_vec();
            (section.name().expect("UTF-8").to_owned(), data)
        })
        .collect()
}

#[test]
fn debug_sections_are_compressed_and_back() {
    for (input, name) in [(ELF_AMD64, ".debug_str"), (&objects()[1], ".debug_info")] {
        let with =
            |input: &[u8], how| edit(input, &Edits { compression: Some(how), ..Edits::default() });
        let plain = with(input, Compression::None);
        for (how, format) in [
            (Compression::Zlib, CompressionFormat::Zlib),
            (Compression::Zstd, CompressionFormat::Zstandard),
        ] {
            let output = with(input, how);
            assert!(output.len() < input.len());
            let (old, new) = (object::File::parse(input), object::File::parse(output.as_slice()));
            let (old, new) = (old.expect("parses"), new.expect("parses"));
            let section = new.section_by_name(name).expect("is there");
            assert_eq!(section.compressed_data().expect("reads").format, format);
            for (old, new) in old.sections().zip(new.sections()) {
                // Names may have moved within their tables.
                if old.name().is_ok_and(|name| name.ends_with("tab")) {
                    continue;
                }
                assert_eq!(old.name(), new.name());
                assert_eq!(old.uncompressed_data(), new.uncompressed_data());
                let object::SectionFlags::Elf { sh_flags, .. } = new.flags() else { panic!() };
                let both = elf::SHF_ALLOC.0 | elf::SHF_COMPRESSED.0;
                assert_ne!(sh_flags.0 & both, both, "what is loaded is not compressed");
            }
            assert_eq!(with(&output, how), output);
            // Not in this order in the file: an object's sections lie where they take less.
            assert_eq!(contents(&with(&output, Compression::None)), contents(&plain));
            let [one, other] = [&output, &plain].map(|image| strip(image, Strip::All));
            assert_eq!(contents(&one), contents(&other));
        }
    }
}

#[test]
fn data_at_the_end_stay_where_all_stays() {
    let mut input = strip(ELF_AMD64, Strip::All);
    input.extend(b"payload");
    assert_eq!(strip(&input, Strip::All), input);
    let edits = Edits { strip: Strip::All, ..Edits::default() };
    let warnings = rgo_edit::edit(&input, &edits).expect("keeps").warnings;
    assert_eq!(warnings, ["the last 7 bytes belong to no section, and stay"]);
    let error = refused(&input, &Edits { debuglink: Some(("x", 1)), ..Edits::default() });
    assert!(error.contains("7 bytes at"), "{error}");
}

/// An archive as GNU's: a table of symbols, long names, members with odd sizes.
fn archive(objects: &[&[u8]]) -> Vec<u8> {
    let member = |name: &str, content: &[u8]| {
        let mut bytes = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}", 7, 1, 2, 644).into_bytes();
        bytes.extend(format!("{:<10}`\n", content.len()).bytes());
        bytes.extend_from_slice(content);
        if !content.len().is_multiple_of(2) {
            bytes.push(b'\n');
        }
        bytes
    };
    let names = member("//", b"a_rather_long_name.o/\n");
    let text = member("notes.txt/", b"odd");
    let table_size = 4 + objects.len() * (4 + "exported".len() + 1);
    let mut at = 8 + 60 + table_size.next_multiple_of(2) + names.len() + text.len();
    let mut table = (objects.len() as u32).to_be_bytes().to_vec();
    let mut members = Vec::new();
    for object in objects {
        table.extend((at as u32).to_be_bytes());
        let bytes = member("/0", object);
        at += bytes.len();
        members.extend(bytes);
    }
    objects.iter().for_each(|_| table.extend(b"exported\0"));
    [b"!<arch>\n".to_vec(), member("/", &table), names, text, members].concat()
}

#[test]
fn archives_are_edited_member_by_member() {
    let objects = objects();
    let objects: Vec<&[u8]> = objects.iter().map(Vec::as_slice).collect();
    let input = archive(&objects);
    for how in [Strip::Debug, Strip::Unneeded] {
        let stripped: Vec<_> = objects.iter().map(|object| strip(object, how)).collect();
        let stripped: Vec<&[u8]> = stripped.iter().map(Vec::as_slice).collect();
        let output = strip(&input, how);
        assert_eq!(output, archive(&stripped), "{how:?}");
        assert_eq!(strip(&output, how), output);
    }
    // What is gone is not to be found in the table of symbols either.
    let output = strip(&input, Strip::All);
    let file = object::read::archive::ArchiveFile::parse(output.as_slice()).expect("parses");
    assert_eq!(file.symbols().expect("reads").into_iter().flatten().count(), 0);
    assert_eq!(file.members().count(), 4);
    let mut thin = input.clone();
    thin[2..6].copy_from_slice(b"thin");
    let error = refused(&thin, &Edits { strip: Strip::Debug, ..Edits::default() });
    assert!(error.contains("thin"), "{error}");
}

#[test]
fn members_lose_their_origin_where_that_is_asked_for() {
    let input = archive(&[ELF_AMD64]);
    let output = edit(&input, &Edits { deterministic: true, ..Edits::default() });
    assert_eq!(output.len(), input.len());
    let headers = |archive: &[u8]| -> Vec<String> {
        let parsed = object::read::archive::ArchiveFile::parse(archive).expect("parses");
        let members = parsed.members().map(|member| member.expect("reads"));
        let at = members.map(|member| member.file_range().0 as usize - 60);
        [8].into_iter()
            .chain(at)
            .map(|at| String::from_utf8_lossy(&archive[at + 16..at + 48]).into_owned())
            .collect()
    };
    let origin = |time, id, mode| format!("{time:<12}{id:<6}{id:<6}{mode:<8}");
    assert_eq!(headers(&output), [origin(0, 0, 0), origin(0, 0, 644), origin(0, 0, 644)]);
    let differing = input.iter().zip(&output).filter(|(old, new)| old != new).count();
    assert_eq!(
        differing,
        3 * 3 + 3,
        "time, owner and group of three, and a mode, and no byte else"
    );
}

#[test]
fn what_elf_has_not_is_refused() {
    let error = refused(ELF_AMD64, &Edits { sign: SignaturePolicy::AdHoc, ..Edits::default() });
    assert!(error.contains("signature"), "{error}");
    assert_eq!(
        edit(ELF_AMD64, &Edits { sign: SignaturePolicy::None, ..Edits::default() }),
        ELF_AMD64
    );
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2000), ..ProptestConfig::default() })]

    #[test]
    fn broken_objects_and_archives_are_answered(
        which in 0..4_usize,
        changes in prop::collection::vec((0..8000_usize, any::<u8>(), any::<bool>()), 1..6),
    ) {
        let objects = objects();
        let compression = Some(Compression::Zlib);
        let mut input = match objects.get(which) {
            Some(object) => edit(object, &Edits { compression, ..Edits::default() }),
            None => archive(&objects.each_ref().map(Vec::as_slice)),
        };
        for (at, byte, wide) in changes {
            let at = at % (input.len() - 4);
            let size = if wide { 4 } else { 1 };
            input[at..at + size].fill(byte);
        }
        let keep = |name: &[u8]| name.starts_with(b".debug");
        let sections = NameFilter { keep: Some(&keep), drop: None };
        let all = [
            Edits { strip: Strip::Debug, ..Edits::default() },
            Edits { strip: Strip::Unneeded, debuglink: Some(("x", 1)), ..Edits::default() },
            Edits { strip: Strip::All, sections, ..Edits::default() },
            Edits { compression: Some(Compression::None), ..Edits::default() },
        ];
        for edits in all {
            if let Ok(output) = apply(&input, &edits) {
                prop_assert!(output.bytes.len() <= 8 * input.len() + 0x1_0000);
            }
        }
        if let Ok(companion) = only_keep_debug(&input) {
            prop_assert!(companion.size() <= 2 * input.len() as u64 + 0x1000);
        }
    }
}
