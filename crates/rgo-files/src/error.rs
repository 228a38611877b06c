//! Why something could not be written, with the next step as data.

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
    /// The name is a folder's, and bytes were to go there.
    #[error("finding out what {} is: it is a folder", .0.display())]
    Folder(PathBuf),
    /// The links of the name lead to each other, or there are too many.
    #[error("finding out what {} is: its links lead round in circles", .0.display())]
    LinkCircle(PathBuf),
    /// Binary data was to go to a terminal.
    #[error("a terminal shows no programs")]
    Terminal,
    /// Another process wrote to the input meanwhile.
    #[error("writing {}: it was changed meanwhile, and is left so", .0.display())]
    Changed(PathBuf),
    /// The file was to be written over, and that failed in the middle.
    #[error("writing {}", path.display())]
    Damaged {
        /// The file that is damaged now.
        path: PathBuf,
        /// Where the finished result is.
        kept: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file may not be written to.
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

/// The result of writing.
pub(crate) type Result<T, E = WriteError> = std::result::Result<T, E>;

/// Adds the step that failed to an error of the system.
pub(crate) trait Context<T> {
    /// `what` is the step with its path, as in `writing dist/app`.
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| WriteError::Io { what: what(), source })
    }
}
