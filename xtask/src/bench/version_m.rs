//! How long it takes to say what a program is made of, beside the readers of one format each.

use std::path::Path;

use super::{Case, measure, quoted, tool};
use crate::setup::Setup;
use crate::shell::{self, command, on_path};

pub(super) fn run(setup: &Setup) -> anyhow::Result<()> {
    let out = std::path::absolute("target/bench/version-m")?;
    let mut build = command(tool("rgo-build")?);
    build.args(["-C", "testdata/sample", "--target", "linux/amd64,darwin/arm64", "-q", "-o"]);
    shell::run(setup.apply(build.arg(&out)))?;
    let ours = quoted(&tool("rgo-version-m")?)?;
    let sample = quoted(&out.join("linux-amd64/sample"))?;

    let mut cases = vec![Case::new("rgo-version-m, a Rust program", format!("{ours} {sample}"))];
    if let Some(audit_info) = setup.var("RGO_TEST_AUDIT_INFO") {
        let line = format!("{} {sample}", quoted(Path::new(audit_info))?);
        cases.push(Case::new("rust-audit-info, the same", line));
    }
    measure("One Rust program", 50, 5, &cases)?;

    if !on_path("go") {
        println!("\ngo is not here: nothing to compare Go programs with");
        return Ok(());
    }
    let goroot = shell::output(command("go").args(["env", "GOROOT"]))?;
    let go = Path::new(goroot.trim()).join("bin/go");
    let tools = Path::new(goroot.trim()).join("pkg/tool");
    for (title, path) in [("One Go program", &go), ("A folder of Go programs", &tools)] {
        let path = quoted(path)?;
        let cases = [
            Case::new("rgo-version-m", format!("{ours} {path}")),
            Case::new("go version -m", format!("{} version -m {path}", quoted(&go)?)),
        ];
        measure(title, 30, 3, &cases)?;
    }
    Ok(())
}
