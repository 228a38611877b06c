//! The outcome of a build for one target.

use serde::Serialize;

use super::error::BuildError;
use crate::artifact::Artifact;
use crate::causes;
use crate::event::Event;
use crate::secrets::hidden;
use crate::std_lib::Origin;
use crate::toolchain::Toolchain;

/// The outcome for one target.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct TargetOutcome {
    /// The toolchain's name, which is also the name of its output folder.
    pub toolchain: String,
    /// Its target triple.
    pub triple: String,
    /// Where its standard library came from: `prebuilt`, `rustup`, `source`.
    pub std: Option<Origin>,
    /// Why it failed. A file that failed was not put in place.
    pub error: Option<String>,
    /// The next steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// The finished files.
    pub artifacts: Vec<Artifact>,
    /// Outputs that the platform cannot have.
    pub not_made: Vec<String>,
}

impl TargetOutcome {
    /// An outcome without any files yet.
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

    /// Records why the target failed, and returns it as an event.
    pub(super) fn fail(&mut self, error: &BuildError) -> Event {
        let text = hidden(&causes::with_causes(error));
        let hints: Vec<String> = error.hint().iter().map(|hint| hidden(hint)).collect();
        self.fail_with(text.clone(), hints.clone());
        Event::Failed { text: format!("{}: {text}", self.toolchain), hints }
    }

    /// Records why the target failed, in the words of another tool.
    pub(super) fn fail_with(&mut self, error: String, hints: Vec<String>) {
        self.error = Some(error);
        self.hints = hints;
    }
}
