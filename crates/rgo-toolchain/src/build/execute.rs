//! Runs a plan: runs the builder, finishes every linked file and puts it in place, and reports each
//! target's outcome. One target's failure does not stop the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};

use rayon::prelude::*;
use rgo_binary::system::Os;
use rgo_files::{atomic_file, check_writable};

use super::attempt;
use super::compiled::{Compiled, CompiledFile, CompiledTarget};
use super::context::{Context, LeftOut};
use super::error::BuildError;
use super::outcome::TargetOutcome;
use super::plan::{Finish, PlanOptions, Step};
use super::tool::{Attempt, BuildTool};
use super::tool_types::{BuildRun, BuildTarget, NamedOutput};
use crate::artifact::Artifact;
use crate::cargo::rebuild_reasons::{self, Rebuilt};
use crate::checks::Asked;
use crate::event::{Event, Events};
use crate::finish::{self, Job};
use crate::output_kind::OutputKind;
use crate::request::StripMode;
use crate::show::Show;
use crate::toolchain::Toolchain;

/// Runs a plan.
pub(super) struct Execution<'a, B> {
    /// The tool that compiles.
    pub tool: &'a B,
    /// The options of the plan.
    pub options: &'a PlanOptions,
    /// How to show the builder's output.
    pub show: Show,
    /// Receives the events.
    pub on: Events<'a>,
}

/// The outcomes of the targets.
#[derive(Default)]
pub struct Results {
    /// By toolchain.
    pub outcomes: BTreeMap<&'static str, TargetOutcome>,
    /// The crates that were compiled, and why.
    pub rebuilt: Vec<Rebuilt>,
    /// The version of zig, if it linked.
    pub zig: Option<String>,
}

impl Results {
    /// The outcomes, in the order in which the user named the targets.
    pub fn in_order(&mut self, context: &Context) -> Vec<TargetOutcome> {
        let targets = context.targets.iter();
        targets.filter_map(|(it, _)| self.outcomes.remove(it.name.as_str())).collect()
    }
}

impl<B: BuildTool> Attempt<'_, B> {
    /// The outcomes of the targets that are not in the plan.
    #[must_use]
    pub(super) fn results(&mut self, tool: &B, on: Events<'_>) -> Results {
        let mut results = Results::default();
        for LeftOut { toolchain, reason } in &tool.context().left_out {
            let not_made = vec![format!("left out: {reason}")];
            let outcome = TargetOutcome { not_made, ..TargetOutcome::new(toolchain) };
            results.outcomes.insert(&toolchain.name, outcome);
        }
        for (toolchain, error) in std::mem::take(&mut self.planned.failed) {
            results.fail(toolchain, &error, on);
        }
        results
    }
}

impl Results {
    /// Records that a target failed before the builder ran for it.
    fn fail(&mut self, toolchain: &'static Toolchain, error: &BuildError, on: Events<'_>) {
        let mut outcome = TargetOutcome::new(toolchain);
        on(outcome.fail(error));
        self.outcomes.insert(&toolchain.name, outcome);
    }
}

