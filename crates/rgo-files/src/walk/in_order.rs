//! Visits many files in parallel and returns their results in the order of the walk.
//!
//! ```text
//! Walk ─▶ step n ─▶ any thread: inspect ─▶ window, by n ─▶ take(Found), the lowest n first
//! ```
//!
//! A thread takes a step from the walk, visits its file, puts the result into the window, and takes
//! the next step. Results leave the window in order. While one file takes long, the other threads
//! continue with the files behind it until the window is full; then they wait. Threads take steps in
//! order, so one of them is working on the file that the others wait for, and the wait ends.

use std::collections::VecDeque;
use std::iter::Enumerate;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::folders::Walk;
use super::results::{Done, ResultSink, Take, Visits};
use super::threads;

/// Files without a result take little room: this many count as one result.
const FILES_A_RESULT: usize = 32;

/// Results that wait for an earlier one.
struct Window<T> {
    /// The number of the next step to emit.
    first: usize,
    /// The steps from `first` on; `None` if one is not finished.
    done: VecDeque<Option<Done<T>>>,
    /// Number of results in `done`.
    results: usize,
    /// Whether a thread is emitting results.
    is_giving: bool,
    /// Number of threads that wait for room.
    waiting: usize,
    /// Whether no more results are wanted, or a thread panicked.
    is_over: bool,
}

/// State shared by the threads.
struct Shared<'s, 't, T> {
    visits: &'s Visits<'s, T>,
    steps: Mutex<Enumerate<Walk<'s>>>,
    window: Mutex<Window<T>>,
    has_room: Condvar,
    /// Maximum number of results that wait for an earlier file; each thread may add one more file.
    max_ahead: usize,
    output: Mutex<ResultSink<'s, 't, T>>,
}

/// Visits all steps of a walk, and passes the results to `take` in the order of the steps.
pub(super) fn run<T: Send>(
    walk: Walk<'_>,
    is_single: bool,
    visits: &Visits<'_, T>,
    max_ahead: usize,
    take: &mut Take<'_, T>,
) {
    let window = Window {
        first: 0,
        done: VecDeque::new(),
        results: 0,
        is_giving: false,
        waiting: 0,
        is_over: false,
    };
    let shared = Shared {
        visits,
        steps: Mutex::new(walk.enumerate()),
        window: Mutex::new(window),
        has_room: Condvar::new(),
        max_ahead,
        output: Mutex::new(ResultSink::new(visits, take)),
    };
    threads::run(is_single, || shared.work());
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Send> Shared<'_, '_, T> {
    /// Visits files until none are left.
    fn work(&self) {
        let _guard = EndOnPanic(self);
        while self.wait_for_room() {
            let Some((number, step)) = lock(&self.steps).next() else { return };
            let done = self.visits.visit(step);
            lock(&self.window).put(number, done);
            self.emit_finished();
        }
    }

    /// Waits until there is room for a result. Returns whether to go on.
    fn wait_for_room(&self) -> bool {
        let mut window = lock(&self.window);
        while !window.is_over && window.is_full(self.max_ahead) {
            window.waiting += 1;
            window = self.has_room.wait(window).unwrap_or_else(PoisonError::into_inner);
            window.waiting -= 1;
        }
        !window.is_over
    }

    /// Emits the results whose turn it is, unless another thread does.
    fn emit_finished(&self) {
        let mut window = lock(&self.window);
        if window.is_giving {
            return;
        }
        window.is_giving = true;
        while let Some(done) = window.pop() {
            let is_awaited = window.waiting > 0;
            drop(window);
            if is_awaited {
                self.has_room.notify_all();
            }
            let goes_on = lock(&self.output).emit_step(done);
            window = lock(&self.window);
            if goes_on.is_break() {
                window.is_over = true;
                self.has_room.notify_all();
                return;
            }
        }
        window.is_giving = false;
    }
}

/// Stops the other threads if one panics: they would wait for its result.
struct EndOnPanic<'e, 's, 't, T>(&'e Shared<'s, 't, T>);

impl<T> Drop for EndOnPanic<'_, '_, '_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.window).is_over = true;
            self.0.has_room.notify_all();
        }
    }
}

impl<T> Window<T> {
    fn is_full(&self, max_ahead: usize) -> bool {
        self.results >= max_ahead || self.done.len() / FILES_A_RESULT >= max_ahead
    }

    fn put(&mut self, number: usize, done: Done<T>) {
        let at = number - self.first;
        if self.done.len() <= at {
            self.done.resize_with(at + 1, || None);
        }
        self.results += done.results();
        if let Some(slot) = self.done.get_mut(at) {
            *slot = Some(done);
        }
    }

    /// Removes the next step in order, if it is finished.
    fn pop(&mut self) -> Option<Done<T>> {
        let done = self.done.front_mut()?.take()?;
        self.done.pop_front();
        self.first += 1;
        self.results -= done.results();
        Some(done)
    }
}
