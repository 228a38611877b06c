//! Visits many files in parallel and returns their results in the order of the walk.
//!
//! ```text
//! Walk ─▶ step n ─▶ any thread: inspect ─▶ window, by n ─▶ take(Found), the lowest n first
//! ```
//!
//! A thread takes steps from the walk, visits their files, puts the results into the window, and
//! takes the next steps. Results leave the window in order. While one file takes long, the other
//! threads continue with the files behind it until the window is full; then they wait. Where the
//! window can be full, threads take steps in order (see [`super::steps`]), so one of them is working
//! on the file that the others wait for, and the wait ends.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::file::{self, Visited};
use super::folders::{Walk, WalkStep};
use super::oci_layout::{OciLayout, VisitedLayer};
use super::steps::Steps;
use super::{Begin, Found, Inspect, Options};

/// Files without a result take little room: this many count as one result.
const FILES_A_RESULT: usize = 32;

/// Takes each result, and decides whether to go on.
pub type Take<'t, T> = dyn FnMut(Found<T>) -> ControlFlow<()> + Send + 't;

/// The function that visits files, and its options.
pub(super) struct Visits<'v, T> {
    pub(super) options: &'v Options,
    pub(super) begin: &'v Begin<'v>,
    pub(super) inspect: &'v Inspect<'v, T>,
    /// Maximum number of results that wait for an earlier file; each thread may add one more file.
    pub(super) max_ahead: usize,
}

/// A finished step.
enum Done<T> {
    File(Box<Visited<T>>),
    Images(Arc<OciLayout>),
}

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
    /// Whether no more results are wanted, or a thread panicked.
    is_over: bool,
}

/// State shared by the threads.
struct Shared<'s, 't, T> {
    visits: &'s Visits<'s, T>,
    steps: Mutex<Steps<'s>>,
    window: Mutex<Window<T>>,
    has_room: Condvar,
    output: Mutex<ResultSink<'s, 't, T>>,
}

/// The receiver of results.
struct ResultSink<'o, 't, T> {
    take: &'o mut Take<'t, T>,
    /// Layers of the container images that follow.
    layers: Vec<VisitedLayer<T>>,
}

/// Visits all steps of a walk with as many threads as the machine runs in parallel, including this
/// one.
pub(super) fn run<T: Send>(
    walk: Walk<'_>,
    is_single: bool,
    visits: &Visits<'_, T>,
    take: &mut Take<'_, T>,
) {
    let window =
        Window { first: 0, done: VecDeque::new(), results: 0, is_giving: false, is_over: false };
    let shared = Shared {
        visits,
        steps: Mutex::new(Steps::new(walk, visits.max_ahead)),
        window: Mutex::new(window),
        has_room: Condvar::new(),
        output: Mutex::new(ResultSink { take, layers: Vec::new() }),
    };
    // Starting a thread takes longer than reading a small file.
    let others = match thread::available_parallelism() {
        Ok(count) if !is_single => count.get() - 1,
        _ => 0,
    };
    thread::scope(|scope| {
        for _ in 0..others {
            scope.spawn(|| shared.work());
        }
        shared.work();
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: Send> Shared<'_, '_, T> {
    /// Visits files until none are left.
    fn work(&self) {
        let _guard = EndOnPanic(self);
        while self.wait_for_room() {
            let steps = lock(&self.steps).next();
            if steps.is_empty() {
                return;
            }
            let done: Vec<_> =
                steps.into_iter().map(|(number, step)| (number, self.visit(step))).collect();
            let mut window = lock(&self.window);
            for (number, done) in done {
                window.put(number, done);
            }
            drop(window);
            self.emit_finished();
        }
    }

    /// Waits until there is room for a result. Returns whether to go on.
    fn wait_for_room(&self) -> bool {
        let is_full =
            |window: &mut Window<T>| !window.is_over && window.is_full(self.visits.max_ahead);
        let window = lock(&self.window);
        let window = self.has_room.wait_while(window, is_full);
        !window.unwrap_or_else(PoisonError::into_inner).is_over
    }

    /// Does a step.
    fn visit(&self, step: WalkStep) -> Done<T> {
        match step {
            WalkStep::File(entry) => {
                (self.visits.begin)(&entry.path);
                let Visits { options, inspect, .. } = self.visits;
                Done::File(Box::new(file::visit_file(entry, options, inspect)))
            }
            WalkStep::Images(layout) => Done::Images(layout),
        }
    }

    /// Emits the results whose turn it is, unless another thread does.
    fn emit_finished(&self) {
        let mut window = lock(&self.window);
        if window.is_giving {
            return;
        }
        window.is_giving = true;
        while let Some(done) = window.pop() {
            drop(window);
            self.has_room.notify_all();
            let goes_on = lock(&self.output).emit_step(done, self.visits);
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

impl<T> Done<T> {
    fn results(&self) -> usize {
        match self {
            Self::File(visited) => visited.found.len(),
            Self::Images(_) => 0,
        }
    }
}

impl<T> ResultSink<'_, '_, T> {
    fn emit_step(&mut self, done: Done<T>, visits: &Visits<'_, T>) -> ControlFlow<()> {
        let found = match done {
            Done::File(visited) if visited.entry.layout.is_some() => {
                let Visited { entry, found, record } = *visited;
                self.layers.push(VisitedLayer { path: entry.path, found, record });
                return ControlFlow::Continue(());
            }
            Done::File(visited) => visited.found,
            Done::Images(layout) => {
                let layers = std::mem::take(&mut self.layers);
                layout.squash(layers, visits.options, visits.inspect)
            }
        };
        found.into_iter().try_for_each(&mut *self.take)
    }
}
