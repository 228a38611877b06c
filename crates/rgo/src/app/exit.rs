//! The exit codes that every tool of rgo shares, so that a script can tell a broken input
//! from a policy that does not hold.

use std::process::ExitCode;

use crate::app::error::ErrorKind;

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

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Usage => Self::Usage,
            ErrorKind::Input | ErrorKind::Internal => Self::Failed,
            ErrorKind::Check => Self::NotHeld,
        }
    }
}
