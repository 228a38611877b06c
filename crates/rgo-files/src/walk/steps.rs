//! Hands out the steps of a walk to the threads that do them.
//!
//! If results may wait for as many earlier files as there are, the largest known file comes first: a
//! large file that a thread begins last keeps all others waiting. The walk is listed ahead while
//! files are visited. Else the steps come in order, because the window is full until its first file
//! is done.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs;

use super::folders::{Walk, WalkStep};

/// How many steps may be listed ahead: each takes the room of its path.
const LOOKAHEAD: usize = 65_536;
/// How many steps of the walk are listed at once.
const LISTED_AT_ONCE: usize = 128;
/// How many steps a thread gets at once, at most, and with how many bytes: for small files the locks
/// would take as long as the files.
const BATCH: (usize, u64) = (32, 1 << 20);

/// The steps of a walk, each with its number.
pub(super) struct Steps<'w> {
    walk: Walk<'w>,
    /// The number of the next step of the walk.
    number: usize,
    /// Steps that the walk has given and no thread has.
    ahead: BinaryHeap<Step>,
    /// How many steps `ahead` holds, at most.
    lookahead: usize,
}

struct Step {
    number: usize,
    /// Bytes of its file.
    size: u64,
    step: WalkStep,
}

impl Step {
    /// The largest first, and of equals the first of the walk.
    fn rank(&self) -> (u64, Reverse<usize>) {
        (self.size, Reverse(self.number))
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}

impl Eq for Step {}

impl<'w> Steps<'w> {
    /// `max_ahead` is the number of results that may wait for an earlier file.
    pub(super) fn new(walk: Walk<'w>, max_ahead: usize) -> Self {
        let lookahead = if max_ahead == usize::MAX { LOOKAHEAD } else { 1 };
        Self { walk, number: 0, ahead: BinaryHeap::new(), lookahead }
    }

    /// The steps to do next, with their numbers in the walk; none if all are handed out.
    pub(super) fn next(&mut self) -> Vec<(usize, WalkStep)> {
        let room = self.lookahead.saturating_sub(self.ahead.len());
        for _ in 0..room.min(LISTED_AT_ONCE) {
            let Some(step) = self.walk.next() else { break };
            // The order of steps needs no size where it is that of the walk.
            let size = if self.lookahead > 1 { size(&step) } else { 0 };
            self.ahead.push(Step { number: self.number, size, step });
            self.number += 1;
        }
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH.0 && bytes < BATCH.1 {
            let Some(Step { number, size, step }) = self.ahead.pop() else { break };
            batch.push((number, step));
            bytes += size;
        }
        batch
    }
}

/// Bytes of the file of a step; 0 if it has none.
fn size(step: &WalkStep) -> u64 {
    match step {
        WalkStep::File(entry) => fs::metadata(&entry.path).map_or(0, |metadata| metadata.len()),
        WalkStep::Images(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::Options;
    use super::*;

    /// The names of the files in the order in which the steps come, with their numbers.
    fn order(args: &[PathBuf], max_ahead: usize) -> Vec<(usize, String)> {
        let options = Options::default();
        let mut steps = Steps::new(Walk::new(args, &options), max_ahead);
        let mut order = Vec::new();
        loop {
            let batch = steps.next();
            if batch.is_empty() {
                return order;
            }
            for (number, step) in batch {
                let WalkStep::File(entry) = step else { panic!("no images") };
                let name = entry.path.file_name().expect("a name").to_string_lossy().into_owned();
                order.push((number, name));
            }
        }
    }

    #[test]
    fn the_largest_of_the_next_files_comes_first_if_results_may_wait() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, size) in [("a", 1), ("b", 3), ("c", 3), ("d", 2)] {
            fs::write(folder.path().join(name), vec![0; size]).expect("written");
        }
        let args = [folder.path().to_owned()];
        let named = |all: [(usize, &str); 4]| all.map(|(number, name)| (number, name.to_owned()));
        assert_eq!(order(&args, usize::MAX), named([(1, "b"), (2, "c"), (3, "d"), (0, "a")]));
        assert_eq!(order(&args, 2), named([(0, "a"), (1, "b"), (2, "c"), (3, "d")]));
    }
}
