//! Makes the plan of what was found out. Nothing is run or written here.

use std::collections::HashSet;
use std::io;
use std::rc::Rc;

use anyhow::Result;
use camino::Utf8PathBuf;
use rgo_toolchain::cargo::command::{self, CargoRun, Messages, TargetPlan};
use rgo_toolchain::cargo::makeable::Makeable;
use rgo_toolchain::cargo::rustflags::TargetFlags;
use rgo_toolchain::cargo::targets::{OutputKind, Wanted};
use rgo_toolchain::cargo::{feature_unification, project};
use rgo_toolchain::cargo_platform::Cfg;
use rgo_toolchain::exec::Cmd;
use rgo_toolchain::toolchain::{Floor, Toolchain};

use super::super::link::LinkPreparer;
use super::super::link::inputs::LinkInputs;
use super::super::link::note_capacity::NoteCapacity;
use super::super::prepare::Prepared;
use super::super::target::Target;
use super::{Finish, Plan, Step};
use crate::app::terminal;
use rgo_toolchain::finish::{self, FinishError};

/// What the plan is made for, beside what was prepared.
pub(in super::super) struct Options {
    /// Whether all is to be built again.
    pub again: bool,
    /// Whether dsymutil is there.
    pub has_dsymutil: bool,
}

/// A plan, and the targets that cannot be in it with the reason.
pub(in super::super) struct Made {
    pub plan: Plan,
    pub failed: Vec<(&'static Toolchain, anyhow::Error)>,
}

/// Makes the plan for the targets that can have something, as `makeable` says in their order.
///
/// # Errors
/// If rustc or cargo's configuration cannot be read. What one target lacks is that target's.
pub(in super::super) fn make(
    prepared: &Prepared,
    preparer: &LinkPreparer<'_>,
    makeable: &[Makeable],
    options: &Options,
) -> Result<Made> {
    let mut targets = Vec::new();
    let mut failed = Vec::new();
    for ((toolchain, floor), makeable) in prepared.targets.iter().zip(makeable) {
        if *makeable == Makeable::Nothing {
            continue;
        }
        let inputs =
            if finish::splits_with_dsymutil(prepared.strip, toolchain) && !options.has_dsymutil {
                Err(FinishError::NoDsymutil.into())
            } else {
                preparer.inputs(toolchain, floor.as_ref())
            };
        match inputs {
            Ok(link) => {
                targets.push(Rc::new(target(prepared, toolchain, floor, makeable, link)?));
            }
            Err(error) => failed.push((*toolchain, error)),
        }
    }
    let steps = steps(prepared, preparer, &targets, options)?;
    Ok(Made { plan: Plan { targets, steps }, failed })
}

fn steps(
    prepared: &Prepared,
    preparer: &LinkPreparer<'_>,
    targets: &[Rc<Target>],
    options: &Options,
) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = preparer.fetch().map(Step::FetchZig).into_iter().collect();
    steps.extend(targets.iter().map(|target| Step::Prepare {
        target: Rc::clone(target),
        std: preparer.std_steps(target.toolchain(), &target.link),
        command: env_command(prepared, target),
    }));
    steps.push(Step::MakeWork(preparer.folder().to_owned()));
    for target in targets {
        if let Some(shim) = &target.link.shim {
            let recipe = shim.text(NoteCapacity::default())?;
            let file = shim.file.clone();
            steps.push(Step::WriteRecipe { target: Rc::clone(target), file, recipe });
        }
    }
    if options.again {
        steps.push(Step::Clean(clean(prepared, targets)));
    }
    let names: Vec<String> = prepared.values.iter().map(|(name, _)| name.clone()).collect();
    for batch in batches(cargo_runs(prepared, targets)?) {
        let finish: Vec<Step> =
            batch.iter().map(|run| Step::Finish(finishes(prepared, &run.targets))).collect();
        steps.extend(batch.into_iter().map(Step::Build));
        if !names.is_empty() {
            steps.push(Step::CheckNames(names.clone()));
        }
        steps.extend(finish);
    }
    Ok(steps)
}

fn target(
    prepared: &Prepared,
    toolchain: &'static Toolchain,
    floor: &Option<Floor>,
    makeable: &Makeable,
    link: LinkInputs,
) -> Result<Target> {
    let mut flags = flags(prepared, toolchain, &link)?;
    flags.ours.extend(command::trim_flags(&prepared.trims));
    if prepared.wanted.iter().any(|one| one.kind == OutputKind::Staticlib) {
        flags.ours.push(command::PRINT_NATIVE_LIBS.to_owned());
    }
    flags.ours.extend(prepared.request.rustc_flags.iter().cloned());
    let selection = match makeable {
        Makeable::Part(selection) => Some((**selection).clone()),
        _ => None,
    };
    let env = link.env.clone();
    let cargo = TargetPlan { toolchain, floor: floor.clone(), flags, env, selection };
    Ok(Target { cargo, link })
}

