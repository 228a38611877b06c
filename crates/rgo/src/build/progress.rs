//! What a build says on stderr while it works.

use rgo_toolchain::event::Event;

use super::plan::Step;
use crate::app::terminal;

/// How much is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Whether the user wants silence.
    pub quiet: bool,
    /// Whether each step is announced (`-x`).
    pub trace: bool,
}

impl Progress {
    /// Says something, unless the user wants silence.
    pub(super) fn status(self, text: &str) {
        if !self.quiet {
            terminal::status(text);
        }
    }

    /// Announces a step that is done next.
    pub(super) fn step(self, step: &Step) {
        if self.trace {
            terminal::eprint_line(step);
        }
    }

    /// Says what takes a while. The steps of the plan have announced the commands.
    pub(super) fn event(self, event: &Event) {
        match event {
            Event::Running(_) => {}
            event => self.status(&event.to_string()),
        }
    }
}
