//! The errors of writing, with the next step as data.

use std::io;
use std::path::PathBuf;

/// Why a file or a folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system refused a step.
    #[error("{what}")]
    Io {
        /// The step, with its path: `writing dist/app`.
        what: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The name of an output is a folder's.
    #[error("finding out what {} is: it is a folder", .0.display())]
    Folder(PathBuf),
    /// The links of the name form a circle, or there are too many.
    #[error("finding out what {} is: its links lead round in circles", .0.display())]
    LinkCircle(PathBuf),
    /// Binary data would go to a terminal.
    #[error("a terminal shows no programs")]
    Terminal,
    /// Another process changed the input meanwhile.
    #[error("writing {}: it was changed meanwhile, and is left so", .0.display())]
    Changed(PathBuf),
    /// Overwriting the file in place failed in the middle.
    #[error("writing {}", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// The path of the finished result.
        kept: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is read-only.
    #[error("{} is read-only", .0.display())]
    ReadOnly(PathBuf),
}

impl WriteError {
    /// The next step for the user, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Terminal => Some("redirect it, or name a file after -o".to_owned()),
            Self::Damaged { kept, .. } => {
                Some(format!("it is damaged now; the finished result is in {}", kept.display()))
            }
            _ => None,
        }
    }

    /// The system's reason, for a caller with an error type of its own.
    #[must_use]
    pub fn into_io(self) -> io::Error {
        match self {
            Self::Io { source, .. } | Self::Damaged { source, .. } => source,
            other => io::Error::other(other.to_string()),
        }
    }
}

/// The result of a write.
pub(crate) type Result<T, E = WriteError> = std::result::Result<T, E>;

/// Adds the failed step to an error of the system.
pub(crate) trait Context<T> {
    /// `what` is the step with its path, as in `writing dist/app`.
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| WriteError::Io { what: what(), source })
    }
}
