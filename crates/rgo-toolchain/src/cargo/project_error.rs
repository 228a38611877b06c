//! Why a project cannot be read, with the next step.

use camino::{Utf8Path, Utf8PathBuf};
use toml::Table;

use crate::exec::ExecError;

/// Why a project cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// Cargo has something to say about it.
    #[error("cargo cannot read the project{}", indented(.said))]
    Metadata {
        /// Cargo's words.
        said: String,
    },
    /// Cargo said something that is not metadata.
    #[error("cargo's metadata cannot be read")]
    Json(#[from] serde_json::Error),
    /// The configuration is broken.
    #[error("cargo's configuration cannot be read: {0}")]
    Config(String),
    /// A file cannot be read.
    #[error("reading {path}: {why}")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A tool cannot be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// Cargo's words, but for those about what it has waited for.
fn indented(said: &str) -> String {
    let lines = said.trim_end().lines().filter(|line| !line.trim_start().starts_with("Blocking "));
    lines.map(|line| format!("\n  {line}")).collect()
}

impl ProjectError {
    /// The next step, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Metadata { said } => Some(about_metadata(said).to_owned()),
            Self::Json(_) | Self::Config(_) | Self::File { .. } | Self::Exec(_) => None,
        }
    }
}

/// What to do about an error of `cargo metadata`.
fn about_metadata(said: &str) -> &'static str {
    if said.contains("could not find `Cargo.toml`") {
        "run it in a Cargo project, or name one with -C DIR or --manifest-path"
    } else if said.contains("lock file") && said.contains("needs to be updated")
        || said.contains("cannot update the lock file")
    {
        "build once without --locked and commit Cargo.lock"
    } else if said.contains("--offline") || said.contains("offline mode") {
        "run `cargo fetch` while there is a network"
    } else {
        "`cargo metadata` in the same folder says the same"
    }
}

/// A TOML file.
pub(crate) fn table(path: &Utf8Path) -> Result<Table, ProjectError> {
    let bad = |why: String| ProjectError::File { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    text.parse().map_err(|error: toml::de::Error| bad(error.message().to_owned()))
}
