//! Everything that has to hold before a change is taken, in the order of how soon it fails.

use crate::shell::{self, cargo};
use crate::{setup, tidy};

/// Runs all checks; the last lines printed are those of `cargo test`.
///
/// # Errors
/// If one does not hold.
pub(crate) fn run(args: &[String]) -> anyhow::Result<()> {
    shell::run(cargo().args(["fmt", "--all", "--check"]))?;
    tidy::run(&std::env::current_dir()?)?;
    shell::run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-Dwarnings",
    ]))?;
    let setup = setup::run()?;
    shell::run(setup.apply(cargo().args(["test", "--workspace"]).args(args)))
}
