//! The compiler of a build, as reports name it.

use std::fmt;

use camino::Utf8PathBuf;
use serde::Serialize;

/// The compiler of a builder, and where its choice comes from.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct CompilerUsed {
    /// `rustc` or `go`.
    pub name: String,
    /// Its version: `1.96.0`.
    pub version: String,
    /// How it names itself: `rustc 1.96.0 (…)`.
    pub line: String,
    /// Its path.
    #[schemars(with = "String")]
    pub path: Utf8PathBuf,
    /// The path of the program that runs it: cargo's, or go's.
    #[schemars(with = "String")]
    pub builder_path: Utf8PathBuf,
    /// Where the choice comes from: `--cargo`, `RGO_CARGO`, `CARGO` or `PATH`.
    pub chosen_by: String,
}

impl fmt::Display for CompilerUsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, because {} names {}", self.line, self.chosen_by, self.builder_path)
    }
}
