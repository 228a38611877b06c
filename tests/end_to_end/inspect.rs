//! `rgo-version-m` on what folders and calls can hold: names that would drive a terminal, pipes,
//! a stderr that is gone, the same file twice, and a gate before what cannot be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Outcome, native, tool};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../rgo-binary/tests/fixtures/read/sample.elf")
}

fn asked(folder: &Path) -> Command {
    let mut command = tool("rgo-version-m");
    command.current_dir(folder).env_remove("GITHUB_ACTIONS");
    command
}

#[test]
#[cfg(unix)]
fn names_of_files_are_shown_and_do_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let bad = "a\n::error::\u{1b}[31m\u{202e}b";
    fs::copy(sample(), folder.path().join(bad)).expect("copied");
    fs::write(folder.path().join("\u{1b}]0;x.zip"), b"PK\x03\x04cut").expect("written");
    for form in [&[][..], &["--short"], &["--facts"], &["--format", "markdown"], &["--summary"]] {
        let outcome = Outcome::of(asked(folder.path()).args(form).arg("."));
        let all = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(!all.contains(['\u{1b}', '\u{202e}']), "{form:?}: {all:?}");
        assert!(!all.lines().any(|line| line.starts_with("::")), "{form:?}: {all:?}");
    }
    // A script gets the name that it can open.
    let outcome = Outcome::of(asked(folder.path()).args(["--format", "json", "."])).ended(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(answer["files"][0]["file"], bad);
}

#[test]
#[cfg(unix)]
fn a_named_pipe_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    Outcome::of(native("mkfifo").arg(folder.path().join("pipe"))).ended(0);
    Outcome::of(asked(folder.path()).arg("pipe")).ended(1).says("pipe: not a regular file");
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_read_is_an_error_if_it_was_named() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let folder = tempfile::tempdir().expect("a folder");
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).expect("made");
    fs::copy(sample(), folder.path().join("a")).expect("copied");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("is ours");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("is ours");
    let asked_for = |path: &str| {
        let mut command = asked(folder.path());
        // Root may read everything.
        if folder.path().metadata().expect("is there").uid() == 0 {
            command.uid(65534).gid(65534);
        }
        command.arg(path);
        command
    };
    if let Err(error) = asked_for("a").output() {
        return eprintln!("NOT TESTED: rgo-version-m as another user: {error}");
    }
    Outcome::of(&mut asked_for("locked")).ended(1).says("error: locked: Permission denied");
    Outcome::of(&mut asked_for(".")).ended(0).says("warning: locked: Permission denied");
}

#[test]
#[cfg(target_os = "linux")]
fn annotations_that_nobody_takes_change_nothing() {
    let full = fs::File::options().write(true).open("/dev/full").expect("a device");
    let mut command = asked(Path::new("."));
    command.args(["--annotate", "--require", "static"]).arg(sample());
    let status = command.stdout(full.try_clone().expect("twice")).stderr(full).status();
    assert_eq!(status.expect("runs").code(), Some(1), "stdout cannot take the answer");
    command.stdout(std::process::Stdio::null());
    let full = fs::File::options().write(true).open("/dev/full").expect("a device");
    assert_eq!(command.stderr(full).status().expect("runs").code(), Some(3));
}

#[test]
fn a_gate_does_not_pass_what_it_could_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(sample(), folder.path().join("a")).expect("copied");
    fs::write(folder.path().join("b"), b"\x7fELF and nothing more").expect("written");
    let gate = |expression| {
        Outcome::of(asked(folder.path()).args(["--require", expression, "--format", "json", "."]))
    };
    let outcome = gate("size<1GB").ended(3);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let unread = answer["unread"][0].as_str().expect("a reason");
    assert!(unread.starts_with("b: "), "{unread}");
    gate("size<1GB?").ended(0);
    // Formats without a place for the verdict do not hide it.
    let args = ["--require", "static", "--format", "csv", "a"];
    Outcome::of(asked(folder.path()).args(args)).ended(3).says("static       does not hold");
}

#[test]
fn a_bill_of_materials_names_everything_once() {
    let mut command = asked(Path::new("."));
    let twice = command.args(["--format", "cyclonedx"]).args([sample(), sample()]);
    let outcome = Outcome::of(twice).ended(0);
    let bom: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let mut names = std::collections::BTreeSet::new();
    fn walk(part: &Value, names: &mut std::collections::BTreeSet<String>) {
        let name = part["bom-ref"].as_str().expect("a name").to_owned();
        assert!(names.insert(name.clone()), "{name} is there twice");
        for part in part["components"].as_array().into_iter().flatten() {
            walk(part, names);
        }
    }
    bom["components"].as_array().expect("components").iter().for_each(|it| walk(it, &mut names));
    assert!(names.len() >= 2);
}
