//! A line on stderr while work is long: how far it is, and at what. It is there on a terminal
//! alone, only after a moment, and gone when the work is finished.

use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rgo_report::printable_by_char;

/// Work that is done within this needs no sign of life.
const PATIENCE: Duration = Duration::from_millis(500);
/// Longer names lose their start: the end tells more.
const MAX_NAME: usize = 60;

/// Progress over files.
pub(crate) struct FileProgress {
    bar: ProgressBar,
    since: Instant,
    begun: AtomicUsize,
}

impl FileProgress {
    /// Progress that shows on stderr if that is a terminal, and nowhere if `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        // Ten times a second at most; indicatif draws to terminals alone.
        let target = if quiet {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(10)
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            bar.set_style(style);
        }
        Self { bar, since: Instant::now(), begun: 0.into() }
    }

    /// A file is begun.
    pub(crate) fn begin(&self, path: &Path) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.at(&path.display());
    }

    /// Something within a file is looked at.
    pub(crate) fn at(&self, name: &dyn Display) {
        if self.bar.is_hidden() || self.since.elapsed() < PATIENCE {
            return;
        }
        let begun = self.begun.load(Ordering::Relaxed);
        self.bar.set_message(line(begun, &name.to_string()));
        self.bar.tick();
    }

    /// Says something else meanwhile, above the line.
    pub(crate) fn suspend(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How far it is, in words. A name from a file cannot drive the terminal.
fn line(begun: usize, name: &str) -> String {
    let name = printable_by_char(name);
    let length = name.chars().count();
    let shown = if length > MAX_NAME {
        let end: String = name.chars().skip(length - MAX_NAME + 1).collect();
        format!("…{end}")
    } else {
        name
    };
    match begun {
        0 | 1 => format!("looking into {shown}"),
        _ => format!("looking into file {begun}: {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_far_it_is_and_at_what() {
        assert_eq!(line(1, "a.tar!b"), "looking into a.tar!b");
        assert_eq!(line(12, "dist/b"), "looking into file 12: dist/b");
    }

    #[test]
    fn names_keep_their_end_and_move_no_cursor() {
        let long = line(1, &format!("{}/program", "x".repeat(100)));
        assert!(long.starts_with("looking into …xx") && long.ends_with("xx/program"), "{long}");
        assert_eq!(long.chars().count(), "looking into ".len() + MAX_NAME);
        assert_eq!(line(1, "a\u{1b}[2Jb\n"), "looking into a\u{fffd}[2Jb\u{fffd}");
    }
}
