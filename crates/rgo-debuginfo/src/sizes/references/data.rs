//! References in data: pointers, as the loader will have written them.
//!
//! A program at a fixed address has no list of its pointers, and a table of numbers can look like some. So the words of
//! a variable count only if many of them are addresses, and most of these are of places where something can begin.

use rgo_binary::{Image, Memory, WordFormat};

use super::Gatherer;
use crate::sizes::kind::ByteKind;

/// Of so many words that are not 0, one has to be an address. Structures of eight words with one pointer are common.
const WORDS_OF_POINTER: usize = 8;
/// Of so many addresses, all but one have to be aligned, or behind the end of a string; where most other words use both
/// halves, as packed numbers do, of so many.
const ADDRESSES_OF_MISFIT: [usize; 2] = [4, 8];
/// Where variables with pointers begin, and what they point to.
const ALIGNMENT: u64 = 8;
/// So few words say nothing of how many are addresses.
const FEW: usize = 8;
/// Words that are judged together where no variable is known.
const WINDOW: u64 = 32;

/// Adds each pointer in the image's data.
pub(super) fn gather(image: &Image<'_>, gatherer: &mut Gatherer<'_>) {
    let words = WordFormat::of(image);
    let memory = Memory::new(image, words);
    let space = gatherer.space;
    for (address, run) in space.addressed(&space.places) {
        let kind = space.kind_at(run.start);
        if !matches!(kind, Some(ByteKind::ReadOnlyData | ByteKind::Data)) {
            continue;
        }
        let end = address.saturating_add(run.end - run.start);
        let mut stretch = Stretch::default();
        for (place, target) in memory.pointers(address, end) {
            let from = run.start + (place - address);
            if from >= stretch.end {
                stretch.finish(gatherer);
                let variable = gatherer.symbols.run_at(from).map(|variable| variable.end);
                let window = from + WINDOW * words.size as u64;
                let next = gatherer.symbols.next_start(from).unwrap_or(window);
                stretch.end = variable.unwrap_or(window.min(next));
            }
            if target == 0 {
                continue;
            }
            stretch.words += 1;
            if let Some(to) = space.locate(None, target) {
                let before =
                    to.checked_sub(1).and_then(|at| image.data().get(usize::try_from(at).ok()?));
                let can_begin =
                    target.is_multiple_of(ALIGNMENT) || before.is_none_or(|byte| *byte == 0);
                stretch.misfits += usize::from(!can_begin);
                stretch.pointers.push((from, target));
            } else {
                stretch.wide += usize::from(target > u64::from(u32::MAX));
            }
        }
        stretch.finish(gatherer);
    }
}

/// Words that are judged together.
#[derive(Default)]
struct Stretch {
    /// The place behind it.
    end: u64,
    /// Words that are not 0.
    words: usize,
    /// Addresses of places where nothing can begin.
    misfits: usize,
    /// Words that are no addresses and use both halves.
    wide: usize,
    /// Places and values of those that are addresses.
    pointers: Vec<(u64, u64)>,
}

impl Stretch {
    fn finish(&mut self, gatherer: &mut Gatherer<'_>) {
        if self.has_pointers() {
            self.pointers.iter().for_each(|(from, target)| gatherer.add(*from, *target));
        }
        self.pointers.clear();
        (self.words, self.misfits, self.wide) = (0, 0, 0);
    }

    /// Whether its addresses are pointers, and not numbers that look like some.
    fn has_pointers(&self) -> bool {
        let count = self.pointers.len();
        let is_dense = self.words <= FEW || count * WORDS_OF_POINTER >= self.words;
        let addresses = ADDRESSES_OF_MISFIT[usize::from(self.wide > count)];
        is_dense && self.misfits <= count.div_ceil(addresses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_numbers_have_no_pointers() {
        // Words that are not 0, those of them that are addresses, that fit nowhere, and that are wide numbers.
        for (words, addresses, misfits, wide, expected) in [
            // A table of functions, and one with a misfit among many.
            (100, 100, 0, 0, true),
            (100, 100, 20, 0, true),
            // Strings among numbers, as in structures with one pointer of eight words.
            (80, 10, 2, 0, true),
            (81, 10, 0, 0, false),
            // Little says little: a variable of one pointer.
            (1, 1, 0, 0, true),
            (8, 1, 1, 0, true),
            // Numbers that are addresses by chance are not aligned.
            (100, 40, 20, 0, false),
            // Packed numbers use both halves: less of them may be by chance.
            (100, 40, 8, 30, true),
            (100, 40, 8, 60, false),
        ] {
            let pointers = vec![(0, 0); addresses];
            let stretch = Stretch { end: 0, words, misfits, wide, pointers };
            let shown = (words, addresses, misfits, wide);
            assert_eq!(stretch.has_pointers(), expected, "{shown:?}");
        }
    }
}
