//! The gate of `rgo-version-m` on programs that compilers make here: what a release engineer would
//! block does not pass, and what is so is known.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Outcome, can, cannot_test, native, no_gcc, sample, scratch, tool};

/// Holds that each expression has this answer for a file, and that the exit code says so.
#[track_caller]
fn answers(file: &Path, expected: &[(&str, &str)]) {
    for (expression, answer) in expected {
        let mut command = tool("rgo-version-m");
        command.args(["--format", "json", "--require", expression]).arg(file);
        let outcome = Outcome::of(command.env_remove("GITHUB_ACTIONS"));
        let outcome = outcome.ended(if *answer == "holds" { 0 } else { 3 });
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        let found = &report["policy"]["judgements"][0]["findings"][0];
        assert_eq!(found["answer"], *answer, "{expression} of {}: {found}", file.display());
        assert_eq!(found["expression"], *expression);
    }
}

/// What rgo-build signs itself is signed by nobody.
#[test]
fn the_ad_hoc_signature_of_a_build_is_no_identity() {
    let program = sample().artifact("darwin-arm64", "sample").path();
    answers(
        &program,
        &[
            ("signed", "does-not-hold"),
            ("!signed", "does-not-hold"),
            ("signed=adhoc", "holds"),
            ("signed in [adhoc, identity]", "holds"),
            ("signed==identity", "does-not-hold"),
        ],
    );
    let mut changed = fs::read(&program).expect("read");
    // Within the first page, behind the load commands: the signature has a hash of it.
    changed[0xfff] ^= 1;
    let broken = scratch("gate-broken").join("sample");
    fs::write(&broken, changed).expect("written");
    let both = [("signed", "does-not-hold"), ("!signed", "does-not-hold")];
    answers(&broken, &[&both[..], &[("signed=broken", "holds")]].concat());
}

#[test]
fn partial_relro_is_neither_relro_nor_none() {
    if !can("gcc") || cfg!(not(target_os = "linux")) {
        return no_gcc("a gate on relro");
    }
    let folder = scratch("gate-relro");
    let source = folder.join("a.c");
    fs::write(&source, "int main(void) { return 0; }\n").expect("written");
    let build = |name: &str, flags: &[&str]| -> PathBuf {
        let file = folder.join(name);
        Outcome::of(native("gcc").args(flags).arg(&source).arg("-o").arg(&file)).ended(0);
        file
    };
    for (name, flags, alone, negated) in [
        ("full", &["-Wl,-z,relro,-z,now"][..], "holds", "does-not-hold"),
        ("partial", &["-Wl,-z,relro,-z,lazy"], "does-not-hold", "does-not-hold"),
        ("none", &["-Wl,-z,norelro"], "does-not-hold", "holds"),
        // A static program has no dynamic segment to say when functions are bound.
        ("full", &["-static", "-Wl,-z,relro,-z,now"], "holds", "does-not-hold"),
        ("partial", &["-static", "-Wl,-z,relro,-z,lazy"], "does-not-hold", "does-not-hold"),
    ] {
        let named = format!("relro={name}");
        let file = build(name, flags);
        answers(&file, &[("relro", alone), ("!relro", negated), (&named, "holds")]);
    }
}

/// Go records the race detector only where it is on, and its linker's flags not beside -trimpath.
#[test]
fn a_go_program_without_the_race_detector_is_known_to_have_none() {
    if !can("go") {
        return cannot_test("a gate on Go's build settings; there is no go on PATH");
    }
    let folder = scratch("gate-go");
    fs::write(folder.join("go.mod"), "module example.com/hello\n\ngo 1.21\n").expect("written");
    fs::write(folder.join("main.go"), "package main\n\nfunc main() {}\n").expect("written");
    let build = |name: &str, cgo: &str, flags: &[&str]| -> Outcome {
        let mut go = native("go");
        go.args(["build", "-o", name]).args(flags).arg(".").current_dir(&folder);
        go.envs([("GOTOOLCHAIN", "local"), ("GOFLAGS", ""), ("GOPROXY", "off")]);
        Outcome::of(go.env("CGO_ENABLED", cgo))
    };
    build("plain", "0", &[]).ended(0);
    let plain = [
        ("!build:-race", "holds"),
        ("build:-race", "does-not-hold"),
        ("build:-race=false", "holds"),
        ("!build:-msan", "holds"),
        ("!build:-ldflags", "holds"),
        ("!build:-trimpath", "holds"),
        ("!build:CGO_ENABLED", "holds"),
        ("!build:vcs.modified", "unknown"),
    ];
    answers(&folder.join("plain"), &plain);

    build("trimmed", "0", &["-trimpath", "-ldflags=-s"]).ended(0);
    let trimmed =
        [("!build:-race", "holds"), ("!build:-ldflags", "unknown"), ("build:-trimpath", "holds")];
    answers(&folder.join("trimmed"), &trimmed);

    // The race detector needs cgo, and a library that Go has for some platforms.
    let race = build("race", "1", &["-race"]);
    if race.code != Some(0) {
        return cannot_test(format!("a Go program with the race detector: {race}"));
    }
    let on =
        [("build:-race", "holds"), ("!build:-race", "does-not-hold"), ("build:-race=*", "holds")];
    answers(&folder.join("race"), &on);
}
