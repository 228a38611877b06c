//! Origins, checked on images whose makers are known: samples, headers laid out by hand, and the
//! machine's own programs.

use object::write::Object as Writer;
use object::{Architecture, BinaryFormat, Endianness, SectionKind};
use proptest::prelude::*;
use rgo_binary::platforms::runs_on;
use rgo_binary::recovered::build_paths::build_paths;
use rgo_binary::recovered::crates::{CrateSource, recovered_crates};
use rgo_binary::recovered::origin::{ImageOrigin, Language, ToolRole, origin};
use rgo_binary::system::libc::libc;
use rgo_binary::system::{Texts, system};
use rgo_binary::{Confidence, Image, Limits, slices};

use crate::support::samples::{ELF, MACHO, PE, SAMPLES};

fn parse(data: &[u8]) -> Image<'_> {
    Image::parse(data, &Limits::default()).expect("an image parses")
}

fn origin_of(data: &[u8]) -> ImageOrigin {
    let image = parse(data);
    origin(&image)
}

fn tools(origin: &ImageOrigin) -> Vec<(ToolRole, String)> {
    origin.tools.iter().map(|tool| (tool.role, tool.to_string())).collect()
}

fn languages(origin: &ImageOrigin) -> Vec<(Language, Confidence)> {
    origin.languages.iter().map(|used| (used.language, used.confidence())).collect()
}

