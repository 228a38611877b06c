//! What a program says it is made of, against what cargo built, as three readers see it:
//! `rgo-version-m` the note, cargo-auditable's `rust-audit-info` the dependency list, cargo the
//! project.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::{ALL, Outcome, Project, machine, native, sample, tool};

/// Names and versions in `.dep-v0`, by a reader that is not ours.
fn audited(file: &Path) -> BTreeSet<(String, String)> {
    let program = machine().must("RGO_TEST_AUDIT_INFO");
    let text = Outcome::of(native(program).arg(file)).ended(0).stdout;
    let list: Value = serde_json::from_str(&text).expect("JSON");
    let packages = list["packages"].as_array().expect("packages").iter();
    let of = |package: &Value, key: &str| package[key].as_str().expect("text").to_owned();
    packages.map(|package| (of(package, "name"), of(package, "version"))).collect()
}

/// The lines of `rgo-version-m` that begin so, without that and split at tabs.
fn said(file: &Path, start: &str) -> Vec<Vec<String>> {
    let text = Outcome::of(tool("rgo-version-m").arg(file)).ended(0).stdout;
    let lines = text.lines().filter_map(|line| line.strip_prefix(&format!("\t{start}\t")));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn named(packages: &BTreeSet<(String, String)>) -> Vec<&str> {
    packages.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn both_lists_hold_what_the_target_really_has() {
    for toolchain in ALL {
        let file = sample().artifact(toolchain, "sample").path();
        let audited = audited(&file);
        let expected: &[&str] = if toolchain.starts_with("windows") {
            &["itoa", "rgo-stamp", "sample", "semver"]
        } else {
            &["itoa", "libc", "rgo-stamp", "sample", "semver"]
        };
        assert_eq!(named(&audited), expected, "{toolchain}");

        let modules = said(&file, "mod").into_iter().chain(said(&file, "dep"));
        let noted: BTreeSet<_> = modules
            .map(|fields| (fields[0].clone(), fields[1].trim_start_matches('v').to_owned()))
            .collect();
        assert_eq!(noted, audited, "{toolchain}: the note and the audit list agree");
    }
}

#[test]
fn checksums_are_those_of_the_lockfile() {
    let lock = std::fs::read_to_string(Project::of("sample").folder.join("Cargo.lock")).unwrap();
    let file = sample().artifact("linux-amd64-static", "sample").path();
    let deps = said(&file, "dep");
    let summed = deps.iter().filter_map(|fields| fields.get(2)).filter(|sum| !sum.is_empty());
    let mut count = 0;
    for sum in summed {
        let hex = sum.strip_prefix("sha256:").unwrap_or_else(|| panic!("{sum}"));
        assert!(lock.contains(&format!("checksum = \"{hex}\"")), "{sum}");
        count += 1;
    }
    assert_eq!(count, 3, "itoa, libc and semver come from the registry: {deps:?}");
}

#[test]
fn the_note_says_how_it_was_built() {
    for toolchain in ALL {
        let file = sample().artifact(toolchain, "sample").path();
        let settings: Vec<String> =
            said(&file, "build").into_iter().map(|f| f.join("\t")).collect();
        let has = |start: &str| settings.iter().any(|line| line.starts_with(start));
        for key in ["profile=", "target=", "libc=", "rustc=", "std=", "zig=", "rgo=", "-X="] {
            assert!(has(key), "{toolchain}: no {key} in {settings:#?}");
        }
        assert!(has("profile=release"), "{settings:?}");
        let floor = match toolchain {
            "linux-amd64" | "linux-arm64" => "glibc=2.17",
            "darwin-amd64" | "darwin-arm64" => "macos=11.0",
            _ => continue,
        };
        assert!(has(floor), "{toolchain}: no {floor} in {settings:#?}");
    }
}

#[test]
fn a_program_lists_what_it_was_built_with_and_not_the_workspace() {
    let project = Project::of("workspace");
    let target = ["--target", "linux/amd64/static"];
    let alone = project.build(target.into_iter().chain(["-p", "a"])).report();
    let alone = audited(&alone.artifact("linux-amd64-static", "a").path());
    assert_eq!(named(&alone), ["a", "shared"]);

    let both = project.build(target.into_iter().chain(["-p", "a", "-p", "b"])).report();
    let a = audited(&both.artifact("linux-amd64-static", "a").path());
    let b = audited(&both.artifact("linux-amd64-static", "b").path());
    assert_eq!(named(&a), ["a", "semver", "shared"], "cargo joined the features of both");
    assert_eq!(named(&b), ["b", "itoa", "semver", "shared"]);
}

#[test]
fn libraries_carry_both_lists_and_static_ones_say_that_they_do_not() {
    let project = Project::of("workspace");
    let report = project.build(["--target", "all", "-p", "plug"]).report();
    for toolchain in ALL {
        if toolchain.ends_with("static") {
            continue;
        }
        let shared = report
            .all()
            .find(|(name, artifact)| *name == toolchain && artifact.get("kind") == "cdylib");
        let (_, shared) = shared.unwrap_or_else(|| panic!("{toolchain} has no shared library"));
        assert_eq!(named(&audited(&shared.path())), ["plug"], "{toolchain}");
        assert_eq!(shared.get("note"), true);
    }
    for (toolchain, artifact) in report.all().filter(|(_, a)| a.get("kind") == "staticlib") {
        assert_eq!(artifact.get("note"), false, "{toolchain}");
    }
}

#[test]
fn build_dependencies_are_told_apart() {
    let report = Project::of("with-c").build(["--target", "linux/amd64/static"]).report();
    let file = report.artifact("linux-amd64-static", "with-c").path();
    assert_eq!(said(&file, "dep"), Vec::<Vec<String>>::new(), "cc is not in the program");
    let settings = said(&file, "build");
    let tools = settings.iter().find(|line| line[0].starts_with("build-deps="));
    assert!(tools.is_some_and(|line| line[0].contains("cc@1.")), "{settings:?}");
}

#[test]
fn a_section_can_be_had_as_it_is() {
    let file = sample().artifact("linux-arm64-static", "sample").path();
    let out = crate::support::scratch("section").join("list");
    let mut command = tool("rgo-version-m");
    command.arg("--dump-section").arg(format!(".dep-v0={}", out.display())).arg(&file);
    assert_eq!(Outcome::of(&mut command).ended(0).stdout, "");
    let bytes = std::fs::read(&out).expect("written");
    let whole = std::fs::read(&file).expect("a program");
    assert!(bytes.starts_with(&[0x78]), "a zlib stream");
    assert!(whole.windows(bytes.len()).any(|part| part == bytes), "as they are in the file");
}
