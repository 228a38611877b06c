//! [`Intervals`]: finds what covers an address in one search, also where ranges overlap.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A range of addresses with its value. Where two overlap, the one of the higher rank is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    /// Its first address.
    pub(super) begin: u64,
    /// The address behind its last one.
    pub(super) end: u64,
    /// Its rank among those that overlap.
    pub(super) rank: u32,
    /// What covers it.
    pub(super) value: u32,
}

/// Disjoint ranges of addresses in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Intervals {
    pieces: Vec<(u64, u64, u32)>,
}

impl Intervals {
    /// Cuts ranges into disjoint pieces. There are at most twice as many.
    pub(super) fn new(mut ranges: Vec<Interval>) -> Self {
        ranges.retain(|range| range.begin < range.end);
        ranges.sort_unstable_by_key(|range| (range.begin, range.rank));
        let mut pieces: Vec<(u64, u64, u32)> = Vec::with_capacity(ranges.len());
        let mut open = BinaryHeap::new();
        let mut waiting = ranges.into_iter().peekable();
        let mut cursor = 0;
        loop {
            while let Some(range) = waiting.next_if(|range| range.begin <= cursor) {
                open.push((range.rank, Reverse(range.end), range.value));
            }
            while open.peek().is_some_and(|(_, Reverse(end), _)| *end <= cursor) {
                open.pop();
            }
            let next = waiting.peek().map(|range| range.begin);
            match (open.peek(), next) {
                (None, None) => break,
                (None, Some(next)) => cursor = next,
                (Some((_, Reverse(end), value)), next) => {
                    let until = next.map_or(*end, |next| next.min(*end));
                    match pieces.last_mut() {
                        Some(last) if last.1 == cursor && last.2 == *value => last.1 = until,
                        _ => pieces.push((cursor, until, *value)),
                    }
                    cursor = until;
                }
            }
        }
        pieces.shrink_to_fit();
        Self { pieces }
    }

    /// The disjoint ranges, each with what covers it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64, u32)> {
        self.pieces.iter().copied()
    }

    /// What covers an address.
    pub(super) fn find(&self, address: u64) -> Option<u32> {
        let after = self.pieces.partition_point(|(begin, ..)| *begin <= address);
        let (_, end, value) = self.pieces.get(after.checked_sub(1)?)?;
        (address < *end).then_some(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(begin: u64, end: u64, rank: u32) -> Interval {
        Interval { begin, end, rank, value: rank }
    }

    /// The rank that a search of all ranges would find.
    fn by_search(all: &[Interval], address: u64) -> Option<u32> {
        let covers = |it: &&Interval| (it.begin..it.end).contains(&address);
        all.iter().filter(covers).map(|it| it.rank).max()
    }

    #[test]
    fn the_highest_rank_that_covers_an_address_is_found() {
        let mut seed = 7_u64;
        let mut next = |bound: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % bound
        };
        for _ in 0..200 {
            let count = next(12) as u32;
            let all: Vec<_> = (0..count)
                .map(|rank| {
                    let begin = next(40);
                    interval(begin, begin + next(20), rank)
                })
                .collect();
            let found = Intervals::new(all.clone());
            for address in 0..64 {
                assert_eq!(found.find(address), by_search(&all, address), "{address}: {all:?}");
            }
        }
    }

    #[test]
    fn the_end_of_the_address_space_is_no_end_of_the_search() {
        let found = Intervals::new(vec![interval(5, u64::MAX, 1), interval(u64::MAX, 3, 2)]);
        assert_eq!(found.find(u64::MAX - 1), Some(1));
        assert_eq!(found.find(u64::MAX), None);
    }
}
