//! `rgo-build`: builds a project's programs for every platform.
//!
//! ```text
//! arguments ─▶ Builder::discover ─▶ Builder::plan ─┬─▶ -n prints it
//!                                                  └─▶ Execution::run ─▶ report
//! ```

pub mod args;
mod cache_command;
mod choose_builder;
mod compiled_table;
pub mod doctor;
mod env_command;
mod joined;
mod not_of_env;
mod package_word;
mod progress;
mod report;
mod request;
mod run_outputs;
mod shell;
pub mod shim_calls;
mod stamp;
mod targets_command;
mod tool;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::Result;
use rgo_policy::Outcome;
use rgo_toolchain::build::builder::Builder;
use rgo_toolchain::build::outcome::TargetOutcome;
use rgo_toolchain::build::plan::PlanOptions;
use rgo_toolchain::build::work_dir::WorkDir;
use rgo_toolchain::checks::Level;
use rgo_toolchain::event::{Event, Events};
use rgo_toolchain::show::{Messages, Show};
use rgo_toolchain::{interrupt, processes};

use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::policy::{self, Gate, PolicyArgs};
use crate::app::progress_arg::{self, ProgressArg};
use crate::app::reports;
use crate::app::reports::FormatArg;
use crate::app::schema::{Named, of_report};
use crate::app::terminal;
use crate::build::args::{Build, BuildArgs, Other};
use progress::{OnceEach, Progress};
use report::BuildReport;
pub use report::size;

/// The name of this tool.
const TOOL: &str = "rgo-build";

/// The schemas of its reports.
pub(crate) fn schemas() -> [Named; 6] {
    [
        of_report::<BuildReport>(),
        stamp::schema(),
        targets_command::schema(),
        doctor::schema(),
        env_command::schema(),
        cache_command::schema(),
    ]
}

/// Runs `rgo-build`.
///
/// # Errors
/// If the build as a whole fails. The failure of a single target is in the report.
pub fn run(args: Build) -> Result<Exit> {
    interrupt::install(processes::all);
    match args.command {
        None => build(&args.build, &args.gate, args.common.log_file.as_deref()),
        Some(Other::Stamp(args)) => stamp::run(&args),
        Some(Other::Targets(args)) => targets_command::run(&args),
        Some(Other::Env(args)) => env_command::run(*args),
        Some(Other::Doctor(args)) => doctor::run(&args),
        Some(Other::Cache(args)) => cache_command::run(&args),
    }
}

fn build(args: &BuildArgs, gate: &PolicyArgs, log_file: Option<&Path>) -> Result<Exit> {
    let gate = Gate::new(gate, TOOL)?;
    if args.dry_run && !gate.is_empty() {
        let text = "-n makes nothing: there is no result of which something could be required";
        return Err(Usage::new(text).hint("leave out -n, --require and --policy").into());
    }
    let progress = Progress { quiet: args.quiet, dry_run: args.dry_run, trace: args.trace };
    let once = OnceEach::new(progress);
    let on = |event: Event| once.event(&event);
    let mut builders = Vec::new();
    for (request, options) in request::from_args(args, log_file)? {
        builders.push(Builder::discover(request, options, &on)?);
    }
    let Some(first) = builders.first() else { return Ok(Exit::Done) };
    if args.verbose > 0 {
        for compiler in builders.iter().map(Builder::compiler) {
            progress.status(&format!("{compiler}, {}", compiler.path));
        }
    }
    let work = WorkDir::new(&first.context().cache, args.work, args.dry_run)?;
    if let Some(kept) = work.kept() {
        terminal::eprint_line(&format_args!("WORK={kept}"));
    }
    let options = PlanOptions { again: args.all, work: work.folder.clone(), messages: messages() };
    if args.dry_run {
        return print_plans(&builders, &options, &on);
    }
    let mut report = BuildReport::new(&builders, work.kept());
    for builder in &builders {
        let mut results = builder.build(&options, show(args), &on)?;
        report.zig = report.zig.or(results.zig.take());
        if args.explain_rebuild {
            report.rebuilt.get_or_insert_default().append(&mut results.rebuilt);
        }
        joined::join(&mut report.targets, results.in_order(builder.context()));
    }
    report.policy = judged(&gate, &report.targets);
    end(args, &builders, &report)
}

/// Judges the programs and shared libraries; `None` if nothing is required of them, or if the build
/// failed and made none. Requirements are about images, and a static library has none of its own.
fn judged(gate: &Gate<'_>, targets: &[TargetOutcome]) -> Option<Outcome> {
    let artifacts = targets.iter().flat_map(|target| &target.artifacts);
    let linked = artifacts.filter(|artifact| artifact.linkage.is_some());
    let paths: Vec<PathBuf> = linked.map(|artifact| artifact.path.clone().into()).collect();
    let has_failed = targets.iter().any(|target| target.error.is_some());
    gate.judge_files(&paths, has_failed)
}

/// `-n`: prints the plans instead of running them.
fn print_plans(builders: &[Builder], options: &PlanOptions, on: Events<'_>) -> Result<Exit> {
    let mut exit = Exit::Done;
    for builder in builders {
        let (plan, results) = builder.print_plan(options, on)?;
        terminal::write(format!("# {}\n{plan}", builder.compiler()).as_bytes())?;
        if results.outcomes.values().any(|outcome| outcome.error.is_some()) {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}

/// How the compiler writes its messages.
fn messages() -> Messages {
    if terminal::has_color(&io::stderr()) { Messages::Ansi } else { Messages::Plain }
}

/// How to show cargo's output.
fn show(args: &BuildArgs) -> Show {
    let stderr = io::stderr();
    Show {
        terminal: stderr.is_terminal()
            && terminal::has_color(&stderr)
            && !args.quiet
            && progress_arg::chosen() == ProgressArg::Auto,
        explain: args.explain_rebuild,
        verbose: args.verbose > 0,
        hold_errors: false,
        output: if args.quiet { || Box::new(io::sink()) } else { terminal::stderr },
    }
}

/// Shows the report, runs the programs for `--run`, and returns the exit code.
fn end(args: &BuildArgs, builders: &[Builder], report: &BuildReport) -> Result<Exit> {
    let exit = match (report.failed(), report.not_held()) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::NotHeld,
        (false, false) => Exit::Done,
    };
    let exit = policy::exit(exit, report.policy.as_ref());
    let format = args.report.format;
    reports::write_files(report, &args.report.to_files)?;
    let is_shown = !args.quiet || format != FormatArg::Text;
    if is_shown {
        // With `--run`, stdout belongs to the program.
        if args.run {
            terminal::print_to_stderr(report, format)?;
        } else {
            terminal::print_as(report, format)?;
        }
    }
    // The text report contains the findings.
    let is_text_shown = !args.quiet && format == FormatArg::Text;
    if !is_text_shown {
        say_findings(report, args.quiet);
    }
    if let Some(files) = report.modified().filter(|_| exit == Exit::NotHeld && !is_text_shown) {
        terminal::warning(&format!("differs from the commit: {files}"));
    }
    policy::tell(report.policy.as_ref(), is_shown, args.verbose > 0);
    if args.run && exit == Exit::Done {
        return run_outputs::run(builders, report, &args.args);
    }
    Ok(exit)
}

/// Prints the findings to stderr, for calls whose stdout has no text report: JSON, or nothing.
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
