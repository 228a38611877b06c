//! Visits many files in parallel, in the order that takes the least time, and sorts the results at
//! the end.
//!
//! ```text
//! Walk ─▶ batches of steps ─▶ any thread ─┬─▶ small file: inspect ───────────┐
//!                                         └─▶ large file: wait ─▶ inspect ─▶ sort by step
//! ```
//!
//! Most files of a tree are small and of no interest. Threads take them in batches, because a lock
//! for each file would take as long as the file. A large file waits until no small one is left, and
//! the largest then comes first: a large file that a thread begins last keeps the others waiting.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};
use std::iter::Enumerate;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::file::Opened;
use super::folders::{Walk, WalkStep};
use super::results::{Done, ResultSink, Take, Visits};
use super::threads;

/// Maximum number of steps that a thread takes at once.
const MAX_BATCH: usize = 32;
/// Number of steps listed at once.
const LISTED_AT_ONCE: usize = 128;
/// If fewer listed steps are left, a thread lists more while the others take these.
const FEW_LISTED: usize = 256;
/// Minimum size of a file that waits, in bytes.
const LARGE: u64 = 1 << 20;
/// Maximum number of files that wait. Each is open, and macOS allows a process 256 open files.
pub(super) const MAX_WAITING: usize = 64;

/// A step or its result, with the step's number.
type Numbered<S> = (usize, S);

/// State shared by the threads.
struct Shared<'s, T> {
    visits: &'s Visits<'s, T>,
    walk: Mutex<Enumerate<Walk<'s>>>,
    /// Listed steps that no thread has taken.
    listed: Mutex<VecDeque<Numbered<WalkStep>>>,
    waiting: Mutex<BinaryHeap<LargeFile>>,
}

/// A file that waits.
struct LargeFile {
    number: usize,
    opened: Opened,
}

/// Visits all steps of a walk, and passes the results to `take` in the order of the steps.
pub(super) fn run<T: Send>(
    walk: Walk<'_>,
    is_single: bool,
    visits: &Visits<'_, T>,
    take: &mut Take<'_, T>,
) {
    let shared = Shared {
        visits,
        walk: Mutex::new(walk.enumerate()),
        listed: Mutex::default(),
        waiting: Mutex::default(),
    };
    let mut all: Vec<_> = threads::run(is_single, || shared.work()).into_iter().flatten().collect();
    all.sort_unstable_by_key(|(number, _)| *number);
    let mut sink = ResultSink::new(visits, take);
    let _ = all.into_iter().try_for_each(|(_, done)| sink.emit_step(done));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Shared<'_, T> {
    /// Visits files until none are left. Returns those with results.
    fn work(&self) -> Vec<Numbered<Done<T>>> {
        let mut all = Vec::new();
        let mut keep = |number, done: Done<T>| {
            if !done.is_nothing() {
                all.push((number, done));
            }
        };
        loop {
            let batch = self.next_batch();
            if batch.is_empty() {
                break;
            }
            for (number, step) in batch {
                if let Some((number, done)) = self.visit(number, step) {
                    keep(number, done);
                }
            }
        }
        while let Some(LargeFile { number, opened }) = self.pop_waiting() {
            keep(number, self.visits.visit_opened(opened));
        }
        all
    }

    /// The next steps; none if all are taken.
    fn next_batch(&self) -> Vec<Numbered<WalkStep>> {
        loop {
            let (batch, left) = self.take_listed();
            if !batch.is_empty() {
                if left < FEW_LISTED
                    && let Ok(mut walk) = self.walk.try_lock()
                {
                    self.list(&mut walk);
                }
                return batch;
            }
            let mut walk = lock(&self.walk);
            // Another thread may have listed more while this one waited.
            let is_listed = !lock(&self.listed).is_empty();
            if !is_listed && !self.list(&mut walk) {
                return Vec::new();
            }
        }
    }

    /// A part of the listed steps, and how many are left. Near the end, threads take few at once, so
    /// that none is left with many files while the others have none.
    fn take_listed(&self) -> (Vec<Numbered<WalkStep>>, usize) {
        let mut listed = lock(&self.listed);
        let size = listed.len().div_ceil(4).min(MAX_BATCH);
        (listed.drain(..size).collect(), listed.len())
    }

    /// Lists further steps for all threads. Returns whether there were any.
    fn list(&self, walk: &mut Enumerate<Walk<'_>>) -> bool {
        let steps: Vec<_> = walk.take(LISTED_AT_ONCE).collect();
        let is_any = !steps.is_empty();
        lock(&self.listed).extend(steps);
        is_any
    }

    /// Does a step, or lets its file wait and visits the largest one if too many wait.
    fn visit(&self, number: usize, step: WalkStep) -> Option<Numbered<Done<T>>> {
        let WalkStep::File(entry) = step else { return Some((number, self.visits.visit(step))) };
        (self.visits.begin)(&entry.path);
        let opened = Opened::new(entry, self.visits.options);
        if opened.size() < LARGE {
            return Some((number, self.visits.visit_opened(opened)));
        }
        let mut waiting = lock(&self.waiting);
        waiting.push(LargeFile { number, opened });
        let largest = if waiting.len() > MAX_WAITING { waiting.pop() } else { None };
        drop(waiting);
        largest.map(|file| (file.number, self.visits.visit_opened(file.opened)))
    }

    fn pop_waiting(&self) -> Option<LargeFile> {
        lock(&self.waiting).pop()
    }
}

impl Ord for LargeFile {
    fn cmp(&self, other: &Self) -> Ordering {
        self.opened.size().cmp(&other.opened.size())
    }
}

impl PartialOrd for LargeFile {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for LargeFile {
    fn eq(&self, other: &Self) -> bool {
        self.opened.size() == other.opened.size()
    }
}

impl Eq for LargeFile {}
