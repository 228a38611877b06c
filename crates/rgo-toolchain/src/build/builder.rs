//! The interface between a build and its builder. The plan and its execution call a builder only
//! through this module. They hand on its command and its answer, which today are cargo's types
//! (`CargoRun`, `CargoOutcome`); a second builder makes them enums.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8Path;

use super::cargo_build::CargoBuild;
use super::cargo_build::link_preparer::LinkPreparer;
use super::compiled::Compiled;
use super::context::Context;
use super::error::BuildError;
use super::outcome::TargetOutcome;
use super::plan::{PlanOptions, Planned, Step};
use super::target::Target;
use crate::cargo::command::CargoRun;
use crate::cargo::options::CargoOptions;
use crate::cargo::run::Show;
use crate::event::Events;
use crate::request::Request;
use crate::zig::ZigError;

/// The user's options for one builder.
pub enum BuilderOptions {
    /// For cargo.
    Cargo(CargoOptions),
}

/// A builder that has found its project.
pub enum Builder {
    /// Cargo.
    Cargo(Box<CargoBuild>),
}

/// One attempt at a build: a plan, with the means to get its targets ready.
pub struct Attempt<'a> {
    /// The plan, and the targets that are not in it.
    pub planned: Planned,
    preparer: Preparer<'a>,
}

/// Prepares the inputs of a build's links.
enum Preparer<'a> {
    Cargo(LinkPreparer<'a>),
}

impl Builder {
    /// Finds the project and the tools for it.
    ///
    /// # Errors
    /// If the call, the machine or the project does not allow the build.
    pub fn discover(
        request: Request,
        options: BuilderOptions,
        on: Events<'_>,
    ) -> Result<Self, BuildError> {
        match options {
            BuilderOptions::Cargo(options) => {
                Ok(Self::Cargo(Box::new(CargoBuild::discover(request, options, on)?)))
            }
        }
    }

    /// The part of a build that does not depend on the builder.
    #[must_use]
    pub fn context(&self) -> &Context {
        match self {
            Self::Cargo(build) => &build.context,
        }
    }

    /// The folder that two builds at the same time would both write to.
    #[must_use]
    pub fn build_folder(&self) -> &Utf8Path {
        match self {
            Self::Cargo(build) => &build.project.folders.build,
        }
    }

    /// This machine's triple.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Cargo(build) => &build.compiler.version.host,
        }
    }

    /// Makes the plan. Changes nothing.
    ///
    /// # Errors
    /// If the compiler or its configuration cannot be read. If a single target lacks something,
    /// the error is in [`Planned::failed`].
    pub fn plan(&self, options: &PlanOptions) -> Result<Attempt<'_>, BuildError> {
        match self {
            Self::Cargo(build) => {
                let preparer = LinkPreparer::new(build, &options.work)?;
                let planned = build.plan(&preparer, options)?;
                Ok(Attempt { planned, preparer: Preparer::Cargo(preparer) })
            }
        }
    }

    /// Attempts to build, at most [`ATTEMPTS`] times. `attempt` returns nothing if the standard
    /// library or zig, once installed, differs from the plan's expectation and so needs other
    /// flags. Then a new plan is right.
    pub(super) fn attempt<T>(
        &self,
        first: Attempt<'_>,
        options: &PlanOptions,
        attempt: &mut dyn FnMut(Attempt<'_>) -> Result<Option<T>, BuildError>,
    ) -> Result<T, BuildError> {
        if let Some(done) = attempt(first)? {
            return Ok(done);
        }
        for _ in 1..ATTEMPTS {
            if let Some(done) = attempt(self.plan(options)?)? {
                return Ok(done);
            }
        }
        Err(BuildError::Changing)
    }

    /// Gets the targets ready, and gives the variables with which another program builds for them.
    ///
    /// # Errors
    /// If a target cannot be built for, or two targets cannot share one environment.
    pub fn variables(
        &self,
        options: &PlanOptions,
        on: Events<'_>,
    ) -> Result<BTreeMap<String, String>, BuildError> {
        self.attempt(self.plan(options)?, options, &mut |mut attempt| {
            if !attempt.planned.failed.is_empty() {
                return Err(attempt.planned.failed.swap_remove(0).1);
            }
            let is_ready = attempt.get_ready(&|_| {}, on, &mut |_, error| Err(error))?;
            let (Self::Cargo(build), Preparer::Cargo(preparer)) = (self, &attempt.preparer);
            let variables = || build.variables(preparer, &attempt.planned.plan);
            is_ready.then(variables).transpose()
        })
    }

    /// Builds until every file is linked by the recipe.
    pub(super) fn compile(
        &self,
        run: CargoRun,
        targets: Vec<Rc<Target>>,
        show: Show,
    ) -> Result<Compiled, BuildError> {
        match self {
            Self::Cargo(build) => build.compile(run, targets, show),
        }
    }

    /// Reports for each target with missing files why they are missing.
    pub(super) fn explain_failures(
        &self,
        compiled: &Compiled,
        outcomes: &mut [TargetOutcome],
        show: Show,
        on: Events<'_>,
    ) -> Result<(), BuildError> {
        match self {
            Self::Cargo(build) => build.explain_failures(compiled, outcomes, show, on),
        }
    }
}

/// How many plans are made before rgo gives up.
const ATTEMPTS: usize = 3;

/// Receives a target that cannot be built for. Its error, if it returns one, ends the attempt.
type OnFailure<'f> = &'f mut dyn FnMut(&Target, BuildError) -> Result<(), BuildError>;

impl Attempt<'_> {
    /// Does the steps that get the targets ready. Calls `announce` before each step, and `fail` for
    /// each target that cannot be built for. Returns whether the machine is now as the plan
    /// expected.
    ///
    /// # Errors
    /// Those of `fail`.
    pub(super) fn get_ready(
        &self,
        announce: &dyn Fn(&Step),
        on: Events<'_>,
        fail: OnFailure<'_>,
    ) -> Result<bool, BuildError> {
        let Preparer::Cargo(preparer) = &self.preparer;
        let mut is_as_planned = true;
        let mut has_zig = true;
        for step in &self.planned.plan.steps {
            match step {
                Step::FetchZig(_) => {
                    announce(step);
                    match preparer.fetch_zig(on) {
                        Ok(as_planned) => is_as_planned &= as_planned,
                        Err(error) => {
                            has_zig = false;
                            self.fail_without_zig(&error, fail)?;
                        }
                    }
                }
                Step::GetReady { target, .. } if has_zig || target.link.shim.is_none() => {
                    announce(step);
                    match preparer.get_ready(target, on) {
                        Ok(as_planned) => is_as_planned &= as_planned,
                        Err(error) => fail(target, error)?,
                    }
                }
                _ => {}
            }
        }
        Ok(is_as_planned)
    }

    /// Without zig, every target that links with zig fails.
    fn fail_without_zig(
        &self,
        error: &Arc<ZigError>,
        fail: OnFailure<'_>,
    ) -> Result<(), BuildError> {
        let mut targets = self.planned.plan.targets.iter().filter(|it| it.link.shim.is_some());
        targets.try_for_each(|target| fail(target, BuildError::Zig(Arc::clone(error))))
    }
}
