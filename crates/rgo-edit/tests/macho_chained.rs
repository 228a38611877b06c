//! Mach-O: chained fixups of an image that gets a segment, or loses one.

use rgo_edit::{Edits, Strip, apply, edit};

use crate::macho_strip::program_with_dwarf;
use crate::support::{MACHO_AMD64, load_commands, put_u32, u32_le};

const LC_SEGMENT_64: u32 = 0x19;
const LC_FUNCTION_STARTS: u32 = 0x26;
const LC_CHAINED_FIXUPS: u32 = 0x8000_0034;
const ADDED: &[(&str, &[u8])] = &[(".rgo-gx", b"small")];
/// What is behind the list: the starts of `__DATA`, imports and symbols.
const IMPORTS: &[u8] = b"\x01\0\0\0_symbol\0";
const STARTS_SIZE: u32 = 24;

/// An image with chained fixups of `__DATA`, for so many segments more than it has, in the place of
/// its function starts; `padding` bytes are behind the list.
fn chained(image: &[u8], more: i32, padding: u32) -> Vec<u8> {
    let mut image = image.to_vec();
    let commands = load_commands(&image);
    let segments: Vec<usize> =
        commands.iter().filter(|it| it.0 == LC_SEGMENT_64).map(|it| it.1).collect();
    let is = |at: usize, name: &[u8]| image[at + 8..].starts_with(name);
    let data = segments.iter().position(|at| is(*at, b"__DATA\0")).expect("has data");
    let text = segments.iter().position(|at| is(*at, b"__TEXT\0")).expect("has text");
    let address = |number: usize| u32_le(&image, segments[number] + 24);
    let distance = address(data) - address(text);
    let count = (segments.len() as i32 + more) as u32;
    let starts = 4 + 4 * count + padding;
    let imports = 32 + starts + STARTS_SIZE;
    let mut words = vec![0, 32, imports, imports + 4, 1, 1, 0, 0, count];
    words.extend((0..count).map(|number| if number as usize == data { starts } else { 0 }));
    let mut table: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
    table.resize(table.len() + padding as usize, 0);
    for word in [STARTS_SIZE, 0x6_1000, distance, 0, 0, 0xffff_0001] {
        table.extend(u32::to_le_bytes(word));
    }
    table.extend(IMPORTS);

    let command = commands.iter().find(|it| it.0 == LC_FUNCTION_STARTS).expect("is there").1;
    let linkedit = *segments.last().expect("segments");
    image.resize(image.len().next_multiple_of(8), 0);
    put_u32(&mut image, command, LC_CHAINED_FIXUPS);
    let at = image.len() as u32;
    put_u32(&mut image, command + 8, at);
    put_u32(&mut image, command + 12, table.len() as u32);
    image.extend(table);
    let size = image.len() as u32 - u32_le(&image, linkedit + 40);
    put_u32(&mut image, linkedit + 48, size);
    image
}

/// Checks the fixups against the segments, as dyld does.
fn check(image: &[u8]) {
    let commands = load_commands(image);
    let segments: Vec<usize> =
        commands.iter().filter(|it| it.0 == LC_SEGMENT_64).map(|it| it.1).collect();
    let command = commands.iter().find(|it| it.0 == LC_CHAINED_FIXUPS).expect("is there").1;
    let start = u32_le(image, command + 8) as usize;
    let table = &image[start..start + u32_le(image, command + 12) as usize];
    let base = u32_le(table, 4) as usize;
    assert_eq!(u32_le(table, base) as usize, segments.len());
    let text = segments.iter().find(|at| image[**at + 8..].starts_with(b"__TEXT\0"));
    let text = u32_le(image, *text.expect("has text") + 24);
    let mut fixed = 0;
    for (number, segment) in segments.iter().enumerate() {
        let offset = u32_le(table, base + 4 + 4 * number) as usize;
        if offset == 0 {
            continue;
        }
        fixed += 1;
        assert_eq!(u32_le(table, base + offset), STARTS_SIZE);
        let distance = u32_le(image, segment + 24) - text;
        assert_eq!(u32_le(table, base + offset + 8), distance, "segment {number}");
        assert!(image[segment + 8..].starts_with(b"__DATA\0"));
        assert!(base + offset + STARTS_SIZE as usize <= u32_le(table, 8) as usize);
    }
    assert_eq!(fixed, 1);
    assert_eq!(&table[u32_le(table, 8) as usize..], IMPORTS);
    assert_eq!(u32_le(table, 12), u32_le(table, 8) + 4);
}

#[test]
fn the_list_follows_the_segments() {
    let dwarf = program_with_dwarf(false);
    for (image, more) in [(MACHO_AMD64, 0), (&dwarf, 0), (&dwarf, -1)] {
        for padding in [0, 4, 8, 12] {
            let image = chained(image, more, padding);
            for strip in [Strip::None, Strip::Debug, Strip::All] {
                for added in [ADDED, &[]] {
                    if more != 0 && strip == Strip::None && added.is_empty() {
                        // Nothing is changed, and nothing is put right.
                        continue;
                    }
                    let edits = Edits { strip, added, ..Edits::default() };
                    let output = apply(&image, &edits).expect("edits").bytes;
                    check(&output);
                    let all = Edits { strip: Strip::All, ..Edits::default() };
                    check(&apply(&output, &all).expect("strips").bytes);
                }
            }
        }
    }
}

#[test]
fn the_check_compares_lists_with_segments() {
    let image = chained(MACHO_AMD64, 0, 0);
    let edited = edit(&image, &Edits { added: ADDED, ..Edits::default() }).expect("adds");
    let output = edited.draft.to_vec();
    edited.verify(&output).expect("is right");
    let command = load_commands(&output).into_iter().find(|it| it.0 == LC_CHAINED_FIXUPS);
    let table = u32_le(&output, command.expect("is there").1 + 8) as usize;
    let base = table + u32_le(&output, table + 4) as usize;
    let data = (0..).find(|number| u32_le(&output, base + 4 + 4 * number) != 0).expect("has one");
    let offset = u32_le(&output, base + 4 + 4 * data);
    let entry = base + 4 + 4 * data;
    for (what, changes) in [
        ("the number of segments", vec![(base, u32_le(&output, base) - 1)]),
        ("no fixups", vec![(entry, 0)]),
        ("of another segment", vec![(entry, 0), (entry - 4, offset)]),
        ("another import", vec![(table + u32_le(&output, table + 8) as usize, 2)]),
        ("other starts", vec![(base + offset as usize + 4, 0x6_4000)]),
    ] {
        let mut wrong = output.clone();
        changes.into_iter().for_each(|(at, word)| put_u32(&mut wrong, at, word));
        assert!(edited.verify(&wrong).is_err(), "{what}");
    }
}
