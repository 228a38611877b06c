//! `rgo-build`: from a Cargo project to programs for every platform.
//!
//! ```text
//! arguments ─▶ prepare ─▶ plan ─┬─▶ -n prints it
//!                               └─▶ execute: cargo ─▶ finish each file ─▶ report
//! ```

pub mod args;
mod arguments;
mod artifacts;
mod as_asked;
pub mod doctor;
mod env;
mod environment;
mod execute;
mod failures;
mod finish;
mod floors;
mod leaks;
mod link;
mod lockfile;
mod makeable;
mod note;
mod open_names;
mod prepare;
mod property_lists;
mod report;
mod run_outputs;
mod settings;
mod settle;
pub mod shim_calls;
mod stamp;
mod toolchains;
mod values;
mod verdict;

use std::collections::HashSet;
use std::io::{self, IsTerminal};

use anyhow::Result;
use rgo_toolchain::cargo::command::{self, CargoRun, Messages, TargetPlan};
use rgo_toolchain::cargo::makeable::Makeable;
use rgo_toolchain::cargo::run::Show;
use rgo_toolchain::cargo::rustflags::TargetFlags;
use rgo_toolchain::cargo::targets::OutputKind;
use rgo_toolchain::cargo::{feature_unification, project};
use rgo_toolchain::cargo_platform::Cfg;
use rgo_toolchain::event::Event;
use rgo_toolchain::exec::Cmd;
use rgo_toolchain::toolchain::Toolchain;
use rgo_toolchain::{dsymutil, interrupt, processes};

use crate::app::args::FormatArg;
use crate::app::error::CommandError;
use crate::app::exit::Exit;
use crate::app::terminal;
use crate::build::args::{Build, BuildArgs, Other};
use execute::{Executed, Execution};
use link::Linking;
use prepare::Prepared;
pub use report::size;
use report::{BuildReport, CompilerUsed, TargetReport};
use rgo_files::check_writable;
pub(super) use settings::LEFT_OUT;
use verdict::Level;

/// Runs `rgo-build`.
///
/// # Errors
/// If what was asked cannot be done; what is wrong with a single target is in the report.
pub fn run(args: Build) -> Result<Exit> {
    interrupt::install(processes::all);
    match args.command {
        None => build(&args.build),
        Some(Other::Stamp(args)) => stamp::run(&args),
        Some(Other::Targets(args)) => toolchains::targets(&args),
        Some(Other::Env(args)) => env::run(*args),
        Some(Other::Doctor(args)) => doctor::run(&args),
        Some(Other::Cache(args)) => toolchains::cache(&args),
    }
}

fn build(args: &BuildArgs) -> Result<Exit> {
    let prepared = prepare::prepare(args)?;
    let makeable = makeable::of_targets(&prepared)?;
    let said = Said { quiet: args.quiet || args.dry_run, trace: args.trace };
    if args.verbose > 0 {
        said.note(&format!("{}, {}", compiler_line(&prepared), prepared.compiler.rustc));
    }
    let work = link::Work::new(&prepared.cache, args.work, args.dry_run)?;
    let dsymutil = if execute::needs_dsymutil(&prepared) { dsymutil::find() } else { None };
    let mut reports: Vec<Option<TargetReport>> = makeable::left_out(&prepared, &makeable, &said);
    let linkings = link_all(args, &prepared, &work, dsymutil.is_some(), &said, &mut reports)?;
    let plans: Vec<TargetPlan> = linkings
        .iter()
        .map(|(index, linking)| target_plan(&prepared, *index, linking, &makeable))
        .collect::<Result<_>>()?;
    let runs = cargo_runs(&prepared, &plans)?;
    if args.dry_run {
        dry_run(args, &prepared, &plans, &linkings, &runs)?;
        let all = reports.iter().flatten().all(|report| report.error.is_none());
        return Ok(if all { Exit::Done } else { Exit::Failed });
    }

    let (indices, linkings): (Vec<usize>, Vec<Linking>) = linkings.into_iter().unzip();
    let execution = Execution {
        prepared: &prepared,
        plans: &plans,
        linkings: &linkings,
        show: Show {
            terminal: io::stderr().is_terminal()
                && terminal::has_color(&io::stderr())
                && !args.quiet,
            explain: args.explain_rebuild,
            verbose: args.verbose > 0,
            hold_errors: false,
        },
        trace: args.trace,
        dsymutil,
    };
    for folder in plans.iter().map(|plan| prepared.output.join(&plan.toolchain.name)) {
        check_writable(&folder)?;
    }
    let clean = args.all.then(|| clean(&prepared, &plans));
    let Executed { reports: done, rebuilt } = execution.run(clean.as_ref(), &runs)?;
    for (index, report) in done {
        reports[indices[index]] = Some(report);
    }
    let report = BuildReport {
        compiler: compiler_used(&prepared),
        zig: linkings.iter().find_map(|linking| linking.zig_version.clone()),
        targets: reports.into_iter().flatten().collect(),
        rebuilt: args.explain_rebuild.then_some(rebuilt),
        work: work.kept(),
    };
    end(args, &prepared, &report)
}