impl<B: BuildTool> Execution<'_, B> {
    /// Does the steps of a plan. The failure of a single target is in its outcome.
    ///
    /// # Errors
    /// If the builder cannot run at all, or no file has a slot that got a value.
    pub(super) fn run(&self) -> Result<Results, BuildError> {
        attempt::repeat(self.tool, self.options, &mut |attempt| self.attempt(attempt))
    }

    /// Does the steps of a plan. `None` if the machine, once the targets are ready, differs from the
    /// plan's expectation.
    fn attempt(&self, mut attempt: Attempt<'_, B>) -> Result<Option<Results>, BuildError> {
        let mut results = attempt.results(self.tool, self.on);
        for target in &attempt.planned.plan.targets {
            check_writable(&self.tool.context().output.join(target.name()))?;
        }
        let announce = |step: &Step<B>| (self.on)(Event::Step(step.to_string()));
        let mut fail = |target: &B::Target, error| {
            results.fail(target.toolchain(), &error, self.on);
            Ok(())
        };
        if !attempt.get_ready(&announce, self.on, &mut fail)? {
            return Ok(None);
        }
        let plan = &attempt.planned.plan;
        results.zig = plan.targets.iter().find_map(|it| it.zig_version()).map(str::to_owned);
        let mut lock = None;
        // Builds whose files are not in place yet.
        let mut built: Vec<Compiled<B>> = Vec::new();
        for step in plan.steps.iter().filter(|step| !step.gets_ready()) {
            if lock.is_none() && matches!(step, Step::Clean(_) | Step::Build(_)) {
                lock = Some(self.lock()?);
            }
            announce(step);
            match step {
                // The work folder exists since before the plan, which contains its path.
                Step::FetchZig(_) | Step::GetReady { .. } | Step::MakeWork(_) => {}
                Step::WriteFile { file, text } => {
                    atomic_file::write(file, format!("{text}\n").as_bytes(), None)?;
                }
                Step::Clean(cmd) => {
                    let doing = "removing what was built before (-a)";
                    cmd.capture().map_err(|source| BuildError::Command { doing, source })?;
                }
                Step::Build(run) => {
                    let is_left = |it: &Toolchain| !results.outcomes.contains_key(it.name.as_str());
                    let run = run.narrowed(&is_left);
                    let targets = plan.targets_of(&run);
                    if !targets.is_empty() {
                        built.push(self.tool.compile(run, targets, self.show, self.on)?);
                    }
                }
                Step::CheckNames(names) => self.check_names(names, &built)?,
                Step::Finish(files) => {
                    if let Some(mut compiled) = take(&mut built, files) {
                        let mut rebuilt = std::mem::take(&mut compiled.rebuilt);
                        if self.options.again {
                            rebuild_reasons::name_all_again(&mut rebuilt);
                        }
                        rebuild_reasons::join(&mut results.rebuilt, rebuilt);
                        results.outcomes.extend(self.finish_all(files, &compiled)?);
                    }
                }
            }
        }
        Ok(Some(results))
    }

    /// Looks for each slot that got a value in all linked files, before any of them is put in
    /// place.
    fn check_names(&self, names: &[String], built: &[Compiled<B>]) -> Result<(), BuildError> {
        let Some(error) = unknown_name(names, built)? else { return Ok(()) };
        for one in built.iter().filter(|one| one.code != 0) {
            let mut outcomes: Vec<TargetOutcome> = one.targets.iter().map(outcome).collect();
            self.tool.explain_failures(one, &mut outcomes, self.show, self.on)?;
        }
        Err(error)
    }

    /// Locks the build folder until its files have been read. Cargo's own lock ends with cargo;
    /// after that, another rgo-build with another recipe could remove the files.
    fn lock(&self) -> Result<File, BuildError> {
        let folder = self.tool.build_folder();
        let doing = format!("creating the folder {folder}");
        fs::create_dir_all(folder).map_err(BuildError::io(doing))?;
        let path = folder.join(".rgo-lock");
        let file = File::create(&path).map_err(BuildError::io(format!("creating {path}")))?;
        if file.try_lock().is_err() {
            (self.on)(Event::WaitingForFolder);
            file.lock().map_err(BuildError::io(format!("locking {path}")))?;
        }
        Ok(file)
    }

    /// Finishes the files of a run, and reports what each target lacks.
    fn finish_all(
        &self,
        files: &[Finish<B::Output>],
        compiled: &Compiled<B>,
    ) -> Result<Vec<(&'static str, TargetOutcome)>, BuildError> {
        let mut outcomes: Vec<TargetOutcome> = compiled.targets.iter().map(outcome).collect();
        let jobs: Vec<(usize, &CompiledFile<B::Output>, Job<'_>)> = compiled
            .targets
            .iter()
            .enumerate()
            .flat_map(|(at, target)| {
                let jobs = self.jobs(files, target);
                jobs.into_iter().map(move |(file, job)| (at, file, job))
            })
            .collect();
        let only_jobs: Vec<&Job<'_>> = jobs.iter().map(|(_, _, job)| job).collect();
        let done: Vec<_> = only_jobs.into_par_iter().map(finish::finish).collect();
        for ((at, file, _), one) in jobs.iter().zip(done) {
            let outcome = &mut outcomes[*at];
            match one {
                Ok(artifact) => {
                    let link_with = file.link_with.clone();
                    outcome.artifacts.push(Artifact { link_with, ..artifact });
                }
                Err(error) => (self.on)(outcome.fail(&error.into())),
            }
        }
        for (one, outcome) in compiled.targets.iter().zip(&mut outcomes) {
            for error in &one.unfinishable {
                (self.on)(outcome.fail(error));
            }
        }
        self.tool.explain_failures(compiled, &mut outcomes, self.show, self.on)?;
        Ok(compiled.targets.iter().map(|one| one.target.name()).zip(outcomes).collect())
    }

    /// The jobs for the linked files of a target, each with its file.
    fn jobs<'j>(
        &'j self,
        files: &'j [Finish<B::Output>],
        compiled: &'j CompiledTarget<B>,
    ) -> Vec<(&'j CompiledFile<B::Output>, Job<'j>)> {
        let of_target = files.iter().filter(|file| file.target.name == compiled.target.name());
        let jobs = of_target.filter_map(|plan| {
            let file = compiled.file(&plan.output)?;
            Some((file, self.job(compiled, plan, file)))
        });
        jobs.collect()
    }

    fn job<'j>(
        &'j self,
        compiled: &'j CompiledTarget<B>,
        plan: &'j Finish<B::Output>,
        file: &'j CompiledFile<B::Output>,
    ) -> Job<'j> {
        let context = self.tool.context();
        let kind = file.output.kind();
        let entitlements = context.entitlements.as_ref();
        Job {
            linked: file.linked.clone(),
            output: plan.place.clone(),
            kind,
            beside: file.beside.clone(),
            asked: Asked {
                toolchain: plan.target,
                floor: compiled.target.floor(),
                static_pie: compiled.target.is_static_pie() && kind.is_program(),
            },
            record: &file.record,
            values: &plan.values,
            strip: plan.strip.unwrap_or(StripMode::None),
            timestamp: u32::try_from(context.epoch).unwrap_or(u32::MAX),
            dsymutil: context.dsymutil.as_deref(),
            entitlements: entitlements
                .filter(|_| plan.target.is(Os::Darwin) && kind != OutputKind::Cdylib),
            path_remaps: &context.path_remaps,
        }
    }
}

