//! What is not there, or belongs to another image, is named.

use rgo_debuginfo::lines::{
    DebugSections, FileError, FrameSource, Gap, LineTable, Mismatch, Wanted,
};

use super::{files, fixture, image, shown};

const LOOP: u64 = 0x40_1010;

#[test]
fn the_companion_is_wanted_until_it_is_there() {
    let mut files = files(fixture!("linked"));
    let wanted = files.wanted();
    assert!(matches!(&wanted[..], [Wanted::DebugLink { name, .. }, Wanted::BuildId { id }]
        if name == "linked.debug" && id.len() == 40));
    files.add_companion(image(fixture!("linked.debug"))).expect("its companion");
    assert_eq!(files.wanted(), []);
}

#[test]
fn a_half_that_is_missing_leaves_the_line_and_says_so() {
    let files = files(fixture!("split5"));
    let table = LineTable::new(&files).expect("lines");
    let mut frames = Vec::new();
    let gap = table.frames_at(LOOP, &mut frames);
    let Some(Gap::Missing(Wanted::Dwo { path, .. })) = gap else { panic!("{gap:?}") };
    assert!(path.ends_with("first.dwo"), "{path}");
    // The innermost line is in the image, and the function's name among the symbols.
    assert_eq!(frames.iter().map(shown).collect::<Vec<_>>(), ["loop:/src/first.c:5:12"]);
}

#[test]
fn mini_symbols_name_functions() {
    let files = files(fixture!("mini"));
    let table = LineTable::new(&files).expect("lines");
    let mut frames = Vec::new();
    assert!(table.frames_at(LOOP, &mut frames).is_none());
    assert_eq!(frames.iter().map(shown).collect::<Vec<_>>(), ["loop::0:0"]);
    assert_eq!(frames[0].function_start, Some(0x40_1000));
    assert_eq!(frames[0].source, FrameSource::Symbols);
}

#[test]
fn files_of_other_images_are_refused() {
    let mismatch = |result: Result<(), FileError>| match result {
        Err(FileError::Mismatch(mismatch)) => mismatch,
        other => panic!("{other:?}"),
    };
    let other = mismatch(files(fixture!("linked")).add_companion(image(fixture!("dwarf4"))));
    assert!(matches!(other, Mismatch::BuildId { .. }), "{other}");
    let other = mismatch(files(fixture!("linked")).add_companion(image(fixture!("map"))));
    assert!(matches!(other, Mismatch::Arch { .. }), "{other}");
    let other = mismatch(files(fixture!("dwz-one")).add_supplement(image(fixture!("dwarf4"))));
    assert!(matches!(other, Mismatch::BuildId { .. }), "{other}");
    let other = mismatch(files(fixture!("dwarf4")).add_pdb(fixture!("program.pdb")));
    assert_eq!(other, Mismatch::NotNamed);
    let mut dll = fixture!("program.dll").to_vec();
    let at = dll.windows(4).position(|it| it == b"RSDS").expect("a reference") + 4;
    dll[at] ^= 1;
    let other = mismatch(files(&dll).add_pdb(fixture!("program.pdb")));
    assert!(matches!(other, Mismatch::Pdb { .. }), "{other}");
    let files = files(fixture!("split5"));
    let half = DebugSections::read(image(fixture!("split4-first.dwo"))).expect("sections");
    let mut table = LineTable::new(&files).expect("lines");
    assert_eq!(mismatch(table.add_split(&half)), Mismatch::SplitId);
}

#[test]
fn addresses_outside_the_code_have_no_frames() {
    let files = files(fixture!("dwarf5"));
    let table = LineTable::new(&files).expect("lines");
    for address in [0, 1, 0x40_0fff, 0x50_0000, u64::MAX] {
        let mut frames = Vec::new();
        assert!(table.frames_at(address, &mut frames).is_none());
        assert_eq!(frames, [], "{address:#x}");
    }
}
