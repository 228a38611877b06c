//! The possible answers of a gate.

use serde::Serialize;

/// The answer of a gate to one requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The requirement holds.
    Holds,
    /// It does not hold.
    DoesNotHold,
    /// The fact is unknown.
    Unknown,
    /// The question makes no sense for this binary.
    NotApplicable,
}

impl Verdict {
    /// The verdict in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::Unknown => "unknown",
            Self::NotApplicable => "not applicable",
        }
    }
}
