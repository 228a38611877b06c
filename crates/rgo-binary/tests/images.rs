//! What is read from whole images of each format, checked against what their source says, against
//! a second reader, and against damage.

use object::{Object, ObjectSection};
use proptest::prelude::*;
use rgo_binary::debug::build_id::identities;
use rgo_binary::embedded::auditable;
use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::embedded::go_buildinfo;
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot;
use rgo_binary::security::hardening::hardening;
use rgo_binary::{
    Arch, DebugLevel, Error, Format, GlibcFloor, Image, Kind, Limits, Version, slices,
};

use crate::support::samples::{ELF, MACHO, PE, SAMPLES, fat, go_image};

fn parse(data: &[u8]) -> Image<'_> {
    Image::parse(data, &Limits::default()).expect("a sample parses")
}

#[test]
fn every_format_gives_back_what_its_source_put_in() {
    for data in SAMPLES {
        let image = parse(data);
        let found = rgo_note::find(&image).expect("reads").expect("is there");
        assert_eq!(found.capacity, 96);
        let info = BuildInfo::parse(found.text).expect("reads");
        assert_eq!((info.toolchain.as_str(), info.path.as_str()), ("rustc 1.96.0", "sample"));

        let list = auditable::find(&image).expect("reads").expect("is there");
        let names: Vec<_> = list.packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["log", "sample"]);
        assert!(list.packages[1].root);

        let slots = slot::list(&image).expect("reads");
        assert_eq!(slots.len(), 2);
        assert_eq!((slots[0].name.as_str(), slots[0].value.as_str()), ("sample::VERSION", "dev"));
        assert_eq!((slots[1].name.as_str(), slots[1].capacity), ("sample::COMMIT", 10));
        for slot in &slots {
            let at = usize::try_from(slot.value_offset).expect("small");
            assert!(data[at..].starts_with(slot.value.as_bytes()));
        }
        assert_eq!(go_buildinfo::find(&image).expect("reads"), None);
    }
}

#[test]
fn elf_linkage_and_debug_data() {
    let image = parse(ELF);
    assert_eq!((image.format(), image.arch()), (Format::Elf, &Arch::Amd64));
    let linkage = image.linkage().expect("reads");
    assert_eq!(linkage.kind, Kind::SharedLibrary);
    assert_eq!(linkage.needed, ["libc.so.6"]);
    assert_eq!(linkage.soname.as_deref(), Some("libsample.so"));
    assert_eq!(linkage.exports, ["sample_sum", "sample_zero"]);
    let floor = linkage.glibc_floor.expect("glibc is needed");
    assert_eq!(floor.version, Version { major: 2, minor: 2, patch: 5 });
    assert_eq!(floor.symbols, ["getpid"]);
    assert!(!linkage.static_);
    let debug = image.debug_data().expect("reads");
    assert_eq!((debug.level, debug.units.full), (DebugLevel::Full, 1));
    let ids = identities(&image).expect("reads");
    assert_eq!(ids.gnu_build_id.map(|id| id.len()), Some(40));
}

/// As `sstrip` leaves it: e_shoff, e_shnum, e_shstrndx are zero.
fn without_section_headers(data: &[u8]) -> Vec<u8> {
    let mut data = data.to_vec();
    data[0x28..0x30].fill(0);
    data[0x3c..0x40].fill(0);
    data
}

#[test]
fn without_section_headers_the_loader_is_asked_for_the_same() {
    let hard = include_bytes!("fixtures/facts/hard.so");
    let program = include_bytes!("fixtures/edit/elf-amd64");
    let arm = include_bytes!("fixtures/edit/elf-arm64");
    for data in [ELF, hard, program, arm] {
        let bare = without_section_headers(data);
        let (whole, bare) = (parse(data), parse(&bare));
        assert_eq!(bare.sections().count(), 0);
        assert_eq!(bare.linkage().expect("reads"), whole.linkage().expect("reads"));
        let (whole, bare) = (hardening(&whole).expect("reads"), hardening(&bare).expect("reads"));
        assert_eq!(bare.fortify, whole.fortify);
        assert_eq!(bare.stack_protector, whole.stack_protector);
    }
    // Where the symbols cannot be read either, no cause is made up.
    let mut bare = without_section_headers(ELF);
    let dynamic = parse(ELF).section(".dynamic").expect("is there");
    let at = usize::try_from(dynamic.file_offset.expect("in the file")).expect("small");
    let entries = dynamic.data.chunks_exact(16);
    for (number, entry) in entries.enumerate() {
        const DT_VERSYM: u64 = 0x6fff_fff0;
        if entry.starts_with(&DT_VERSYM.to_le_bytes()) {
            bare[at + 16 * number + 8..at + 16 * number + 16].fill(0);
        }
    }
    let floor = parse(&bare).linkage().expect("reads").glibc_floor.expect("glibc is needed");
    assert_eq!(floor.symbols, [""; 0]);
    assert_eq!(floor.causes(5), "symbols that cannot be told");
}

