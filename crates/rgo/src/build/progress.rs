//! Prints a build's events to stderr.

use rgo_toolchain::event::Event;

use crate::app::terminal;

/// Which events to print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Whether to print errors only (`-q`).
    pub quiet: bool,
    /// Whether the call only prints a plan, so that nothing takes long.
    pub dry_run: bool,
    /// Whether to print each step (`-x`).
    pub trace: bool,
}

impl Progress {
    /// Prints a message, unless `quiet`.
    pub(super) fn status(self, text: &str) {
        if !self.quiet && !self.dry_run {
            terminal::status(text);
        }
    }

    /// Prints an event.
    pub(super) fn event(self, event: &Event) {
        match event {
            // The steps of the plan already contain the commands.
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
            // Without a word, a silent build would seem to hang.
            Event::WaitingForFolder => terminal::status(&event.to_string()),
            // The cause of each failure follows.
            Event::CompilerOutput(_) if self.quiet => {}
            Event::CompilerOutput(text) => terminal::eprint_raw(text),
            event => self.status(&event.to_string()),
        }
    }
}
