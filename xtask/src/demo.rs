//! Demonstrates the main job: builds three programs, one of them by other authors and one of Go with C, for every
//! toolchain, and runs those that this machine can run.

use std::path::{Path, PathBuf};

use crate::setup::{self, Setup};
use crate::shell::{self, cargo, command, on_path, succeeds};

/// Builds, runs and prints.
///
/// # Errors
/// If a step fails; the message names it.
pub(crate) fn run() -> anyhow::Result<()> {
    let setup = setup::run()?;
    shell::run(cargo().args(["build", "--release", "--package", "rgo"]))?;
    let out = Path::new("target/demo");

    let sample = out.join("sample");
    heading("testdata/sample for every toolchain, stamped without a recompilation");
    // A copy of the repository without its history has no commit to show.
    let commit =
        if succeeds(command("git").args(["rev-parse", "HEAD"])) { "{git.sha}" } else { "unknown" };
    let commit = format!("sample::COMMIT={commit}");
    let stamp = ["-X", "sample::VERSION={version}-demo", "-X", &commit];
    build(&setup, Path::new("testdata/sample"), &sample, &stamp)?;

    heading("ripgrep, as its authors published it");
    let more = ["--strip", "all", "--run", "--", "--version"];
    build(&setup, &setup.ripgrep, &out.join("ripgrep"), &more)?;

    if on_path("go") {
        heading("testdata/go-cgo, a Go module with C");
        let module = Path::new("testdata/go-cgo");
        build(&setup, module, &out.join("go"), &["./cmd/app", "-X", "main.version=1.2.3-demo"])?;
    } else {
        heading("no Go module: there is no go on PATH");
    }

    heading("what a program says of itself, by its file alone");
    let file = sample.join("darwin-arm64").join("sample");
    shell::run(tool(&setup, "rgo-version-m")?.arg(&file))
}

fn build(setup: &Setup, project: &Path, out: &Path, more: &[&str]) -> anyhow::Result<()> {
    let mut build = tool(setup, "rgo-build")?;
    build.arg("-C").arg(project).args(["--target", "all", "-o"]).arg(std::path::absolute(out)?);
    let run_it = if more.contains(&"--run") { &[][..] } else { &["--run"] };
    shell::run(build.args(run_it).args(more))
}

fn tool(setup: &Setup, name: &str) -> anyhow::Result<std::process::Command> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let program = target.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let program = std::path::absolute(program)?;
    let mut tool = command(program);
    setup.apply(&mut tool);
    Ok(tool)
}

fn heading(text: &str) {
    println!("\n== {text}\n");
}
