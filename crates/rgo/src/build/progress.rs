//! What a build says on stderr while it works.

use rgo_toolchain::event::Event;

use crate::app::terminal;

/// How much is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Whether the user wants nothing but errors.
    pub quiet: bool,
    /// Whether a plan alone is printed, so that nothing takes long.
    pub dry_run: bool,
    /// Whether each step is announced (`-x`).
    pub trace: bool,
}

impl Progress {
    /// Says something, unless the user wants silence.
    pub(super) fn status(self, text: &str) {
        if !self.quiet && !self.dry_run {
            terminal::status(text);
        }
    }

    /// Says what happens.
    pub(super) fn event(self, event: &Event) {
        match event {
            // The steps of the plan have announced the commands.
            Event::Running(_) => {}
            Event::Step(text) if self.trace => terminal::eprint_line(text),
            Event::Step(_) => {}
            Event::Warning { .. } if self.quiet => {}
            Event::Warning { text, hint } => {
                terminal::warning(text);
                hint.iter().for_each(|hint| terminal::hint(hint));
            }
            Event::Failed { text, hints } => {
                terminal::failure(text);
                hints.iter().for_each(|hint| terminal::hint(hint));
            }
            Event::Hint(text) => terminal::hint(text),
            // Without a word, a silent build would seem to hang.
            Event::WaitingForFolder => terminal::status(&event.to_string()),
            Event::CompilerOutput(text) => terminal::eprint_raw(text),
            event => self.status(&event.to_string()),
        }
    }
}
