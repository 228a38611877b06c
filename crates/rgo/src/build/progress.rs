//! Prints a build's events to stderr.

use std::cell::RefCell;

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

/// Prints each warning once. Several builders find the same of one project and one machine.
#[derive(Debug)]
pub(super) struct OnceEach {
    progress: Progress,
    warned: RefCell<Vec<Event>>,
}

impl OnceEach {
    /// Has printed nothing yet.
    pub(super) fn new(progress: Progress) -> Self {
        Self { progress, warned: RefCell::default() }
    }

    /// Prints an event, unless it is a warning that was printed before.
    pub(super) fn event(&self, event: &Event) {
        if self.is_new(event) {
            self.progress.event(event);
        }
    }

    fn is_new(&self, event: &Event) -> bool {
        if !matches!(event, Event::Warning { .. }) {
            return true;
        }
        let mut warned = self.warned.borrow_mut();
        let is_new = !warned.contains(event);
        if is_new {
            warned.push(event.clone());
        }
        is_new
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_said_once_and_a_failure_each_time() {
        let warning = |text: &str| Event::Warning { text: text.to_owned(), hint: None };
        let failure = Event::Failed { text: "a".to_owned(), hints: Vec::new() };
        let once = OnceEach::new(Progress { quiet: false, dry_run: false, trace: false });
        let all = [warning("a"), warning("a"), warning("b"), failure.clone(), failure];
        let new: Vec<bool> = all.iter().map(|event| once.is_new(event)).collect();
        assert_eq!(new, [true, false, true, true, true]);
    }
}
