//! What a run of the checks took: its phases, and the slowest tests. Each test of the tools notes its
//! time itself (`tests/support/clock.rs`), because libtest reports times only on nightly compilers.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The number of tests that are listed.
const LISTED: usize = 10;

pub(super) struct Report {
    start: Instant,
    phases: Vec<(&'static str, Duration)>,
    /// Where tests write their times, a line each: seconds, a tab, the name.
    times: tempfile::TempPath,
}

impl Report {
    /// Starts the clock.
    ///
    /// # Errors
    /// If no temporary file can be made.
    pub(super) fn begin() -> anyhow::Result<Self> {
        let times = tempfile::NamedTempFile::new()?.into_temp_path();
        Ok(Self { start: Instant::now(), phases: Vec::new(), times })
    }

    /// The file for the tests' times.
    pub(super) fn times(&self) -> &Path {
        &self.times
    }

    /// Runs a phase, and notes how long it took.
    pub(super) fn phase<T>(&mut self, name: &'static str, run: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = run();
        self.phases.push((name, start.elapsed()));
        result
    }

    /// Prints everything.
    pub(super) fn print(&self) {
        let times = fs::read_to_string(&self.times).unwrap_or_default();
        let slowest = slowest(&times);
        if !slowest.is_empty() {
            println!(
                "the slowest tests of the tools; one that waits for another's build counts it too"
            );
        }
        for (seconds, name) in slowest {
            println!("{seconds:8.1} s  {name}");
        }
        let phases = self.phases.iter();
        let phases = phases.map(|(name, took)| format!("{name} {:.1} s", took.as_secs_f64()));
        let phases = phases.collect::<Vec<_>>().join(", ");
        println!("{phases}; total {:.1} s", self.start.elapsed().as_secs_f64());
    }
}

/// The slowest tests, the slowest first, each with its seconds.
fn slowest(times: &str) -> Vec<(f64, &str)> {
    let read = |line| {
        let (seconds, name): (&str, &str) = str::split_once(line, '\t')?;
        Some((seconds.parse().ok()?, name))
    };
    let mut tests: Vec<(f64, &str)> = times.lines().filter_map(read).collect();
    tests.sort_by(|a, b| b.0.total_cmp(&a.0));
    tests.truncate(LISTED);
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_tests_come_first_and_the_rest_is_left_out() {
        let times: String = (0..20).map(|number| format!("{number}.5\tt{number}\n")).collect();
        let found = slowest(&times);
        assert_eq!(found.len(), LISTED);
        assert_eq!(found[0], (19.5, "t19"));
        assert_eq!(found[9], (10.5, "t10"));
        assert_eq!(slowest("no time\nx\ty\n"), []);
    }
}
