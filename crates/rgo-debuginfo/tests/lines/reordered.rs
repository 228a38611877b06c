//! A PDB of an image that a tool reordered after it was linked: addresses are those of the image as it is now, and the
//! PDB has those of the image as it was, with the maps between them (OMAP).

use rgo_debuginfo::debug_list;
use rgo_debuginfo::lines::{DebugFiles, LineTable};
use rgo_debuginfo::list::SymbolSource;
use rgo_debuginfo::sizes::{Key, attribute, group};

use super::{files, fixture, image, msf, recorded, shown};

const BASE: u64 = 0x1_8000_0000;
/// Where blocks were, and where they are: `second` is first, `loop` has two parts, and the bytes behind it are gone.
const BLOCKS: [(u32, u32, u32); 5] = [
    (0x1090, 0x10b4, 0x1000),
    (0x1000, 0x1040, 0x1024),
    (0x1040, 0x1066, 0x1064),
    (0x1066, 0x1082, 0x108a),
    (0x2000, 0x6000, 0x2000),
];
/// The bytes that are gone, and those of the image that were not there before.
const GONE: u32 = 0x1082;
const NEW: (u32, u32) = (0x10a6, 0x10b4);

/// A map of addresses: from each on, to the other; 0 is nowhere.
fn map(mut entries: Vec<(u32, u32)>) -> Vec<u8> {
    entries.sort_unstable();
    entries.iter().flat_map(|(from, to)| [from.to_le_bytes(), to.to_le_bytes()].concat()).collect()
}

/// The PDB of `program.dll` with the maps of [`BLOCKS`].
fn reordered() -> Vec<u8> {
    let mut streams = msf::streams(fixture!("program.pdb"));
    let to_original = BLOCKS.iter().map(|(from, _, to)| (*to, *from)).chain([(NEW.0, 0)]);
    let from_original =
        BLOCKS.iter().map(|(from, _, to)| (*from, *to)).chain([(GONE, 0), (0x10b4, 0)]);
    let first = u16::try_from(streams.len()).expect("few streams");
    streams.extend([map(to_original.collect()), map(from_original.collect())]);
    // The streams for debuggers are numbered at the end of the list of modules: 3 and 4 are the maps, 5 the sections
    // now, 10 those before.
    let dbi = &mut streams[3];
    let size = usize::from(dbi[48]);
    let start = dbi.len() - size;
    let sections = [dbi[start + 10], dbi[start + 11]];
    let mut put = |index: usize, number: [u8; 2]| {
        dbi[start + index * 2..][..2].copy_from_slice(&number);
    };
    put(3, first.to_le_bytes());
    put(4, (first + 1).to_le_bytes());
    put(10, sections);
    msf::pdb(&streams)
}

fn reordered_files() -> DebugFiles<'static> {
    let mut files = files(fixture!("program.dll"));
    files.add_pdb(reordered().leak()).expect("its PDB");
    files
}

#[test]
fn a_pdb_that_is_put_together_again_is_the_same() {
    let streams = msf::streams(fixture!("program.pdb"));
    assert_eq!(msf::streams(&msf::pdb(&streams)), streams);
}

#[test]
fn lines_are_those_of_the_code_before_it_was_moved() {
    let files = reordered_files();
    let table = LineTable::new(&files).expect("lines");
    let recorded = recorded(include_str!("../fixtures/lines/program.dll.frames"));
    let before = |address: u64| {
        let next = recorded.partition_point(|(start, _)| *start <= address);
        next.checked_sub(1).map(|index| recorded[index].1.clone()).unwrap_or_default()
    };
    let mut compared = 0;
    for (from, end, to) in BLOCKS.into_iter().take(4) {
        for distance in 0..end - from {
            let mut frames = Vec::new();
            let address = BASE + u64::from(to + distance);
            assert!(table.frames_at(address, &mut frames).is_none());
            let found: Vec<_> = frames.iter().map(shown).collect();
            assert_eq!(found, before(BASE + u64::from(from + distance)), "{address:#x}");
            compared += usize::from(frames.iter().any(|frame| frame.line.is_some()));
        }
    }
    assert!(compared > 100, "only {compared} addresses have lines");
    for address in NEW.0..NEW.1 {
        let mut frames = Vec::new();
        assert!(table.frames_at(BASE + u64::from(address), &mut frames).is_none());
        assert!(frames.iter().all(|frame| frame.line.is_none()), "{address:#x}: {frames:?}");
    }
}

#[test]
fn functions_are_where_they_were_moved_to() {
    let files = reordered_files();
    let symbols = debug_list::list(&files).expect("a list");
    let found = |name: &str| {
        let is_it = |it: &&_| is_named(it, name);
        let symbol = symbols.iter().find(is_it).unwrap_or_else(|| panic!("{name}: {symbols:?}"));
        (symbol.address.expect("an address") - BASE, symbol.size_bytes)
    };
    assert_eq!(found("second"), (0x1000, Some(0x24)));
    assert_eq!(found("_start"), (0x1024, Some(0x32)));
    // The second part of it is elsewhere.
    assert_eq!(found("loop"), (0x1064, Some(0x26)));
    assert_eq!(found("counter").0, 0x4000);
}

fn is_named(symbol: &rgo_debuginfo::list::ListedSymbol<'_>, name: &str) -> bool {
    symbol.source == SymbolSource::Pdb && *symbol.name == *name.as_bytes()
}

#[test]
fn units_have_their_bytes_wherever_these_are() {
    let image = image(fixture!("program.dll"));
    let files = reordered_files();
    let sizes = attribute(image, Some(&files)).expect("sizes");
    let groups =
        group(&sizes.parts, 2, &|part, level| sizes.name(part, [Key::Section, Key::Unit][level]));
    let text = groups.iter().find(|group| group.name == ".text").expect("code");
    let unit = |end: &str| {
        let unit = text.groups.iter().find(|group| group.name.ends_with(end));
        unit.unwrap_or_else(|| panic!("{end}: {text:?}")).file_bytes
    };
    // `_start`, its padding, and both parts of `loop`.
    assert_eq!(unit("first.obj"), 0x40 + 0x26 + 0x1c);
    assert_eq!(unit("second.obj"), 0x24);
}
