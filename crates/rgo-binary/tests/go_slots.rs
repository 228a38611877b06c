//! Slots of Go programs: found in images of every format, word size and byte order, read through
//! their index, and damaged.

use proptest::prelude::*;
use rgo_binary::embedded::go_slot::{self, GoSlot, find, placeholder};
use rgo_binary::embedded::slot::{self, Slot};
use rgo_binary::inspect::{Detail, inspect};
use rgo_binary::{Error, Image, Limits, SlotKind, WordFormat};

use crate::support::bytes::Bytes;
use crate::support::go_programs::{MAGICS, Program, TEXT};

type Section = (u64, bool, Vec<u8>);
/// A variable: its place in the data in words, its pointer and its length.
type Variable = (u64, u64, u64);

const NAMES: [&str; 2] = ["main.version", "example.com/a.b.Commit"];
const CAPACITIES: [u32; 2] = [64, 128];
/// Where the texts of the slots are in the strings, which begin with the flags that Go recorded.
const TEXTS: [u64; 2] = [0x200, 0x301];
/// Where the variables are in the data, in words.
const VARIABLES: [u64; 2] = [4, 8];
const SECTIONS: [&str; 4] = [".text", ".rodata", ".data", ".rgo-gx"];
const MACHO_SECTIONS: [&str; 4] = ["__text", "__rodata", "__data", "__rgo_gx"];

fn wanted() -> Vec<(String, String)> {
    let both = NAMES.into_iter().zip(CAPACITIES);
    both.map(|(name, capacity)| (name.to_owned(), placeholder(name, capacity))).collect()
}

fn parse(data: &[u8]) -> Image<'_> {
    Image::parse(data, &Limits::default()).expect("parses")
}

/// A program in the making: its form, and how its file has pointers.
struct Form {
    program: Program,
    pointer: fn(u64) -> u64,
    image: fn(&Program, &[Section]) -> Vec<u8>,
}

impl Form {
    fn new(size: usize, big: bool, image: fn(&Program, &[Section]) -> Vec<u8>) -> Self {
        Self { program: Program::new(MAGICS[3], size, big), pointer: |address| address, image }
    }

    fn all() -> Vec<Self> {
        let elf: fn(&Program, &[Section]) -> Vec<u8> =
            |program, sections| program.elf_of(sections, Some(&SECTIONS[..sections.len()]));
        let macho: fn(&Program, &[Section]) -> Vec<u8> =
            |program, sections| program.macho_of(sections, &MACHO_SECTIONS);
        let pe: fn(&Program, &[Section]) -> Vec<u8> =
            |program, sections| program.pe_of(sections, &SECTIONS);
        let mut all = vec![Self::new(8, false, elf), Self::new(4, false, elf)];
        all.extend([Self::new(8, true, elf), Self::new(4, true, elf)]);
        all.extend([Self::new(8, false, pe), Self::new(4, false, pe)]);
        all.push(Self::new(8, false, macho));
        // Chained fixups: by address, by distance from the image's start, with a next pointer.
        let chained = |pointer| Self { pointer, ..Self::new(8, false, macho) };
        all.extend([chained(|at| at | 2 << 51), chained(|at| (at - TEXT + 0x1000) | 1 << 52)]);
        all.push(Self::new(8, false, with_relocations));
        all
    }

    fn words(&self) -> WordFormat {
        WordFormat { size: self.program.size, big: self.program.big }
    }

    fn strings_at(&self) -> u64 {
        self.program.base + 0x2000
    }

    fn data_at(&self) -> u64 {
        self.program.base + 0x3000
    }

    fn bytes(&self) -> Bytes {
        Bytes::new(self.program.size, self.program.big)
    }

    /// Text, strings and data with these variables.
    fn sections(&self, variables: &[Variable]) -> Vec<Section> {
        let texts = wanted();
        let mut strings = vec![b'x'; 0x480];
        let flags = format!("build\t-ldflags=\"-X {}={}\"\n", texts[0].0, texts[0].1);
        strings[0x20..0x20 + flags.len()].copy_from_slice(flags.as_bytes());
        for ((_, text), at) in texts.iter().zip(TEXTS) {
            let at = usize::try_from(at).expect("small");
            strings[at..at + text.len()].copy_from_slice(text.as_bytes());
        }
        let mut data = self.bytes();
        for (word, target, length) in variables {
            data.fill(word * self.program.size as u64);
            data.word((self.pointer)(*target));
            data.word(*length);
        }
        data.fill(0x100);
        vec![
            (self.program.text(), false, vec![0x90; 0x100]),
            (self.strings_at(), false, strings),
            (self.data_at(), true, data.data),
        ]
    }

