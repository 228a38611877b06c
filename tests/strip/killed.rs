//! A kill at any moment leaves the old file or the new one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Folder, STRIP, bytes};
use crate::support::native;

/// Large enough that there are moments to be killed at.
fn large(path: &Path) {
    fs::copy(STRIP, path).expect("copies");
}

#[test]
fn a_kill_leaves_the_old_file_or_the_new_one() {
    let folder = Folder::new();
    let file = folder.path("file");
    large(&file);
    let old = bytes(&file);
    let start = Instant::now();
    assert!(native(STRIP).arg(&file).status().expect("starts").success());
    let whole = start.elapsed();
    let new = bytes(&file);
    assert!(new.len() < old.len());

    const ROUNDS: u32 = 40;
    let (mut killed, mut finished) = (0, 0);
    for round in 0..ROUNDS {
        fs::write(&file, &old).expect("writes");
        let mut child = native(STRIP).arg(&file).spawn().expect("starts");
        std::thread::sleep(whole * round / (ROUNDS - 5) + Duration::from_micros(50));
        child.kill().expect("is ours");
        let status = child.wait().expect("ends");
        let found = bytes(&file);
        if found == old {
            killed += 1;
        } else {
            assert!(found == new, "round {round} ({status}): {} bytes", found.len());
            finished += 1;
        }
        for name in folder.names().iter().filter(|name| *name != "file") {
            assert!(name.starts_with(".rgo-strip-"), "{name} is not known by its name");
            fs::remove_file(folder.path(name)).expect("is ours");
        }
    }
    eprintln!("{killed} kept the old file, {finished} have the new one");
    assert!(killed > 0, "no kill came in time");
}

#[test]
fn no_program_is_without_its_companion() {
    let folder = Folder::new();
    let file = folder.path("file");
    large(&file);
    let old = bytes(&file);
    let debug = folder.path("debug");
    let split = || {
        let mut command = native(STRIP);
        command.arg("--split").arg(&debug).arg(&file);
        command
    };
    let start = Instant::now();
    assert!(split().status().expect("starts").success());
    let whole = start.elapsed();
    let new = bytes(&file);
    for round in 0..20 {
        fs::remove_dir_all(&debug).expect("is there");
        fs::write(&file, &old).expect("writes");
        let mut child = split().spawn().expect("starts");
        std::thread::sleep(whole * round / 18);
        child.kill().expect("is ours");
        child.wait().expect("ends");
        let found = bytes(&file);
        assert!(found == old || found == new, "round {round}");
        // The next run finishes what was begun, whatever there is.
        assert!(found == old || split().status().expect("starts").success());
        if found == new {
            assert_eq!(companions(&debug), 1, "round {round}");
        }
        assert!(split().status().expect("starts").success(), "round {round}");
        assert_eq!(companions(&debug), 1, "round {round}");
    }
}

/// How many there are, temporary files left out.
fn companions(folder: &Path) -> usize {
    let files = walkdir::WalkDir::new(folder).into_iter().flatten();
    let files = files.filter(|entry| entry.file_type().is_file());
    files.filter(|entry| !entry.file_name().to_string_lossy().starts_with(".rgo-strip-")).count()
}
