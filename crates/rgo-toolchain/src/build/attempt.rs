//! Attempts at a build. A plan expects a certain zig and a certain standard library; if the
//! installed ones differ, another plan is right.

use std::sync::Arc;

use super::error::BuildError;
use super::plan::{PlanOptions, Step};
use super::tool::{Attempt, BuildTool, Prepare};
use super::tool_types::BuildTarget;
use crate::event::Events;
use crate::zig::ZigError;

/// How many plans are made before rgo gives up.
const ATTEMPTS: usize = 3;

/// Does one attempt. Returns nothing if another plan is right.
type DoAttempt<'f, B, T> = &'f mut dyn FnMut(Attempt<'_, B>) -> Result<Option<T>, BuildError>;

/// Attempts to build, at most [`ATTEMPTS`] times. `attempt` returns nothing if the standard library
/// or zig, once installed, differs from the plan's expectation and so needs other flags. Then a new
/// plan is right.
///
/// # Errors
/// Those of the plan and of `attempt`, and [`BuildError::Changing`].
pub(super) fn repeat<B: BuildTool, T>(
    tool: &B,
    options: &PlanOptions,
    attempt: DoAttempt<'_, B, T>,
) -> Result<T, BuildError> {
    for _ in 0..ATTEMPTS {
        if let Some(done) = attempt(tool.plan(options)?)? {
            return Ok(done);
        }
    }
    Err(BuildError::Changing)
}

/// Receives a target that cannot be built for. Its error, if it returns one, ends the attempt.
type OnFailure<'f, T> = &'f mut dyn FnMut(&T, BuildError) -> Result<(), BuildError>;

impl<B: BuildTool> Attempt<'_, B> {
    /// Does the steps that get the targets ready. Calls `announce` before each step, and `fail` for
    /// each target that cannot be built for. Returns whether the machine is now as the plan
    /// expected.
    ///
    /// # Errors
    /// Those of `fail`.
    pub(super) fn get_ready(
        &self,
        announce: &dyn Fn(&Step<B>),
        on: Events<'_>,
        fail: OnFailure<'_, B::Target>,
    ) -> Result<bool, BuildError> {
        let mut is_as_planned = true;
        let mut has_zig = true;
        for step in &self.planned.plan.steps {
            match step {
                Step::FetchZig(_) => {
                    announce(step);
                    match self.preparer.fetch_zig(on) {
                        Ok(as_planned) => is_as_planned &= as_planned,
                        Err(error) => {
                            has_zig = false;
                            self.fail_without_zig(&error, fail)?;
                        }
                    }
                }
                Step::GetReady { target, .. } if has_zig || target.zig_version().is_none() => {
                    announce(step);
                    match self.preparer.get_ready(target, on) {
                        Ok(as_planned) => is_as_planned &= as_planned,
                        Err(error) => fail(target, error)?,
                    }
                }
                _ => {}
            }
        }
        Ok(is_as_planned)
    }

    /// Without zig, every target that needs zig fails.
    fn fail_without_zig(
        &self,
        error: &Arc<ZigError>,
        fail: OnFailure<'_, B::Target>,
    ) -> Result<(), BuildError> {
        let mut targets = self.planned.plan.targets.iter().filter(|it| it.zig_version().is_some());
        targets.try_for_each(|target| fail(target, BuildError::Zig(Arc::clone(error))))
    }
}
