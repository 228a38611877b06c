//! Makes the plan from the discovered facts. It runs rustc for its configuration, and changes
//! nothing.

use std::collections::HashSet;
use std::rc::Rc;

use camino::Utf8PathBuf;
use cargo_platform::Cfg;

use super::CargoBuild;
use super::link_inputs::LinkInputs;
use super::link_preparer::LinkPreparer;
use super::makeable::Candidate;
use super::note_capacity::NoteCapacity;
use super::target::Target;
use crate::build::context::Context;
use crate::build::error::BuildError;
use crate::build::plan::{Finish, Plan, PlanOptions, Planned, Step};
use crate::build::tool_types::BuildTarget;
use crate::cargo::command::{self, CargoCall, CargoRun, CargoTarget};
use crate::cargo::makeable::Makeable;
use crate::cargo::options::offline_flags;
use crate::cargo::rustflags::TargetFlags;
use crate::cargo::targets::BuildOutput;
use crate::cargo::{feature_unification, project};
use crate::exec::Cmd;
use crate::finish::{self, FinishError};
use crate::output_kind::OutputKind;
use crate::show::Messages;
use crate::toolchain::{Floor, Toolchain};

impl CargoBuild {
    /// Makes the plan.
    ///
    /// # Errors
    /// If rustc or cargo's configuration cannot be read. If a single target lacks something, the
    /// error is in [`Planned::failed`].
    pub(super) fn plan_of(
        &self,
        preparer: &LinkPreparer<'_>,
        options: &PlanOptions,
    ) -> Result<Planned<Self>, BuildError> {
        let mut targets = Vec::new();
        let mut failed = Vec::new();
        for candidate in &self.candidates {
            match self.link_inputs(preparer, candidate) {
                Ok(link) => targets.push(Rc::new(self.target(candidate.clone(), link)?)),
                Err(error) => failed.push((candidate.toolchain, error)),
            }
        }
        let steps = self.steps(preparer, &targets, options)?;
        Ok(Planned { plan: Plan { targets, steps }, failed })
    }

    fn link_inputs(
        &self,
        preparer: &LinkPreparer<'_>,
        candidate: &Candidate,
    ) -> Result<LinkInputs, BuildError> {
        let Candidate { toolchain, floor, .. } = candidate;
        let Context { strip, dsymutil, request, .. } = &self.context;
        let splits = finish::splits_with_dsymutil(*strip, toolchain) && !request.is_for_others;
        if splits && dsymutil.is_none() {
            return Err(FinishError::NoDsymutil.into());
        }
        preparer.inputs(toolchain, floor.as_ref())
    }

    fn steps(
        &self,
        preparer: &LinkPreparer<'_>,
        targets: &[Rc<Target>],
        options: &PlanOptions,
    ) -> Result<Vec<Step<Self>>, BuildError> {
        let mut steps: Vec<Step<Self>> = preparer.fetch().map(Step::FetchZig).into_iter().collect();
        steps.extend(targets.iter().map(|target| Step::GetReady {
            target: Rc::clone(target),
            std: preparer.std_steps(target.toolchain(), &target.link),
            command: self.env_command(target),
        }));
        steps.push(Step::MakeWork(preparer.folder().to_owned()));
        for target in targets {
            if let Some(shim) = &target.link.shim {
                let text = shim.text(NoteCapacity::default())?;
                let file = shim.file.clone();
                steps.push(Step::WriteFile { file, text });
            }
        }
        if options.again {
            steps.push(Step::Clean(self.clean(targets)));
        }
        let values = &self.context.values;
        let names: Vec<String> = values.iter().map(|(name, _)| name.clone()).collect();
        for batch in batches(self.cargo_runs(targets, options.messages)?) {
            let finish: Vec<Step<Self>> =
                batch.iter().map(|run| Step::Finish(self.finishes(&run.targets))).collect();
            steps.extend(batch.into_iter().map(Step::Build));
            if !names.is_empty() {
                steps.push(Step::CheckNames(names.clone()));
            }
            steps.extend(finish);
        }
        Ok(steps)
    }

    fn target(&self, candidate: Candidate, link: LinkInputs) -> Result<Target, BuildError> {
        let Candidate { toolchain, floor, makeable } = candidate;
        let mut flags = self.flags(toolchain, &link)?;
        flags.ours.extend(command::remap_flags(&self.context.path_remaps));
        if self.outputs.iter().any(|one| one.kind == OutputKind::Staticlib) {
            flags.ours.push(command::PRINT_NATIVE_LIBS.to_owned());
        }
        flags.ours.extend(self.options.rustc_flags.iter().cloned());
        let selection = match makeable {
            Makeable::Part(selection) => Some(*selection),
            Makeable::AsSelected | Makeable::Nothing => None,
        };
        let env = link.env.clone();
        let cargo = CargoTarget { toolchain, floor, flags, env, selection };
        Ok(Target { cargo, link })
    }

    /// The rustflags for a target: the user's, and those that rgo needs to link for it.
    ///
    /// # Errors
    /// If rustc cannot be run, or a flag cannot be read.
    pub(super) fn flags(
        &self,
        toolchain: &Toolchain,
        link: &LinkInputs,
    ) -> Result<TargetFlags, BuildError> {
        let mut flags =
            self.configuration.flags(&toolchain.triple, &|| self.cfg(Some(toolchain)))?;
        flags.ours = toolchain.rustflags.clone();
        flags.ours.extend(link.rustflags.iter().cloned());
        Ok(flags)
    }