#[test]
fn what_no_symbol_asks_for_is_a_cause_by_its_own_name() {
    // The name of the version that `getpid` is bound to, by one of the same length.
    const NAME: &[u8] = b"GLIBC_2.2.5\0";
    let at = ELF.windows(NAME.len()).position(|window| window == NAME).expect("is there");
    let mut marked = ELF.to_vec();
    marked[at..at + NAME.len()].copy_from_slice(b"GLIBC_2.36\0\0");
    let floor = parse(&marked).linkage().expect("reads").glibc_floor.expect("glibc is needed");
    assert_eq!(floor.causes(5), "getpid");
    let floor = |symbols: &[&str], markers: &[&str]| GlibcFloor {
        version: Version::new(2, 36),
        symbols: symbols.iter().map(|name| (*name).to_owned()).collect(),
        markers: markers.iter().map(|name| (*name).to_owned()).collect(),
    };
    let relr = "relative relocations (GLIBC_ABI_DT_RELR)";
    assert_eq!(floor(&[], &["GLIBC_ABI_DT_RELR"]).causes(5), relr);
    assert_eq!(floor(&["a"], &["GLIBC_ABI_DT_RELR"]).causes(5), format!("{relr}, a"));
    assert_eq!(floor(&["a", "b", "c"], &[]).causes(2), "a, b and 1 more");
}

#[test]
fn a_version_that_only_weak_symbols_ask_for_is_no_floor() {
    // The first Elf64_Vernaux follows a Verneed of 16 bytes; its flags are behind a hash.
    let needs = parse(ELF).section(".gnu.version_r").and_then(|section| section.file_offset);
    let mut weak = ELF.to_vec();
    weak[needs.expect("asks for versions") as usize + 16 + 4] |= 2;
    assert_eq!(parse(&weak).linkage().expect("reads").glibc_floor, None);
}

#[test]
fn macho_linkage_and_debug_data() {
    let image = parse(MACHO);
    assert_eq!((image.format(), image.arch()), (Format::MachO, &Arch::Amd64));
    let linkage = image.linkage().expect("reads");
    assert_eq!(linkage.kind, Kind::SharedLibrary);
    assert_eq!(linkage.needed, ["/usr/lib/libSystem.B.dylib"]);
    assert_eq!(linkage.soname.as_deref(), Some("@rpath/libsample.dylib"));
    assert_eq!(linkage.macos_min, Some(Version::new(13, 0)));
    for name in ["_sample_sum", "_sample_zero"] {
        assert!(linkage.exports.iter().any(|export| export == name), "{name}");
    }
    let debug = image.debug_data().expect("reads");
    // The DWARF stayed in the object file, to which the debug map points.
    assert_eq!((debug.level, debug.object_files), (DebugLevel::Symbols, 1));
    assert_eq!(identities(&image).expect("reads").uuid.map(|id| id.len()), Some(36));
}

#[test]
fn pe_linkage_and_debug_data() {
    let image = parse(PE);
    assert_eq!((image.format(), image.arch()), (Format::Pe, &Arch::Amd64));
    let linkage = image.linkage().expect("reads");
    assert_eq!(linkage.kind, Kind::SharedLibrary);
    assert_eq!(linkage.needed, ["KERNEL32.dll"]);
    assert_eq!(linkage.exports, ["sample_sum", "sample_zero"]);
    assert_eq!(linkage.windows_os, Some((6, 0)));
    let debug = image.debug_data().expect("reads");
    assert_eq!((debug.level, debug.units.full), (DebugLevel::Full, 1));
    let pdb = identities(&image).expect("reads").pdb;
    assert_eq!(pdb.map(|pdb| pdb.path).as_deref(), Some("sample.pdb"));
}

