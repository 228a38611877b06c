//! `rgo-build env`: prints the variables with which another program that runs cargo (maturin,
//! napi's command line) or go compiles and links for a target as rgo does.
//!
//! Such a build has no note, and no pass after the link finishes its files. The link shim mends and
//! checks its links as usual.

use std::collections::BTreeMap;

use anyhow::Result;
use rgo_report::{Document, Report};
use rgo_toolchain::build::Builder;
use rgo_toolchain::build::plan::PlanOptions;
use rgo_toolchain::exec;
use rgo_toolchain::request::Request;
use rgo_toolchain::show::Messages;
use rgo_toolchain::toolchain::Toolchain;
use serde::Serialize;

use super::progress::Progress;
use super::{request, shell};
use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::reports::{self, FormatArg};
use crate::app::schema::{Named, of_report};
use crate::build::args::{BuildArgs, EnvArgs, PROFILE, VcsArg};
use crate::build::not_of_env::NOT_OF_ENV;

#[derive(Serialize, schemars::JsonSchema)]
struct Variables {
    /// The targets, with the triples to give to cargo; go reads its target from the variables.
    targets: Vec<EnvTarget>,
    variables: BTreeMap<String, String>,
}

#[derive(Serialize, schemars::JsonSchema)]
struct EnvTarget {
    /// The toolchain's name.
    toolchain: String,
    /// The triple for cargo's `--target`.
    triple: String,
}

/// The schema of its report.
pub(super) fn schema() -> Named {
    of_report::<Variables>()
}

impl Report for Variables {
    const SCHEMA: &'static str = "rgo.env/1";

    fn document(&self) -> Document {
        // A shell reads these lines, so no character of a value may be escaped for a terminal.
        let line = |(name, value): (&String, &String)| {
            format!("export {}\n", exec::assignment(name, value))
        };
        if self.variables.contains_key("GOOS") {
            let lines = self.variables.iter().map(line).collect::<String>();
            return Document::new().raw(lines);
        }
        let triples = self.targets.iter().map(|target| format!(" --target {}", target.triple));
        let variables = self.variables.iter().map(line).collect::<String>();
        // Behind the variables: without quotes around `$(…)`, a shell sees all lines as one.
        let comment = format!("# give cargo:{}\n", triples.collect::<String>());
        Document::new().raw(format!("{variables}{comment}"))
    }
}

/// Prints the variables.
///
/// # Errors
/// If a target cannot be built for, or two targets cannot share one environment.
pub(super) fn run(args: EnvArgs) -> Result<Exit> {
    let is_for_shell = args.build.report.format == FormatArg::Text;
    let result = print(args);
    if result.is_err() && is_for_shell {
        shell::print_failure();
    }
    result
}

fn print(args: EnvArgs) -> Result<Exit> {
    if let Some(option) = without_effect(&args.build) {
        let hint = "give it to the program that runs cargo or go, or build with rgo-build itself";
        return Err(Usage::new(format!("{option} has no effect on variables")).hint(hint).into());
    }
    let args = args.build;
    // rgo records no commit in a build by another program.
    let args = BuildArgs { vcs: VcsArg::Off, ..args };
    let progress = Progress { quiet: args.quiet, dry_run: false, trace: false };
    let on = |event| progress.event(&event);
    let mut requests = request::from_args(&args, None)?;
    let Some((request, options)) = requests.pop().filter(|_| requests.is_empty()) else {
        return Err(Usage::new("variables are for one builder")
            .hint("name one by --builder")
            .into());
    };
    let request = Request { is_for_others: true, ..request };
    let builder = Builder::discover(request, options, &on)?;
    let options = PlanOptions {
        again: false,
        // The recipes are the cache's, so they need no folder of their own.
        work: builder.context().cache.root().to_owned(),
        messages: Messages::Plain,
    };
    let variables = builder.variables(&options, &on)?;
    let target = |(toolchain, _): &(&Toolchain, _)| EnvTarget {
        toolchain: toolchain.name.clone(),
        triple: toolchain.triple.clone(),
    };
    let targets = builder.context().targets.iter().map(target).collect();
    reports::print(&Variables { targets, variables }, &args.report)?;
    Ok(Exit::Done)
}

/// The first given option that `env` cannot follow.
fn without_effect(build: &BuildArgs) -> Option<&'static str> {
    let BuildArgs { bins, all_bins, examples, lib, buildmode, entitlements, .. } = build;
    let BuildArgs { release, profile, jobs, cargo_flags, go_flags, env, .. } = build;
    let BuildArgs { stamp, debug, debug_info, strip, no_trimpath, record_sources, vcs, .. } = build;
    let BuildArgs { output, dry_run, trace, all, work, explain_rebuild, .. } = build;
    let BuildArgs { run, args, .. } = build;
    let given = [
        (!bins.is_empty(), "--bin"),
        (*all_bins, "--bins"),
        (!examples.is_empty(), "--example"),
        (*lib, "--lib"),
        (buildmode.is_some(), "--buildmode"),
        (entitlements.is_some(), "--entitlements"),
        (*release, "--release"),
        (profile != PROFILE, "--profile"),
        (jobs.is_some(), "--jobs"),
        (!cargo_flags.is_empty(), "--cargo-flag"),
        (!go_flags.is_empty(), "--go-flag"),
        (!env.is_empty(), "--env"),
        (!stamp.is_empty(), "-X"),
        (*debug, "--debug"),
        (debug_info.is_some(), "--debug-info"),
        (strip.is_some(), "--strip"),
        (*no_trimpath, "--no-trimpath"),
        (*record_sources, "--record-sources"),
        (*vcs != VcsArg::default(), "--vcs"),
        (output.is_some(), "--output"),
        (*dry_run, "--dry-run"),
        (*trace, "-x"),
        (*all, "-a"),
        (*work, "--work"),
        (*explain_rebuild, "--explain-rebuild"),
        (*run, "--run"),
        (!args.is_empty(), "--"),
    ];
    debug_assert_eq!(given.len(), NOT_OF_ENV.len());
    given.into_iter().find(|(is_given, _)| *is_given).map(|(_, option)| option)
}
