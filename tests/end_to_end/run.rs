//! `--run` hands on arguments, output and exit code, also of programs for other machines; and a
//! reader that leaves early is no error.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::support::{Outcome, Project, machine, native, readobj, runs_here, tool};

#[test]
fn the_programs_own_output_and_code_come_back() {
    let project = Project::at(&Project::of("sample").folder, "run");
    for target in ["linux/amd64", "linux/arm64/static", "windows/amd64"] {
        let toolchain = target.replace('/', "-");
        if !runs_here(&toolchain) {
            continue;
        }
        let mut build = tool("rgo-build");
        build.arg("-C").arg(&project.folder).arg("-o").arg(&project.output).arg("-q");
        build.env("CARGO_TARGET_DIR", &project.target);
        build.args(["--target", target, "--run", "--", "exit", "7"]);
        let outcome = Outcome::of(&mut build).ended(7);
        assert!(outcome.stdout.contains("args: exit 7"), "{target}: {outcome}");
    }
}

#[test]
fn what_cannot_run_here_is_told() {
    if runs_here("darwin-arm64") {
        return;
    }
    let project = Project::at(&Project::of("sample").folder, "run-not");
    let mut build = tool("rgo-build");
    build.arg("-C").arg(&project.folder).arg("-o").arg(&project.output);
    build.env("CARGO_TARGET_DIR", &project.target).args(["--target", "darwin/arm64", "--run"]);
    Outcome::of(&mut build).ended(1).says("darwin-arm64");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut command = tool("rgo-build");
    let mut child = command
        .args(["targets", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut line = String::new();
    let mut stdout = BufReader::with_capacity(1, child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut line).expect("a line");
    drop(stdout);
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_closed_pipe_hides_no_failure() {
    let project = Project::copy("env");
    let args = ["--target", "linux/arm64/static", "-X", "env::NOWHERE=1"];
    let mut command = project.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ended").code(), Some(1));
    // Nor does one make a failure of what is done.
    let mut command = project.command(["--target", "linux/arm64/static", "-x", "--work"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("ended").code(), Some(0));
}

#[test]
fn a_dry_run_says_all_and_does_nothing() {
    let project = Project::copy("sample");
    let lock = project.folder.join("Cargo.lock");
    std::fs::remove_file(&lock).expect("removed");
    let mut command = tool("rgo-build");
    command.arg("-C").arg(&project.folder).arg("-o").arg(&project.output);
    command.env("CARGO_TARGET_DIR", &project.target).args(["--target", "all", "-n"]);
    let plan = Outcome::of(&mut command).ended(0).stdout;
    for triple in
        ["aarch64-apple-darwin", "x86_64-unknown-linux-musl", "aarch64-pc-windows-gnullvm"]
    {
        assert!(plan.contains(triple), "{plan}");
    }
    assert!(plan.contains("cargo") && !plan.contains("'$WORK"), "{plan}");
    assert!(!project.output.exists() && !project.target.exists(), "nothing was made");
    assert!(!project.folder.join("target").exists());
    assert!(!lock.exists(), "cargo wrote it, and it is gone again");
    // It is shell: one that changes nothing accepts it.
    let script = project.folder.join("plan.sh");
    std::fs::write(&script, plan).expect("written");
    Outcome::of(native("sh").arg("-n").arg(&script)).ended(0);
}

/// What `-n` prints does, in a shell, what the build itself does.
#[test]
fn a_printed_plan_can_be_run() {
    for strip in ["none", "all", "split"] {
        run_printed_plan(strip);
    }
}

fn run_printed_plan(strip: &str) {
    let project = Project::copy("sample");
    let targets = ["--target", "linux/amd64/static,darwin/arm64", "--vcs", "off", "--strip", strip];
    let stamp = ["-X", "sample::VERSION=9.9", "--bin", "sample"];
    let mut command = tool("rgo-build");
    command.arg("-C").arg(&project.folder).arg("-o").arg(&project.output);
    command.env("CARGO_TARGET_DIR", &project.target).args(targets).args(stamp);
    let plan = Outcome::of(command.arg("-n")).ended(0).stdout;
    let script = project.folder.join("plan.sh");
    std::fs::write(&script, plan).expect("written");

    let tools = Path::new(env!("CARGO_BIN_EXE_rgo-build")).parent().expect("a folder");
    let own = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools.to_owned()).chain(std::env::split_paths(&own));
    let mut shell = native("sh");
    shell.arg("-e").arg(&script).env("PATH", std::env::join_paths(folders).expect("a PATH"));
    machine().prepare(&mut shell).env("CARGO_TARGET_DIR", &project.target);
    Outcome::of(&mut shell).ended(0);

    let program = project.output.join("linux-amd64-static/sample");
    if runs_here("linux-amd64-static") {
        let outcome = Outcome::of(&mut native(&program)).ended(0);
        assert!(outcome.stdout.contains("sample 9.9"), "{outcome}");
    }
    let mac = project.output.join("darwin-arm64/sample");
    let kind = readobj(&["--file-headers"], &mac);
    assert!(kind.contains("Arch: aarch64"), "{kind}");
    let companions =
        [project.output.join("linux-amd64-static/sample.debug"), mac.with_extension("dSYM")];
    for companion in companions {
        assert_eq!(companion.exists(), strip == "split", "{}", companion.display());
    }
}
