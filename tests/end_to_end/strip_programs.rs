//! `rgo-strip` on programs of every kind that are made here: results are sound and do what the
//! input does, libraries load, objects and archives link.

use std::path::{Path, PathBuf};

use crate::support::made::{made, one};
use crate::support::stripping::{MODES, done, same_behaviour, sound_in_every_mode, told};
use crate::support::{can, native, no_gcc, scratch, tool};

/// What a program is and needs; what made it is found in its debug data too, which has gone.
fn essence(file: &Path) -> Vec<serde_json::Value> {
    let keep = ["linkage", "identity", "version"];
    let answers = told(file).into_iter().map(|mut answer| {
        if let Some(facts) = answer["facts"].as_object_mut() {
            facts.retain(|fact, _| keep.contains(&fact.as_str()));
        }
        let whole = answer.as_object_mut().expect("an object");
        whole.remove("origin");
        answer
    });
    answers.collect()
}

/// Which ran is part of what is held: a machine that runs nothing would prove nothing.
#[test]
fn programs_of_every_kind_are_sound_and_run_when_stripped() {
    let mut ran = Vec::new();
    for subject in made() {
        let folder = subject.folder("made");
        let results = sound_in_every_mode(subject, &[], &folder);
        let before = essence(&subject.file);
        for (mode, result) in MODES.iter().zip(&results) {
            let mut after = essence(result);
            // Debug data that lief made unreadable is a problem of the input, and goes.
            for (before, after) in before.iter().zip(&mut after) {
                let gone = before["problems"].as_array().is_some_and(|all| {
                    all.iter().all(|it| {
                        it.as_str().is_some_and(|it| it.contains("DWARF") || it.contains(".debug_"))
                    })
                });
                if gone && after["problems"].is_null() {
                    after["problems"] = before["problems"].clone();
                }
            }
            assert_eq!(after, before, "{} {mode}", subject.name);
        }
        if same_behaviour(subject, &results) {
            ran.push(subject.name.as_str());
        }
    }
    let programs = made().iter().filter(|subject| subject.args.is_some());
    let runnable = programs.filter(|one| crate::support::runs_here(one.platform));
    assert_eq!(ran, runnable.map(|one| one.name.as_str()).collect::<Vec<_>>());
    assert!(!ran.is_empty());
}

const LOAD: &str = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).Answer())";

#[test]
fn stripped_libraries_load() {
    for name in ["gcc library", "go c-shared"] {
        let Some(library) = one(name) else { continue };
        let folder = library.folder("loads");
        for mode in MODES {
            let stripped = folder.place(mode, "library.so");
            library.strip(&[mode], &stripped).ended(0);
            let mut python = native("python3");
            let output = python.args(["-c", LOAD]).arg(&stripped).output().expect("python3 runs");
            assert_eq!(output.stdout, b"42\n", "{name} {mode}: {output:?}");
        }
    }
}

/// Objects and archives keep what a linker asks for: a program made of stripped ones runs.
#[test]
fn stripped_objects_and_archives_link() {
    if !(can("gcc") && can("ar")) {
        no_gcc("stripping objects and archives");
        return;
    }
    let folder = scratch("strip-objects");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/c-hello/hello.c");
    let object = folder.join("hello.o");
    done(native("gcc").args(["-g", "-c"]).arg(&source).arg("-o").arg(&object));
    let archive = folder.join("libhello.a");
    done(native("ar").arg("rcs").args([&archive, &object]));
    for mode in ["--strip-debug", "--strip-unneeded"] {
        for input in [&object, &archive] {
            let name = input.file_name().expect("a name").to_string_lossy().into_owned();
            let stripped: PathBuf = folder.join(format!("stripped{mode}-{name}"));
            done(tool("rgo-strip").arg(mode).arg("-o").arg(&stripped).arg(input));
            let (before, after) = (std::fs::read(input), std::fs::read(&stripped));
            let (before, after) = (before.expect("read").len(), after.expect("read").len());
            assert!(after < before, "{name} {mode}: {before} -> {after}");
            let program = folder.join("linked");
            done(native("gcc").arg(&stripped).arg("-lm").arg("-o").arg(&program));
            let output = native(&program).output().expect("it runs");
            assert!(String::from_utf8_lossy(&output.stdout).ends_with(" 1\n"), "{output:?}");
        }
    }
}
