//! `rgo-build`: from a Cargo project to programs for every platform.
//!
//! ```text
//! arguments ─▶ prepare ─▶ plan ─┬─▶ -n prints it
//!                               └─▶ execute: cargo ─▶ finish each file ─▶ report
//! ```

pub mod args;
mod arguments;
pub mod doctor;
mod env;
mod environment;
mod execute;
mod floors;
mod link;
mod lockfile;
mod makeable;
mod plan;
mod prepare;
mod progress;
mod property_lists;
mod report;
mod run_outputs;
mod settings;
pub mod shim_calls;
mod stamp;
mod target;
mod toolchains;
mod values;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};

use anyhow::Result;
use rgo_files::check_writable;
use rgo_toolchain::cargo::run::Show;
use rgo_toolchain::{dsymutil, finish, interrupt, processes};

use crate::app::args::FormatArg;
use crate::app::exit::Exit;
use crate::app::terminal;
use crate::build::args::{Build, BuildArgs, Other};
use execute::{Executed, Execution, failed_report};
use link::LinkPreparer;
use link::work_dir::WorkDir;
use plan::Made;
use prepare::Prepared;
use progress::Progress;
pub use report::size;
use report::{BuildReport, CompilerUsed, TargetReport};
use rgo_toolchain::checks::Level;
pub(super) use settings::LEFT_OUT;

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
    let progress = Progress { quiet: args.quiet || args.dry_run, trace: args.trace };
    if args.verbose > 0 {
        let line = format!("{}, {}", compiler_line(&prepared), prepared.compiler.rustc);
        progress.status(&line);
    }
    let work = WorkDir::new(&prepared.cache, args.work, args.dry_run)?;
    let mut targets = prepared.targets.iter();
    let splits = targets.any(|(it, _)| finish::splits_with_dsymutil(prepared.strip, it));
    let dsymutil = if splits { dsymutil::find() } else { None };
    let left_out = makeable::left_out(&prepared, &makeable);
    for (toolchain, reason) in &left_out {
        progress.status(&format!("{} is left out: {reason}", toolchain.name));
    }
    if !args.quiet {
        warn_of_other_linkers(&prepared);
    }
    let options = plan::Options { again: args.all, has_dsymutil: dsymutil.is_some() };
    // A second time if the standard library is not what it was expected to be, and so its flags.
    for _ in 0..plan::ATTEMPTS {
        let preparer = LinkPreparer::new(&prepared, &work.folder)?;
        let Made { plan, failed } = plan::make(&prepared, &preparer, &makeable, &options)?;
        let mut reports = BTreeMap::new();
        for (toolchain, reason) in &left_out {
            let not_made = vec![format!("left out: {reason}")];
            let report = TargetReport { not_made, ..TargetReport::new(toolchain) };
            reports.insert(toolchain.name.as_str(), report);
        }
        for (toolchain, error) in failed {
            reports.insert(&toolchain.name, failed_report(toolchain, error));
        }
        if args.dry_run {
            let text = format!("# {}\n{plan}", compiler_line(&prepared));
            terminal::write(text.as_bytes())?;
            let is_whole = reports.values().all(|report| report.error.is_none());
            return Ok(if is_whole { Exit::Done } else { Exit::Failed });
        }
        for target in &plan.targets {
            check_writable(&prepared.output.join(target.name()))?;
        }
        let execution = Execution {
            prepared: &prepared,
            preparer: &preparer,
            plan: &plan,
            show: show(args),
            progress,
            dsymutil: dsymutil.clone(),
        };
        let Executed::Done(results) = execution.run()? else { continue };
        reports.extend(results.reports);
        let zig = plan.targets.iter().find_map(|target| target.link.zig_version());
        let report = BuildReport {
            compiler: compiler_used(&prepared),
            zig: zig.map(str::to_owned),
            targets: in_order(&prepared, reports),
            rebuilt: args.explain_rebuild.then_some(results.rebuilt),
            work: work.kept(),
        };
        return end(args, &prepared, &report);
    }
    Err(plan::changing())
}

/// How cargo's words are shown.
fn show(args: &BuildArgs) -> Show {
    let stderr = io::stderr();
    Show {
        terminal: stderr.is_terminal() && terminal::has_color(&stderr) && !args.quiet,
        explain: args.explain_rebuild,
        verbose: args.verbose > 0,
        hold_errors: false,
    }
}

/// The reports in the order in which the user named the targets.
fn in_order(
    prepared: &Prepared,
    mut reports: BTreeMap<&'static str, TargetReport>,
) -> Vec<TargetReport> {
    let targets = prepared.targets.iter();
    targets.filter_map(|(toolchain, _)| reports.remove(toolchain.name.as_str())).collect()
}

/// Warns of linkers that cargo's configuration names for targets that zig links for.
fn warn_of_other_linkers(prepared: &Prepared) {
    for (toolchain, _) in prepared.targets.iter().filter(|(it, _)| it.zig.is_some()) {
        if let Some(theirs) = prepared.configuration.linker(&toolchain.triple) {
            terminal::warning(&format!(
                "{}: zig links, not `{theirs}`, which cargo's configuration names",
                toolchain.name
            ));
        }
    }
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
