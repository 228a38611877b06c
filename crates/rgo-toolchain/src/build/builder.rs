//! The builders. A caller that has one plans and builds with it, and asks it what compiled.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::attempt;
use super::cargo_build::CargoBuild;
use super::context::Context;
use super::error::BuildError;
use super::execute::{Execution, Results};
use super::go_build::GoBuild;
use super::plan::PlanOptions;
use super::tool::{Attempt, BuildTool};
use crate::cargo::options::CargoOptions;
use crate::compiler_used::CompilerUsed;
use crate::event::Events;
use crate::go::options::GoOptions;
use crate::request::Request;
use crate::show::Show;

/// The user's options for one builder.
pub enum BuilderOptions {
    /// For cargo.
    Cargo(CargoOptions),
    /// For go.
    Go(GoOptions),
}

/// A builder that has found its project.
pub enum Builder {
    /// Cargo.
    Cargo(Box<CargoBuild>),
    /// Go.
    Go(Box<GoBuild>),
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
            BuilderOptions::Go(options) => {
                Ok(Self::Go(Box::new(GoBuild::discover(request, options, on)?)))
            }
        }
    }

    /// The part of a build that does not depend on the builder.
    #[must_use]
    pub fn context(&self) -> &Context {
        match self {
            Self::Cargo(build) => &build.context,
            Self::Go(build) => &build.context,
        }
    }

    /// This machine's triple.
    #[must_use]
    pub fn host(&self) -> String {
        match self {
            Self::Cargo(build) => build.compiler.version.host.clone(),
            Self::Go(build) => build.host(),
        }
    }

    /// The compiler.
    #[must_use]
    pub fn compiler(&self) -> CompilerUsed {
        match self {
            Self::Cargo(build) => build.compiler_used(),
            Self::Go(build) => build.compiler_used(),
        }
    }

    /// The plan as shell, and the results of the targets that are not in it. Changes nothing.
    ///
    /// # Errors
    /// As [`BuildTool::plan`].
    pub fn print_plan(
        &self,
        options: &PlanOptions,
        on: Events<'_>,
    ) -> Result<(String, Results), BuildError> {
        match self {
            Self::Cargo(build) => print_plan(&**build, options, on),
            Self::Go(build) => print_plan(&**build, options, on),
        }
    }

    /// Builds. The failure of a single target is in its outcome.
    ///
    /// # Errors
    /// If the builder cannot run at all, or no file has a slot that got a value.
    pub fn build(
        &self,
        options: &PlanOptions,
        show: Show,
        on: Events<'_>,
    ) -> Result<Results, BuildError> {
        match self {
            Self::Cargo(build) => Execution { tool: &**build, options, show, on }.run(),
            Self::Go(build) => Execution { tool: &**build, options, show, on }.run(),
        }
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
        match self {
            Self::Cargo(build) => variables(&**build, options, on, &|attempt| {
                build.variables(&attempt.preparer, &attempt.planned.plan)
            }),
            Self::Go(build) => {
                variables(&**build, options, on, &|attempt| build.variables(&attempt.planned.plan))
            }
        }
    }
}

/// The variables of a build.
type Variables = BTreeMap<String, String>;

/// Gets the targets ready, then reads their variables.
fn variables<B: BuildTool>(
    tool: &B,
    options: &PlanOptions,
    on: Events<'_>,
    read: &dyn Fn(&Attempt<'_, B>) -> Result<Variables, BuildError>,
) -> Result<Variables, BuildError> {
    attempt::repeat(tool, options, &mut |mut attempt| {
        if !attempt.planned.failed.is_empty() {
            return Err(attempt.planned.failed.swap_remove(0).1);
        }
        let is_ready = attempt.get_ready(&|_| {}, on, &mut |_, error| Err(error))?;
        is_ready.then(|| read(&attempt)).transpose()
    })
}

fn print_plan<B: BuildTool>(
    tool: &B,
    options: &PlanOptions,
    on: Events<'_>,
) -> Result<(String, Results), BuildError> {
    let mut attempt = tool.plan(options)?;
    let results = attempt.results(tool, on);
    let mut text = String::new();
    // A string takes all text.
    let _ = write!(text, "{}", attempt.planned.plan);
    Ok((text, results))
}
