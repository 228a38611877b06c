//! Text recovered from a Go program, with its source.

use serde::Serialize;

/// The source of an answer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum FoundIn {
    /// The runtime's own string.
    BuildVersionString,
    /// Names of source files.
    FileTable,
    /// Names of functions, in some cases compared with those of their files.
    FunctionNames,
    /// The image's format and instruction set.
    ImageHeaders,
}

/// An answer with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct FoundText {
    /// The answer.
    pub value: String,
    /// Its source.
    #[serde(skip_serializing_if = "crate::evidence::is_hidden")]
    pub evidence: FoundIn,
}

pub(super) fn by_files(value: impl Into<String>) -> FoundText {
    FoundText { value: value.into(), evidence: FoundIn::FileTable }
}
