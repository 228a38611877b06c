//! Go programs without symbols and build information: every layout of the function table, both
//! sizes of a pointer, both byte orders and every format, from bytes laid out as documented.

use rgo_binary::recovered::go::{self, FoundIn, PclntabLayout};
use rgo_binary::{Error, Image, Limits};

use crate::support::bytes::Bytes;
use crate::support::go_programs::{MAGICS, Program, SIZE};
use crate::support::samples;

const NAMES: [&str; 4] = [".text", ".gopclntab", ".rodata", ".data"];

fn image(data: &[u8]) -> Image<'_> {
    Image::parse(data, &Limits::default()).expect("the image parses")
}

/// Every layout with every size and order.
fn programs() -> impl Iterator<Item = Program> {
    MAGICS.into_iter().flat_map(|magic| {
        [(4, false), (4, true), (8, false), (8, true)]
            .map(|(size, big)| Program::new(magic, size, big))
    })
}

/// All that the table says is what the program was made of.
#[track_caller]
fn check(program: &Program, data: &[u8]) {
    let image = image(data);
    let what = format!("{:x}, {} bytes, big {}", program.magic, program.size, program.big);
    let table = go::pclntab(&image).expect(&what).expect(&what);
    let layouts =
        [PclntabLayout::Go12, PclntabLayout::Go116, PclntabLayout::Go118, PclntabLayout::Go120];
    let layout = MAGICS.iter().zip(layouts).find(|(magic, _)| **magic == program.magic);
    assert_eq!(Some(table.layout()), layout.map(|(_, layout)| layout));
    assert_eq!(table.function_count(), program.functions.len());
    let found: Vec<_> = table
        .functions()
        .map(|function| (function.name, table.file(&function), function.entry, function.size))
        .collect();
    let expected: Vec<_> = (0_u64..)
        .zip(&program.functions)
        .map(|(index, (name, file))| (*name, *file, program.text() + index * SIZE, Some(SIZE)))
        .collect();
    assert_eq!(found, expected, "{what}");
    let files: Vec<_> = program.functions.iter().filter_map(|(_, file)| *file).collect();
    assert_eq!(table.files().collect::<Vec<_>>(), files, "{what}");

    let told = go::recovered(&image).expect(&what).expect(&what);
    let toolchain = told.toolchain.expect(&what);
    assert_eq!(toolchain.value, program.version, "{what}");
    assert_eq!(toolchain.evidence, FoundIn::BuildVersionString);
    let goos = told.goos.expect("its files tell");
    assert_eq!((goos.value.as_str(), goos.evidence), ("linux", FoundIn::FileTable));
    let main = told.main_package.expect(&what);
    assert_eq!(main.value, "github.com/me/prog/cmd/prog");
    let module = told.main_module.expect(&what);
    assert_eq!((module.path.as_str(), module.version), ("github.com/me/prog", None));
    let modules: Vec<_> =
        told.modules.iter().map(|it| (it.path.as_str(), it.version.as_deref())).collect();
    assert_eq!(modules, [("a.b/c/v2", Some("v2.3.4"))]);
    let packages: Vec<_> = told.packages.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(packages, ["a.b/c/v2/d.x", "github.com/me/prog/internal/x"]);
}

#[test]
fn every_layout_is_read_from_elf() {
    for program in programs() {
        check(&program, &program.elf(Some(&NAMES)));
    }
}

#[test]
fn the_table_is_found_without_its_name() {
    for program in programs() {
        for names in [
            [".text", ".data.rel.ro.gopclntab", ".rodata", ".data"],
            [".text", ".data.rel.ro", ".rodata", ".go.module"],
        ] {
            check(&program, &program.elf(Some(&names)));
        }
        check(&program, &program.elf(None));
        if !program.big {
            check(&program, &program.pe());
        }
    }
    // A section of any other name is not searched.
    let other = Program::new(MAGICS[3], 8, false).elf(Some(&[".text", ".x", ".rodata", ".data"]));
    assert!(go::pclntab(&image(&other)).expect("reads").is_none());
    assert_eq!(go::recovered(&image(&other)), Ok(None));
}

#[test]
fn pointers_of_mach_o_are_followed_plain_and_chained() {
    for magic in MAGICS {
        let program = Program::new(magic, 8, false);
        check(&program, &program.macho(|address| address));
        // DYLD_CHAINED_PTR_64: the address, and the distance of the next pointer above.
        check(&program, &program.macho(|address| address | 2 << 51));
        // DYLD_CHAINED_PTR_64_OFFSET: the distance from the image's start.
        check(&program, &program.macho(|address| (address - program.base) | 2 << 51));
    }
}

