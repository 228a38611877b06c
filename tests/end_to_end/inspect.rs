//! `rgo-version-m` on what folders and calls can hold: names that would drive a terminal, pipes,
//! a stderr that is gone, the same file twice, and a gate before what cannot be read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Outcome, can, cannot_test, native, not_tested, tool};

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
fn a_pipe_that_is_named_is_read_and_one_in_a_folder_is_not_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    Outcome::of(native("mkfifo").arg(folder.path().join("pipe"))).ended(0);
    Outcome::of(asked(folder.path()).arg(".")).ended(1).says_nothing_of("pipe");
    let mut shell = native("bash");
    let program = asked(folder.path()).get_program().to_owned();
    shell.args(["-c", r#""$0" --short <(cat "$1")"#]).arg(program).arg(sample());
    let outcome = Outcome::of(&mut shell).ended(0);
    assert!(outcome.stdout.contains(": sample 1.0.0, rustc 1.96.0, elf amd64"), "{outcome}");
    Outcome::of(asked(folder.path()).arg("/dev/null")).ended(1).says("neither a file nor a pipe");
}

#[test]
fn a_core_dump_is_told_as_what_it_is() {
    if !can("gdb") {
        return not_tested("a core dump, for there is no gdb");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let core = folder.path().join("core");
    let mut gdb = native("gdb");
    gdb.args(["-nx", "-batch", "-ex", "starti", "-ex"]);
    gdb.arg(format!("generate-core-file {}", core.display())).args(["--args", "/bin/true"]);
    Outcome::of(&mut gdb).ended(0);
    let outcome = Outcome::of(asked(folder.path()).arg("core")).ended(1);
    outcome.says("core: a core dump, not an ELF, Mach-O or PE image").says("gdb -c");
    // In a folder it is data, as everything that is no program.
    let outcome = Outcome::of(asked(folder.path()).arg(".")).ended(1);
    assert_eq!(outcome.stderr, "error: .: there is no program in it\n", "{outcome}");
}

#[test]
fn what_go_builds_for_systems_of_other_formats_fails_a_gate() {
    if !can("go") {
        return cannot_test("programs of other formats, for there is no go");
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("main.go"), "package main\n\nfunc main() {}\n").expect("written");
    fs::write(folder.path().join("go.mod"), "module m\n\ngo 1.20\n").expect("written");
    let dist = folder.path().join("dist");
    for (os, arch) in [("linux", "amd64"), ("plan9", "amd64"), ("aix", "ppc64"), ("wasip1", "wasm")]
    {
        let mut go = native("go");
        go.env("GOOS", os).env("GOARCH", arch).env("CGO_ENABLED", "0").env("GOFLAGS", "");
        go.args(["build", "-o"]).arg(dist.join(os)).arg(".").current_dir(folder.path());
        Outcome::of(&mut go).ended(0);
    }
    let outcome = Outcome::of(asked(folder.path()).arg("dist")).ended(0);
    let outcome = outcome.says("3 programs are in formats that rgo does not read: 1 XCOFF program");
    outcome.says("1 Plan 9 program (dist/plan9)").says("1 WebAssembly module (dist/wasip1)");
    let gate = ["--require", "static", "--format", "json", "dist"];
    let outcome = Outcome::of(asked(folder.path()).args(gate)).ended(3);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let unread = answer["unread"].as_array().expect("a list");
    let files: Vec<&str> = unread.iter().filter_map(|one| one["file"].as_str()).collect();
    assert_eq!(files, ["dist/aix", "dist/plan9", "dist/wasip1"]);
    // Who allows the unknown lets them pass.
    Outcome::of(asked(folder.path()).args(["--require", "static?", "dist"])).ended(0);
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
        return cannot_test(format!("rgo-version-m as another user: {error}"));
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
    let unread = &answer["unread"][0];
    assert_eq!(unread["file"], "b");
    assert!(unread["reason"].as_str().expect("words").starts_with("malformed ELF"), "{unread}");
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
