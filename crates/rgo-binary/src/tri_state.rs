//! A yes-or-no answer with two more states, because an image need not show the answer.

use serde::Serialize;

/// The answer to a yes-or-no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TriState {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// The image does not show it.
    Unknown,
    /// The question has no meaning for this format, machine or kind of image.
    NotApplicable,
}

impl From<bool> for TriState {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}