/// An object file with the given sections; a linker would only move them.
fn image_of(format: BinaryFormat, sections: &[(&str, SectionKind, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(format, Architecture::X86_64, Endianness::Little);
    for (name, kind, data) in sections {
        let id = writer.add_section(Vec::new(), name.as_bytes().to_vec(), *kind);
        writer.append_section_data(id, data, 1);
    }
    writer.write().expect("writes")
}

#[test]
fn samples_name_their_makers() {
    let elf = origin_of(ELF);
    assert_eq!(languages(&elf), [(Language::C, Confidence::Certain)]);
    let makers = [
        (ToolRole::Compiler, "clang 20.1.2".to_owned()),
        (ToolRole::Linker, "lld 20.1.2".to_owned()),
    ];
    assert_eq!(tools(&elf), makers);
    let places: Vec<_> = elf.tools[0].evidence.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(places, [".comment", "DW_AT_producer"]);
    assert_eq!(elf.problems, [""; 0]);

    let macho = origin_of(MACHO);
    assert_eq!(languages(&macho), [(Language::C, Confidence::Guess)]);
    assert_eq!(tools(&macho), [(ToolRole::Linker, "zig".to_owned())]);

    let pe = origin_of(PE);
    assert_eq!(languages(&pe), [(Language::C, Confidence::Certain)]);
    assert_eq!(pe.linker_version, Some((14, 0)));
    assert!(tools(&pe).contains(&(ToolRole::Compiler, "clang 20.1.2".to_owned())));
}

#[test]
fn every_comment_counts_once_and_the_unknown_are_kept() {
    let text = b"GCC: (Debian 12.2.0-14) 12.2.0\0rustc version 1.81.0 (eeb90cda1 2024-09-04)\0\
        rustc version 1.81.0 (eeb90cda1 2024-09-04)\0\0homemade 7\0";
    let paths = b"/rustc/eeb90cda1969383f56a2637cbd3037bdf598841c/library/core/src/a.rs";
    let data = image_of(
        BinaryFormat::Elf,
        &[
            (".comment", SectionKind::OtherString, text),
            (".rodata", SectionKind::ReadOnlyData, paths),
        ],
    );
    let origin = origin_of(&data);
    let expected = [
        (ToolRole::Compiler, "GCC 12.2.0"),
        (ToolRole::Compiler, "rustc 1.81.0"),
        (ToolRole::Other, "homemade 7"),
    ];
    assert_eq!(tools(&origin), expected.map(|(role, name)| (role, name.to_owned())));
    assert_eq!(origin.tools[1].evidence[0].count, 2);
    let [rust] = origin.rust.as_slice() else { panic!("one toolchain: {:?}", origin.rust) };
    assert_eq!(rust.version.as_deref(), Some("1.81.0"));
    assert_eq!(rust.commit.as_deref(), Some("eeb90cda1969383f56a2637cbd3037bdf598841c"));
    assert_eq!(rust.evidence.len(), 2);
}

#[test]
fn a_commit_that_no_release_has_is_told_as_it_is() {
    let paths = b"/rustc/f5eca4fcfa908d1e038afd19c6e746f075859130\\library\\core\\src\\a.rs";
    let data = image_of(BinaryFormat::Coff, &[(".rdata", SectionKind::ReadOnlyData, paths)]);
    // COFF objects are no images of their own: the same bytes in ELF.
    assert!(Image::parse(&data, &Limits::default()).is_err());
    let data = image_of(BinaryFormat::Elf, &[(".rdata", SectionKind::ReadOnlyData, paths)]);
    let [rust] = &*origin_of(&data).rust else { panic!("one toolchain") };
    assert_eq!(rust.version, None);
    assert_eq!(rust.commit.as_deref(), Some("f5eca4fcfa908d1e038afd19c6e746f075859130"));
}

/// `.debug_abbrev` of the units below.
#[rustfmt::skip]
const ABBREV: &[u8] = &[
    // DW_TAG_compile_unit, no children: DW_AT_producer string, DW_AT_language data1.
    1, 0x11, 0, 0x25, 0x08, 0x13, 0x0b, 0, 0,
    // The same with strp, data2.
    2, 0x11, 0, 0x25, 0x0e, 0x13, 0x05, 0, 0,
    // The same with strx1, and DW_AT_str_offsets_base behind it.
    3, 0x11, 0, 0x25, 0x25, 0x13, 0x0b, 0x72, 0x17, 0, 0,
    // DW_AT_producer string, DW_AT_name string.
    4, 0x11, 0, 0x25, 0x08, 0x03, 0x08, 0, 0,
    0,
];

/// `.debug_str` of the units below.
const STRINGS: &[u8] =
    b"pad\0clang LLVM (rustc version 1.88.0 (6b00bc388 2025-06-23))\0zig 0.15.2\0";

/// A unit of DWARF 4 or 5.
fn unit(version: u8, entry: &[u8]) -> Vec<u8> {
    let mut body = vec![version, 0];
    match version {
        // DW_UT_compile, size of an address, offset of the abbreviations.
        5 => body.extend([1, 8, 0, 0, 0, 0]),
        _ => body.extend([0, 0, 0, 0, 8]),
    }
    body.extend_from_slice(entry);
    let mut unit = u32::try_from(body.len()).expect("small").to_le_bytes().to_vec();
    unit.extend(body);
    unit
}

/// `.debug_info` of units with their strings in the entry, in `.debug_str`, and behind
/// `.debug_str_offsets`.
fn units() -> Vec<u8> {
    [
        unit(4, b"\x01GNU C17 12.2.0 -O2\0\x1d"),
        // It comes with the linker, and does not make a program one of Zig.
        unit(4, b"\x04zig 0.14.1\0compiler_rt\0"),
        unit(4, &[2, 4, 0, 0, 0, 0x1c, 0]),
        unit(5, &[3, 1, 0x27, 8, 0, 0, 0]),
        unit(4, b"\x01\0\x1a"),
    ]
    .concat()
}

/// An image with units, and besides their abbreviations these sections.
fn image_of_units(info: &[u8], more: &[(&str, SectionKind, &[u8])]) -> Vec<u8> {
    let sections =
        [(".debug_abbrev", SectionKind::Debug, ABBREV), (".debug_info", SectionKind::Debug, info)];
    image_of(BinaryFormat::Elf, &[&sections, more].concat())
}

fn compilers<const N: usize>(names: [&str; N]) -> [(ToolRole, String); N] {
    names.map(|name| (ToolRole::Compiler, name.to_owned()))
}

#[test]
fn units_name_producers_wherever_the_string_is() {
    let zig = u32::try_from(STRINGS.len() - 11).expect("small").to_le_bytes();
    let offsets = [&[8, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0][..], &zig].concat();
    let data = image_of_units(
        &units(),
        &[
            (".debug_str", SectionKind::DebugString, STRINGS),
            (".debug_str_offsets", SectionKind::Debug, &offsets),
        ],
    );
    let origin = origin_of(&data);
    assert_eq!(origin.problems, [""; 0]);
    let expected = compilers(["GCC 12.2.0", "rustc 1.88.0", "zig 0.14.1", "zig 0.15.2"]);
    assert_eq!(tools(&origin), expected, "{origin:#?}");
    let expected = [Language::Rust, Language::Zig, Language::Cpp, Language::C]
        .map(|language| (language, Confidence::Certain));
    assert_eq!(languages(&origin), expected);
    assert!(origin.languages.iter().all(|used| used.units == 1));
}

#[test]
fn a_reference_into_nowhere_hides_nothing_but_itself() {
    let info = units();
    let cut = image_of_units(&info, &[]);
    assert_eq!(tools(&origin_of(&cut)), compilers(["GCC 12.2.0", "zig 0.14.1"]));
    let cut = image_of_units(&info[..info.len() - 1], &[]);
    assert_eq!(origin_of(&cut).problems.len(), 1);
}

/// A PE image of headers alone, with a Rich header between the stub and "PE\0\0".
fn pe_with_rich(entries: &[(u16, u16, u32)], linker: (u8, u8)) -> Vec<u8> {
    const KEY: u32 = 0x1234_5678;
    let mut words = vec![u32::from_le_bytes(*b"DanS") ^ KEY, KEY, KEY, KEY];
    for (product, build, count) in entries {
        words.push((u32::from(*product) << 16 | u32::from(*build)) ^ KEY);
        words.push(count ^ KEY);
    }
    words.extend([u32::from_le_bytes(*b"Rich"), KEY]);
    let mut image = vec![0; 64];
    image[..2].copy_from_slice(b"MZ");
    image.extend(words.into_iter().flat_map(u32::to_le_bytes));
    let header = u32::try_from(image.len()).expect("small");
    image[0x3c..0x40].copy_from_slice(&header.to_le_bytes());
    image.extend_from_slice(b"PE\0\0");
    // x86-64, no sections, an optional header of 240 bytes, an executable.
    image.extend([0x64, 0x86, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 240, 0, 0x22, 0]);
    let mut optional = vec![0x0b, 0x02, linker.0, linker.1];
    optional.resize(240, 0);
    // Windows 6.0, console, 16 data directories.
    optional[48] = 6;
    optional[68] = 3;
    optional[108] = 16;
    image.extend(optional);
    image
}

#[test]
fn the_rich_header_is_counted() {
    let data = pe_with_rich(&[(0x105, 33808, 41), (0x01, 0, 177), (0x102, 34120, 1)], (14, 41));
    let origin = origin_of(&data);
    let entries: Vec<_> = origin
        .rich
        .iter()
        .map(|entry| (entry.product, entry.build, entry.count, entry.tool.as_deref()))
        .collect();
    let expected = [
        (0x105, 33808, 41, Some("cl (C++)")),
        (0x01, 0, 177, Some("imported symbols")),
        (0x102, 34120, 1, Some("link")),
    ];
    assert_eq!(entries, expected);
    let expected = [
        (ToolRole::Compiler, "cl (C++) build 33808".to_owned()),
        (ToolRole::Linker, "link 14.41.34120".to_owned()),
    ];
    assert_eq!(tools(&origin), expected);
    assert_eq!(languages(&origin), [(Language::Cpp, Confidence::Guess)]);
    let mut plain = pe_with_rich(&[], (2, 39));
    assert_eq!(tools(&origin_of(&plain)), [(ToolRole::Linker, "GNU ld 2.39".to_owned())]);
    // An address in data directory 14: the header of the .NET runtime.
    let directories = plain.len() - 128;
    plain[directories + 14 * 8 + 1] = 0x20;
    assert_eq!(languages(&origin_of(&plain)), [(Language::DotNet, Confidence::Certain)]);
}

#[test]
fn build_version_tools_are_listed() {
    let word = |value: u32| value.to_le_bytes();
    // LC_BUILD_VERSION: macOS 11.0, SDK 14.5, clang 15.0, ld 1053.12.
    let command = [0x32, 40, 1, 0x000b_0000, 0x000e_0500, 2, 1, 0x000f_0000, 3, 0x041d_0c00];
    // 64-bit, arm64, executable, one command.
    let header = [0xfeed_facf, 0x0100_000c, 0, 2, 1, 40, 0, 0];
    let data: Vec<u8> = header.into_iter().chain(command).flat_map(word).collect();
    let origin = origin_of(&data);
    let expected = [(ToolRole::Compiler, "clang 15.0"), (ToolRole::Linker, "Apple ld 1053.12")];
    assert_eq!(tools(&origin), expected.map(|(role, name)| (role, name.to_owned())));
    // More tools than the command has room for.
    let mut broken = data;
    broken[32 + 20] = 200;
    assert_eq!(origin_of(&broken).problems.len(), 1);
}

#[test]
fn sections_tell_languages() {
    let cases = [
        (".gopclntab", Language::Go),
        ("swift5_protocols", Language::Swift),
        (".debug-ghc-link-info", Language::Haskell),
    ];
    for (name, language) in cases {
        let data = image_of(BinaryFormat::Elf, &[(name, SectionKind::ReadOnlyData, &[0; 8])]);
        assert_eq!(languages(&origin_of(&data)), [(language, Confidence::Certain)], "{name}");
    }
    let zig = b"..reached unreachable code..attempt to use null value..";
    let data = image_of(BinaryFormat::Elf, &[(".rodata", SectionKind::ReadOnlyData, zig)]);
    assert_eq!(languages(&origin_of(&data)), [(Language::Zig, Confidence::Likely)]);
    let half = image_of(BinaryFormat::Elf, &[(".rodata", SectionKind::ReadOnlyData, &zig[..30])]);
    assert_eq!(languages(&origin_of(&half)), []);
}

#[test]
fn runtimes_tell_languages_by_what_they_say() {
    let says =
        "(GHC version %s for %s)\0Please report this: https://www.haskell.org/ghc/reportabug";
    let cases: [(&[u8], Language, Confidence); 6] = [
        (b"St9bad_alloc\0St9exception\0", Language::Cpp, Confidence::Likely),
        (b".?AVexception@std@@\0.?AVbad_alloc@std@@\0", Language::Cpp, Confidence::Likely),
        (says.as_bytes(), Language::Haskell, Confidence::Likely),
        (b"fatal.nim\0", Language::Nim, Confidence::Likely),
        (
            b"CRYSTAL_LOAD_DEBUG_INFO\0Unhandled exception in spawn: ",
            Language::Crystal,
            Confidence::Likely,
        ),
        (
            b"FPC \0\0FPC 3.2.2+dfsg-20 [2023/03/30] for x86_64 - Linux\0",
            Language::Pascal,
            Confidence::Certain,
        ),
    ];
    for (text, language, confidence) in cases {
        let data = image_of(
            BinaryFormat::Elf,
            &[
                (".comment", SectionKind::OtherString, b"GCC: (Debian 12.2.0-14) 12.2.0"),
                (".rodata", SectionKind::ReadOnlyData, text),
            ],
        );
        let origin = origin_of(&data);
        assert_eq!(languages(&origin), [(language, confidence)]);
        let fpc = (ToolRole::Compiler, "fpc 3.2.2+dfsg-20".to_owned());
        assert_eq!(tools(&origin).contains(&fpc), language == Language::Pascal);
    }
}

#[test]
fn crates_come_from_paths_and_symbols() {
    let paths =
        b"/home/u/.cargo/registry/src/index.example.org-1949cf8c6b5b557f/memchr-2.7.4/src/a.rs";
    let mut writer = Writer::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let id = writer.add_section(Vec::new(), b".rodata".to_vec(), SectionKind::ReadOnlyData);
    writer.append_section_data(id, paths, 1);
    for name in [
        "_RNvCsgStHSCytQ6I_6memchr3foo",
        "_ZN5regex3new17h0123456789abcdefE",
        "_ZN4core3fmt17h0123456789abcdefE",
        "_ZN3cpp3fooEv",
    ] {
        writer.add_symbol(object::write::Symbol {
            name: name.as_bytes().to_vec(),
            value: 0,
            size: 1,
            kind: object::SymbolKind::Data,
            scope: object::SymbolScope::Linkage,
            weak: false,
            section: object::write::SymbolSection::Section(id),
            flags: object::SymbolFlags::None,
        });
    }
    let data = writer.write().expect("writes");
    let found = recovered_crates(&parse(&data));
    assert!(found.partial && !found.truncated);
    let crates: Vec<_> = found
        .crates
        .iter()
        .map(|it| {
            (it.name.as_str(), it.version.as_ref().map(ToString::to_string), it.evidence.len())
        })
        .collect();
    let expected = [("core", None, 1), ("memchr", Some("2.7.4".to_owned()), 2), ("regex", None, 1)];
    assert_eq!(crates, expected);
    assert_eq!(found.crates[0].source, CrateSource::StandardLibrary);
    let leaks = build_paths(&parse(&data));
    assert_eq!(leaks.folders.len(), 1);
    assert_eq!(leaks.folders[0].folder, "/home/u");
    assert_eq!(leaks.folders[0].place, ".rodata");
}

/// Asks everything; the answer does not matter, that there is one does.
fn ask(data: &[u8]) {
    let limits =
        Limits { max_inflated: 1 << 20, max_symbols: 10_000, max_units: 1000, ..Limits::default() };
    for slice in slices(data, &limits).unwrap_or_default() {
        let _ = origin(&slice.image);
        let _ = recovered_crates(&slice.image);
        let _ = build_paths(&slice.image);
        if let Ok(linkage) = slice.image.linkage() {
            let texts = Texts::of(&slice.image, &linkage);
            let system = system(&slice.image, &linkage, &texts, None);
            let _ = libc(&slice.image, &linkage, system.as_ref(), &texts);
            let _ = runs_on(&slice.image, &linkage, system.as_ref());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn damage_is_answered(
        sample in 0..4_usize,
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..9),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let rich = pe_with_rich(&[(0x105, 33808, 41), (0x102, 34120, 1)], (14, 41));
        let mut data = SAMPLES.get(sample).map_or(rich, |sample| sample.to_vec());
        let at = 4 + at.index(data.len() - 12);
        data[at..at + bytes.len()].copy_from_slice(&bytes);
        if let Some(cut) = cut {
            data.truncate(4 + cut.index(data.len() - 4));
        }
        ask(&data);
    }

    #[test]
    fn any_text_is_answered(
        parts in prop::collection::vec(
            prop_oneof![
                "[ -~]{0,12}",
                Just("/registry/src/".to_owned()),
                Just("/git/checkouts/a-0123456789abcdef/1234567/".to_owned()),
                Just("/home/".to_owned()),
                Just("C:\\Users\\".to_owned()),
                Just("/rustc/eeb90cda1969383f56a2637cbd3037bdf598841c/library".to_owned()),
                Just("rustc-1.96.0".to_owned()),
                Just("/src/".to_owned()),
                Just("memchr-2.7.4".to_owned()),
                Just(".rs".to_owned()),
                Just("vendor\\".to_owned()),
            ],
            0..40,
        ),
    ) {
        let text = parts.concat();
        let sections = [(".rodata", SectionKind::ReadOnlyData, text.as_bytes())];
        ask(&image_of(BinaryFormat::Elf, &sections));
    }
}

/// Programs of this machine whose makers are known; what is absent is said, not passed over.
#[test]
fn programs_of_this_machine() {
    let home = std::env::var("HOME").unwrap_or_default();

    let cases = [
        ("/usr/local/go/bin/go".to_owned(), Language::Go),
        (format!("{home}/.cargo/bin/cargo"), Language::Rust),
        ("/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/kernel32.dll".to_owned(), Language::C),
        ("/usr/bin/rustc".to_owned(), Language::Rust),
    ];
    for (path, language) in cases {
        let Ok(data) = std::fs::read(&path) else {
            eprintln!("SKIPPED: {path} is not on this machine");
            continue;
        };
        let first = languages(&origin_of(&data)).first().map(|(language, _)| *language);
        assert_eq!(first, Some(language), "{path}");
    }
}
