//! The exit codes that every tool of rgo shares, so that a script can tell a broken input
//! from a policy that does not hold.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked: 0.
    Done,
    /// It could not: bad input, or a build error of whatever tool: 1.
    Failed,
    /// It was called wrongly: 2.
    Usage,
    /// It worked, and what was asked to hold does not: 3.
    NotHeld,
    /// The code of the program that `--run` ran.
    Program(u8),
}

impl Exit {
    /// The number that the system is told.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotHeld => 3,
            Self::Program(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Marks an error as a mistake in the call, which ends with 2 as clap's own errors do.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The next step for whoever reads the error; shown on a line of its own.
#[derive(Debug)]
pub struct Hint(pub String);

impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "hint: {}", self.0)
    }
}

impl std::error::Error for Hint {}
