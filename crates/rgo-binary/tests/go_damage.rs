//! Damage to Go programs: whatever the function table claims, it is answered in bounded time and
//! memory, and never with a panic.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rgo_binary::recovered::go;
use rgo_binary::{Image, Limits};

use crate::support::bytes::Bytes;
use crate::support::go_programs::{MAGICS, Program};

const NAMES: [&str; 4] = [".text", ".gopclntab", ".rodata", ".data"];

/// Asks everything that can be asked.
fn read(data: &[u8]) {
    let Ok(image) = Image::parse(data, &Limits::default()) else { return };
    if let Ok(Some(table)) = go::pclntab(&image) {
        for function in table.functions() {
            let _ = (function.package(), table.file(&function));
        }
        assert!(table.files().count() <= data.len());
    }
    if let Ok(Some(program)) = go::program(&image) {
        let _ = program.types();
    }
    let _ = go::recovered(&image);
    let _ = go::build_id(&image);
}

fn images() -> Vec<Vec<u8>> {
    let mut images = Vec::new();
    for magic in MAGICS {
        for (size, big) in [(4, true), (8, false)] {
            let program = Program::new(magic, size, big);
            images.push(program.elf(Some(&NAMES)));
            images.push(program.elf(None));
        }
        images.push(Program::new(magic, 8, false).macho(|address| address));
        images.push(Program::new(magic, 4, false).pe());
    }
    images
}

#[test]
fn an_image_at_the_end_of_the_addresses_is_answered() {
    let mut program = Program::new(MAGICS[3], 8, false);
    program.base = 0u64.wrapping_sub(0x8000);
    read(&program.macho(|address| address));
    read(&program.elf(Some(&NAMES)));
}

const EXTREMES: [u64; 8] =
    [0, 1, 0x7f, 0x7fff_ffff, 0xffff_ffff, 0x8000_0000_0000_0000, u64::MAX - 7, u64::MAX];

#[test]
fn every_cut_is_answered() {
    for data in images() {
        for end in (0..data.len()).step_by(7) {
            read(&data[..end]);
        }
    }
}

#[test]
fn every_number_of_the_tables_may_be_extreme() {
    for magic in MAGICS {
        for size in [4, 8] {
            let program = Program::new(magic, size, false);
            let sections = program.sections(|address| address);
            for section in [1, 3] {
                for at in (0..sections[section].2.len() - size).step_by(4) {
                    for value in EXTREMES {
                        let mut damaged = sections.to_vec();
                        damaged[section].2[at..at + size]
                            .copy_from_slice(&value.to_le_bytes()[..size]);
                        read(&program.elf_of(&damaged, Some(&NAMES)));
                    }
                }
            }
        }
    }
}

#[test]
fn overlapping_names_and_headers_cost_no_more_than_their_bytes() {
    // A million functions with one name of megabytes.
    let count = 1_000_000_u64;
    let mut table = Bytes::new(8, false);
    table.number(MAGICS[3].into(), 4);
    table.data.extend([0, 0, 1, 8]);
    let (names, name) = (0x48_u64, 4_000_000_u64);
    let end = names + name;
    for word in [count, 1, 0, names, end, end, end, end] {
        table.word(word);
    }
    table.data.resize(usize::try_from(end).expect("small"), b'a');
    let record = (count * 2 + 1) * 4;
    for index in 0..count {
        table.numbers(&[(index, 4), (record, 4)]);
    }
    table.number(count, 4);
    table.data.extend([0; 64]);
    let program = Program::new(MAGICS[3], 8, false);
    let mut sections = program.sections(|address| address);
    sections[1].2 = table.data;
    let start = Instant::now();
    read(&program.elf_of(&sections, Some(&NAMES)));

    // A section of nothing but headers, each of which is the start of a table to try.
    let (header, _) = program.table();
    sections[1].2 = header[..0x48].repeat(100_000);
    let names = [".text", ".data.rel.ro", ".rodata", ".data"];
    read(&program.elf_of(&sections, Some(&names)));

    // A package path of a million elements, next to a main package that looks for its module.
    let mut program = program;
    let long = format!("x.y/{}a.F", "a/".repeat(1_000_000));
    program.functions = vec![
        ("runtime.main", Some("runtime/proc.go")),
        (Box::leak(long.into_boxed_str()), Some("x.y/a/a.go")),
        ("main.main", Some("x.y/main.go")),
    ];
    let mut sections = program.sections(|address| address);
    // Its addresses would lie among those of the variables.
    sections[3].2.clear();
    read(&program.elf_of(&sections, Some(&NAMES)));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn flipped_bits_are_answered(
        which in 0_usize..24,
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..24),
    ) {
        let images = images();
        let mut data = images[which % images.len()].clone();
        for (at, bit) in flips {
            let at = at.index(data.len());
            data[at] ^= 1 << bit;
        }
        read(&data);
    }
}
