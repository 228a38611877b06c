//! What a build asks of the tool that compiles a project: cargo or go.

use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8Path;

use super::compiled::Compiled;
use super::context::Context;
use super::error::BuildError;
use super::outcome::TargetOutcome;
use super::plan::{PlanOptions, Planned};
use super::tool_types::ToolTypes;
use crate::event::Events;
use crate::show::Show;
use crate::zig::ZigError;

/// A tool that compiles a project, with the project that it found.
pub trait BuildTool: ToolTypes {
    /// Finds what the targets need, and installs it.
    type Preparer<'a>: Prepare<Self::Target>
    where
        Self: 'a;

    /// The part of the build that does not depend on the tool.
    fn context(&self) -> &Context;

    /// The folder that two builds at the same time would both write to.
    fn build_folder(&self) -> &Utf8Path;

    /// Makes the plan. Changes nothing.
    ///
    /// # Errors
    /// If the tool or its configuration cannot be read. If a single target lacks something, the
    /// error is in [`Planned::failed`].
    fn plan(&self, options: &PlanOptions) -> Result<Attempt<'_, Self>, BuildError>;

    /// Builds until every file is linked as the plan wants it.
    ///
    /// # Errors
    /// If the tool cannot run at all.
    fn compile(
        &self,
        run: Self::Run,
        targets: Vec<Rc<Self::Target>>,
        show: Show,
        on: Events<'_>,
    ) -> Result<Compiled<Self>, BuildError>;

    /// Reports for each target with missing files why they are missing.
    ///
    /// # Errors
    /// If the tool cannot run again.
    fn explain_failures(
        &self,
        compiled: &Compiled<Self>,
        outcomes: &mut [TargetOutcome],
        show: Show,
        on: Events<'_>,
    ) -> Result<(), BuildError>;
}

/// One attempt at a build: a plan, with the means to get its targets ready.
pub struct Attempt<'a, B: BuildTool + 'a> {
    /// The plan, and the targets that are not in it.
    pub planned: Planned<B>,
    /// Gets the targets ready.
    pub preparer: B::Preparer<'a>,
}

/// Finds what the targets of a build need, and installs it.
pub trait Prepare<T> {
    /// Fetches zig. Returns whether it is the zig that the plan expected.
    ///
    /// # Errors
    /// If it cannot be fetched.
    fn fetch_zig(&self, on: Events<'_>) -> Result<bool, Arc<ZigError>>;

    /// Installs what a target needs. Returns whether the machine is now as the plan expected.
    ///
    /// # Errors
    /// If something is not available; the error says what, and how to get it.
    fn get_ready(&self, target: &T, on: Events<'_>) -> Result<bool, BuildError>;
}
