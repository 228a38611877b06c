//! Types of Go programs: whose they are in every layout, and damage to them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rgo_binary::recovered::go::{self, GoTypes};
use rgo_binary::{Image, Limits};

use crate::support::bytes::Bytes;
use crate::support::go_programs::{MAGICS, Program};
use crate::support::go_types::{PACKAGE, TypeForm, Types};

const NAMES: [&str; 4] = [".text", ".gopclntab", ".rodata", ".data"];
const FORMS: [(u32, TypeForm); 5] = [
    (MAGICS[1], TypeForm::LongNames),
    (MAGICS[1], TypeForm::Lists),
    (MAGICS[2], TypeForm::Lists),
    (MAGICS[3], TypeForm::Lists),
    (MAGICS[3], TypeForm::Row),
];

fn programs() -> impl Iterator<Item = (Program, Types)> {
    FORMS.into_iter().flat_map(|(magic, form)| {
        [(4, false), (4, true), (8, false), (8, true)].map(|(size, big)| {
            let mut program = Program::new(magic, size, big);
            program.types = Some(form);
            let types = program.types_of(form);
            (program, types)
        })
    })
}

fn read(data: &[u8]) -> Option<GoTypes> {
    let image = Image::parse(data, &Limits::default()).ok()?;
    Some(go::program(&image).ok()??.types())
}

#[test]
fn types_are_of_the_packages_that_their_records_name() {
    for (program, expected) in programs() {
        let what = format!("{:x} {} {:?}", program.magic, program.size, program.types);
        let types = read(&program.elf(Some(&NAMES))).expect(&what);
        let of = |path: Option<&str>| {
            let is_of = |packages: &[u32]| {
                let paths = packages.iter().map(|number| types.packages[*number as usize].as_str());
                paths.eq(path)
            };
            let pieces = types.pieces.iter().filter(|piece| is_of(&piece.packages));
            pieces.map(|piece| (piece.addresses.start, piece.addresses.end)).collect()
        };
        let set = |list: &[(u64, u64)]| list.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(set(&expected.of_package), of(Some(PACKAGE)), "{what}");
        assert_eq!(set(&expected.of_runtime), of(Some("runtime")), "{what}");
        assert_eq!(set(&expected.of_none), of(None), "{what}");
    }
}

#[test]
fn records_and_names_that_overlap_cost_no_more_than_their_bytes() {
    let mut program = Program::new(MAGICS[3], 8, false);
    program.types = Some(TypeForm::Lists);
    let mut sections = program.sections(|address| address);
    let types = program.types_of(TypeForm::Lists);
    // Many records, each with a name of its own that goes on to the end of all.
    let (records, text) = (100_000_u64, 1_500_000_u64);
    let first = (sections[2].2.len() - types.data.len()) as u64;
    let names = 8 + records * 64;
    let mut damaged = Bytes::new(8, false);
    damaged.word(0);
    for record in 0..records {
        let name = u32::try_from(names + record * 4).expect("small");
        damaged.numbers(&[(8, 8), (0, 8), (0, 4), (4, 1), (8, 1), (8, 1), (24, 1)]);
        damaged.numbers(&[(0, 8), (0, 8), (name.into(), 4), (0, 4), (0, 8), (0, 8)]);
    }
    // Flags, and a length of 1 MiB and some.
    damaged.data.extend([1, 0x81, 0x81, 0x41].repeat(100_000));
    damaged.data.resize(usize::try_from(names + text).expect("small"), b'a');
    let end = types.start + damaged.data.len() as u64;
    sections[2].2.truncate(usize::try_from(first).expect("small"));
    sections[2].2.extend(damaged.data);
    let place = sections[3].2.len() - 12 * 8;
    sections[3].2[place..place + 8].copy_from_slice(&end.to_le_bytes());
    let begun = Instant::now();
    read(&program.elf_of(&sections, Some(&NAMES)));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_types_are_answered(
        which in 0_usize..20,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..32),
    ) {
        let (program, types) = programs().nth(which).expect("twenty");
        let mut sections = program.sections(|address| address);
        let first = sections[2].2.len() - types.data.len();
        let places = types.data.len();
        for (at, value) in damage {
            sections[2].2[first + at.index(places)] = value;
        }
        let image = program.elf_of(&sections, Some(&NAMES));
        if let Some(types) = read(&image) {
            prop_assert!(types.pieces.len() <= image.len());
            for piece in &types.pieces {
                prop_assert!(piece.packages.iter().all(|it| (*it as usize) < types.packages.len()));
                prop_assert!(piece.packages.is_sorted());
            }
        }
    }

    #[test]
    fn extreme_numbers_are_answered(which in 0_usize..20, at in any::<prop::sample::Index>(), value in prop::sample::select(vec![0_u64, 1, 0x7fff_ffff, 0xffff_ffff, u64::MAX - 7, u64::MAX])) {
        let (program, _) = programs().nth(which).expect("twenty");
        for section in [2, 3] {
            let mut sections = program.sections(|address| address);
            let at = at.index(sections[section].2.len() - 8) / 4 * 4;
            sections[section].2[at..at + program.size]
                .copy_from_slice(&value.to_le_bytes()[..program.size]);
            read(&program.elf_of(&sections, Some(&NAMES)));
        }
    }
}
