//! `rgo-build env`: the variables by which another program that runs cargo (maturin, napi's command
//! line) compiles and links for a target as rgo does.
//!
//! Such a build has no note, and nothing is finished after the link; what the link shim mends and
//! checks it does there too.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use rgo_report::{Document, Report};
use rgo_toolchain::cargo::makeable::Makeable;
use rgo_toolchain::cargo::rustflags;
use rgo_toolchain::exec;
use rgo_toolchain::shim;
use serde::Serialize;

use super::link::LinkPreparer;
use super::plan::{self, Made, Plan, Step};
use super::prepare::{self, Prepared};
use super::progress::Progress;
use crate::app::error::{Annotate, Usage};
use crate::app::exit::Exit;
use crate::app::terminal;
use crate::build::args::{BuildArgs, EnvArgs, VcsArg};

#[derive(Serialize)]
struct Variables {
    variables: BTreeMap<String, String>,
}

impl Report for Variables {
    const SCHEMA: &'static str = "rgo.env/1";

    fn document(&self) -> Document {
        self.variables.iter().fold(Document::new(), |document, (name, value)| {
            document.line(format!("export {}", exec::assignment(name, value)))
        })
    }
}

/// Prints the variables.
///
/// # Errors
/// If a target cannot be built for, or two of them cannot share one environment.
pub(super) fn run(args: EnvArgs) -> Result<Exit> {
    if let Some(option) = args.without_effect() {
        let hint = "give it to the program that runs cargo, or build with rgo-build itself";
        return Err(Usage::new(format!("{option} has no effect on variables")).hint(hint).into());
    }
    let args = args.build;
    // No commit is recorded in what others build.
    let args = BuildArgs { vcs: VcsArg::Off, ..args };
    let prepared = prepare::prepare(&args)?;
    let makeable = vec![Makeable::AsSelected; prepared.targets.len()];
    let options = plan::Options { again: false, has_dsymutil: true };
    let progress = Progress { quiet: args.quiet, trace: false };
    let (preparer, plan) = got_ready(&prepared, &makeable, &options, progress)?;
    let replaced = prepared.configuration.flags_replaced;
    let mut variables = BTreeMap::new();
    for target in &plan.targets {
        let mut flags = plan::flags(&prepared, target.toolchain(), &target.link)?;
        flags.ours.extend(prepared.request.rustc_flags.iter().cloned());
        let invocations = rustflags::invocations(&[flags], replaced, &|_, _| false);
        let mut env = target.link.env.clone();
        env.extend(invocations.into_iter().flat_map(|invocation| invocation.env));
        // The recipe of this run goes with it; the cache's stays.
        env.extend(preparer.lasting(&target.link));
        env.extend(preparer.python_library(target.toolchain()));
        env.remove(shim::TRIM);
        for (name, value) in env {
            if variables.insert(name.clone(), value.clone()).is_some_and(|other| other != value) {
                return Err(anyhow!("{name} has another value for each of these targets")
                    .hint("ask for one target at a time"));
            }
        }
    }
    terminal::print(&Variables { variables }, args.format)?;
    Ok(Exit::Done)
}

/// Does the steps of a plan that get the targets ready, until the plan that is made of them is theirs.
fn got_ready<'p>(
    prepared: &'p Prepared,
    makeable: &[Makeable],
    options: &plan::Options,
    progress: Progress,
) -> Result<(LinkPreparer<'p>, Plan)> {
    let mut on = |event| progress.event(&event);
    for _ in 0..plan::ATTEMPTS {
        // Its recipes are the cache's, so it needs no folder of its own.
        let preparer = LinkPreparer::new(prepared, prepared.cache.root())?;
        let Made { plan, failed } = plan::make(prepared, &preparer, makeable, options)?;
        if let Some((_, error)) = failed.into_iter().next() {
            return Err(error);
        }
        let mut is_as_planned = true;
        for step in &plan.steps {
            match step {
                Step::FetchZig(_) => is_as_planned &= preparer.fetch_zig(&mut on)?,
                Step::Prepare { target, .. } => {
                    is_as_planned &= preparer.install(
                        target.toolchain(),
                        target.cargo.floor.as_ref(),
                        &target.link,
                        &mut on,
                    )?
                }
                _ => {}
            }
        }
        if is_as_planned {
            return Ok((preparer, plan));
        }
    }
    Err(plan::changing())
}
