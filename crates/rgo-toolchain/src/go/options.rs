//! The user's options for go, beside the builder-independent [`Request`].
//!
//! [`Request`]: crate::request::Request

use camino::Utf8PathBuf;

/// The user's options for go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoOptions {
    /// The packages, as `go build` takes them. None means the package of the folder.
    pub packages: Vec<String>,
    /// What to make of each main package (`--buildmode`).
    pub mode: Option<GoMode>,
    /// Build tags (`--tags`), each one word.
    pub tags: Vec<String>,
    /// Whether to detect data races (`--race`).
    pub race: bool,
    /// The profile for optimization (`--pgo`): `auto`, `off` or a file.
    pub pgo: Option<String>,
    /// Other flags for `go build`.
    pub go_flags: Vec<String>,
    /// The go to use, if one was named.
    pub go: Option<Utf8PathBuf>,
}

/// What to make of a main package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoMode {
    /// A program.
    Exe,
    /// A position-independent program.
    Pie,
    /// A shared library for C.
    CShared,
    /// A static library for C.
    CArchive,
}

impl GoMode {
    /// Go's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Exe => "exe",
            Self::Pie => "pie",
            Self::CShared => "c-shared",
            Self::CArchive => "c-archive",
        }
    }

    /// Whether it makes a library for C, which Go links only with cgo.
    #[must_use]
    pub fn is_library(self) -> bool {
        matches!(self, Self::CShared | Self::CArchive)
    }
}
