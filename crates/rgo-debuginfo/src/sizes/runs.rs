//! Runs: stretches of bytes, each with a label. A dimension of an attribution (section, owner, unit, …) is a list of
//! runs that do not overlap, and the attribution is what several such lists say of the same byte.
//!
//! ```text
//! claims   |---a---------|          innermost   |-a-|b|--a---|
//!              |b|             ─▶
//!
//! base     |--a--|    |-b-|         fill        |--a--|-c--|-b-|c|
//! layer       |----c--------|  ─▶
//! ```

use std::cmp::Reverse;

/// A stretch of bytes with a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its first byte.
    pub(super) start: u64,
    /// Behind its last byte.
    pub(super) end: u64,
    /// What the bytes belong to: an index into a table of the dimension.
    pub(super) label: u32,
}

/// Runs in the order of their bytes that do not overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Runs(Vec<Run>);

impl Runs {
    /// Settles overlapping claims: a byte belongs to the claim that begins last, of those that begin together to the
    /// shortest, of the same claims to the first. Empty claims are dropped.
    pub(super) fn innermost(mut claims: Vec<Run>) -> Self {
        claims.retain(|claim| claim.start < claim.end);
        claims.sort_by_key(|claim| (claim.start, Reverse(claim.end)));
        let mut runs = Self(Vec::with_capacity(claims.len()));
        // Open claims, the innermost last.
        let mut open: Vec<Run> = Vec::new();
        let mut at = 0;
        for claim in claims {
            at = runs.close(&mut open, at, claim.start);
            let is_same = |other: &Run| (other.start, other.end) == (claim.start, claim.end);
            if !open.last().is_some_and(is_same) {
                open.push(claim);
            }
        }
        runs.close(&mut open, at, u64::MAX);
        runs
    }

    /// Writes what the open claims have from `at` to `until`. Returns where the next bytes begin.
    fn close(&mut self, open: &mut Vec<Run>, mut at: u64, until: u64) -> u64 {
        while let Some(inner) = open.last() {
            let start = at.max(inner.start);
            let end = inner.end.min(until);
            if start < end {
                self.push(Run { start, end, label: inner.label });
                at = end;
            }
            if inner.end > until {
                break;
            }
            open.pop();
        }
        at.max(until)
    }

    /// Adds a run behind all others.
    pub(super) fn push(&mut self, run: Run) {
        match self.0.last_mut() {
            Some(last) if last.end == run.start && last.label == run.label => last.end = run.end,
            _ => self.0.push(run),
        }
    }

    /// These runs, and where they have none, those of `layer`.
    #[must_use]
    pub(super) fn fill(&self, layer: &Self) -> Self {
        if self.0.is_empty() {
            return layer.clone();
        }
        let mut filled = Self(Vec::with_capacity(self.0.len() + layer.0.len()));
        for [base, other] in sweep([self, layer]) {
            let label = base.label.or(other.label);
            if let Some(label) = label {
                filled.push(Run { start: base.start, end: base.end, label });
            }
        }
        filled
    }

    /// The gaps between the runs within `0..end`.
    pub(super) fn gaps(&self, end: u64) -> Vec<(u64, u64)> {
        let mut gaps = Vec::new();
        let mut at = 0;
        for run in &self.0 {
            if at < run.start {
                gaps.push((at, run.start.min(end)));
            }
            at = at.max(run.end);
        }
        if at < end {
            gaps.push((at, end));
        }
        gaps
    }

    /// The label of a byte.
    pub(super) fn at(&self, byte: u64) -> Option<u32> {
        self.run_at(byte).map(|run| run.label)
    }

    /// The run that has a byte.
    pub(super) fn run_at(&self, byte: u64) -> Option<Run> {
        let next = self.0.partition_point(|run| run.start <= byte);
        let run = self.0.get(next.checked_sub(1)?)?;
        (byte < run.end).then_some(*run)
    }

    /// The runs from the one that has a byte on.
    pub(super) fn from(&self, byte: u64) -> &[Run] {
        self.0.get(self.0.partition_point(|run| run.end <= byte)..).unwrap_or_default()
    }

    /// Where the first run begins behind a byte.
    pub(super) fn next_start(&self, byte: u64) -> Option<u64> {
        self.0.get(self.0.partition_point(|run| run.start <= byte)).map(|run| run.start)
    }

