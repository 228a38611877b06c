//! Sorts as Go's `sort.Slice` and `slices.SortFunc` do, which leave equal items in an order that only their
//! steps explain. `go tool nm` lists symbols of one name or address in that order, so these are the same
//! steps: a pattern-defeating quicksort (Go, `sort/zsortfunc.go`).
//!
//! ```text
//! up to 12 items     insertion sort
//! else               pivot: the middle one of 3 or of 9; smaller items before it, the rest behind
//!   no choice was wrong: the items are in order, or in reverse order
//!   the item before is no smaller than the pivot: first all that are equal to it
//!   a part of less than an eighth: three items change places with random ones
//! too many such parts    heapsort
//! ```

use std::cmp::Ordering;

/// More items than this are partitioned.
const FEW: usize = 12;
/// Shorter parts are not repaired where single items are out of order, and get a pivot of 3, not of 9.
const SHORT: usize = 50;
/// The exchanges that nine items in reverse order take.
const ALL_EXCHANGED: usize = 12;
/// Items out of order that are shifted at most.
const MAX_SHIFTS: usize = 5;

/// Sorts items.
pub(super) fn sort<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let end = items.len();
    let limit = usize::BITS - end.leading_zeros();
    Sorter { items, compare }.quicksort(0, end, limit);
}

struct Sorter<'i, T, C> {
    items: &'i mut [T],
    compare: C,
}

/// What the choice of a pivot shows of a part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pattern {
    Unknown,
    Increasing,
    Decreasing,
}

