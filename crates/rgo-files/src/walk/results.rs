//! The result of each step of a walk, and their order: results leave in the order of the steps. The
//! layers of container images wait for the step that ends their list.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::file::{Opened, Visited};
use super::folders::WalkStep;
use super::oci_layout::{OciLayout, VisitedLayer};
use super::{Begin, Found, Inspect, Options};

/// Takes each result, and decides whether to go on.
pub type Take<'t, T> = dyn FnMut(Found<T>) -> ControlFlow<()> + Send + 't;

/// The function that visits files, and its options.
pub(super) struct Visits<'v, T> {
    pub(super) options: &'v Options,
    pub(super) begin: &'v Begin<'v>,
    pub(super) inspect: &'v Inspect<'v, T>,
}

/// A finished step.
pub(super) enum Done<T> {
    File(Box<Visited<T>>),
    Images(Arc<OciLayout>),
}

/// The receiver of results.
pub(super) struct ResultSink<'r, 't, T> {
    visits: &'r Visits<'r, T>,
    take: &'r mut Take<'t, T>,
    /// Layers of the container images that follow.
    layers: Vec<VisitedLayer<T>>,
}

impl<T> Visits<'_, T> {
    /// Does a step.
    pub(super) fn visit(&self, step: WalkStep) -> Done<T> {
        match step {
            WalkStep::File(entry) => {
                (self.begin)(&entry.path);
                self.visit_opened(Opened::new(entry, self.options))
            }
            WalkStep::Images(layout) => Done::Images(layout),
        }
    }

    /// Visits a file that is open.
    pub(super) fn visit_opened(&self, opened: Opened) -> Done<T> {
        Done::File(Box::new(opened.visit(self.options, self.inspect)))
    }
}

impl<T> Done<T> {
    /// Number of results.
    pub(super) fn results(&self) -> usize {
        match self {
            Self::File(visited) => visited.found.len(),
            Self::Images(_) => 0,
        }
    }

    /// Whether the step changes neither the results nor their order.
    pub(super) fn is_nothing(&self) -> bool {
        match self {
            Self::File(visited) => visited.found.is_empty() && visited.entry.layout.is_none(),
            Self::Images(_) => false,
        }
    }
}

impl<'r, 't, T> ResultSink<'r, 't, T> {
    pub(super) fn new(visits: &'r Visits<'r, T>, take: &'r mut Take<'t, T>) -> Self {
        Self { visits, take, layers: Vec::new() }
    }

    /// Emits the results of a step. Steps come in their order.
    pub(super) fn emit_step(&mut self, done: Done<T>) -> ControlFlow<()> {
        let found = match done {
            Done::File(visited) if visited.entry.layout.is_some() => {
                let Visited { entry, found, record } = *visited;
                self.layers.push(VisitedLayer { path: entry.path, found, record });
                return ControlFlow::Continue(());
            }
            Done::File(visited) => visited.found,
            Done::Images(layout) => {
                let layers = std::mem::take(&mut self.layers);
                layout.squash(layers, self.visits.options, self.visits.inspect)
            }
        };
        found.into_iter().try_for_each(&mut *self.take)
    }
}
