//! Shows the progress of long work on stderr, as `--progress` says. On a terminal that is one line
//! with the number of files and the current name, which appears after a moment and disappears at the
//! end. Elsewhere it is a line now and then, or a JSON object for each file.

use std::fmt::Display;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rgo_report::printable_by_char;

use super::message::Message;
use super::progress_arg::{ProgressArg, chosen};
use super::terminal;

/// Shorter work shows no progress.
const PATIENCE: Duration = Duration::from_millis(500);
/// Seconds between two lines of `--progress plain`.
const INTERVAL: u64 = 5;
/// A longer name loses its start, because its end is more specific.
const MAX_NAME: usize = 60;

/// The progress of work on files.
pub(crate) struct FileProgress {
    how: ProgressArg,
    bar: ProgressBar,
    since: Instant,
    begun: AtomicUsize,
    /// The second, from the start, of the last line of `--progress plain`.
    last: AtomicU64,
}

impl FileProgress {
    /// Shows progress as the call says; shows nothing if `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        Self::with(if quiet { ProgressArg::Never } else { chosen() })
    }

    fn with(how: ProgressArg) -> Self {
        // Ten times a second at most; indicatif draws to terminals only.
        let target = match how {
            ProgressArg::Auto => ProgressDrawTarget::stderr_with_hz(10),
            _ => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            bar.set_style(style);
        }
        Self { how, bar, since: Instant::now(), begun: 0.into(), last: 0.into() }
    }

    /// Starts the next file.
    pub(crate) fn begin(&self, path: &Path) {
        let begun = self.begun.fetch_add(1, Ordering::Relaxed) + 1;
        match self.how {
            ProgressArg::Auto => self.at(&path.display()),
            ProgressArg::Json => {
                let path = path.to_string_lossy();
                terminal::json_message(&Message::File { number: begun, path });
            }
            ProgressArg::Plain if self.is_time() => {
                terminal::status(&line(begun, &path.to_string_lossy()));
            }
            ProgressArg::Plain | ProgressArg::Never => {}
        }
    }

    /// Whether it is time for the next line of `--progress plain`.
    fn is_time(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        let now = self.since.elapsed().as_secs();
        let take = || self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        now >= last + INTERVAL && take().is_ok()
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
        0 | 1 => format!("reading {shown}"),
        _ => format!("reading file {begun}: {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_far_it_is_and_at_what() {
        assert_eq!(line(1, "a.tar!b"), "reading a.tar!b");
        assert_eq!(line(12, "dist/b"), "reading file 12: dist/b");
    }

    #[test]
    fn names_keep_their_end_and_move_no_cursor() {
        let long = line(1, &format!("{}/program", "x".repeat(100)));
        assert!(long.starts_with("reading …xx") && long.ends_with("xx/program"), "{long}");
        assert_eq!(long.chars().count(), "reading ".len() + MAX_NAME);
        assert_eq!(line(1, "a\u{1b}[2Jb\n"), "reading a\u{fffd}[2Jb\u{fffd}");
    }
}
