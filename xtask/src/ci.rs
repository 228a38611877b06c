//! Checks the workflows of `.github/workflows`, and runs jobs of `ci.yml` on this machine: act is the
//! runner, and this host takes the place of a container.
//!
//! act would fetch the actions of other repositories. A few lines of shell stand in for them; act
//! itself replaces `actions/checkout` by a copy of the work tree. Jobs leave the machine's toolchains
//! as they are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::setup;
use crate::setup::GoTool;
use crate::shell::{self, command};

const ACTIONLINT: GoTool = GoTool {
    name: "actionlint",
    module: "github.com/rhysd/actionlint",
    package: "/cmd/actionlint",
    version: "1.7.12",
};
const ACT: GoTool =
    GoTool { name: "act", module: "github.com/nektos/act", package: "", version: "0.2.89" };

const WORKFLOWS: &str = ".github/workflows";

/// The jobs that need nothing but Rust and a linux, the quick ones first.
const JOBS: [&str; 5] = ["deny", "generated", "msrv", "docs", "fuzz"];

/// A folder that others keep between runs stays here anyway.
const NO_CACHE: &str = "name: stand-in for a cache
description: Does nothing
runs:
  using: composite
  steps:
    - run: 'true'
      shell: bash
";

/// Builds a tool of crates once, where others download it.
const INSTALL: &str = r#"name: stand-in for an installer
description: Installs a tool with cargo
inputs:
  tool:
    description: name@version
    required: true
runs:
  using: composite
  steps:
    - run: |
        unset CARGO_TARGET_DIR
        tool="${{ inputs.tool }}"
        cargo install --quiet --locked --root "$RGO_CI_TOOLS" "${tool%@*}" --version "${tool#*@}"
        echo "$RGO_CI_TOOLS/bin" >> "$GITHUB_PATH"
      shell: bash
"#;

/// The actions that the jobs use, and what takes their place.
const STAND_INS: [(&str, &str); 2] =
    [("Swatinem/rust-cache@v2", NO_CACHE), ("taiki-e/install-action@v2", INSTALL)];

/// Checks the workflows, then runs these jobs, or all that a developer's linux can run.
///
/// # Errors
/// If a workflow is wrong, a job fails, or this is not a linux with Go.
pub(crate) fn run(jobs: &[String]) -> anyhow::Result<()> {
    lint()?;
    if !cfg!(target_os = "linux") {
        bail!("the jobs run on a linux host");
    }
    let folder = setup::folder()?;
    let act = ACT.ensure(&folder)?.context("act runs the jobs, and is built with Go")?;
    let stand_ins = tempfile::tempdir()?;
    let jobs: Vec<&str> =
        if jobs.is_empty() { JOBS.to_vec() } else { jobs.iter().map(String::as_str).collect() };
    for job in jobs {
        let mut act = runner(&act, stand_ins.path())?;
        act.env("RGO_CI_TOOLS", folder.join("cargo"));
        shell::run(act.args(["--job", job])).with_context(|| format!("job {job}"))?;
    }
    Ok(())
}

/// Checks the workflows with actionlint, if there is a Go to build it with.
///
/// # Errors
/// If a workflow is wrong.
pub(crate) fn lint() -> anyhow::Result<()> {
    let Some(actionlint) = ACTIONLINT.ensure(&setup::folder()?)? else { return Ok(()) };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(WORKFLOWS).context(WORKFLOWS)? {
        files.push(entry?.path());
    }
    files.sort();
    // The result must not depend on what else is installed.
    shell::run(command(actionlint).args(["-shellcheck=", "-pyflakes="]).args(files))
}

/// act, without the variables that cargo sets for xtask.
fn runner(act: &Path, stand_ins: &Path) -> anyhow::Result<Command> {
    let mut act = command(act);
    let of_cargo = |name: &str| name.starts_with("CARGO") && name != "CARGO_HOME";
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if of_cargo(&name) || ["RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"].contains(&name.as_ref()) {
            act.env_remove(name.as_ref());
        }
    }
    // act copies the work tree into a new folder each time; what was built stays.
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    act.env("CARGO_TARGET_DIR", std::path::absolute(target.join("ci"))?);
    act.args(["push", "--no-cache-server", "--workflows"]);
    act.arg(Path::new(WORKFLOWS).join("ci.yml"));
    act.args(["--platform", "ubuntu-24.04=-self-hosted"]);
    for (action, text) in STAND_INS {
        let folder = stand_ins.join(action);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("action.yml"), text)?;
        act.arg("--local-repository").arg(format!("{action}={}", shell::text(&folder)?));
    }
    Ok(act)
}
