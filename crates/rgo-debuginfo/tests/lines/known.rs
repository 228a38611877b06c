//! Whole programs, address by address.

use rgo_binary::Format;
use rgo_debuginfo::lines::{DebugFiles, DebugSections, FrameSource, LineTable, Wanted};

use super::{files, fixture, image, recorded, shown};

/// Compares each address with the recorded frames, and with what differs between formats of one program left out.
fn compare(table: &LineTable<'_>, expected: &str, source: FrameSource) {
    let expected = recorded(expected);
    for (index, (start, expected_frames)) in expected.iter().enumerate() {
        let end = expected.get(index + 1).map_or(start + 1, |(next, _)| *next);
        for address in *start..end {
            let mut frames = Vec::new();
            let gap = table.frames_at(address, &mut frames);
            assert!(gap.is_none(), "{address:#x}: {gap:?}");
            let found: Vec<_> = frames.iter().map(shown).collect();
            assert_eq!(&found, expected_frames, "{address:#x}");
            assert!(frames.iter().all(|it| it.source == source || it.line.is_none()));
            let inlined = frames.iter().rev().skip(1).all(|it| it.is_inlined);
            assert!(inlined && frames.last().is_none_or(|it| !it.is_inlined));
        }
    }
}

const FRAMES: &str = include_str!("../fixtures/lines/dwarf5.frames");

#[test]
fn dwarf_of_each_version_and_place_gives_the_same_frames() {
    let linked = || {
        let mut files = files(fixture!("linked"));
        files.add_companion(image(fixture!("linked.debug"))).expect("its companion");
        files
    };
    let supplemented = || {
        let mut files = files(fixture!("dwz-one"));
        files.add_supplement(image(fixture!("common.dwz"))).expect("its supplement");
        files
    };
    let packed = || {
        let mut files = files(fixture!("split4"));
        files.add_package(image(fixture!("split4.dwp"))).expect("its package");
        files
    };
    let all: [(&str, DebugFiles<'_>); 6] = [
        ("dwarf4", files(fixture!("dwarf4"))),
        ("dwarf5", files(fixture!("dwarf5"))),
        ("zlib", files(fixture!("zlib"))),
        ("linked", linked()),
        ("dwz", supplemented()),
        ("dwp", packed()),
    ];
    for (name, files) in &all {
        println!("{name}");
        let table = LineTable::new(files).expect("lines");
        assert!(table.damage().is_none(), "{:?}", table.damage());
        compare(&table, FRAMES, FrameSource::Dwarf);
    }
}

#[test]
fn the_halves_of_split_units_are_asked_for_by_their_paths() {
    let programs = [
        (fixture!("split4"), fixture!("split4-first.dwo"), fixture!("split4-second.dwo")),
        (fixture!("split5"), fixture!("split5-first.dwo"), fixture!("split5-second.dwo")),
    ];
    for (program, first, second) in programs {
        let files = files(program);
        let halves = [first, second].map(|it| DebugSections::read(image(it)).expect("sections"));
        let mut table = LineTable::new(&files).expect("lines");
        for half in &halves {
            let wanted: Vec<_> = recorded(FRAMES)
                .iter()
                .filter_map(|(address, _)| table.wanted_at(*address))
                .collect();
            assert!(matches!(&wanted[..], [Wanted::Dwo { folder, .. }, ..] if folder == "/src"));
            table.add_split(half).expect("a half of a unit");
        }
        compare(&table, FRAMES, FrameSource::Dwarf);
    }
}

#[test]
fn a_pdb_gives_the_frames_of_its_image() {
    let mut files = files(fixture!("program.dll"));
    assert!(matches!(&files.wanted()[..], [Wanted::Pdb { age: 1, .. }]), "{:?}", files.wanted());
    files.add_pdb(fixture!("program.pdb")).expect("its PDB");
    assert!(files.wanted().is_empty());
    let table = LineTable::new(&files).expect("lines");
    compare(&table, include_str!("../fixtures/lines/program.dll.frames"), FrameSource::Pdb);
}

#[test]
fn sections_of_an_object_file_have_addresses_of_their_own() {
    let object = image(fixture!("object.o"));
    let files = DebugFiles::new(object).expect("sections");
    let table = LineTable::new(&files).expect("lines");
    let mut frames = Vec::new();
    assert!(table.frames_at(0x10, &mut frames).is_none());
    let (_, expected) = recorded(FRAMES).swap_remove(2);
    assert_eq!(frames.iter().map(shown).collect::<Vec<_>>(), expected);
    let sections = DebugSections::read(object).expect("sections");
    assert_eq!(sections.base_of_section(1), Some(0));
}

#[test]
fn a_debug_map_leads_to_the_object_files() {
    let program = image(fixture!("map"));
    assert_eq!(program.format(), Format::MachO);
    let files = DebugFiles::new(program).expect("sections");
    let mut table = LineTable::new(&files).expect("lines");
    use object::{Object, ObjectSymbol};
    let second = program.object().symbols().find(|it| it.name() == Ok("_second"));
    let address = second.expect("a function").address();
    let wanted = table.wanted_at(address).expect("an object file");
    let Wanted::ObjectFile { path, member: None, time } = &wanted else { panic!("{wanted:?}") };
    assert!(path.ends_with("/map-second.o"), "{path}");
    let object = image(fixture!("map-second.o"));
    let sections = DebugSections::read(object).expect("sections");
    let changed = table.add_object(&wanted, object, &sections, Some(time + 1));
    assert_eq!(changed.is_err(), *time != 0);
    table.add_object(&wanted, object, &sections, None).expect("its object file");
    let mut frames = Vec::new();
    assert!(table.frames_at(address, &mut frames).is_none());
    assert_eq!(frames.len(), 1);
    assert!(shown(&frames[0]).starts_with("second:/src/second.c:7:"), "{:?}", frames);
    assert_eq!(frames[0].function_start, Some(address));
}
