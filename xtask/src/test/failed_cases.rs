//! Keeps what the runner of cases prints of those that failed, and repeats it at the end: in a log of CI the place
//! where it was printed is thousands of lines above.

use std::io::{BufRead, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The number of failed cases that are repeated.
const MOST: usize = 10;
/// The number of lines of each.
const LINES: usize = 60;

/// Failed cases, each with what was printed of it.
#[derive(Debug, Default)]
pub(super) struct FailedCases {
    cases: Vec<Vec<String>>,
    is_open: bool,
}

impl FailedCases {
    /// Runs a command to the end, passes its stderr on line by line, and keeps what it says of failed cases.
    ///
    /// # Errors
    /// If it cannot be started, or fails.
    pub(super) fn run(&mut self, command: &mut Command) -> anyhow::Result<()> {
        let mut child = command.stderr(Stdio::piped()).spawn().context("cannot run cargo")?;
        let printed = child.stderr.take().context("cargo has no stderr")?;
        for line in std::io::BufReader::new(printed).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            writeln!(std::io::stderr(), "{line}")?;
            self.line(line);
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("cargo test: {status}");
        }
        Ok(())
    }

    fn line(&mut self, line: String) {
        if line.starts_with("Testing ") {
            self.is_open = line.contains(" ... failed");
            if self.is_open {
                self.cases.push(Vec::new());
            }
        }
        if let Some(case) = self.cases.last_mut().filter(|case| self.is_open && case.len() < LINES)
        {
            case.push(line);
        }
    }

    /// Prints them.
    pub(super) fn print(&self) {
        for case in self.cases.iter().take(MOST) {
            eprintln!("{}", case.join("\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_cases_are_kept_to_their_ends() {
        let mut failed = FailedCases::default();
        let printed = "\
running 2 tests
Testing a.toml ... ok 2ms
Testing b.toml ... failed 3ms
Exit: success
---- expected: stdout
Testing c.toml ... ok 1ms
other
Testing d.toml ... failed 3ms";
        printed.lines().for_each(|line| failed.line(line.to_owned()));
        let heads: Vec<&str> = failed.cases.iter().map(|case| case[0].as_str()).collect();
        assert_eq!(heads, ["Testing b.toml ... failed 3ms", "Testing d.toml ... failed 3ms"]);
        assert_eq!(failed.cases[0].len(), 3);
        for _ in 0..100 {
            failed.line("more".to_owned());
        }
        assert_eq!(failed.cases[1].len(), LINES);
    }
}
