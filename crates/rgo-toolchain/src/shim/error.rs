//! Why a call of the linker or of a C tool fails before or after zig.

use std::io;

use camino::Utf8PathBuf;

use crate::exec::ExecError;

/// Why a call failed before or after zig.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// Not called by a build.
    #[error("{tool}: {variable} is not set: this linker works only within rgo-build")]
    NoRecipe {
        /// Which linker.
        tool: Utf8PathBuf,
        /// The variable.
        variable: String,
    },
    /// A file is missing or damaged.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file can't be written.
    #[error("cannot write a response file")]
    Write(#[source] io::Error),
    /// The object that is linked into every program can't be made.
    #[error("cannot make the note's object file")]
    Note(#[source] rgo_binary::Error),
    /// A section can't be made of a file.
    #[error("{0}")]
    Section(String),
    /// The recipe isn't one.
    #[error("{path} is not a recipe of this rgo")]
    Recipe {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// zig can't be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The pass after the link failed.
    #[error("after linking {output}: {}", .why.text)]
    PostLink {
        /// What was linked.
        output: Utf8PathBuf,
        /// What the pass says.
        why: PostLinkError,
    },
    /// A build script calls the Fortran compiler.
    #[error("there is no Fortran compiler for {0}: zig has none")]
    Fortran(String),
    /// A module definition asks for what LLD cannot do.
    #[error("{path}: {why}")]
    Definition {
        /// The file.
        path: Utf8PathBuf,
        /// What that is.
        why: String,
    },
    /// A resource compiler is asked for what it cannot do.
    #[error("{tool}: {why}")]
    Resource {
        /// Its name.
        tool: String,
        /// What that is.
        why: String,
    },
    /// `cargo_zigbuild` refused.
    #[error("{0}")]
    Zig(String),
}

/// Why the pass after the link refuses what was linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostLinkError {
    /// What is wrong.
    pub text: String,
    /// The next step.
    pub hint: Option<String>,
}

impl ShimError {
    /// The next step, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Recipe { .. } => Some("`rgo-build cache prune`, then build again".to_owned()),
            Self::PostLink { why, .. } => why.hint.clone(),
            Self::Fortran(_) => Some("FC_<target> names another".to_owned()),
            Self::NoRecipe { .. }
            | Self::Read { .. }
            | Self::Write(_)
            | Self::Note(_)
            | Self::Section(_)
            | Self::Exec(_)
            | Self::Definition { .. }
            | Self::Resource { .. }
            | Self::Zig(_) => None,
        }
    }
}