/// Takes out the run that made these files. There is none if all of its targets failed before.
fn take<B: BuildTool>(
    built: &mut Vec<Compiled<B>>,
    files: &[Finish<B::Output>],
) -> Option<Compiled<B>> {
    let is_of = |target: &CompiledTarget<B>| {
        files.iter().any(|file| file.target.name == target.target.name())
    };
    let place = built.iter().position(|one| one.targets.iter().any(is_of))?;
    Some(built.remove(place))
}

/// What there is to say of a target before any of its files is finished.
fn outcome<B: BuildTool>(compiled: &CompiledTarget<B>) -> TargetOutcome {
    TargetOutcome {
        std: compiled.target.std().cloned(),
        not_made: compiled.not_made.clone(),
        ..TargetOutcome::new(compiled.target.toolchain())
    }
}

/// The error for a slot that no file has. `None` if no target is complete: the missing files might
/// have the slot.
fn unknown_name<B: BuildTool>(
    names: &[String],
    built: &[Compiled<B>],
) -> Result<Option<BuildError>, BuildError> {
    let targets = || built.iter().flat_map(|one| &one.targets);
    if !targets().any(CompiledTarget::is_complete) {
        return Ok(None);
    }
    let mut known = BTreeSet::new();
    for file in targets().flat_map(|target| &target.files) {
        if file.output.kind() != OutputKind::Staticlib {
            known.extend(finish::slot_names(&file.linked, &finish::map(&file.linked)?)?);
        }
    }
    let unknown = names.iter().find(|name| !known.contains(*name)).cloned();
    Ok(unknown.map(|name| BuildError::NoSlot { name, known }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::rc::Rc;

    use super::*;
    use crate::build::cargo_build::CargoBuild;
    use crate::build::cargo_build::link_inputs::LinkInputs;
    use crate::build::cargo_build::target::Target;
    use crate::cargo::command::{CargoCall, CargoTarget};
    use crate::cargo::options::CargoOptions;
    use crate::cargo::run::CargoOutcome;
    use crate::cargo::rustflags::TargetFlags;
    use crate::cargo::targets::BuildOutput;
    use crate::exec::Cmd;
    use crate::request::Request;
    use crate::show::Messages;
    use crate::std_lib::{Origin, StdLib, StdPlan};
    use crate::toolchain::by_name;

    fn target(name: &str) -> Rc<Target> {
        let std = StdLib { origin: Origin::Prebuilt, sysroot: None };
        let cargo = CargoTarget {
            toolchain: by_name(name).expect("a toolchain"),
            floor: None,
            flags: TargetFlags::default(),
            env: BTreeMap::new(),
            selection: None,
        };
        let link = LinkInputs {
            rustflags: Vec::new(),
            env: BTreeMap::new(),
            std_plan: StdPlan::Ready(std.clone()),
            std,
            shim: None,
        };
        Rc::new(Target { cargo, link })
    }

    fn compiled(name: &str) -> Compiled<CargoBuild> {
        let (target, request, options) =
            (target(name), Request::default(), CargoOptions::default());
        let call = CargoCall {
            base: &Cmd::new("cargo"),
            request: &request,
            options: &options,
            outputs: &[],
            messages: Messages::Plain,
            flags_replaced: false,
        };
        let run = call.runs(std::slice::from_ref(&target.cargo), &|_, _| false).remove(0);
        let (files, not_made, missing) = (Vec::new(), Vec::new(), Vec::new());
        let unfinishable = Vec::new();
        let targets = vec![CompiledTarget { target, files, not_made, missing, unfinishable }];
        let (ran, rebuilt) = (CargoOutcome::default(), Vec::new());
        Compiled { run, ran, code: 0, rebuilt, targets }
    }

    fn finish(name: &str) -> Finish<BuildOutput> {
        Finish {
            target: by_name(name).expect("a toolchain"),
            output: BuildOutput {
                package: cargo_metadata::PackageId { repr: "p".into() },
                package_name: "p".into(),
                name: "p".into(),
                kind: OutputKind::Bin,
                explicit: false,
                requires: Vec::new(),
            },
            linked: "/p".into(),
            place: "/dist/p".into(),
            strip: None,
            values: Vec::new(),
            is_alone: true,
        }
    }

    /// A run all of whose targets failed before is not made, and its files are not another run's.
    #[test]
    fn files_are_those_of_their_own_run() {
        let mut built = vec![compiled("linux-arm64"), compiled("darwin-arm64")];
        assert!(take(&mut built, &[finish("linux-amd64")]).is_none());
        let taken = take(&mut built, &[finish("darwin-arm64")]).expect("was built");
        assert_eq!(taken.targets[0].target.name(), "darwin-arm64");
        assert!(take(&mut built, &[finish("darwin-arm64")]).is_none());
        assert!(take(&mut built, &[finish("linux-arm64")]).is_some() && built.is_empty());
    }
}
