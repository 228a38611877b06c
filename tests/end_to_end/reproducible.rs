//! One commit, one compiler, one target: the same bytes, from any folder, cargo home and cache.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::support::{ALL, Outcome, Project, Report, machine, native, root};

#[test]
fn folders_cargo_homes_and_caches_leave_no_trace() {
    let (_folder, warm, cold) = twice(&["--target", "all"], None);
    for toolchain in ALL {
        same(toolchain, &warm, &cold);
    }
}

/// A standard library from source has paths of its own. One target stands for all, because the
/// recipe is the same for all, and building it takes minutes. zig's musl, which takes another, is in
/// the test above.
#[test]
fn a_standard_library_from_source_leaves_no_trace() {
    let Some(cargo) = machine().source_cargo() else { return };
    let (_folder, warm, cold) = twice(&["--target", "linux/amd64"], Some(&cargo));
    same("linux-amd64", &warm, &cold);
}

/// A program with C code and all its debug data, of one commit, from two folders, with two cargo
/// homes, on the shared cache and on one at another place; and the folder that they are in.
fn twice(args: &[&str], cargo: Option<&str>) -> (tempfile::TempDir, Report, Report) {
    let temp = tempfile::tempdir().expect("a folder");
    let [short, long] = ["a", "a/much/longer folder name/for the same commit"].map(|name| {
        let base = temp.path().join(name);
        fs::create_dir_all(&base).expect("made");
        let project = Project::copy_to("with-c", &base);
        project.commit();
        project
    });
    let cache = another_cache();
    let command = |project: &Project| {
        let mut command = project.command(args.iter().copied());
        command.args(["--strip", "none", "--debug-info", "full"]);
        command.envs(cargo.map(|cargo| ("RGO_CARGO", cargo)));
        command
    };
    let (mut warm, mut cold) = (command(&short), command(&long));
    cold.env("RGO_CACHE", &cache).env("CARGO_HOME", temp.path().join("another cargo home"));
    let (warm, cold) = (Outcome::of(&mut warm).report(), Outcome::of(&mut cold).report());
    (temp, warm, cold)
}

/// A cache at another place, where everything but zig was made. It stays from run to run, because that
/// takes minutes, and goes when the code changes that fills it.
fn another_cache() -> PathBuf {
    static MADE: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    MADE.get_or_init(make_another_cache).clone()
}

fn make_another_cache() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("other caches");
    let mut sources = Sha256::new();
    for sources_of_links in ["crates/rgo-toolchain", "crates/rgo-edit", "toolchains"] {
        add_sources(&mut sources, &root().join(sources_of_links));
    }
    sources.update(Outcome::of(native("rustc").arg("-vV")).ended(0).stdout);
    let cache = folder.join(format!("another cache {}", hex::encode(&sources.finalize()[..4])));
    if cache.is_dir() {
        return cache;
    }
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&cache).expect("made");
    // Hard links where they can be, because it is large.
    let zig = machine().cache().join("zig");
    if zig.is_dir() {
        let copy = |how| {
            let status = native("cp").args([how, "--"]).arg(&zig).arg(&cache).status();
            status.is_ok_and(|status| status.success())
        };
        assert!(copy("-al") || copy("-a"), "zig is copied");
    }
    cache
}

fn add_sources(sources: &mut Sha256, folder: &Path) {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            add_sources(sources, &path);
        } else {
            sources.update(fs::read(path).expect("a source"));
        }
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
        let found = again.artifact(toolchain, "lto").bytes();
        assert_eq!(difference(&bytes, &found), None, "{toolchain}");
    }
}

#[track_caller]
fn same(toolchain: &str, one: &Report, other: &Report) {
    let [one, other] = [one, other].map(|report| report.artifact(toolchain, "with-c"));
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
