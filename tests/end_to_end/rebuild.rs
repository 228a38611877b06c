//! `--explain-rebuild`: what cargo compiled again, and why, in words. And what must not be
//! compiled again.

use std::fs;

use crate::support::{Outcome, Project, Report, readobj, write};

const TARGET: [&str; 3] = ["--target", "linux/amd64/static", "--explain-rebuild"];

#[track_caller]
fn rebuilt(project: &Project, more: &[&str]) -> Vec<String> {
    project.build(TARGET.into_iter().chain(more.iter().copied())).report().rebuilt()
}

#[track_caller]
fn explained(rebuilt: &[String], package: &str, words: &str) {
    let line = rebuilt.iter().find(|line| line.trim_start_matches('"').starts_with(package));
    let line = line.unwrap_or_else(|| panic!("{package} is not in {rebuilt:?}"));
    assert!(line.contains(words), "no {words:?} in {line}");
}

#[test]
fn each_cause_is_named() {
    let project = Project::copy("workspace");
    let first = rebuilt(&project, &["-p", "a"]);
    explained(&first, "shared", "not built before");
    assert_eq!(rebuilt(&project, &["-p", "a"]), Vec::<String>::new(), "nothing to do");

    let source = project.folder.join("shared/src/lib.rs");
    let text = fs::read_to_string(&source).expect("a source");
    write(&source, &format!("{text}\n/// More.\npub fn more() {{}}\n"));
    let changed = rebuilt(&project, &["-p", "a"]);
    explained(&changed, "shared", "shared/src/lib.rs is newer than the last build");
    explained(&changed, "a 1.0.0", "shared");

    let flag = rebuilt(&project, &["-p", "a", "--rustc-flag", "-Cdebug-assertions"]);
    explained(&flag, "shared", "flag");
}

#[test]
fn a_changed_variable_is_named() {
    let project = Project::copy("env");
    rebuilt(&project, &[]);
    let changed = rebuilt(&project, &["--env", "RELEASE_CHANNEL=beta"]);
    explained(&changed, "env 0.1.0", "RELEASE_CHANNEL");
}

/// Cargo keeps what it links in another place there.
#[test]
fn a_new_floor_links_again_in_cargos_new_layout() {
    let project = Project::copy("sample");
    for floor in ["11.0", "12.0"] {
        let mut build = project.command(["--target", "darwin/arm64", "--macos", floor]);
        build.envs([("RUSTC_BOOTSTRAP", "1"), ("CARGO_UNSTABLE_BUILD_DIR_NEW_LAYOUT", "true")]);
        let report = Outcome::of(&mut build).report();
        let artifact = report.artifact("darwin-arm64", "sample");
        let said = readobj(&["--macho-version-min"], &artifact.path());
        assert!(said.contains(&format!("Version: {floor}")), "{floor}: {said}");
    }
    let units = project.target.join("aarch64-apple-darwin/release/build/sample");
    assert!(units.is_dir(), "cargo has not the new layout");
}

#[test]
fn a_new_floor_links_and_compiles_nothing() {
    let project = Project::copy("sample");
    let linux = ["--target", "linux/amd64", "--explain-rebuild"];
    let build = |more: &[&str]| -> Report {
        project.build(linux.into_iter().chain(more.iter().copied())).report()
    };
    build(&[]);
    let floored = build(&["--glibc", "2.28"]).rebuilt();
    let libraries = |line: &&String| !line.contains("sample");
    assert_eq!(floored.iter().filter(libraries).count(), 0, "{floored:?}");
    explained(&floored, "sample", "another floor");
    // What changed besides is told too, although cargo compiled it in the run before the link.
    let source = project.folder.join("src/main.rs");
    let text = fs::read_to_string(&source).expect("a source");
    write(&source, &format!("{text}\n// More.\n"));
    let both = build(&["--glibc", "2.17"]).rebuilt();
    explained(&both, "sample", "src/main.rs");
}

#[test]
fn host_code_stays_fresh_when_other_targets_join() {
    let project = Project::copy("macro");
    let build = |targets: &str| {
        project.build(["--target", targets, "--explain-rebuild"]).report().rebuilt()
    };
    let first = build("linux/arm64/static");
    assert!(first.iter().any(|line| line.contains("derive")), "{first:?}");
    for targets in ["linux/arm64/static,host", "host,windows/amd64", "linux/arm64/static"] {
        let again = build(targets);
        assert!(!again.iter().any(|line| line.contains("derive")), "{targets}: {again:?}");
    }
}

#[test]
fn nothing_to_do_touches_nothing() {
    let project = Project::copy("env");
    let report = project.build(TARGET).report();
    let (_, artifact) = report.all().next().expect("a program");
    let before = fs::metadata(artifact.path()).expect("there").modified().expect("a time");
    let again = project.build(TARGET).report();
    let (_, artifact) = again.all().next().expect("a program");
    assert_eq!(artifact.get("changed"), false);
    assert_eq!(fs::metadata(artifact.path()).expect("there").modified().expect("a time"), before);
    let all = project.build(TARGET.into_iter().chain(["-a"])).report().rebuilt();
    explained(&all, "env 0.1.0", "-a builds all again");
}

#[test]
fn a_crate_counts_for_each_target() {
    let project = Project::copy("env");
    let targets = ["--target", "linux/amd64/static,linux/arm64/static", "--explain-rebuild"];
    let report = project.build(targets).report();
    assert_eq!(report.compiled_times("env 0.1.0"), 2);
}
