//! One commit, one compiler, one target: the same bytes, from any folder and cargo home.

#![cfg(target_os = "linux")]

use std::fs;

use crate::support::{ALL, Outcome, Project, Report};

#[test]
fn folders_and_cargo_homes_leave_no_trace() {
    let temp = tempfile::tempdir().expect("a folder");
    let [short, long] = ["a", "a/much/longer folder name/for the same commit"].map(|name| {
        let base = temp.path().join(name);
        fs::create_dir_all(&base).expect("made");
        let project = Project::copy_to("env", &base);
        project.commit();
        project
    });
    let args = ["--target", "all"];
    let (mut one, mut other) = (short.command(args), long.command(args));
    other.env("CARGO_HOME", temp.path().join("another cargo home"));
    let (one, other) = (Outcome::of(&mut one).report(), Outcome::of(&mut other).report());
    for toolchain in ALL {
        same(toolchain, &one, &other);
    }
}

#[test]
fn building_again_from_nothing_gives_the_same() {
    let project = Project::copy("lto");
    let args = ["--target", "all", "--strip", "none", "--debug-info", "full"];
    let first = project.build(args).report();
    let kept: Vec<_> = first.all().map(|(toolchain, a)| (toolchain, a.bytes())).collect();
    fs::remove_dir_all(&project.target).expect("removed");
    fs::remove_dir_all(&project.output).expect("removed");
    let again = project.build(args).report();
    for (toolchain, bytes) in kept {
        // Its debug map names object files with their times, and the UUID is made of it.
        if toolchain.starts_with("darwin") {
            continue;
        }
        let found = again.artifact(toolchain, "lto").bytes();
        assert_eq!(difference(&bytes, &found), None, "{toolchain}");
    }
}

#[track_caller]
fn same(toolchain: &str, one: &Report, other: &Report) {
    let [one, other] = [one, other].map(|report| report.artifact(toolchain, "env"));
    assert_eq!(difference(&one.bytes(), &other.bytes()), None, "{toolchain}");
    assert_eq!(one.get("sha256"), other.get("sha256"));
}

/// Where two files differ first, with what is around it.
fn difference(one: &[u8], other: &[u8]) -> Option<String> {
    let common = one.iter().zip(other).position(|(a, b)| a != b);
    let at = common.or_else(|| (one.len() != other.len()).then(|| one.len().min(other.len())))?;
    let around = |bytes: &[u8]| {
        let range = at.saturating_sub(32)..bytes.len().min(at + 96);
        String::from_utf8_lossy(&bytes[range]).into_owned()
    };
    Some(format!(
        "{} and {} bytes, differ at {at:#x}:\n{:?}\n{:?}",
        one.len(),
        other.len(),
        around(one),
        around(other)
    ))
}
