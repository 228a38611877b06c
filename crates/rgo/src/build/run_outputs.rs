//! `--run`: runs the built programs on this machine, directly or with the runner that their
//! toolchain names (qemu, wine).

use anyhow::{Context, Result, anyhow};
use rgo_toolchain::build::Builder;
use rgo_toolchain::runner;

use super::report::BuildReport;
use crate::app::error::Annotate;
use crate::app::exit::Exit;
use crate::app::terminal;

/// Runs each program that this machine can run, with `args`. Returns the exit code of the first
/// that fails.
///
/// # Errors
/// If there is no program to run, or it cannot be started.
pub(super) fn run(builders: &[Builder], report: &BuildReport, args: &[String]) -> Result<Exit> {
    let mut ran = 0;
    let mut unable = Vec::new();
    let toolchains = || {
        builders.iter().flat_map(|it| it.context().targets.iter().map(move |target| (it, target.0)))
    };
    for target in &report.targets {
        let named = toolchains().find(|(_, toolchain)| toolchain.name == target.toolchain);
        let Some((builder, toolchain)) = named else { continue };
        let programs = target.artifacts.iter().filter(|artifact| artifact.kind.is_program());
        for artifact in programs {
            let runner = runner::find(toolchain, &builder.host());
            let Some(cmd) = runner.command(&artifact.path, args) else {
                unable.push(toolchain.name.clone());
                continue;
            };
            ran += 1;
            let code = cmd.run().with_context(|| format!("running {}", artifact.path))?;
            if code != 0 {
                return Ok(Exit::Program(u8::try_from(code).unwrap_or(1)));
            }
        }
    }
    unable.dedup();
    if ran == 0 {
        let hint = if unable.is_empty() {
            "--run is for programs; leave it out for libraries".to_owned()
        } else {
            format!("rgo-build doctor --target {} says what would run it", unable.join(","))
        };
        return Err(anyhow!("there is nothing that this machine can run").hint(hint));
    }
    if !unable.is_empty() {
        terminal::warning(&format!("not run, because this machine cannot: {}", unable.join(", ")));
    }
    Ok(Exit::Done)
}