    /// The variables of the slots, and others that lead to the same texts.
    fn variables(&self) -> Vec<Variable> {
        let strings = self.strings_at();
        vec![
            (0, strings + 0x20, 104),
            (2, strings + TEXTS[0], 9),
            (VARIABLES[0], strings + TEXTS[0], 64),
            (6, strings + TEXTS[0], 128),
            (VARIABLES[1], strings + TEXTS[1], 128),
            (10, strings + TEXTS[1], 64),
            (12, strings + TEXTS[0] + 1, 64),
        ]
    }

    fn expected(&self) -> Vec<GoSlot> {
        let slot = |number: usize| GoSlot {
            name: NAMES[number].to_owned(),
            header_address: self.data_at() + VARIABLES[number] * self.program.size as u64,
            value_address: self.strings_at() + TEXTS[number],
            capacity: CAPACITIES[number],
        };
        vec![slot(0), slot(1)]
    }

    /// The image with its index.
    fn recorded(&self) -> Vec<u8> {
        let mut sections = self.sections(&self.variables());
        let index = go_slot::encode(&self.expected()).expect("fits");
        sections.push((self.program.base + 0x4000, false, index));
        (self.image)(&self.program, &sections)
    }
}

/// An ELF image whose pointers are 0 in the file: its RELA relocations have them.
fn with_relocations(program: &Program, sections: &[Section]) -> Vec<u8> {
    let mut sections = sections.to_vec();
    let mut relocations = Bytes::new(8, false);
    let (address, _, data) = &mut sections[2];
    for (at, word) in (*address..).step_by(8).zip(data.chunks_exact_mut(8)) {
        let value = u64::from_le_bytes((&*word).try_into().expect("eight bytes"));
        if value > program.base {
            word.fill(0);
            // r_offset, R_X86_64_RELATIVE, r_addend
            relocations.numbers(&[(at, 8), (8, 8), (value, 8)]);
        }
    }
    let mut names = SECTIONS[..sections.len()].to_vec();
    sections.push((program.base, false, relocations.data));
    names.push(".rela.dyn");
    program.elf_of(&sections, Some(&names))
}

/// Writes patches as an editor does.
fn patched(data: &[u8], slot: &Slot, value: &str, words: WordFormat) -> Vec<u8> {
    let mut data = data.to_vec();
    for patch in slot.patches(value, words).expect("fits") {
        let at = usize::try_from(patch.offset).expect("small");
        data[at..at + patch.bytes.len()].copy_from_slice(&patch.bytes);
    }
    data
}

#[test]
fn the_variable_with_the_length_of_its_placeholder_is_found() {
    for form in Form::all() {
        let data = (form.image)(&form.program, &form.sections(&form.variables()));
        let found = find(&parse(&data), &wanted()).expect("finds");
        assert_eq!(found, form.expected(), "{:?}", parse(&data));
        let second = find(&parse(&data), &wanted()[1..]).expect("finds");
        assert_eq!(second, form.expected()[1..]);
        assert_eq!(find(&parse(&data), &[]).expect("finds"), []);
    }
}

#[test]
fn recorded_slots_are_listed_and_written() {
    for form in Form::all() {
        let words = form.words();
        let mut data = form.recorded();
        for value in ["1.2.3", "", &"y".repeat(64), "ü", "2"] {
            let slots = slot::list(&parse(&data)).expect("reads");
            data = patched(&data, &slots[0], value, words);
            let slots = slot::list(&parse(&data)).expect("reads");
            let names: Vec<_> = slots.iter().map(|slot| slot.name.as_str()).collect();
            assert_eq!(names, NAMES);
            assert_eq!((slots[0].value.as_str(), slots[0].capacity), (value, 64));
            assert_eq!((&slots[1].value, slots[1].capacity), (&wanted()[1].1, 128));
            assert!(slots.iter().all(|slot| slot.kind == SlotKind::GoString));
            let at = usize::try_from(slots[0].file_offset).expect("small");
            assert_eq!(words.nth(&data[at..], 1), Some(value.len() as u64));
        }
        let slots = slot::list(&parse(&data)).expect("reads");
        let error = slots[0].patches(&"y".repeat(65), words).expect_err("too long");
        assert!(matches!(error, Error::SlotTooSmall { kind: SlotKind::GoString, needed: 65, .. }));
    }
}

#[test]
fn values_are_settings_of_the_build_information() {
    let form = &Form::all()[0];
    let mut sections = form.sections(&form.variables());
    let blob = b"\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08go1.26.8\0";
    sections[2].2.splice(0xc0.., blob.iter().copied());
    let index = go_slot::encode(&form.expected()).expect("fits");
    sections.push((form.program.base + 0x4000, false, index));
    let data = (form.image)(&form.program, &sections);
    let slots = slot::list(&parse(&data)).expect("reads");
    let data = patched(&data, &slots[0], "1.2.3", form.words());
    let inspection = inspect(&parse(&data), Detail::Record);
    assert_eq!(inspection.setting("-X"), Some("main.version=1.2.3"));
}