#[test]
fn pointers_that_the_loader_fills_in_are_taken_from_relocations() {
    for magic in MAGICS {
        let program = Program::new(magic, 8, false);
        let mut sections = program.sections(|address| address).to_vec();
        let functab = usize::try_from(program.table().1[4]).expect("small");
        let count = program.functions.len();
        let entries = functab..functab + (2 * count + 1) * 8;
        let entries = if magic < 0xffff_fff8 { 0..0 } else { entries };
        let variables = 0..sections[3].2.len() / 8 * 8;
        let mut relocations = Bytes::new(8, false);
        for (section, places) in [(1, entries), (3, variables)] {
            let (address, _, data) = &mut sections[section];
            for place in places.step_by(8) {
                let word = &mut data[place..place + 8];
                let value = u64::from_le_bytes((&*word).try_into().expect("eight bytes"));
                if (program.base..program.base + 0x10_0000).contains(&value) {
                    word.fill(0);
                    // r_offset, R_X86_64_RELATIVE, r_addend
                    relocations.numbers(&[(*address + place as u64, 8), (8, 8), (value, 8)]);
                }
            }
        }
        assert!(relocations.data.len() > 24 * 10);
        sections.push((program.base, false, relocations.data));
        let names = [".text", ".gopclntab", ".rodata", ".data", ".rela.dyn"];
        check(&program, &program.elf_of(&sections, Some(&names)));
    }
}

#[test]
fn without_moduledata_the_header_or_the_section_gives_the_text() {
    let without = |header_text: u64| {
        let mut program = Program::new(MAGICS[2], 8, false);
        program.header_text = header_text;
        let mut sections = program.sections(|address| address);
        sections[3].2.fill(0);
        program.elf_of(&sections, Some(&NAMES))
    };
    let program = Program::new(MAGICS[2], 8, false);
    for (header, expected) in [(0, program.text()), (0x1234_0000, 0x1234_0000)] {
        let data = without(header);
        let image = image(&data);
        let table = go::pclntab(&image).expect("reads").expect("is there");
        assert_eq!(table.text(), expected);
        assert_eq!(table.functions().next().expect("has functions").entry, expected);
        // The version's pointer is gone as well.
        let told = go::recovered(&image).expect("reads").expect("is Go");
        assert_eq!(told.toolchain, None);
    }
}

#[test]
fn a_section_without_a_table_is_an_error_and_cut_ones_are_bounded() {
    let program = Program::new(MAGICS[3], 8, false);
    let mut sections = program.sections(|address| address);
    sections[1].2[0] = 0;
    let data = program.elf_of(&sections, Some(&NAMES));
    let error = go::pclntab(&image(&data)).expect_err("no magic");
    assert!(matches!(&error, Error::Malformed { offset, .. } if *offset > 0), "{error}");
    assert!(error.to_string().contains("Go function table"), "{error}");

    // The count may claim anything: the bytes decide.
    let mut sections = program.sections(|address| address);
    sections[1].2[8..16].fill(0xff);
    let data = program.elf_of(&sections, Some(&NAMES));
    let image = image(&data);
    let table = go::pclntab(&image).expect("reads").expect("is there");
    assert!(table.function_count() < sections[1].2.len() / 8);
    assert!(table.functions().count() <= table.function_count());
}

#[test]
fn a_version_that_two_strings_contradict_is_none() {
    let program = Program::new(MAGICS[3], 8, false);
    let mut sections = program.sections(|address| address);
    // The list's string gets a NUL, as the linker's own: now there are two.
    let strings = &mut sections[2].2;
    strings.splice(0..8, *b"go1.99\0\0");
    let mut length = Bytes::new(8, false);
    length.word(6);
    sections[3].2[24..32].copy_from_slice(&length.data);
    let data = program.elf_of(&sections, Some(&NAMES));
    let told = go::recovered(&image(&data)).expect("reads").expect("is Go");
    assert_eq!(told.toolchain, None);
}

