//! The interface between a build and its builder. The plan and its execution call a builder only
//! through this module, so that neither knows cargo.

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
use super::plan::{Plan, PlanOptions, Step};
use super::target::Target;
use crate::cargo::command::CargoRun;
use crate::cargo::options::CargoOptions;
use crate::cargo::run::Show;
use crate::event::Events;
use crate::request::Request;
use crate::toolchain::Toolchain;
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

/// A plan, the means to prepare its targets, and the targets that it leaves out.
pub struct Planned<'a> {
    /// The plan.
    pub plan: Plan,
    /// Targets that this machine cannot build for, with the reason.
    pub failed: Vec<(&'static Toolchain, BuildError)>,
    /// Targets that can have none of the selected outputs, with the reason.
    pub left_out: Vec<(&'static Toolchain, String)>,
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
    /// If the compiler or its configuration cannot be read, or a target that the user named can
    /// have none of the selected outputs. If a single target lacks something, the error is in
    /// [`Planned::failed`].
    pub fn plan(&self, options: &PlanOptions) -> Result<Planned<'_>, BuildError> {
        match self {
            Self::Cargo(build) => {
                let preparer = LinkPreparer::new(build, &options.work)?;
                let made = build.plan(&preparer, options)?;
                let preparer = Preparer::Cargo(preparer);
                let (plan, failed, left_out) = (made.plan, made.failed, made.left_out);
                Ok(Planned { plan, failed, left_out, preparer })
            }
        }
    }

    /// Prepares the targets of a plan, and gives the variables with which another program builds
    /// for them.
    ///
    /// # Errors
    /// If a target cannot be built for, or two targets cannot share one environment.
    pub fn variables(
        &self,
        options: &PlanOptions,
        on: Events<'_>,
    ) -> Result<BTreeMap<String, String>, BuildError> {
        for _ in 0..ATTEMPTS {
            let mut planned = self.plan(options)?;
            if let Some((_, error)) = planned.failed.pop() {
                return Err(error);
            }
            let mut failure = None;
            let mut fail = |_: &Target, error| failure = failure.take().or(Some(error));
            let is_as_planned = planned.get_ready(&|_| {}, on, &mut fail);
            if let Some(error) = failure {
                return Err(error);
            }
            if is_as_planned {
                return match (self, &planned.preparer) {
                    (Self::Cargo(build), Preparer::Cargo(preparer)) => {
                        build.variables(preparer, &planned.plan)
                    }
                };
            }
        }
        Err(BuildError::Changing)
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

/// How many plans are made before rgo gives up: after preparing, the machine may differ from the
/// plan's expectation.
pub(super) const ATTEMPTS: usize = 3;

impl Planned<'_> {
    /// Does the steps that prepare the targets. Calls `announce` before each step, and `fail` for
    /// each target that cannot be built for. Returns whether the machine is now as the plan
    /// expected; if not, a new plan will be right.
    pub(super) fn get_ready(
        &self,
        announce: &dyn Fn(&Step),
        on: Events<'_>,
        fail: &mut dyn FnMut(&Target, BuildError),
    ) -> bool {
        let Preparer::Cargo(preparer) = &self.preparer;
        let mut is_as_planned = true;
        let mut has_zig = true;
        for step in &self.plan.steps {
            match step {
                Step::FetchZig(_) => {
                    announce(step);
                    match preparer.fetch_zig(on) {
                        Ok(as_planned) => is_as_planned &= as_planned,
                        Err(error) => {
                            has_zig = false;
                            self.fail_without_zig(&error, fail);
                        }
                    }
                }
                Step::Prepare { target, .. } if has_zig || target.link.shim.is_none() => {
                    announce(step);
                    match preparer.install(target, on) {
                        Ok(as_planned) => is_as_planned &= as_planned,
                        Err(error) => fail(target, error),
                    }
                }
                _ => {}
            }
        }
        is_as_planned
    }

    /// Without zig, every target that links with zig fails.
    fn fail_without_zig(&self, error: &Arc<ZigError>, fail: &mut dyn FnMut(&Target, BuildError)) {
        for target in self.plan.targets.iter().filter(|it| it.link.shim.is_some()) {
            fail(target, BuildError::Zig(Arc::clone(error)));
        }
    }
}
