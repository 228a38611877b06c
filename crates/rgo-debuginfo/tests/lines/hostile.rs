//! Damage: bytes of the programs, and their ends, changed by chance. Every table has to answer. And data that small
//! tables would make large ones of: it has to end at the budget.

use proptest::prelude::*;
use rgo_binary::{Image, Limits};
use rgo_debuginfo::lines::{DebugFiles, DebugSections, LineError, LineTable};

use super::fixture;

/// Offsets with the bytes that are put there, and how much is cut off.
#[derive(Clone, Debug)]
struct Damage {
    bytes: Vec<(usize, u8)>,
    cut: usize,
}

fn damage() -> impl Strategy<Value = Damage> {
    // Values at the borders of numbers break more than others.
    let byte = prop_oneof![Just(0), Just(1), Just(0x7f), Just(0x80), Just(0xff), any::<u8>()];
    let bytes = prop::collection::vec((any::<usize>(), byte), 1..12);
    (bytes, prop_oneof![4 => Just(0), 1 => 0..4096_usize])
        .prop_map(|(bytes, cut)| Damage { bytes, cut })
}

/// Damages bytes behind the first `whole` ones.
fn damaged(bytes: &[u8], whole: usize, damage: &Damage) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let room = bytes.len() - whole;
    for (offset, byte) in &damage.bytes {
        bytes[whole + offset % room] = *byte;
    }
    bytes.truncate(bytes.len() - damage.cut.min(room));
    bytes
}

fn limits() -> Limits {
    Limits { max_inflated: 1 << 20, ..Limits::default() }
}

/// Asks for all addresses of the code, and for the files that are wanted.
fn ask(table: &LineTable<'_>, start: u64) -> usize {
    let mut count = 0;
    for address in (start..start + 0x100).chain([0, u64::MAX]) {
        let mut frames = Vec::new();
        let _ = table.wanted_at(address);
        table.frames_at(address, &mut frames);
        assert!(frames.len() <= 1025);
        count += frames.len();
    }
    count
}

fn ask_image(bytes: &[u8], start: u64) -> usize {
    let Ok(image) = Image::parse(bytes, &limits()) else { return 0 };
    let Ok(files) = DebugFiles::new(&image) else { return 0 };
    let _ = files.wanted();
    LineTable::new(&files).map_or(0, |table| ask(&table, start))
}

fn ask_split(program: &[u8], half: &[u8]) -> usize {
    let (Ok(image), Ok(half)) = (Image::parse(program, &limits()), Image::parse(half, &limits()))
    else {
        return 0;
    };
    let (Ok(files), Ok(half)) = (DebugFiles::new(&image), DebugSections::read(&half)) else {
        return 0;
    };
    let Ok(mut table) = LineTable::new(&files) else { return 0 };
    let _ = table.add_split(&half);
    ask(&table, 0x40_1000)
}

fn ask_package(program: &[u8], package: &[u8]) -> usize {
    let (Ok(image), Ok(package)) =
        (Image::parse(program, &limits()), Image::parse(package, &limits()))
    else {
        return 0;
    };
    let Ok(mut files) = DebugFiles::new(&image) else { return 0 };
    let _ = files.add_package(&package);
    LineTable::new(&files).map_or(0, |table| ask(&table, 0x40_1000))
}

fn ask_pdb(program: &[u8], pdb: &[u8]) -> usize {
    let image = Image::parse(program, &limits()).expect("a whole image");
    let mut files = DebugFiles::new(&image).expect("a whole image");
    let _ = files.add_pdb(pdb);
    LineTable::new(&files).map_or(0, |table| ask(&table, 0x1_8000_1000))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn damaged_dwarf_is_answered(damage in damage()) {
        for program in [fixture!("dwarf4"), fixture!("dwarf5"), fixture!("zlib")] {
            ask_image(&damaged(program, 0x1000, &damage), 0x40_1000);
        }
        ask_image(&damaged(fixture!("mini"), 64, &damage), 0x40_1000);
        ask_image(&damaged(fixture!("object.o"), 64, &damage), 0);
        ask_image(&damaged(fixture!("map"), 64, &damage), 0x300);
    }

    #[test]
    fn damaged_halves_are_answered(damage in damage()) {
        let half = damaged(fixture!("split5-first.dwo"), 64, &damage);
        ask_split(fixture!("split5"), &half);
        let half = damaged(fixture!("split4-first.dwo"), 64, &damage);
        ask_split(fixture!("split4"), &half);
        ask_package(fixture!("split4"), &damaged(fixture!("split4.dwp"), 64, &damage));
    }

    #[test]
    fn damaged_pdbs_are_answered(damage in damage()) {
        ask_pdb(fixture!("program.dll"), &damaged(fixture!("program.pdb"), 32, &damage));
    }
}

/// An ELF object with these sections.
fn object_with(sections: &[(&str, Vec<u8>)]) -> Vec<u8> {
    use object::{Architecture, BinaryFormat, Endianness, SectionKind, write::Object};
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    for (name, bytes) in sections {
        let id = object.add_section(Vec::new(), name.as_bytes().to_vec(), SectionKind::Debug);
        object.append_section_data(id, bytes, 1);
    }
    object.write().expect("an object file")
}

/// A line program of DWARF 4 with a row for each of its bytes.
fn long_program(rows: usize) -> Vec<u8> {
    // Header: minimum length, operations, statement, base, range, first opcode; no folders, no files.
    let header = [1, 1, 1, 0, 1, 1, 0, 0];
    let start = [0, 9, 2, 0, 0x10, 0, 0, 0, 0, 0, 0];
    // Each opcode advances by 13 bytes.
    let mut program = [&start[..], &vec![14; rows][..], &[0, 1, 1]].concat();
    let mut bytes = 4_u16.to_le_bytes().to_vec();
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header);
    bytes.append(&mut program);
    [&(bytes.len() as u32).to_le_bytes()[..], &bytes].concat()
}

#[test]
fn units_that_share_one_long_program_end_at_the_budget() {
    // A unit has an offset in .debug_line, and no addresses: to find these its program has to be run.
    let abbreviation = vec![1, 0x11, 0, 0x10, 0x17, 0, 0, 0];
    let mut unit = 12_u32.to_le_bytes().to_vec();
    unit.extend([4, 0, 0, 0, 0, 0, 8, 1, 0, 0, 0, 0]);
    let lines = |units: usize| {
        let sections = [
            (".debug_abbrev", abbreviation.clone()),
            (".debug_info", unit.repeat(units)),
            (".debug_line", long_program(100_000)),
        ];
        let bytes = object_with(&sections);
        let image = Image::parse(&bytes, &limits()).expect("an image");
        let files = DebugFiles::new(&image).expect("sections");
        let table = LineTable::new(&files).expect("lines");
        let mut frames = Vec::new();
        table.frames_at(0x1000 + 13, &mut frames);
        (frames.first().and_then(|it| it.line), table.damage().cloned())
    };
    assert!(matches!(lines(1), (Some(_), None)), "{:?}", lines(1));
    assert!(matches!(lines(5_000), (_, Some(LineError::TooMuch))), "{:?}", lines(5_000));
}

#[test]
fn whole_programs_are_answered() {
    assert!(ask_image(fixture!("dwarf5"), 0x40_1000) > 100);
    assert!(ask_split(fixture!("split5"), fixture!("split5-first.dwo")) > 100);
    assert!(ask_package(fixture!("split4"), fixture!("split4.dwp")) > 100);
    assert!(ask_pdb(fixture!("program.dll"), fixture!("program.pdb")) > 60);
}
