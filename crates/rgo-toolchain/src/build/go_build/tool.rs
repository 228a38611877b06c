//! Go as the tool of a build.

use std::rc::Rc;

use camino::Utf8Path;

use super::GoBuild;
use super::compile::GoAnswer;
use super::preparer::GoPreparer;
use super::run::GoRun;
use super::target::GoTarget;
use super::targets;
use crate::build::compiled::Compiled;
use crate::build::context::Context;
use crate::build::error::BuildError;
use crate::build::outcome::TargetOutcome;
use crate::build::plan::PlanOptions;
use crate::build::tool::{Attempt, BuildTool};
use crate::build::tool_types::{NamedOutput, ToolTypes};
use crate::compiler_used::CompilerUsed;
use crate::event::Events;
use crate::go::outputs::GoOutput;
use crate::output_kind::OutputKind;
use crate::show::Show;

impl ToolTypes for GoBuild {
    const PREPARES: &'static str = "C compiler for cgo";

    type Target = GoTarget;
    type Output = GoOutput;
    type Run = GoRun;
    type Ran = Vec<GoAnswer>;
}

impl BuildTool for GoBuild {
    type Preparer<'a> = GoPreparer<'a>;

    fn context(&self) -> &Context {
        &self.context
    }

    fn build_folder(&self) -> &Utf8Path {
        &self.folder
    }

    fn plan(&self, options: &PlanOptions) -> Result<Attempt<'_, Self>, BuildError> {
        let preparer = GoPreparer::new(self)?;
        let planned = self.plan_of(&preparer, options)?;
        Ok(Attempt { planned, preparer })
    }

    fn compile(
        &self,
        run: GoRun,
        targets: Vec<Rc<GoTarget>>,
        show: Show,
        on: Events<'_>,
    ) -> Result<Compiled<Self>, BuildError> {
        self.compile_all(run, targets, show, on)
    }

    fn explain_failures(
        &self,
        compiled: &Compiled<Self>,
        outcomes: &mut [TargetOutcome],
        _: Show,
        on: Events<'_>,
    ) -> Result<(), BuildError> {
        self.explain(compiled, outcomes, on);
        Ok(())
    }
}

impl GoBuild {
    /// The compiler, and where its choice comes from.
    pub(in crate::build) fn compiler_used(&self) -> CompilerUsed {
        let (os, arch) = self.go.host();
        let version = self.go.version.trim_start_matches("go").to_owned();
        CompilerUsed {
            name: "go".to_owned(),
            version,
            line: format!("go version {} {os}/{arch}", self.go.version),
            path: self.go.root().join("pkg/tool").join(format!("{os}_{arch}/compile")),
            builder_path: self.go.program.clone(),
            chosen_by: self.go.chosen_by.to_owned(),
        }
    }

    /// This machine's triple.
    pub(in crate::build) fn host(&self) -> String {
        targets::host_triple(&self.go)
    }
}

impl NamedOutput for GoOutput {
    fn kind(&self) -> OutputKind {
        self.kind
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn package(&self) -> &str {
        &self.package
    }
}
