//! Go programs made here for other systems, machines and experiments: what `rgo-version-m` says of
//! them, against what they were made for.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Outcome, can, cannot_test, native, scratch, tool, write};

/// GOOS, GOARCH, byte order: all systems, and of the machines those that have two byte orders or
/// another name elsewhere. Each costs a build of Go's runtime.
const PORTS: [(&str, &str, &str); 14] = [
    ("aix", "ppc64", ""),
    ("android", "arm64", "little"),
    ("dragonfly", "amd64", "little"),
    ("freebsd", "amd64", "little"),
    ("illumos", "amd64", "little"),
    ("linux", "386", "little"),
    ("linux", "mips", "big"),
    ("linux", "ppc64", "big"),
    ("linux", "ppc64le", "little"),
    ("linux", "s390x", "big"),
    ("netbsd", "386", "little"),
    ("openbsd", "ppc64", "big"),
    ("solaris", "amd64", "little"),
    ("windows", "386", "little"),
];

/// A program that is small for every port: it needs the runtime alone.
fn project(name: &str) -> PathBuf {
    let folder = scratch(name);
    write(&folder.join("go.mod"), "module example.com/hello\n\ngo 1.21\n");
    write(&folder.join("main.go"), "package main\n\nfunc main() { println(\"hello\") }\n");
    folder
}

/// `go build`, or `None` where there is no Go.
fn go(folder: &Path, output: &str, variables: &[(&str, &str)]) -> Option<PathBuf> {
    if !can("go") {
        cannot_test("Go programs for other systems, for there is no go");
        return None;
    }
    let mut build = native("go");
    build.args(["build", "-o", output, "."]).current_dir(folder);
    build.env("GOTOOLCHAIN", "local").env("GOFLAGS", "").env("CGO_ENABLED", "0");
    Outcome::of(build.envs(variables.iter().copied())).ended(0);
    Some(folder.join(output))
}

fn asked(args: &[&str], file: &Path) -> Command {
    let mut command = tool("rgo-version-m");
    command.args(args).arg(file);
    command
}

fn facts(file: &Path) -> Value {
    let args = ["--facts", "--evidence", "--format", "json"];
    let outcome = Outcome::of(&mut asked(&args, file)).ended(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    answer["files"][0].clone()
}

#[test]
fn each_port_is_known_by_its_system_machine_and_byte_order() {
    let folder = project("go-ports");
    for (os, arch, endian) in PORTS {
        let name = format!("{os}-{arch}");
        let Some(file) = go(&folder, &name, &[("GOOS", os), ("GOARCH", arch)]) else { return };
        if endian.is_empty() {
            // Its format is not read.
            Outcome::of(&mut asked(&[], &file)).ended(1);
            continue;
        }
        let answer = facts(&file);
        assert_eq!(answer["arch"], arch, "{name}");
        assert_eq!(answer["endian"], endian, "{name}");
        assert_eq!(answer["facts"]["os"]["name"], os, "{name}");
        let systems = answer["facts"]["runs_on"]["verdicts"].as_array().expect("verdicts");
        let systems: Vec<&str> = systems.iter().filter_map(|it| it["system"].as_str()).collect();
        let is_linux = systems.contains(&"scratch") && systems.contains(&"debian");
        assert_eq!(is_linux, os == "linux", "{name}: {systems:?}");
        let (os, arch) = (format!("os={os}"), format!("arch={arch}"));
        let endian = format!("endian={endian}");
        let gate = ["-q", "--require", &os, "--require", &arch, "--require", &endian];
        Outcome::of(&mut asked(&gate, &file)).ended(0);
    }
}

#[test]
fn the_two_byte_orders_of_a_machine_are_not_confused() {
    let folder = project("go-orders");
    for (arch, other) in [("ppc64le", "ppc64"), ("mips", "mipsle")] {
        let Some(file) = go(&folder, arch, &[("GOOS", "linux"), ("GOARCH", arch)]) else { return };
        let gate = |arch: &str| {
            let arch = format!("arch={arch}");
            Outcome::of(&mut asked(&["--require", &arch], &file)).code
        };
        assert_eq!((gate(arch), gate(other)), (Some(0), Some(3)), "{arch}");
    }
}

/// Go's own release, without experiments: `1.26.8`. `None` for one that knows no `nodwarf5`.
fn release() -> Option<String> {
    let mut env = native("go");
    let version = Outcome::of(env.args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local")).stdout;
    let version = version.trim().strip_prefix("go")?.to_owned();
    let minor: u32 = version.split('.').nth(1)?.parse().ok()?;
    if minor < 26 {
        cannot_test("a Go program with an experiment, for Go is older than 1.26");
        return None;
    }
    Some(version)
}

#[test]
fn an_experiment_is_no_part_of_the_release() {
    let folder = project("go-experiment");
    let Some(file) = can("go").then(release).flatten().and_then(|version| {
        Some((go(&folder, "hello", &[("GOEXPERIMENT", "nodwarf5")])?, version))
    }) else {
        return;
    };
    let (file, version) = file;
    let answer = facts(&file);
    assert_eq!(answer["toolchain"], format!("go{version}-X:nodwarf5"));
    Outcome::of(&mut asked(&["-q", "--require", "go>=1.26"], &file)).ended(0);
    let exact = format!("go={version}");
    Outcome::of(&mut asked(&["-q", "--require", &exact], &file)).ended(0);
    Outcome::of(&mut asked(&["-q", "--require", "go<1.26"], &file)).ended(3);
    let outcome = Outcome::of(&mut asked(&["--format", "cyclonedx"], &file)).ended(0);
    let bom: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let parts = bom["components"][0]["components"].as_array().expect("components");
    let stdlib = parts.iter().find(|part| part["name"] == "stdlib").expect("a standard library");
    assert_eq!(stdlib["version"], version);
    assert_eq!(stdlib["purl"], format!("pkg:golang/stdlib@{version}"));
}
