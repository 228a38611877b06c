//! What became of one target of a build.

use serde::Serialize;

use super::error::BuildError;
use crate::artifact::Artifact;
use crate::causes;
use crate::event::Event;
use crate::secrets::hidden;
use crate::std_lib::Origin;
use crate::toolchain::Toolchain;

/// What became of one target.
#[derive(Debug, Serialize)]
pub struct TargetOutcome {
    /// The toolchain's name, which is the output folder's too.
    pub toolchain: String,
    /// Rust's name of it.
    pub triple: String,
    /// Where its standard library came from: `prebuilt`, `rustup`, `source`.
    pub std: Option<Origin>,
    /// Why it failed; nothing was put in place then for what failed.
    pub error: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// What was made.
    pub artifacts: Vec<Artifact>,
    /// What the platform cannot have.
    pub not_made: Vec<String>,
}

impl TargetOutcome {
    /// A target for which nothing has been made.
    #[must_use]
    pub fn new(toolchain: &Toolchain) -> Self {
        Self {
            toolchain: toolchain.name.clone(),
            triple: toolchain.triple.clone(),
            std: None,
            error: None,
            hints: Vec::new(),
            artifacts: Vec::new(),
            not_made: Vec::new(),
        }
    }

    /// Records why the target failed, and gives it as an event.
    pub(super) fn fail(&mut self, error: &BuildError) -> Event {
        let text = hidden(&causes::with_causes(error));
        let hints: Vec<String> = error.hint().iter().map(|hint| hidden(hint)).collect();
        self.fail_with(text.clone(), hints.clone());
        Event::Failed { text: format!("{}: {text}", self.toolchain), hints }
    }

    /// Records why the target failed, in words of another tool.
    pub(super) fn fail_with(&mut self, error: String, hints: Vec<String>) {
        self.error = Some(error);
        self.hints = hints;
    }
}
