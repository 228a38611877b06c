//! The exit codes of all rgo tools, which let a script distinguish a broken input from a policy
//! that does not hold.

use std::process::ExitCode;

use crate::app::error::ErrorKind;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It succeeded: 0.
    Done,
    /// It failed because of its input, or of another tool, such as a failed build: 1.
    Failed,
    /// The call was invalid: 2.
    Usage,
    /// It worked, but a required condition does not hold: 3.
    NotHeld,
    /// The code of the program that `--run` ran.
    Program(u8),
}

impl Exit {
    /// The exit code of the process.
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
