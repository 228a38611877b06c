//! Damage: every reader has to answer a broken image with an error or with facts, in bounded
//! time and memory, and never with a panic. The magic numbers stay whole, or nothing past the
//! first check would be reached.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use rgo_binary::embedded::auditable;
use rgo_binary::embedded::go_buildinfo;
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot;
use rgo_binary::{Limits, slices};

use crate::support::samples::{ELF, MACHO, PE, fat, go_image};

/// Counts what each thread allocates: the highest tide of a test does not include that of the tests
/// that run beside it.
struct Gauge;

// Without an initializer and a destructor, so that the allocator may use them at any time.
thread_local! {
    /// Below zero if the thread frees what another one allocated.
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: hands every call on to the system's allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Gauge {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.get().saturating_add_unsigned(layout.size());
        NOW.set(now);
        MOST.set(MOST.get().max(now));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.set(NOW.get().saturating_sub_unsigned(layout.size()));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static GAUGE: Gauge = Gauge;

/// What the limits below allow at once, and the readers' own tables on top.
const MEMORY: isize = 48 << 20;

fn limits() -> Limits {
    Limits { max_inflated: 1 << 20, max_symbols: 10_000, max_units: 1000, ..Limits::default() }
}

/// Asks everything that can be asked; gives how many questions got an answer.
fn read(data: &[u8]) -> usize {
    let Ok(slices) = slices(data, &limits()) else { return 0 };
    let mut answers = 0;
    for slice in &slices {
        let image = &slice.image;
        answers += image.sections().map(|section| section.data.len().min(1)).sum::<usize>();
        answers += usize::from(image.linkage().is_ok());
        answers += usize::from(image.debug_data().is_ok());
        answers += usize::from(rgo_note::find(image).is_ok());
        answers += usize::from(slot::list(image).is_ok());
        answers += usize::from(auditable::find(image).is_ok());
        answers += usize::from(
            go_buildinfo::find(image).is_ok_and(|go| go.is_none_or(|go| go.build_info().is_ok())),
        );
    }
    answers
}

/// Reproducible pseudo-random numbers (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }
}

/// Values that length and offset fields are best at breaking on.
const EXTREMES: [u64; 8] =
    [0, 1, 0x7f, 0x7fff_ffff, 0xffff_ffff, 0x8000_0000_0000_0000, u64::MAX - 7, u64::MAX];

fn damage(sample: &[u8], keep: usize, dice: &mut Dice) -> Vec<u8> {
    let mut data = sample.to_vec();
    match dice.below(4) {
        0 => {
            data.truncate(keep + dice.below(sample.len() - keep));
            return data;
        }
        1 => {
            let at = keep + dice.below(data.len() - keep);
            data[at] ^= 1 << dice.below(8);
        }
        2 => {
            let (at, size) = (keep + dice.below(data.len() - keep - 8), [2, 4, 8][dice.below(3)]);
            let value = EXTREMES[dice.below(EXTREMES.len())].to_le_bytes();
            data[at..at + size].copy_from_slice(&value[..size]);
        }
        _ => {
            for _ in 0..16 {
                let at = keep + dice.below(data.len() - keep);
                data[at] = u8::try_from(dice.next() & 0xff).expect("a byte");
            }
        }
    }
    data
}

#[test]
fn damage_is_answered() {
    let go = go_image(true, false, "go1.13", "path\tx\n");
    let fat = fat(&[MACHO]);
    // Headers come first and are the most rewarding: half of the damage goes there.
    let samples: [(&[u8], usize, u64); 5] =
        [(ELF, 4, 1), (MACHO, 4, 2), (PE, 2, 3), (&go, 4, 4), (&fat, 4, 5)];
    for (sample, keep, seed) in samples {
        let whole = read(sample);
        assert!(whole >= 6, "the undamaged sample is read");
        let mut dice = Dice(seed);
        let mut survivors = 0;
        for round in 0..4000 {
            let head = sample.len().min(if round % 2 == 0 { 2048 } else { usize::MAX });
            let mut data = damage(&sample[..head], keep, &mut dice);
            if data.len() == head {
                data.extend_from_slice(&sample[head..]);
            }
            let before = NOW.get();
            MOST.set(before);
            survivors += usize::from(read(&data) > 0);
            let used = MOST.get() - before;
            assert!(used < MEMORY, "round {round}: {used} bytes for a file of {}", data.len());
        }
        assert!(survivors > 300, "damage that nothing survives tests nothing: {survivors}");
    }
}

#[test]
fn every_cut_of_the_headers_is_answered() {
    for sample in [ELF, MACHO, PE] {
        for end in 0..sample.len().min(1500) {
            read(&sample[..end]);
        }
    }
}