impl<T, C: Fn(&T, &T) -> Ordering> Sorter<'_, T, C> {
    fn less(&self, one: usize, other: usize) -> bool {
        match (self.items.get(one), self.items.get(other)) {
            (Some(one), Some(other)) => (self.compare)(one, other).is_lt(),
            _ => false,
        }
    }

    fn swap(&mut self, one: usize, other: usize) {
        if one.max(other) < self.items.len() {
            self.items.swap(one, other);
        }
    }

    /// Sorts the items from `start` to `end`; after `limit` bad pivots by heapsort.
    fn quicksort(&mut self, mut start: usize, mut end: usize, mut limit: u32) {
        let (mut was_balanced, mut was_partitioned) = (true, true);
        loop {
            let length = end - start;
            if length <= FEW {
                return self.insert(start, end);
            }
            if limit == 0 {
                return self.heapsort(start, end);
            }
            if !was_balanced {
                self.break_patterns(start, end);
                limit -= 1;
            }
            let (mut pivot, mut pattern) = self.choose_pivot(start, end);
            if pattern == Pattern::Decreasing {
                if let Some(part) = self.items.get_mut(start..end) {
                    part.reverse();
                }
                pivot = (end - 1) - (pivot - start);
                pattern = Pattern::Increasing;
            }
            let looks_sorted = was_balanced && was_partitioned && pattern == Pattern::Increasing;
            if looks_sorted && self.shift_few(start, end) {
                return;
            }
            if start > 0 && !self.less(start - 1, pivot) {
                start = self.partition_equal(start, end, pivot);
                continue;
            }
            let (middle, had_partition) = self.partition(start, end, pivot);
            was_partitioned = had_partition;
            let (left, right) = (middle - start, end - middle);
            was_balanced = left.min(right) >= length / 8;
            if left < right {
                self.quicksort(start, middle, limit);
                start = middle + 1;
            } else {
                self.quicksort(middle + 1, end, limit);
                end = middle;
            }
        }
    }

    fn insert(&mut self, start: usize, end: usize) {
        for next in start + 1..end {
            self.shift_left(next, start);
        }
    }

    /// Moves an item left over greater ones, up to `start`.
    fn shift_left(&mut self, mut item: usize, start: usize) {
        while item > start && self.less(item, item - 1) {
            self.swap(item, item - 1);
            item -= 1;
        }
    }

    fn heapsort(&mut self, start: usize, end: usize) {
        let length = end - start;
        for root in (0..=(length - 1) / 2).rev() {
            self.sift_down(root, length, start);
        }
        for last in (0..length).rev() {
            self.swap(start, start + last);
            self.sift_down(0, last, start);
        }
    }

    fn sift_down(&mut self, mut root: usize, end: usize, first: usize) {
        loop {
            let mut child = 2 * root + 1;
            if child >= end {
                return;
            }
            if child + 1 < end && self.less(first + child, first + child + 1) {
                child += 1;
            }
            if !self.less(first + root, first + child) {
                return;
            }
            self.swap(first + root, first + child);
            root = child;
        }
    }

    /// Moves the pivot between those smaller than it and the rest; says where it is, and whether they were
    /// apart already.
    fn partition(&mut self, start: usize, end: usize, pivot: usize) -> (usize, bool) {
        self.swap(start, pivot);
        let (mut low, mut high) = (start + 1, end - 1);
        let mut exchanges = 0;
        loop {
            while low <= high && self.less(low, start) {
                low += 1;
            }
            while low <= high && !self.less(high, start) {
                high -= 1;
            }
            if low > high {
                self.swap(high, start);
                return (high, exchanges == 0);
            }
            self.swap(low, high);
            exchanges += 1;
            low += 1;
            high -= 1;
        }
    }

    /// Moves all that are equal to the pivot to the front; says where the rest begins.
    fn partition_equal(&mut self, start: usize, end: usize, pivot: usize) -> usize {
        self.swap(start, pivot);
        let (mut low, mut high) = (start + 1, end - 1);
        loop {
            while low <= high && !self.less(start, low) {
                low += 1;
            }
            while low <= high && self.less(start, high) {
                high -= 1;
            }
            if low > high {
                return low;
            }
            self.swap(low, high);
            low += 1;
            high -= 1;
        }
    }

    /// Sorts a part in which few items are out of order; says whether it is sorted.
    fn shift_few(&mut self, start: usize, end: usize) -> bool {
        let mut next = start + 1;
        for _ in 0..MAX_SHIFTS {
            while next < end && !self.less(next, next - 1) {
                next += 1;
            }
            if next == end {
                return true;
            }
            if end - start < SHORT {
                return false;
            }
            self.swap(next, next - 1);
            if next - start >= 2 {
                // Go goes on beyond the part, where nothing is greater.
                self.shift_left(next - 1, 0);
            }
            if end - next >= 2 {
                let mut item = next + 1;
                while item < end && self.less(item, item - 1) {
                    self.swap(item, item - 1);
                    item += 1;
                }
            }
        }
        false
    }

    /// Exchanges three items in the middle with random ones.
    fn break_patterns(&mut self, start: usize, end: usize) {
        let length = end - start;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let mask = (1_u64 << (usize::BITS - length.leading_zeros())) - 1;
        let middle = start + (length / 4) * 2;
        for item in middle - 1..=middle + 1 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = usize::try_from(random & mask).unwrap_or_default();
            if other >= length {
                other -= length;
            }
            self.swap(item, start + other);
        }
    }

    fn choose_pivot(&self, start: usize, end: usize) -> (usize, Pattern) {
        let length = end - start;
        let quarter = length / 4;
        let mut exchanges = 0;
        let mut candidates = [start + quarter, start + quarter * 2, start + quarter * 3];
        if length >= SHORT {
            candidates =
                candidates.map(|item| self.median([item - 1, item, item + 1], &mut exchanges));
        }
        let pivot = self.median(candidates, &mut exchanges);
        let pattern = match exchanges {
            0 => Pattern::Increasing,
            ALL_EXCHANGED => Pattern::Decreasing,
            _ => Pattern::Unknown,
        };
        (pivot, pattern)
    }

    fn median(&self, [mut a, mut b, mut c]: [usize; 3], exchanges: &mut usize) -> usize {
        let mut order = |one: &mut usize, other: &mut usize| {
            if self.less(*other, *one) {
                *exchanges += 1;
                std::mem::swap(one, other);
            }
        };
        order(&mut a, &mut b);
        order(&mut b, &mut c);
        order(&mut a, &mut b);
        b
    }
}