/// The sample with other numbers at these offsets.
fn patched(changes: &[(usize, u32)]) -> Vec<u8> {
    let mut data = PE.to_vec();
    for (at, value) in changes {
        data[*at..][..4].copy_from_slice(&value.to_le_bytes());
    }
    data
}

/// The offsets of the sample's first data directory, and of the export table's header.
fn export_table() -> (usize, usize) {
    let number = |at: usize| u32::from_le_bytes(PE[at..][..4].try_into().expect("four bytes"));
    // The signature, the COFF header, and the optional header up to the directories.
    let directory = number(0x3c) as usize + 4 + 20 + 112;
    let image = parse(PE);
    let section = image.object().section_by_name(".rdata").expect("a section");
    let within = u64::from(number(directory)) - (section.address() - 0x1_8000_0000);
    (directory, (section.file_range().expect("bytes").0 + within) as usize)
}

/// The linker of .NET gives the size of the header alone, and the loader does not look at it.
#[test]
fn the_size_of_an_export_table_means_nothing() {
    let (directory, _) = export_table();
    for size in [0, 40, u32::MAX] {
        let linkage = parse(&patched(&[(directory + 4, size)])).linkage().expect("reads");
        assert_eq!(linkage.exports, ["sample_sum", "sample_zero"], "{size}");
        assert_eq!(linkage.soname, parse(PE).linkage().expect("reads").soname);
    }
}

#[test]
fn an_export_table_outside_of_the_file_is_an_error() {
    let (directory, header) = export_table();
    for (at, value, said) in [
        (directory, 0x7000_0000, "the header at address 0x70000000"),
        (header + 24, u32::MAX, "the name table at address"),
        (header + 32, 0x7000_0000, "the name table at address 0x70000000"),
        (header + 32, 0x1000, "a name at address"),
    ] {
        let error = parse(&patched(&[(at, value)])).linkage().expect_err(said).to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_fat_file_has_a_slice_per_architecture() {
    let both = fat(&[MACHO, MACHO]);
    let found = slices(&both, &Limits::default()).expect("reads");
    assert_eq!(found.len(), 2);
    for slice in &found {
        assert_eq!(slice.image.data(), MACHO);
        assert_eq!(slice.arch, Arch::Amd64);
    }
    assert!(matches!(Image::parse(&both, &Limits::default()), Err(Error::Unsupported { .. })));
    let cut = &both[..both.len() - 1];
    let error = slices(cut, &Limits::default()).expect_err("the last slice is cut");
    assert!(error.to_string().contains("reach outside the file"), "{error}");
    assert_eq!(slices(ELF, &Limits::default()).expect("reads").len(), 1);
}

#[test]
fn go_blobs_of_both_forms_are_read() {
    for little in [true, false] {
        for inline in [true, false] {
            let data = go_image(little, inline, "go1.13", "path\texample.com/x\n");
            let info = go_buildinfo::find(&parse(&data)).expect("reads").expect("is there");
            assert_eq!(info.version, "go1.13", "little {little}, inline {inline}");
            assert_eq!(info.build_info().expect("reads").path, "example.com/x");
        }
    }
}

#[test]
fn limits_hold() {
    let strict = |limits: Limits| Image::parse(ELF, &limits);
    let small = Limits { max_file: 100, ..Limits::default() };
    assert!(matches!(strict(small), Err(Error::Limit { .. })));
    let few = Limits { max_symbols: 1, ..Limits::default() };
    assert!(matches!(strict(few).expect("parses").linkage(), Err(Error::Limit { .. })));
    let none = Limits { max_units: 0, ..Limits::default() };
    assert!(matches!(strict(none).expect("parses").debug_data(), Err(Error::Limit { .. })));

    // 64 MiB of blanks in 64 KiB: refused before they are there.
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; 64 << 20], 9);
    let tight = Limits { max_inflated: 1 << 20, ..Limits::default() };
    assert!(matches!(auditable::read(&bomb, &tight), Err(Error::Limit { .. })));
}