/// Gets ready what the links of all targets need. What a target lacks is found out for each by
/// itself, and goes into its report.
fn link_all(
    args: &BuildArgs,
    prepared: &Prepared,
    work: &link::Work,
    dsymutil: bool,
    said: &Said,
    reports: &mut [Option<TargetReport>],
) -> Result<Vec<(usize, Linking)>> {
    let linker = link::Linker::new(prepared, work, args.dry_run)?;
    let mut linkings = Vec::new();
    for (index, (toolchain, floor)) in prepared.targets.iter().enumerate() {
        if reports.get(index).is_some_and(Option::is_some) {
            continue;
        }
        let theirs = prepared.configuration.linker(&toolchain.triple);
        if let Some(theirs) = theirs.filter(|_| toolchain.zig.is_some() && !args.quiet) {
            terminal::warning(&format!(
                "{}: zig links, not `{theirs}`, which cargo's configuration names",
                toolchain.name
            ));
        }
        let ready = if execute::splits_with_dsymutil(prepared, toolchain) && !dsymutil {
            Err(finish::no_dsymutil())
        } else {
            linker.prepare(toolchain, floor.as_ref(), &mut |event| said.event(&event))
        };
        match ready {
            Ok(linking) => linkings.push((index, linking)),
            Err(error) => {
                let error = CommandError::from(error);
                reports[index] = Some(execute::not_started(toolchain, &error));
                terminal::failure(&format!("{}: {}", toolchain.name, error.text()));
                error.hints.iter().for_each(|hint| terminal::hint(hint));
            }
        }
    }
    Ok(linkings)
}

/// Shows the report, runs what is to be run, and says how it went.
fn end(args: &BuildArgs, prepared: &Prepared, report: &BuildReport) -> Result<Exit> {
    let exit = match (report.failed(), report.not_held()) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::NotHeld,
        (false, false) => Exit::Done,
    };
    if !args.quiet || args.format != FormatArg::Text {
        // With --run, stdout is the program's.
        if args.run {
            terminal::print_to_stderr(report, args.format)?;
        } else {
            terminal::print(report, args.format)?;
        }
    }
    // The text report says them itself.
    if args.quiet || args.format != FormatArg::Text {
        say_findings(report, args.quiet);
    }
    if args.run && exit == Exit::Done {
        return run_outputs::run(prepared, report, &args.args);
    }
    Ok(exit)
}

/// Says on stderr what is not as it was asked for; a script that reads the report's JSON, or
/// nothing, sees it all the same.
fn say_findings(report: &BuildReport, quiet: bool) {
    for artifact in report.targets.iter().flat_map(|target| &target.artifacts) {
        for finding in &artifact.findings {
            let text = format!("{}: {}", artifact.path, finding.text);
            match finding.level {
                Level::Error => terminal::failure(&text),
                Level::Warning if quiet => {}
                Level::Warning => terminal::warning(&text),
            }
        }
    }
}

/// What is said while working, unless the user wants silence.
struct Said {
    quiet: bool,
    /// Whether commands are shown.
    trace: bool,
}

impl Said {
    fn note(&self, text: &str) {
        if !self.quiet {
            terminal::status(text);
        }
    }

    fn event(&self, event: &Event) {
        match event {
            Event::Running(cmd) if self.trace => terminal::eprint_line(cmd),
            Event::Running(_) => {}
            event => self.note(&event.to_string()),
        }
    }
}

/// The user's flags for a target, and those without which rgo cannot link for it.
fn target_flags(
    prepared: &Prepared,
    toolchain: &Toolchain,
    linking: &Linking,
) -> Result<TargetFlags> {
    let mut flags = prepared.configuration.flags(&toolchain.triple, &|| {
        project::cfg(&prepared.compiler, &prepared.cache, Some(toolchain))
    })?;
    flags.ours = toolchain.rustflags.clone();
    flags.ours.extend(linking.rustflags.iter().cloned());
    Ok(flags)
}