    /// All runs.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Run> {
        self.0.iter()
    }

    /// All runs, for those that look at neighbours.
    pub(super) fn as_slice(&self) -> &[Run] {
        &self.0
    }
}

/// A stretch of bytes of which each list of runs says one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) start: u64,
    pub(super) end: u64,
    /// What the list says of it.
    pub(super) label: Option<u32>,
}

/// Cuts the bytes where one of the lists changes, in the order of the bytes. Stretches of which no list says
/// anything are left out.
pub(super) fn sweep<const N: usize>(lists: [&Runs; N]) -> impl Iterator<Item = [Slot; N]> + '_ {
    let mut next = [0; N];
    let mut at = 0_u64;
    std::iter::from_fn(move || {
        loop {
            let mut labels = [None; N];
            let mut end = u64::MAX;
            for ((label, list), index) in labels.iter_mut().zip(lists).zip(&mut next) {
                while list.0.get(*index).is_some_and(|run| run.end <= at) {
                    *index += 1;
                }
                let Some(run) = list.0.get(*index) else { continue };
                if run.start <= at {
                    *label = Some(run.label);
                    end = end.min(run.end);
                } else {
                    end = end.min(run.start);
                }
            }
            let start = at;
            at = end;
            if labels.iter().any(Option::is_some) {
                return Some(labels.map(|label| Slot { start, end, label }));
            }
            if end == u64::MAX {
                return None;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn runs(all: &[(u64, u64, u32)]) -> Vec<Run> {
        all.iter().map(|&(start, end, label)| Run { start, end, label }).collect()
    }

    #[test]
    fn the_innermost_claim_has_the_bytes() {
        let claims = runs(&[(0, 10, 1), (2, 4, 2), (2, 4, 3), (3, 6, 4), (9, 12, 5), (20, 20, 6)]);
        let expected = [(0, 2, 1), (2, 3, 2), (3, 6, 4), (6, 9, 1), (9, 12, 5)];
        assert_eq!(Runs::innermost(claims).0, runs(&expected));
    }

    #[test]
    fn a_layer_fills_what_is_free() {
        let base = Runs::innermost(runs(&[(2, 4, 1), (8, 9, 1)]));
        let layer = Runs::innermost(runs(&[(0, 9, 2), (11, 12, 3)]));
        let expected = [(0, 2, 2), (2, 4, 1), (4, 8, 2), (8, 9, 1), (11, 12, 3)];
        assert_eq!(base.fill(&layer).0, runs(&expected));
    }

    #[test]
    fn gaps_are_what_no_run_has() {
        let all = Runs::innermost(runs(&[(2, 4, 1), (4, 5, 2), (8, 9, 1)]));
        assert_eq!(all.gaps(12), [(0, 2), (5, 8), (9, 12)]);
        assert_eq!(Runs::default().gaps(3), [(0, 3)]);
        assert_eq!((all.at(3), all.at(5), all.at(8)), (Some(1), None, Some(1)));
    }

    fn claims() -> impl Strategy<Value = Vec<(u64, u64, u32)>> {
        prop::collection::vec((0..40_u64, 0..40_u64, 0..5_u32), 0..12)
    }

    proptest! {
        #[test]
        fn each_byte_has_the_label_of_a_claim_that_covers_it(claims in claims(), layer in claims()) {
            let (claims, layer) = (runs(&claims), runs(&layer));
            let settled = Runs::innermost(claims.clone());
            let filled = settled.fill(&Runs::innermost(layer.clone()));
            for byte in 0..40 {
                let covers = |claim: &&Run| claim.start <= byte && byte < claim.end;
                let label = settled.at(byte);
                let covering: Vec<_> = claims.iter().filter(covers).collect();
                let last = covering.iter().map(|claim| claim.start).max();
                prop_assert_eq!(label.is_some(), !covering.is_empty());
                if let Some(label) = label {
                    let is_last = |it: &&Run| Some(it.start) == last && it.label == label;
                    prop_assert!(covering.iter().any(is_last));
                }
                let is_filled = label.is_some() || layer.iter().any(|it| covers(&it));
                prop_assert_eq!(filled.at(byte).is_some(), is_filled);
            }
            let pairs = settled.0.windows(2);
            prop_assert!(pairs.into_iter().all(|pair| pair[0].end <= pair[1].start));
        }
    }
}