/// What `goblin` reads of an image.
struct Theirs {
    needed: Vec<String>,
    soname: Option<String>,
    exports: Vec<String>,
    /// Names and addresses.
    sections: Vec<(String, u64)>,
}

impl Theirs {
    fn of_elf(elf: &goblin::elf::Elf<'_>) -> Self {
        let defined = elf.dynsyms.iter().filter(|it| !it.is_import() && it.st_shndx != 0);
        let name = |at| elf.shdr_strtab[at].to_owned();
        let headers = elf.section_headers.iter().skip(1);
        Self {
            needed: owned(&elf.libraries),
            soname: elf.soname.map(str::to_owned),
            exports: defined
                .filter_map(|symbol| elf.dynstrtab.get_at(symbol.st_name))
                .map(str::to_owned)
                .collect(),
            sections: headers.map(|header| (name(header.sh_name), header.sh_addr)).collect(),
        }
    }

    fn of_macho(macho: &goblin::mach::MachO<'_>) -> Self {
        let exports = macho.exports().expect("goblin reads exports");
        let sections = macho.segments.sections().flatten();
        Self {
            // The first library that goblin lists is the image itself.
            needed: owned(&macho.libs[1..]),
            soname: macho.name.map(str::to_owned),
            exports: exports.into_iter().map(|export| export.name).collect(),
            sections: sections
                .map(|section| section.expect("goblin reads sections").0)
                .map(|section| (section.name().expect("UTF-8").to_owned(), section.addr))
                .collect(),
        }
    }

    fn of_pe(pe: &goblin::pe::PE<'_>) -> Self {
        let address = |virtual_address| pe.image_base + u64::from(virtual_address);
        Self {
            needed: owned(&pe.libraries),
            soname: pe.name.map(str::to_owned),
            exports: pe.exports.iter().filter_map(|it| it.name).map(str::to_owned).collect(),
            sections: pe
                .sections
                .iter()
                .map(|it| (it.name().expect("UTF-8").to_owned(), address(it.virtual_address)))
                .collect(),
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What `goblin` and this crate (by `object`) both know of an image has to be the same.
#[test]
fn goblin_and_object_agree() {
    for data in SAMPLES {
        let image = parse(data);
        let linkage = image.linkage().expect("reads");
        let mut theirs = match goblin::Object::parse(data).expect("goblin parses") {
            goblin::Object::Elf(elf) => {
                assert_eq!(linkage.interpreter.as_deref(), elf.interpreter);
                Theirs::of_elf(&elf)
            }
            goblin::Object::Mach(goblin::mach::Mach::Binary(macho)) => Theirs::of_macho(&macho),
            goblin::Object::PE(pe) => Theirs::of_pe(&pe),
            other => panic!("goblin sees {other:?}"),
        };
        theirs.exports.sort_unstable();
        let sections = image.object().sections();
        let sections: Vec<_> = sections
            .map(|section| (section.name().expect("UTF-8").to_owned(), section.address()))
            .collect();
        assert_eq!(linkage.needed, theirs.needed);
        assert_eq!(linkage.soname, theirs.soname);
        assert_eq!(linkage.exports, theirs.exports);
        assert_eq!(sections, theirs.sections);
    }
}

proptest! {
    #[test]
    fn slots_are_read_as_they_are_written(
        values in prop::collection::vec(("[a-zA-Z:_]{1,20}", "\\PC{0,12}", 0_u32..40), 0..5),
        padding in 0_usize..4,
        base in 0_u64..1000,
    ) {
        let mut section = Vec::new();
        for (name, value, spare) in &values {
            let capacity = u32::try_from(value.len()).expect("short") + spare;
            section.extend(slot::encode(name, capacity, value).expect("fits"));
            section.resize(section.len() + padding * slot::ALIGN, 0);
        }
        let slots = slot::parse(&section, base).expect("reads");
        prop_assert_eq!(slots.len(), values.len());
        for (slot, (name, value, spare)) in slots.iter().zip(&values) {
            prop_assert_eq!(&slot.name, name);
            prop_assert_eq!(&slot.value, value);
            prop_assert_eq!(slot.capacity as usize, value.len() + *spare as usize);
            let at = usize::try_from(slot.value_offset - base).expect("small");
            prop_assert_eq!(&section[at..at + value.len()], value.as_bytes());
        }
    }
}
