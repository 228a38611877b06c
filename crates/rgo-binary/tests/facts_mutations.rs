//! Damage: every reader of facts answers a broken image, whatever is broken.

use rgo_binary::debug::build_id::identities;
use rgo_binary::embedded::package_note::package_note;
use rgo_binary::embedded::version_resource::version_info;
use rgo_binary::packer::packer;
use rgo_binary::security::hardening::hardening;
use rgo_binary::security::signature::signature;
use rgo_binary::{Image, Limits};

use crate::support::facts::{ELF_PROGRAM, HARD_ELF, MACHO_PROGRAM, MACHO_SIGNED, PE, SIGNED_PE};

/// How many of six questions got an answer.
fn read(data: &[u8]) -> usize {
    let limits = Limits { max_inflated: 1 << 20, max_symbols: 10_000, ..Limits::default() };
    let Ok(image) = Image::parse(data, &limits) else { return 0 };
    let answers = [
        hardening(&image).is_ok(),
        identities(&image).is_ok(),
        signature(&image).is_ok(),
        version_info(&image).is_ok(),
        package_note(&image).is_ok(),
        packer(&image).is_none(),
    ];
    answers.into_iter().filter(|answer| *answer).count()
}

/// Reproducible pseudo-random numbers (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        usize::try_from(number % end as u64).expect("below a usize")
    }
}

/// Ranges that are worth damaging: the headers, and what the facts are read from.
fn places(data: &[u8]) -> Vec<std::ops::Range<usize>> {
    let head = 4..data.len().min(2048);
    let tail = data.len().saturating_sub(3000).max(4)..data.len();
    vec![head, tail, 4..data.len()]
}

const EXTREMES: [u64; 8] =
    [0, 1, 0x7f, 0x80, 0x7fff_ffff, 0xffff_ffff, 0x8000_0000_0000_0000, u64::MAX];

#[test]
fn damage_is_answered() {
    let samples = [ELF_PROGRAM, HARD_ELF, MACHO_PROGRAM, MACHO_SIGNED, PE, SIGNED_PE];
    for (seed, sample) in samples.into_iter().enumerate() {
        assert_eq!(read(sample), 6, "the undamaged sample is read");
        let mut dice = Dice(seed as u64 + 1);
        let places = places(sample);
        let mut survivors = 0;
        for round in 0..3000 {
            let place = places[round % places.len()].clone();
            let at = place.start + dice.below(place.len() - 8);
            let mut data = sample.to_vec();
            match dice.below(3) {
                0 => data.truncate(at),
                1 => data[at] ^= 1 << dice.below(8),
                _ => {
                    let size = [1, 2, 4, 8][dice.below(4)];
                    let mut value = EXTREMES[dice.below(EXTREMES.len())].to_le_bytes();
                    if dice.below(2) == 0 {
                        value[..size].reverse();
                    }
                    data[at..at + size].copy_from_slice(&value[..size]);
                }
            }
            survivors += usize::from(read(&data) > 0);
        }
        assert!(survivors > 300, "damage that nothing survives tests nothing: {survivors}");
    }
}

#[test]
fn every_cut_of_a_signature_is_answered() {
    for sample in [SIGNED_PE, MACHO_SIGNED, HARD_ELF] {
        for end in sample.len() - 2500..sample.len() {
            read(&sample[..end]);
        }
    }
}