    /// `rustc --print cfg` for a toolchain, or for the host.
    pub(super) fn cfg(
        &self,
        toolchain: Option<&Toolchain>,
    ) -> Result<Vec<Cfg>, project::ProjectError> {
        project::cfg(&self.compiler, &self.context.cache, toolchain)
    }

    fn cargo_runs(
        &self,
        targets: &[Rc<Target>],
        messages: Messages,
    ) -> Result<Vec<CargoRun>, BuildError> {
        let cfgs = targets.iter().map(|it| self.cfg(Some(it.toolchain())));
        let cfgs: Vec<Vec<Cfg>> = cfgs.collect::<Result<_, _>>()?;
        let triples = targets.iter().map(|it| it.toolchain().triple.as_str());
        let triples: Vec<(&str, &[Cfg])> = triples.zip(cfgs.iter().map(Vec::as_slice)).collect();
        let roots: Vec<_> = self.outputs.iter().map(|wanted| &wanted.package).collect();
        let conflicts = feature_unification::conflicts(&self.project.metadata, &roots, &triples);
        let plans: Vec<CargoTarget> = targets.iter().map(|target| target.cargo.clone()).collect();
        let call = CargoCall {
            base: &self.cargo,
            request: &self.context.request,
            options: &self.options,
            outputs: &self.outputs,
            messages,
            flags_replaced: self.configuration.flags_replaced,
        };
        Ok(call.runs(&plans, &|a, b| conflicts[a][b]))
    }

    /// The command for `-a`: cargo has no flag to build fresh units again, so `cargo clean` removes
    /// its files. It names the packages, because without `-p` cargo ignores the targets.
    fn clean(&self, targets: &[Rc<Target>]) -> Cmd {
        let request = &self.context.request;
        let mut cmd = self.cargo.clone().cwd(&request.folder).arg("clean");
        cmd = cmd.args(self.options.project_flags(request));
        cmd = cmd.args(["--profile", &self.options.profile]);
        for target in targets {
            cmd = cmd.args(["--target", &target.toolchain().triple]);
        }
        let packages = self.project.metadata.packages.iter();
        packages.fold(cmd, |cmd, package| {
            cmd.args(["-p".to_owned(), format!("{}@{}", package.name, package.version)])
        })
    }

    /// The public command that prepares a target.
    fn env_command(&self, target: &Target) -> Cmd {
        let request = &self.context.request;
        let cmd = Cmd::new("rgo-build").args(["env", "-C", request.folder.as_str()]);
        let cmd = cmd.args(self.options.manifest_flags());
        let cmd = cmd.args(["--target", &target.toolchain().spec()]);
        let cmd = match &target.cargo.floor {
            Some(Floor::Glibc(version)) => cmd.args(["--glibc", version]),
            Some(Floor::Macos(version)) => cmd.args(["--macos", version]),
            None => cmd,
        };
        cmd.args(offline_flags(request))
    }

    fn finishes(&self, toolchains: &[&'static Toolchain]) -> Vec<Finish<BuildOutput>> {
        let mut all = Vec::new();
        for toolchain in toolchains {
            let made = self.outputs.iter().filter(|it| toolchain.makes(it.kind.crate_type()));
            let made: Vec<&BuildOutput> = made.collect();
            let is_alone = made.len() == 1;
            all.extend(made.iter().map(|wanted| self.finish(toolchain, wanted, is_alone)));
        }
        all
    }

    fn finish(
        &self,
        target: &'static Toolchain,
        wanted: &BuildOutput,
        is_alone: bool,
    ) -> Finish<BuildOutput> {
        let context = &self.context;
        let is_static = wanted.kind == OutputKind::Staticlib;
        let linked = self.expected(target, wanted);
        let name = linked.file_name().unwrap_or(wanted.name.as_str());
        Finish {
            target,
            output: wanted.clone(),
            place: context.output.join(&target.name).join(name),
            linked,
            strip: (!is_static).then_some(context.strip),
            values: if is_static { Vec::new() } else { context.values.clone() },
            is_alone,
        }
    }

    /// The path at which cargo is expected to put a file.
    fn expected(&self, target: &Toolchain, wanted: &BuildOutput) -> Utf8PathBuf {
        let profile = match self.options.profile.as_str() {
            "dev" | "test" => "debug",
            "bench" => "release",
            other => other,
        };
        let folder = self.project.folders.target.join(&target.triple).join(profile);
        let is_example = wanted.kind == OutputKind::Example;
        let folder = if is_example { folder.join("examples") } else { folder };
        folder.join(wanted.kind.file_name(&wanted.name, target))
    }
}

/// Sorts the runs into batches. Two toolchains with one triple write the same files, so the run of
/// the second starts only after the files of the first are finished.
fn batches(runs: Vec<CargoRun>) -> Vec<Vec<CargoRun>> {
    let mut batches: Vec<(HashSet<&'static str>, Vec<CargoRun>)> = Vec::new();
    for run in runs {
        let triples: HashSet<&'static str> =
            run.targets.iter().map(|it| it.triple.as_str()).collect();
        match batches.last_mut().filter(|(seen, _)| seen.is_disjoint(&triples)) {
            Some((seen, batch)) => {
                seen.extend(triples);
                batch.push(run);
            }
            None => batches.push((triples, vec![run])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}