#[test]
fn folders_of_the_building_machine_are_seen_through() {
    let mut program = Program::new(MAGICS[3], 8, false);
    program.version = "v1.2.3";
    program.functions = vec![
        (
            "runtime.cmpstring",
            Some(
                "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.3.linux-amd64/src/internal/bytealg/compare_amd64.s",
            ),
        ),
        (
            "runtime.main",
            Some(
                "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.3.linux-amd64/src/runtime/proc.go",
            ),
        ),
        (
            "fmt.Println",
            Some(
                "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.3.linux-amd64/src/fmt/print.go",
            ),
        ),
        (
            "runtime.netpoll",
            Some(
                "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.25.3.linux-amd64/src/runtime/os_freebsd.go",
            ),
        ),
        ("prog/store.Open", Some("/home/me/src/prog/store/store.go")),
        ("prog/wire.Dial", Some("/home/me/src/prog/wire/wire.go")),
        ("github.com/X/y.F", Some("/root/go/pkg/mod/github.com/!x/y@v0.1.0/f.go")),
        ("main.main", Some("/home/me/src/prog/cmd/prog/main.go")),
    ];
    let data = program.elf(Some(&NAMES));
    let told = go::recovered(&image(&data)).expect("reads").expect("is Go");
    let found = |it: Option<go::FoundText>| it.map(|it| (it.value, it.evidence));
    let expected = |value: &str, evidence| Some((value.to_owned(), evidence));
    assert_eq!(found(told.toolchain), expected("go1.25.3", FoundIn::FileTable));
    assert_eq!(found(told.goos), expected("freebsd", FoundIn::FileTable));
    assert_eq!(found(Some(told.goarch)), expected("amd64", FoundIn::ImageHeaders));
    assert_eq!(found(told.main_package), expected("prog/cmd/prog", FoundIn::FunctionNames));
    assert_eq!(told.main_module.map(|it| it.path).as_deref(), Some("prog"));
    assert_eq!(told.modules.len(), 1);
    assert_eq!(told.modules[0].path, "github.com/X/y");
    let packages: Vec<_> = told.packages.iter().map(|it| it.value.as_str()).collect();
    assert_eq!(packages, ["github.com/X/y", "prog/store", "prog/wire"]);
}

#[test]
fn the_main_module_has_a_version_if_it_was_fetched() {
    let mut program = Program::new(MAGICS[3], 8, false);
    program.functions = vec![
        ("runtime.main", Some("runtime/proc.go")),
        ("example.com/prog/lib.F", Some("example.com/prog@v1.4.0/lib/f.go")),
        ("main.main", Some("example.com/prog@v1.4.0/cmd/prog/main.go")),
    ];
    let data = program.elf(Some(&NAMES));
    let told = go::recovered(&image(&data)).expect("reads").expect("is Go");
    assert_eq!(told.main_package.map(|it| it.value).as_deref(), Some("example.com/prog/cmd/prog"));
    let module = told.main_module.expect("is known");
    assert_eq!(
        (module.path.as_str(), module.version.as_deref()),
        ("example.com/prog", Some("v1.4.0"))
    );
    assert_eq!(told.modules, []);
    assert_eq!(told.packages.len(), 1);
}

#[test]
fn build_ids_are_read_from_notes_and_from_text() {
    let mut program = Program::new(MAGICS[3], 8, false);
    let mut macho = program.macho(|address| address);
    assert_eq!(go::build_id(&image(&macho)), Ok(None));
    let text = macho.windows(8).position(|it| it == [0x90; 8]).expect("has text");
    let id = b"\xff Go build ID: \"a/b/c-_1\"\n \xff";
    macho[text..text + id.len()].copy_from_slice(id);
    assert_eq!(go::build_id(&image(&macho)).expect("reads").as_deref(), Some("a/b/c-_1"));
    macho[text + id.len() - 1] = 0;
    let error = go::build_id(&image(&macho)).expect_err("has no end");
    assert!(matches!(error, Error::Malformed { offset, .. } if offset == text as u64));

    for (size, big) in [(4, false), (8, true)] {
        program = Program::new(MAGICS[3], size, big);
        let mut note = Bytes::new(size, big);
        // GNU's note first: name size, description size, type.
        note.numbers(&[(4, 4), (4, 4), (3, 4)]);
        note.data.extend(b"GNU\0\x01\x02\x03\x04");
        note.numbers(&[(4, 4), (5, 4), (4, 4)]);
        note.data.extend(b"Go\0\0a/b/c\0\0\0");
        let sections = [(program.text(), false, note.data)];
        let mut data = program.elf_of(&sections, None);
        // The one program header becomes a PT_NOTE of alignment 4.
        let (header, align) = if size == 8 { (64, 48) } else { (52, 28) };
        let mut kind = Bytes::new(size, big);
        kind.number(4, 4);
        data[header..header + 4].copy_from_slice(&kind.data);
        kind.data.clear();
        kind.word(4);
        data[header + align..header + align + size].copy_from_slice(&kind.data);
        assert_eq!(go::build_id(&image(&data)).expect("reads").as_deref(), Some("a/b/c"));
    }
}

#[test]
fn programs_of_other_languages_have_none_of_it() {
    for data in samples::SAMPLES {
        let image = image(data);
        assert!(go::pclntab(&image).expect("reads").is_none());
        assert_eq!(go::recovered(&image), Ok(None));
        assert_eq!(go::build_id(&image), Ok(None));
    }
}
