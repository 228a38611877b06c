//! The errors of the linker and the C tools that arise before or after zig runs.

use std::io;

use camino::Utf8PathBuf;

use crate::exec::ExecError;

/// Why a call of the linker or of a C tool fails before or after zig.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// No build called the linker.
    #[error("{tool}: {variable} is not set: this linker works only within rgo-build")]
    NoRecipe {
        /// The path of the linker.
        tool: Utf8PathBuf,
        /// The variable that is not set.
        variable: String,
    },
    /// A file is missing or unreadable.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The shim cannot write a file.
    #[error("cannot write a response file")]
    Write(#[source] io::Error),
    /// The shim cannot make the object that it links into every program.
    #[error("cannot make the note's object file")]
    Note(#[source] rgo_binary::Error),
    /// The shim cannot make a section from a file.
    #[error("{0}")]
    Section(String),
    /// The file is not a recipe of this rgo.
    #[error("{path} is not a recipe of this rgo")]
    Recipe {
        /// The file.
        path: Utf8PathBuf,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// zig does not run.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The pass after the link failed.
    #[error("after linking {output}: {}", .why.text)]
    PostLink {
        /// The linked file.
        output: Utf8PathBuf,
        /// The error of the pass.
        why: PostLinkError,
    },
    /// A build script calls the Fortran compiler.
    #[error("there is no Fortran compiler for {0}: zig has none")]
    Fortran(String),
    /// A module definition asks for something that LLD cannot do.
    #[error("{path}: {why}")]
    Definition {
        /// The file.
        path: Utf8PathBuf,
        /// The statement that LLD cannot follow.
        why: String,
    },
    /// A call asks a resource compiler for something that it cannot do.
    #[error("{tool}: {why}")]
    Resource {
        /// The name of the tool.
        tool: String,
        /// The option or file that it cannot process.
        why: String,
    },
    /// zig cannot do what a call asks for.
    #[error("{why}")]
    Refused {
        /// What it cannot do.
        why: String,
        /// The next step.
        hint: String,
    },
    /// A linked program cannot be stripped or made independent of the time of its link.
    #[error("cannot edit {path}: {why}")]
    Edit {
        /// The program.
        path: Utf8PathBuf,
        /// The reason.
        why: String,
    },
    /// `cargo_zigbuild` refused.
    #[error("{0}")]
    Zig(String),
}

/// Why the pass after the link refuses the linked file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostLinkError {
    /// The description of the error.
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
            Self::Refused { hint, .. } => Some(hint.clone()),
            Self::NoRecipe { .. }
            | Self::Read { .. }
            | Self::Write(_)
            | Self::Note(_)
            | Self::Section(_)
            | Self::Exec(_)
            | Self::Definition { .. }
            | Self::Resource { .. }
            | Self::Edit { .. }
            | Self::Zig(_) => None,
        }
    }
}
