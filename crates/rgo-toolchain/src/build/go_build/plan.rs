//! Makes the plan from the discovered facts. It changes nothing.

use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8PathBuf;
use rgo_binary::system::Os;

use super::GoBuild;
use super::explain::ExplainFiles;
use super::git_excludes;
use super::preparer::GoPreparer;
use super::run::{GoCommand, GoRun};
use super::target::GoTarget;
use crate::build::error::BuildError;
use crate::build::plan::{Finish, Plan, PlanOptions, Planned, Step};
use crate::build::tool_types::BuildTarget;
use crate::cargo::options::offline_flags;
use crate::exec::Cmd;
use crate::go::command::GoSettings;
use crate::go::error::GoError;
use crate::go::outputs::GoOutput;
use crate::output_kind::OutputKind;
use crate::toolchain::{Floor, Toolchain};

impl GoBuild {
    /// Makes the plan.
    ///
    /// # Errors
    /// If the flags of a command cannot be written.
    pub(super) fn plan_of(
        &self,
        preparer: &GoPreparer<'_>,
        options: &PlanOptions,
    ) -> Result<Planned<Self>, BuildError> {
        let mut targets = Vec::new();
        let mut failed: Vec<(&'static Toolchain, BuildError)> = Vec::new();
        for (toolchain, error) in &self.failed {
            failed.push((toolchain, BuildError::Go(Arc::clone(error))));
        }
        for candidate in &self.candidates {
            match preparer.target(candidate) {
                Ok(target) => targets.push(Rc::new(target)),
                Err(error) => failed.push((candidate.toolchain, error)),
            }
        }
        let mut steps: Vec<Step<Self>> = preparer.fetch().map(Step::FetchZig).into_iter().collect();
        let with_c = targets.iter().filter(|target| target.recipe.is_some());
        steps.extend(with_c.map(|target| Step::GetReady {
            target: Rc::clone(target),
            std: Vec::new(),
            command: self.env_command(target),
        }));
        let mut commands = Vec::new();
        for target in &targets {
            commands.extend(self.commands(target, options)?);
        }
        if let Some((file, text)) = git_excludes::file(&self.context, &options.work) {
            for command in &mut commands {
                command.cmd = git_excludes::add_to(command.cmd.clone(), &file);
            }
            steps.push(Step::MakeWork(options.work.clone()));
            steps.push(Step::WriteFile { file, text });
        }
        let finish = targets.iter().flat_map(|target| self.finishes(target)).collect();
        if !commands.is_empty() {
            steps.push(Step::Build(GoRun { commands }));
            steps.push(Step::Finish(finish));
        }
        Ok(Planned { plan: Plan { targets, steps }, failed })
    }

    /// The go commands for a target. Programs are made by one command, libraries by one each: go
    /// does not give them the usual names.
    fn commands(
        &self,
        target: &GoTarget,
        options: &PlanOptions,
    ) -> Result<Vec<GoCommand>, BuildError> {
        let toolchain = target.settings.toolchain;
        let folder = self.linked_folder(toolchain);
        let file = |output: &GoOutput| (output.clone(), self.linked(toolchain, output));
        if !target.mode.is_library() {
            let output = format!("{folder}/");
            let packages = &self.options.packages;
            let (cmd, explain) = self.command(&target.settings, &output, packages, options)?;
            let files = target.outputs.iter().map(file).collect();
            return Ok(vec![GoCommand { toolchain, cmd, files, explain }]);
        }
        let commands = target.outputs.iter().map(|output| {
            let (output, path) = file(output);
            let settings = with_library_name(&target.settings, &path);
            let package = [output.package.clone()];
            let package = if output.package == "command-line-arguments" {
                &self.options.packages[..]
            } else {
                &package[..]
            };
            let (cmd, explain) = self.command(&settings, path.as_str(), package, options)?;
            Ok(GoCommand { toolchain, cmd, files: vec![(output, path)], explain })
        });
        commands.collect()
    }

    fn command(
        &self,
        settings: &GoSettings,
        output: &str,
        packages: &[String],
        options: &PlanOptions,
    ) -> Result<(Cmd, Option<ExplainFiles>), BuildError> {
        let cmd = self.call().build(settings, output, packages);
        let mut cmd = cmd.ok_or_else(|| GoError::unreadable_flags(settings.toolchain))?;
        if options.again {
            cmd.args.insert(1, "-a".to_owned());
        }
        if !self.context.request.explain {
            return Ok((cmd, None));
        }
        let files = ExplainFiles::beside(output);
        Ok((files.add_to(cmd), Some(files)))
    }

    /// The folder of the linked files of a target. It is the same in every build: go links again for
    /// another one.
    fn linked_folder(&self, toolchain: &Toolchain) -> Utf8PathBuf {
        self.folder.join(&toolchain.name)
    }

    fn linked(&self, toolchain: &Toolchain, output: &GoOutput) -> Utf8PathBuf {
        self.linked_folder(toolchain).join(file_name(output, toolchain))
    }

    /// The public command that prepares a target.
    fn env_command(&self, target: &GoTarget) -> Cmd {
        let request = &self.context.request;
        let cmd = Cmd::new("rgo-build").args(["env", "-C", request.folder.as_str()]);
        let cmd = cmd.args(["--builder", "go", "--target", &target.toolchain().spec()]);
        let cmd = match &target.floor {
            Some(Floor::Glibc(version)) => cmd.args(["--glibc", version]),
            Some(Floor::Macos(version)) => cmd.args(["--macos", version]),
            None => cmd,
        };
        cmd.args(offline_flags(request)).args(self.options.packages.clone())
    }

    fn finishes(&self, target: &GoTarget) -> Vec<Finish<GoOutput>> {
        let context = &self.context;
        let toolchain = target.settings.toolchain;
        let finish = |output: &GoOutput| {
            let linked = self.linked(toolchain, output);
            let name = linked.file_name().unwrap_or(&output.name).to_owned();
            let is_static = output.kind == OutputKind::Staticlib;
            Finish {
                target: toolchain,
                output: output.clone(),
                place: context.output.join(&toolchain.name).join(name),
                linked,
                strip: (!is_static).then_some(context.strip),
                values: if is_static { Vec::new() } else { context.values.clone() },
                is_alone: target.outputs.len() == 1,
            }
        };
        target.outputs.iter().map(finish).collect()
    }
}

/// The name of a file. Go gives a program of js or wasip1 no end of its own.
fn file_name(output: &GoOutput, toolchain: &Toolchain) -> String {
    output.kind.file_name(&output.name, toolchain)
}

/// The name by which a loader looks for a shared library: that of its file. Without it a program
/// that is linked with the library would record the library's path.
fn with_library_name(settings: &GoSettings, path: &camino::Utf8Path) -> GoSettings {
    let mut settings = settings.clone();
    let is_shared = path.extension() == Some("so");
    if let (true, Some(name)) = (is_shared && settings.toolchain.is(Os::Linux), path.file_name()) {
        settings.link.external.push(format!("-Wl,-soname,{name}"));
    }
    settings
}
