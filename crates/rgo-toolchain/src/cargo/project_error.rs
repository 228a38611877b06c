//! The reasons why rgo cannot read a project, with the next step.

use camino::{Utf8Path, Utf8PathBuf};
use toml::Table;

use crate::exec::ExecError;

/// Why rgo cannot read a project.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// `cargo metadata` fails.
    #[error("cargo cannot read the project{}", indented(.said))]
    Metadata {
        /// Cargo's output.
        said: String,
    },
    /// Cargo's output is not metadata.
    #[error("cargo's metadata cannot be read")]
    Json(#[from] serde_json::Error),
    /// The configuration is invalid.
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

/// Cargo's text, without its lines about locks that it waited for.
fn indented(said: &str) -> String {
    let lines = said.trim_end().lines().filter(|line| !line.trim_start().starts_with("Blocking "));
    lines.map(|line| format!("\n  {line}")).collect()
}

impl ProjectError {
    /// The next step, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Metadata { said } => Some(about_metadata(said).to_owned()),
            Self::Json(_) | Self::Config(_) | Self::File { .. } | Self::Exec(_) => None,
        }
    }
}

/// The next step for an error of `cargo metadata`.
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

/// Reads a TOML file.
pub(crate) fn table(path: &Utf8Path) -> Result<Table, ProjectError> {
    let bad = |why: String| ProjectError::File { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    text.parse().map_err(|error: toml::de::Error| bad(error.message().to_owned()))
}
