//! The reasons why a file cannot be finished.

use std::io;

use camino::Utf8PathBuf;
use rgo_files::WriteError;

use crate::exec::ExecError;

/// Why a file cannot be finished.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// A file cannot be read.
    #[error("reading {path}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Cargo's file is no program that rgo can parse.
    #[error("reading {path}")]
    Parse {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: rgo_binary::Error,
    },
    /// The file cannot be edited.
    #[error("finishing {path}")]
    Edit {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: rgo_binary::Error,
    },
    /// Its debug data cannot be split off.
    #[error("splitting off the debug data")]
    Split(#[source] rgo_binary::Error),
    /// The build's record cannot be written.
    #[error("writing the build's record")]
    Note(#[source] rgo_binary::Error),
    /// The finished file cannot be parsed.
    #[error("reading back what was made")]
    ReadBack(#[source] rgo_binary::Error),
    /// dsymutil is not installed.
    #[error("splitting off the debug data of a darwin program needs dsymutil")]
    NoDsymutil,
    /// dsymutil failed.
    #[error("collecting debug data")]
    Dsymutil(#[source] ExecError),
    /// A folder cannot be made.
    #[error("creating the folder {path}")]
    Folder {
        /// The folder.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The finished file cannot be put in place.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl FinishError {
    /// The next step, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Edit { source, .. } => source.hint(),
            Self::NoDsymutil => Some("install LLVM (Debian: apt-get install llvm)".to_owned()),
            Self::Write(error) => error.hint(),
            Self::Read { .. }
            | Self::Parse { .. }
            | Self::Split(_)
            | Self::Note(_)
            | Self::ReadBack(_)
            | Self::Dsymutil(_)
            | Self::Folder { .. } => None,
        }
    }
}
