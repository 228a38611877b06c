//! Several builds share one cache, and a build may be killed, or find the disk full, at any time:
//! the next one must find nothing broken. On a cache of its own, whose standard library is not
//! built yet.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Outcome, Project, SmallDisk, machine, native, run};

const TARGET: [&str; 2] = ["--target", "linux/arm64"];

/// A cache with a zig and nothing else.
pub(crate) fn fresh_cache(folder: &Path) {
    fs::create_dir_all(folder).expect("made");
    let zig = machine().cache().join("zig");
    if zig.is_dir() {
        symlink(zig, folder.join("zig")).expect("linked");
    }
}

fn on_cache(project: &Project, cache: &Path, cargo: &str) -> Command {
    let mut command = project.command(TARGET);
    command.env("RGO_CACHE", cache).env("RGO_CARGO", cargo);
    command
}

fn works(outcome: Outcome) {
    let report = outcome.report();
    let file = report.artifact("linux-arm64", "env").path();
    if let Some(ran) = run("linux-arm64", &file, &[]) {
        assert_eq!(ran.ended(0).stdout, "channel: none\n");
    }
}

#[test]
fn a_killed_build_of_a_standard_library_does_no_harm_nor_do_two_at_once() {
    let Some(cargo) = machine().source_cargo() else { return };
    let temp = tempfile::tempdir().expect("a folder");
    let cache = temp.path().join("cache");
    fresh_cache(&cache);
    // zig's runtimes are not what this is about.
    let runtimes = machine().cache().join("zig-cache");
    fs::create_dir_all(&runtimes).expect("made");
    symlink(runtimes, cache.join("zig-cache")).expect("linked");
    let projects = [Project::copy("env"), Project::copy("env")];

    let mut killed = on_cache(&projects[0], &cache, &cargo);
    let mut killed = killed
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    wait_until("the standard library is being compiled", || compiled_files(&cache) > 3);
    let group = format!("-{}", killed.id());
    Outcome::of(native("kill").args(["-KILL", "--", &group])).ended(0);
    killed.wait().expect("waited for");
    assert!(libraries(&cache).is_empty(), "nothing unfinished is in place");

    let run = |project: &Project| {
        let mut command = on_cache(project, &cache, &cargo);
        std::thread::spawn(move || Outcome::of(&mut command))
    };
    let both = projects.each_ref().map(run);
    for one in both {
        works(one.join().expect("no panic"));
    }
    assert_eq!(libraries(&cache).len(), 1, "built once: {:?}", libraries(&cache));
    let left: Vec<_> = walk(&cache.join("std")).filter(|path| is_temporary(path)).collect();
    assert!(left.is_empty(), "left over: {left:?}");
}

#[test]
fn two_builds_of_one_project_both_end_well() {
    let project = Project::copy("env");
    let run = |_| {
        let mut command = project.command(TARGET);
        std::thread::spawn(move || Outcome::of(&mut command))
    };
    for one in [0, 1].map(run) {
        works(one.join().expect("no panic"));
    }
}

#[test]
fn a_full_disk_under_the_cache_is_an_error_and_nothing_more() {
    let Some(cargo) = machine().source_cargo() else { return };
    let Some(disk) = SmallDisk::mount(24 << 20) else { return };
    fresh_cache(disk.path());
    let project = Project::copy("env");
    let outcome = Outcome::of(&mut on_cache(&project, disk.path(), &cargo));
    let libraries = libraries(disk.path());
    outcome.ended(1).says("No space left on device");
    assert!(libraries.is_empty(), "{libraries:?}");
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(300), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Libraries that rustc has written anywhere under a cache.
fn compiled_files(cache: &Path) -> usize {
    walk(cache)
        .filter(|path| path.extension().is_some_and(|it| it == "rlib" || it == "rmeta"))
        .count()
}

/// Standard libraries that are in place: `std/<key>` with a libstd in it.
fn libraries(cache: &Path) -> Vec<String> {
    let std = cache.join("std");
    let found = walk(&std).filter(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("libstd-") && name.ends_with(".rlib"))
    });
    let keys = found.filter_map(|path| {
        let key = path.strip_prefix(&std).ok()?.iter().next()?;
        Some(key.to_string_lossy().into_owned())
    });
    keys.filter(|key| !is_temporary(Path::new(key))).collect()
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with(".tmp") || name.contains("partial")
    })
}

/// All files; what vanishes meanwhile is passed over.
fn walk(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> + use<> {
    let walk = walkdir::WalkDir::new(folder).into_iter();
    walk.filter_map(Result::ok).map(walkdir::DirEntry::into_path)
}