fn target_plan(
    prepared: &Prepared,
    index: usize,
    linking: &Linking,
    makeable: &[Makeable],
) -> Result<TargetPlan> {
    let (toolchain, floor) = &prepared.targets[index];
    let mut flags = target_flags(prepared, toolchain, linking)?;
    flags.ours.extend(command::trim_flags(&prepared.trims));
    if prepared.wanted.iter().any(|one| one.kind == OutputKind::Staticlib) {
        flags.ours.push(command::PRINT_NATIVE_LIBS.to_owned());
    }
    flags.ours.extend(prepared.request.rustc_flags.iter().cloned());
    let selection = match makeable.get(index) {
        Some(Makeable::Part(selection)) => Some((**selection).clone()),
        _ => None,
    };
    Ok(TargetPlan { toolchain, floor: floor.clone(), flags, env: linking.env.clone(), selection })
}

fn cargo_runs(prepared: &Prepared, plans: &[TargetPlan]) -> Result<Vec<CargoRun>> {
    let messages =
        if terminal::has_color(&io::stderr()) { Messages::Ansi } else { Messages::Plain };
    let cfgs: Vec<_> = plans
        .iter()
        .map(|plan| project::cfg(&prepared.compiler, &prepared.cache, Some(plan.toolchain)))
        .collect::<Result<_, _>>()?;
    let targets: Vec<(&str, &[Cfg])> = plans
        .iter()
        .zip(&cfgs)
        .map(|(plan, cfg)| (plan.toolchain.triple.as_str(), cfg.as_slice()))
        .collect();
    let roots: Vec<_> = prepared.wanted.iter().map(|wanted| &wanted.package).collect();
    let conflicts = feature_unification::conflicts(&prepared.project.metadata, &roots, &targets);
    Ok(command::cargo_runs(
        &prepared.cargo,
        &prepared.request,
        &prepared.wanted,
        plans,
        messages,
        prepared.configuration.flags_replaced,
        &|a, b| conflicts[a][b],
    ))
}

/// The plan as shell: what would run, and where the results would go. `$WORK` is the folder that
/// a real run makes for itself.
fn dry_run(
    args: &BuildArgs,
    prepared: &Prepared,
    plans: &[TargetPlan],
    linkings: &[(usize, Linking)],
    runs: &[CargoRun],
) -> Result<()> {
    let mut lines = vec![format!("# {}", compiler_line(prepared))];
    // Several targets may wait for one thing.
    let mut seen = HashSet::new();
    let steps = linkings.iter().flat_map(|(_, linking)| &linking.steps);
    lines.extend(steps.filter(|step| seen.insert(*step)).cloned());
    lines
        .push("WORK=$(mktemp -d)  # rgo-build writes into it what the linkers are told".to_owned());
    if args.all {
        lines.push(clean(prepared, plans).to_string());
    }
    // Quotes would keep the shell from putting the folder in the place of its name.
    lines.extend(runs.iter().map(|run| run.cmd.to_string().replace("'$WORK/", "\"$WORK\"'/")));
    for plan in plans {
        for wanted in &prepared.wanted {
            if plan.toolchain.makes(wanted.kind.crate_type()) {
                let (kind, name) = (wanted.kind.crate_type(), &wanted.name);
                let folder = prepared.output.join(&plan.toolchain.name);
                lines.push(format!(
                    "# then: finish the {kind} {name} of {} into {folder}",
                    wanted.package_name
                ));
            }
        }
    }
    terminal::write((lines.join("\n") + "\n").as_bytes())
}

/// `-a`: cargo has no word for building again what is fresh, so it removes what it made. Package
/// by package, because without one it forgets the targets.
fn clean(prepared: &Prepared, plans: &[TargetPlan]) -> Cmd {
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
    for plan in plans {
        cmd = cmd.args(["--target", &plan.toolchain.triple]);
    }
    let packages = prepared.project.metadata.packages.iter();
    packages.fold(cmd, |cmd, package| {
        cmd.args(["-p".to_owned(), format!("{}@{}", package.name, package.version)])
    })
}

fn compiler_used(prepared: &Prepared) -> CompilerUsed {
    let compiler = &prepared.compiler;
    CompilerUsed {
        rustc: compiler.version.line.clone(),
        rustc_path: compiler.rustc.clone(),
        cargo_path: compiler.cargo.clone(),
        chosen_by: compiler.choice.to_string(),
    }
}

fn compiler_line(prepared: &Prepared) -> String {
    let compiler = &prepared.compiler;
    format!("{}, because {} names {}", compiler.version.line, compiler.choice, compiler.cargo)
}