#[test]
fn a_placeholder_without_one_variable_is_an_error() {
    for form in Form::all() {
        let strings = form.strings_at();
        let own = (VARIABLES[0], strings + TEXTS[0], 64);
        let cases = [
            (vec![(0, strings + TEXTS[0], 63)], 0),
            (vec![], 0),
            (vec![own], 1),
            (vec![own, (6, strings + TEXTS[0], 64)], 2),
        ];
        for (variables, expected) in cases {
            let data = (form.image)(&form.program, &form.sections(&variables));
            let found = match find(&parse(&data), &wanted()[..1]) {
                Ok(slots) => slots.len(),
                Err(Error::GoVariable { name, found }) => {
                    assert_eq!(name, NAMES[0]);
                    assert_ne!(found, 1);
                    found
                }
                Err(error) => panic!("{error}"),
            };
            assert_eq!(found, expected, "{variables:x?}");
        }
    }
}

#[test]
fn what_is_no_placeholder_is_not_looked_for() {
    let data = Form::all()[0].recorded();
    let text = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    for (wanted, why) in [
        (vec![text("a.B", "1.2.3")], "no placeholder"),
        (vec![text("a.B", &wanted()[0].1), wanted()[0].clone()], "the same placeholder"),
        (vec![wanted()[0].clone(), text("c.D", &wanted()[0].1[..30])], "the same placeholder"),
    ] {
        let error = find(&parse(&data), &wanted).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_slot_that_contradicts_its_index_is_an_error() {
    let form = &Form::all()[0];
    type Change = fn(&mut GoSlot);
    let cases: [(Change, &str); 5] = [
        (|slot| slot.header_address = 0x10, "the program has nothing at 0x10"),
        (|slot| slot.value_address = u64::MAX, "the program has nothing at 0xff"),
        (|slot| slot.header_address += 0xd8, "its header is cut short"),
        (|slot| slot.capacity = 63, "its value is longer than its capacity"),
        (|slot| slot.capacity = 65, "other bytes than zeros follow its value"),
    ];
    for (change, why) in cases {
        let mut slots = form.expected();
        change(&mut slots[0]);
        let mut sections = form.sections(&form.variables());
        let index = go_slot::encode(&slots).expect("fits");
        sections.push((form.program.base + 0x4000, false, index));
        let data = (form.image)(&form.program, &sections);
        let error = slot::list(&parse(&data)).expect_err(why).to_string();
        assert!(error.starts_with("malformed slot main.version") && error.contains(why), "{error}");
    }
}

#[test]
fn every_cut_and_claim_of_an_index_is_answered() {
    let index = go_slot::encode(&Form::all()[0].expected()).expect("fits");
    for end in 0..index.len() {
        let error = go_slot::parse(&index[..end], 0x100).expect_err("cut").to_string();
        assert!(error.starts_with("malformed index of Go's slots at offset 0x1"), "{error}");
    }
    let mut padded = index.clone();
    padded.resize(index.len() + 100, 0);
    assert_eq!(go_slot::parse(&padded, 0).expect("padded").len(), 2);
    padded[index.len() + 50] = 1;
    assert!(go_slot::parse(&padded, 0).is_err(), "bytes behind");
    for at in [15, 16, 18, 19, 44, 47] {
        let mut damaged = index.clone();
        damaged[at] = 0xff;
        assert!(go_slot::parse(&damaged, 0).is_err(), "{at}");
    }
}

proptest! {
    #[test]
    fn an_index_is_read_as_it_is_written(
        slots in prop::collection::vec((".{0,20}", any::<u64>(), any::<u64>(), any::<u32>()), 0..5),
    ) {
        let slots: Vec<_> = slots.into_iter().map(|(name, header_address, value_address, capacity)| {
            GoSlot { name, header_address, value_address, capacity }
        }).collect();
        let index = go_slot::encode(&slots).expect("fits");
        prop_assert!(index.len().is_multiple_of(8));
        prop_assert_eq!(go_slot::parse(&index, 0).expect("reads"), slots);
    }

    /// Any byte changed: an answer or an error, and never a slot outside of the image.
    #[test]
    fn a_damaged_program_is_answered(
        form in 0..10_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let form = &Form::all()[form];
        let mut data = form.recorded();
        for (at, byte) in changes {
            let at = at.index(data.len());
            data[at] = byte;
        }
        let Ok(image) = Image::parse(&data, &Limits::default()) else { return Ok(()) };
        let _ = find(&image, &wanted());
        for slot in slot::list(&image).unwrap_or_default() {
            for patch in slot.patches("", WordFormat::of(&image)).unwrap_or_default() {
                prop_assert!(patch.offset + patch.bytes.len() as u64 <= data.len() as u64);
            }
        }
    }
}
