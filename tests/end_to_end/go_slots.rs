//! `-X` for Go programs: real ones, whose linker set variables to placeholders. Values are written
//! after the link, and again into the finished program.

use std::fs;
use std::path::{Path, PathBuf};

use rgo_binary::embedded::go_slot::{self, placeholder};
use rgo_binary::{Error, Image, Limits};
use rgo_edit::{Edits, Strip};

use crate::support::{Outcome, can, cannot_test, native, scratch, tool, write};

const NAMES: [&str; 2] = ["main.version", "example.com/app/inner.v1.Commit"];
const MAIN: &str = r#"package main

import inner "example.com/app/inner.v1"

var version = "dev"
var banner = "v" + version

func main() { println(version, inner.Commit, len(version), banner) }
"#;

/// GOOS, GOARCH, build mode: both word sizes and byte orders, with and without relocations.
const PORTS: [(&str, &str, &str); 6] = [
    ("linux", "amd64", "exe"),
    ("linux", "amd64", "pie"),
    ("linux", "386", "exe"),
    ("linux", "arm64", "pie"),
    ("linux", "s390x", "exe"),
    ("windows", "amd64", "exe"),
];

fn wanted() -> Vec<(String, String)> {
    NAMES.map(|name| (name.to_owned(), placeholder(name, 64))).to_vec()
}

fn values(both: [&str; 2]) -> Vec<(String, String)> {
    NAMES.into_iter().zip(both).map(|(name, value)| (name.into(), value.into())).collect()
}

fn project(name: &str) -> PathBuf {
    let folder = scratch(name);
    write(&folder.join("go.mod"), "module example.com/app\n\ngo 1.21\n");
    write(&folder.join("main.go"), MAIN);
    fs::create_dir(folder.join("inner.v1")).expect("a folder");
    write(&folder.join("inner.v1/inner.go"), "package inner\n\nvar Commit string\n");
    folder
}

/// `go build` with placeholders, or `None` where there is no Go.
fn build(folder: &Path, (os, arch, mode): (&str, &str, &str), flags: &[&str]) -> Option<PathBuf> {
    if !can("go") {
        cannot_test("values in Go programs, for there is no go");
        return None;
    }
    let output = format!("{os}-{arch}-{mode}");
    let set: Vec<_> = wanted().iter().map(|(name, text)| format!("-X {name}={text}")).collect();
    let mut go = native("go");
    go.args(["build", "-o", &output, "-buildmode", mode, "-ldflags", &set.join(" ")]).args(flags);
    go.env("GOTOOLCHAIN", "local").env("GOFLAGS", "").env("CGO_ENABLED", "0");
    Outcome::of(go.env("GOOS", os).env("GOARCH", arch).arg(".").current_dir(folder)).ended(0);
    Some(folder.join(output))
}

/// The program with values, as a build finishes it.
fn finished(file: &Path, strip: Strip) -> Vec<u8> {
    let data = fs::read(file).expect("reads");
    let image = Image::parse(&data, &Limits::default()).expect("parses");
    let go_slots = go_slot::find(&image, &wanted()).expect("finds");
    let slots = values(["1.2.3", "0123abcd"]);
    let edits = Edits { slots: &slots, go_slots: &go_slots, strip, ..Edits::default() };
    rgo_edit::apply(&data, &edits).expect("edits").bytes
}

/// What the program prints, where this machine runs it.
fn said(file: &Path, (os, arch, _): (&str, &str, &str)) -> Option<String> {
    let is_own = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    let runs = is_own && os == "linux" && arch == "amd64";
    runs.then(|| Outcome::of(&mut native(file)).ended(0).stderr)
}

fn stamp(file: &Path, args: &[&str]) -> Outcome {
    Outcome::of(tool("rgo-build").arg("stamp").arg(file).args(args))
}

#[test]
fn values_are_written_into_stripped_programs_and_again() {
    let folder = project("go-slots");
    for port in PORTS {
        let Some(file) = build(&folder, port, &["-trimpath"]) else { return };
        for strip in [Strip::None, Strip::All] {
            let copy = file.with_extension(format!("{strip:?}"));
            fs::copy(&file, &copy).expect("copied");
            fs::write(&copy, finished(&file, strip)).expect("written");
            check(&copy, port);
        }
    }
}

fn check(file: &Path, port: (&str, &str, &str)) {
    if let Some(said) = said(file, port) {
        assert_eq!(said, "1.2.3 0123abcd 5 v1.2.3\n", "{port:?}");
    }
    Outcome::of(tool("rgo-strip").arg(file)).ended(0);
    let new = ["-X", "main.version=10.0.0-rc.1"];
    stamp(file, &new).ended(0);
    if let Some(said) = said(file, port) {
        assert_eq!(said, "10.0.0-rc.1 0123abcd 11 v10.0.0-rc.1\n", "{port:?}");
    }
    let listed = stamp(file, &["--format", "json"]).ended(0);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
    let expected = [("main.version", "10.0.0-rc.1"), (NAMES[1], "0123abcd")];
    for (name, value) in expected {
        let found = listed["values"].as_array().expect("a list").iter();
        let found = found.filter(|slot| slot["name"] == name).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "{port:?}");
        assert_eq!((&found[0]["value"], &found[0]["capacity_bytes"]), (&value.into(), &64.into()));
    }
    let asked = Outcome::of(tool("rgo-version-m").arg(file)).ended(0);
    for (name, value) in expected {
        assert!(asked.stdout.contains(&format!("\tbuild\t-X={name}={value}\n")), "{asked}");
    }
    let long = format!("main.version={}", "x".repeat(65));
    stamp(file, &["-X", &long]).ended(1).says("holds 64").says("rgo-build -X main.version=");
    stamp(file, &["-X", "main.versio=1"]).ended(1).says("there are: example.com/app/inner.v1");
}

#[test]
fn a_placeholder_in_gos_own_record_is_not_taken_for_the_variable() {
    let folder = project("go-slots-recorded");
    let port = ("linux", "amd64", "exe");
    let Some(file) = build(&folder, port, &[]) else { return };
    fs::write(&file, finished(&file, Strip::Debug)).expect("written");
    if let Some(said) = said(&file, port) {
        assert_eq!(said, "1.2.3 0123abcd 5 v1.2.3\n");
    }
}

#[test]
fn a_variable_that_the_linker_left_out_is_named() {
    let folder = project("go-slots-left-out");
    write(&folder.join("main.go"), "package main\n\nvar version = \"dev\"\n\nfunc main() {}\n");
    let Some(file) = build(&folder, ("linux", "amd64", "exe"), &["-trimpath"]) else { return };
    let data = fs::read(&file).expect("reads");
    let image = Image::parse(&data, &Limits::default()).expect("parses");
    let error = go_slot::find(&image, &wanted()).expect_err("is not there");
    assert_eq!(error, Error::GoVariable { name: NAMES[0].to_owned(), found: 0 });
    stamp(&file, &["-X", "main.version=1"]).ended(1).says("rgo-build -X main.version=VALUE");
    assert!(stamp(&file, &[]).ended(0).stdout.contains("no slots"));
}
