//! The answers of a gate.

use serde::Serialize;

/// The answer of a gate to one requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as required.
    Holds,
    /// It is not.
    DoesNotHold,
    /// That can't be known.
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
