//! Cargo as the tool of a build.

use std::fmt;
use std::rc::Rc;

use camino::Utf8Path;

use super::CargoBuild;
use super::link_preparer::LinkPreparer;
use super::target::Target;
use crate::build::compiled::Compiled;
use crate::build::context::Context;
use crate::build::error::BuildError;
use crate::build::outcome::TargetOutcome;
use crate::build::plan::PlanOptions;
use crate::build::tool::{Attempt, BuildTool};
use crate::build::tool_types::{BuildRun, NamedOutput, ToolTypes};
use crate::cargo::command::CargoRun;
use crate::cargo::run::CargoOutcome;
use crate::cargo::targets::BuildOutput;
use crate::compiler_used::CompilerUsed;
use crate::event::Events;
use crate::output_kind::OutputKind;
use crate::show::Show;
use crate::toolchain::Toolchain;

impl ToolTypes for CargoBuild {
    const PREPARES: &'static str = "linker, C compilers, standard library";

    type Target = Target;
    type Output = BuildOutput;
    type Run = CargoRun;
    type Ran = CargoOutcome;
}

impl BuildTool for CargoBuild {
    type Preparer<'a> = LinkPreparer<'a>;

    fn context(&self) -> &Context {
        &self.context
    }

    fn build_folder(&self) -> &Utf8Path {
        &self.project.folders.build
    }

    fn plan(&self, options: &PlanOptions) -> Result<Attempt<'_, Self>, BuildError> {
        let preparer = LinkPreparer::new(self, &options.work)?;
        let planned = self.plan_of(&preparer, options)?;
        Ok(Attempt { planned, preparer })
    }

    fn compile(
        &self,
        run: CargoRun,
        targets: Vec<Rc<Target>>,
        show: Show,
        _: Events<'_>,
    ) -> Result<Compiled<Self>, BuildError> {
        self.compile_all(run, targets, show)
    }

    fn explain_failures(
        &self,
        compiled: &Compiled<Self>,
        outcomes: &mut [TargetOutcome],
        show: Show,
        on: Events<'_>,
    ) -> Result<(), BuildError> {
        self.explain(compiled, outcomes, show, on)
    }
}

impl CargoBuild {
    /// The compiler, and where its choice comes from.
    pub(in crate::build) fn compiler_used(&self) -> CompilerUsed {
        CompilerUsed {
            name: "rustc".to_owned(),
            version: self.compiler.version.release.to_string(),
            line: self.compiler.version.line.clone(),
            path: self.compiler.rustc.clone(),
            builder_path: self.compiler.cargo.clone(),
            chosen_by: self.compiler.choice.to_string(),
        }
    }
}

impl BuildRun for CargoRun {
    fn targets(&self) -> Vec<&'static Toolchain> {
        self.targets.clone()
    }

    fn narrowed(&self, is_wanted: &dyn Fn(&Toolchain) -> bool) -> Self {
        CargoRun::narrowed(self, is_wanted)
    }
}

impl fmt::Display for CargoRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cmd().fmt(f)
    }
}

impl NamedOutput for BuildOutput {
    fn kind(&self) -> OutputKind {
        self.kind
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn package(&self) -> &str {
        &self.package_name
    }
}
