//! Runs all checks that a change has to pass, those that fail soonest first.

use crate::shell::{self, cargo};
use crate::{ci, setup, tidy};

/// Runs all checks; the last lines printed are those of `cargo test`.
///
/// # Errors
/// If a check fails.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    tidy::run(&std::env::current_dir()?)?;
    ci::lint()?;
    let once = once();
    shell::run(cargo().args(&once).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-Dwarnings",
    ]))?;
    let setup = setup::run()?;
    shell::run(setup.apply(cargo().args(&once).args(["test", "--workspace"]).args(args)))
}

/// Options for a machine that builds only once, like those of CI systems, which all set `CI`: data
/// that makes the next build faster takes gigabytes.
fn once() -> Vec<&'static str> {
    match std::env::var_os("CI") {
        Some(_) => vec!["--config", "profile.dev.incremental=false"],
        None => Vec::new(),
    }
}
