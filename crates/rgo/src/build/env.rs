//! `rgo-build env`: the variables by which another program that runs cargo (maturin, napi's command
//! line) compiles and links for a target as rgo does.
//!
//! Such a build has no note, and nothing is finished after the link; what the link shim mends and
//! checks it does there too.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use rgo_report::{Document, Report};
use rgo_toolchain::cargo::rustflags;
use rgo_toolchain::exec;
use rgo_toolchain::shim;
use serde::Serialize;

use super::{Said, link, prepare, target_flags};
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
    let said = Said { quiet: args.quiet, trace: false };
    let work = link::Work::new(&prepared.cache, false, false)?;
    let linker = link::Linker::new(&prepared, &work, false)?;
    let replaced = prepared.configuration.flags_replaced;
    let mut variables = BTreeMap::new();
    for (toolchain, floor) in &prepared.targets {
        let linking = linker.prepare(toolchain, floor.as_ref(), &mut |event| said.event(&event))?;
        let mut flags = target_flags(&prepared, toolchain, &linking)?;
        flags.ours.extend(prepared.request.rustc_flags.iter().cloned());
        let invocations = rustflags::invocations(&[flags], replaced, &|_, _| false);
        let mut env = linking.env;
        env.extend(invocations.into_iter().flat_map(|invocation| invocation.env));
        // The recipe of this run goes with it; the cache's stays.
        env.extend(linker.lasting(toolchain, floor.as_ref())?);
        env.extend(linker.python_library(toolchain));
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
