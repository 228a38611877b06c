//! Shows the progress of long work in one line on stderr: the number of files, and the current
//! name. The line appears on terminals only, after a moment, and disappears at the end.

use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rgo_report::printable_by_char;

/// Shorter work shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);
/// A longer name loses its start, because its end is more specific.
const MAX_NAME: usize = 60;

/// The progress of work on files.
pub(crate) struct FileProgress {
    bar: ProgressBar,
    since: Instant,
    begun: AtomicUsize,
}

impl FileProgress {
    /// Shows progress on stderr if that is a terminal; shows nothing if `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        // Ten times a second at most; indicatif draws to terminals only.
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

    /// Starts the next file.
    pub(crate) fn begin(&self, path: &Path) {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.at(&path.display());
    }

    /// Shows the name of the current entry within a file.
    pub(crate) fn at(&self, name: &dyn Display) {
        if self.bar.is_hidden() || self.since.elapsed() < PATIENCE {
            return;
        }
        let begun = self.begun.load(Ordering::Relaxed);
        self.bar.set_message(line(begun, &name.to_string()));
        self.bar.tick();
    }

    /// Runs `say`, which prints something else above the line.
    pub(crate) fn suspend(&self, say: impl FnOnce()) {
        self.bar.suspend(say);
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The text of the line. Control characters in a name are escaped.
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