/// The user's flags for a target, and those without which rgo cannot link for it.
///
/// # Errors
/// If rustc cannot be asked, or a flag cannot be read.
pub(in super::super) fn flags(
    prepared: &Prepared,
    toolchain: &Toolchain,
    link: &LinkInputs,
) -> Result<TargetFlags> {
    let mut flags = prepared.configuration.flags(&toolchain.triple, &|| {
        project::cfg(&prepared.compiler, &prepared.cache, Some(toolchain))
    })?;
    flags.ours = toolchain.rustflags.clone();
    flags.ours.extend(link.rustflags.iter().cloned());
    Ok(flags)
}

fn cargo_runs(prepared: &Prepared, targets: &[Rc<Target>]) -> Result<Vec<CargoRun>> {
    let messages =
        if terminal::has_color(&io::stderr()) { Messages::Ansi } else { Messages::Plain };
    let cfgs: Vec<_> = targets
        .iter()
        .map(|it| project::cfg(&prepared.compiler, &prepared.cache, Some(it.toolchain())))
        .collect::<Result<_, _>>()?;
    let triples: Vec<(&str, &[Cfg])> = targets
        .iter()
        .zip(&cfgs)
        .map(|(it, cfg)| (it.toolchain().triple.as_str(), cfg.as_slice()))
        .collect();
    let roots: Vec<_> = prepared.wanted.iter().map(|wanted| &wanted.package).collect();
    let conflicts = feature_unification::conflicts(&prepared.project.metadata, &roots, &triples);
    let plans: Vec<TargetPlan> = targets.iter().map(|target| target.cargo.clone()).collect();
    Ok(command::cargo_runs(
        &prepared.cargo,
        &prepared.request,
        &prepared.wanted,
        &plans,
        messages,
        prepared.configuration.flags_replaced,
        &|a, b| conflicts[a][b],
    ))
}

/// `-a`: cargo has no word for building again what is fresh, so it removes what it made. Package
/// by package, because without one it forgets the targets.
fn clean(prepared: &Prepared, targets: &[Rc<Target>]) -> Cmd {
    let request = &prepared.request;
    let mut cmd = prepared.cargo.clone().cwd(&request.folder).arg("clean");
    if let Some(manifest) = &request.manifest {
        cmd = cmd.args(["--manifest-path", manifest.as_str()]);
    }
    for config in &request.config {
        cmd = cmd.args(["--config", config]);
    }
    let locks = [
        (request.locked, "--locked"),
        (request.frozen, "--frozen"),
        (request.offline, "--offline"),
    ];
    cmd = cmd.args(locks.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag));
    cmd = cmd.args(["--profile", &request.profile]);
    for target in targets {
        cmd = cmd.args(["--target", &target.toolchain().triple]);
    }
    let packages = prepared.project.metadata.packages.iter();
    packages.fold(cmd, |cmd, package| {
        cmd.args(["-p".to_owned(), format!("{}@{}", package.name, package.version)])
    })
}

/// The public command that gets ready what a target needs.
fn env_command(prepared: &Prepared, target: &Target) -> Cmd {
    let request = &prepared.request;
    let mut cmd = Cmd::new("rgo-build").args(["env", "-C", request.folder.as_str()]);
    if let Some(manifest) = &request.manifest {
        cmd = cmd.args(["--manifest-path", manifest.as_str()]);
    }
    cmd = cmd.args(["--target", &target.toolchain().spec()]);
    cmd = match &target.cargo.floor {
        Some(Floor::Glibc(version)) => cmd.args(["--glibc", version]),
        Some(Floor::Macos(version)) => cmd.args(["--macos", version]),
        None => cmd,
    };
    let locks = [(request.frozen, "--frozen"), (request.offline, "--offline")];
    cmd.args(locks.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag))
}

fn finishes(prepared: &Prepared, toolchains: &[&'static Toolchain]) -> Vec<Finish> {
    let mut all = Vec::new();
    for toolchain in toolchains {
        let made = prepared.wanted.iter().filter(|it| toolchain.makes(it.kind.crate_type()));
        let made: Vec<&Wanted> = made.collect();
        all.extend(made.iter().map(|wanted| finish(prepared, toolchain, wanted, made.len() == 1)));
    }
    all
}

fn finish(
    prepared: &Prepared,
    target: &'static Toolchain,
    wanted: &Wanted,
    is_alone: bool,
) -> Finish {
    let is_static = wanted.kind == OutputKind::Staticlib;
    let linked = expected(prepared, target, wanted);
    Finish {
        target,
        what: format!(
            "the {} {} of {}",
            wanted.kind.crate_type(),
            wanted.name,
            wanted.package_name
        ),
        place: prepared
            .output
            .join(&target.name)
            .join(linked.file_name().unwrap_or(wanted.name.as_str())),
        linked,
        strip: (!is_static).then_some(prepared.strip),
        values: if is_static { Vec::new() } else { prepared.values.clone() },
        is_alone,
    }
}

/// Where cargo puts a file.
fn expected(prepared: &Prepared, target: &Toolchain, wanted: &Wanted) -> Utf8PathBuf {
    let profile = match prepared.request.profile.as_str() {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    };
    let folder = prepared.project.folders.target.join(&target.triple).join(profile);
    let folder = if wanted.kind == OutputKind::Example { folder.join("examples") } else { folder };
    folder.join(wanted.kind.file_name(&wanted.name, target))
}

/// Runs that may wait for each other: two toolchains of one triple write the same files, so the
/// second may start only when those of the first are finished.
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
