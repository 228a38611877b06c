//! Debug data in a folder of their own.

use std::fs;
use std::path::Path;

use super::{Folder, LIBRARY, PROGRAM, STRIP, bytes, refused, run, strip};
use crate::support::native;

/// Where the debug data of the library goes.
const BY_ID: &str = "debug/.build-id/1c/1bb4aacd63fa1b85490d363f31f340a0d62e26.debug";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_program_with_a_build_id_is_found_by_it() {
    let folder = Folder::new();
    let file = folder.copy(LIBRARY, "libsample.so");
    let debug = folder.path("debug");
    let whole = bytes(&file).len();
    strip(&["--split", text(&debug)], &[&file]);
    let companion = folder.path(BY_ID);
    assert!(bytes(&companion).len() < whole && bytes(&file).len() < whole);
    let said = run(&["-n", "--format", "json"], &[&file]);
    let said = String::from_utf8(said.stdout).expect("UTF-8");
    assert!(said.contains("debuglink 1bb4aacd63fa1b85490d363f31f340a0d62e26.debug"), "{said}");
}

#[test]
fn one_without_is_found_by_name() {
    let folder = Folder::new();
    let file = folder.copy(PROGRAM, "app");
    strip(&["--split", text(&folder.path("debug"))], &[&file]);
    assert!(folder.path("debug/app.debug").is_file());
}

#[test]
fn a_second_time_changes_nothing() {
    let folder = Folder::new();
    let file = folder.copy(LIBRARY, "file");
    let debug = folder.path("debug");
    strip(&["--split", text(&debug)], &[&file]);
    let (program, companion) = (bytes(&file), bytes(&folder.path(BY_ID)));
    strip(&["--split", text(&debug)], &[&file]);
    assert_eq!(bytes(&file), program);
    // The same build once more, into the same store.
    folder.copy(LIBRARY, "file");
    strip(&["--split", text(&debug)], &[&file]);
    assert_eq!(bytes(&file), program);
    assert_eq!(bytes(&folder.path(BY_ID)), companion);
}

#[test]
fn what_cannot_be_split_off_is_said() {
    let folder = Folder::new();
    let debug = folder.path("debug");
    let file = folder.copy(LIBRARY, "file");
    strip(&[], &[&file]);
    let output = run(&["--split", text(&debug)], &[&file]);
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("it has no debug data to split off"), "{said}");
    assert!(!debug.exists());
}

#[test]
fn another_companion_is_never_replaced() {
    let folder = Folder::new();
    let debug = folder.path("debug");
    for (fixture, companion) in [(LIBRARY, BY_ID), (PROGRAM, "debug/file.debug")] {
        let file = folder.copy(fixture, "file");
        let before = bytes(&file);
        let companion = folder.path(companion);
        fs::create_dir_all(companion.parent().expect("has one")).expect("creates");
        fs::write(&companion, "of another build").expect("writes");
        refused(&["--split", text(&debug)], &[&file], 1, "is of another build");
        assert_eq!(bytes(&file), before, "the program still has its debug data");
        assert_eq!(bytes(&companion), b"of another build");
        let left = companion.parent().expect("has one").read_dir().expect("lists").count();
        assert_eq!(left, 1 + usize::from(fixture == PROGRAM), "nothing temporary is left");
    }
}

#[test]
fn without_a_place_for_the_companion_the_program_stays() {
    let folder = Folder::new();
    let file = folder.copy(LIBRARY, "file");
    let before = bytes(&file);
    let place = folder.path("place");
    fs::write(&place, "a file").expect("writes");
    refused(&["--split", text(&place)], &[&file], 1, "place");
    assert_eq!(bytes(&file), before);
}

#[test]
fn many_add_to_one_store_at_once() {
    let folder = Folder::new();
    let debug = folder.path("debug");
    let files: Vec<_> =
        (0..8).map(|number| folder.copy(LIBRARY, &format!("file-{number}"))).collect();
    let children: Vec<_> = files
        .iter()
        .map(|file| {
            let mut command = native(STRIP);
            command.arg("--split").arg(&debug).arg(file).spawn().expect("starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("ends").success());
    }
    let first = bytes(&files[0]);
    assert!(files.iter().all(|file| bytes(file) == first));
    assert!(folder.path(BY_ID).is_file());
    let store = folder.path(BY_ID);
    assert_eq!(store.parent().expect("has one").read_dir().expect("lists").count(), 1);
}

#[test]
fn a_dry_run_makes_nothing() {
    let folder = Folder::new();
    let file = folder.copy(LIBRARY, "file");
    let before = bytes(&file);
    let output = run(&["-n", "--split", text(&folder.path("debug"))], &[&file]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains(BY_ID));
    assert_eq!(bytes(&file), before);
    assert_eq!(folder.names(), ["file"]);
}

#[test]
fn a_companion_alone_is_the_one_that_a_split_makes() {
    let folder = Folder::new();
    let file = folder.copy(LIBRARY, "file");
    let alone = folder.path("alone.debug");
    strip(&["--only-keep-debug", "-o", text(&alone)], &[&file]);
    strip(&["--split", text(&folder.path("debug"))], &[&file]);
    assert_eq!(bytes(&alone), bytes(&folder.path(BY_ID)));
}

/// A disk that is full, and whatever else goes wrong before the companion is in place, leaves
/// nothing: `ulimit` has each file end after a few blocks.
#[test]
fn a_split_that_fails_leaves_no_folders() {
    let folder = Folder::new();
    for (fixture, name) in [(LIBRARY, "lib.so"), (PROGRAM, "app")] {
        let file = folder.copy(fixture, name);
        let before = bytes(&file);
        let script = format!("trap '' XFSZ; ulimit -f 4; exec {STRIP} --split \"$1\" \"$2\"");
        let mut shell = native("sh");
        shell.args(["-c", &script, "sh"]).args([&folder.path("new/debug"), &file]);
        let output = shell.output().expect("sh starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains("File too large"), "{name}: {said}");
        assert_eq!(bytes(&file), before, "{name}");
    }
    // The edit is refused after the companion was made.
    let file = folder.copy(LIBRARY, "lib.so");
    let debug = folder.path("new/debug");
    refused(&["--split", text(&debug), "-R", ".text"], &[&file], 1, "it is loaded");
    assert_eq!(folder.names(), ["app", "lib.so"], "no folder is left");
}

/// Folders that were there, or that hold something, stay.
#[test]
fn a_split_that_fails_leaves_what_was_there() {
    let folder = Folder::new();
    let file = folder.copy(LIBRARY, "lib.so");
    let debug = folder.path("debug/.build-id");
    fs::create_dir_all(&debug).expect("creates");
    let args = ["--split", text(&folder.path("debug")), "-R", ".text"].map(str::to_owned);
    refused(&args.each_ref().map(String::as_str), &[&file], 1, "it is loaded");
    assert!(debug.is_dir());
    assert_eq!(debug.read_dir().expect("lists").count(), 0);
}
