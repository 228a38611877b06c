//! gdb finds the companion of an ELF program by each of its identities.

use std::path::Path;

use super::{c_line, c_program, gdb, sample, sample_line, split, strip};
use crate::support::{Outcome, can, native, not_tested, scratch};

/// It stops at the line and reads the variable.
#[track_caller]
fn debugs_c(program: &Path, debug: Option<&Path>) {
    let stop = format!("break twice.c:{}", c_line());
    let said = gdb(program, debug, &[&stop, "run", "print doubled", "backtrace"]);
    assert!(said.contains("$1 = 42"), "{said}");
    assert!(said.contains("in shared (number=21)"), "{said}");
}

#[track_caller]
fn knows_no_line(program: &Path) {
    let said = gdb(program, None, &[&format!("break twice.c:{}", c_line())]);
    assert!(!said.contains("Breakpoint 1 at"), "{said}");
}

#[test]
fn by_build_id() {
    for compression in [&[][..], &["--compress-debug", "zlib"]] {
        let folder = scratch("debug-build-id");
        let (program, debug) = (folder.join("twice"), folder.join("debug"));
        c_program(&program, &["-Wl,--build-id=sha1"]);
        strip(&program, &[&["--split", debug.to_str().expect("UTF-8")], compression].concat());
        knows_no_line(&program);
        debugs_c(&program, Some(&debug));
    }
}

/// Beside the program, and in the folder below it that gdb looks into.
#[test]
fn by_debuglink() {
    for below in ["", ".debug"] {
        let folder = scratch("debug-link");
        let (program, debug) = (folder.join("twice"), folder.join(below));
        c_program(&program, &["-Wl,--build-id=none"]);
        split(&program, &debug);
        assert!(debug.join("twice.debug").is_file());
        debugs_c(&program, None);
        std::fs::rename(debug.join("twice.debug"), folder.join("elsewhere")).expect("renamed");
        knows_no_line(&program);
    }
}

/// dwz puts what several programs have in common into one file, which each names by a path that
/// starts from its own folder. The companion is in another one.
#[test]
fn a_program_whose_debug_data_dwz_has_shared() {
    if !can("dwz") {
        not_tested("supplementary files; there is no dwz");
        return;
    }
    let folder = scratch("debug-dwz").canonicalize().expect("is there");
    let (bin, debug) = (folder.join("bin"), folder.join("debug/store"));
    std::fs::create_dir(&bin).expect("made");
    let programs = [bin.join("twice"), bin.join("thrice")];
    for program in &programs {
        c_program(program, &["-Wl,--build-id=sha1"]);
    }
    let mut dwz = native("dwz");
    dwz.args(["-m", "common.dwz", "-r"]).args(&programs).current_dir(&folder);
    Outcome::of(&mut dwz).ended(0);
    assert!(folder.join("common.dwz").is_file(), "dwz has shared nothing");
    // The same build in a folder of its own, with the shared file where it looks for it.
    let again = folder.join("another/place/twice");
    std::fs::create_dir_all(folder.join("another/place")).expect("made");
    std::fs::copy(folder.join("common.dwz"), folder.join("another/common.dwz")).expect("copied");
    std::fs::copy(&programs[0], &again).expect("copied");
    for program in [&programs[0], &again] {
        split(program, &debug);
        debugs_c(program, Some(&debug));
    }
    let only = folder.join("debug/only");
    strip(&programs[1], &["--only-keep-debug", "-o", only.to_str().expect("UTF-8")]);
    let said = gdb(&only, None, &["ptype shared"]);
    assert!(said.contains("type = int (int)"), "{said}");

    std::fs::rename(folder.join("common.dwz"), folder.join("elsewhere")).expect("renamed");
    let store = folder.join("debug/other");
    let said = strip(&programs[1], &["--split", store.to_str().expect("UTF-8")]);
    said.says("common.dwz, which is not there");
}

/// The debugger is told where the sources are by what rgo-build ships.
#[test]
#[cfg(target_arch = "x86_64")]
fn a_rust_program_with_trimmed_paths() {
    let sample = sample();
    let shipped = sample.split.artifact("linux-amd64", "sample").path();
    let map = format!("source {}", shipped.with_file_name("source-map.gdb").display());
    let folder = scratch("debug-rust");
    let (program, debug) = (folder.join("sample"), folder.join("debug"));
    std::fs::copy(sample.whole.artifact("linux-amd64", "sample").path(), &program).expect("copied");
    split(&program, &debug);

    let (line, text) = sample_line();
    let stop = format!("break main.rs:{line}");
    let show = format!("list {line},{line}");
    let commands = [&stop, "run exit 7", "print code", &show];
    for (program, debug) in [(&program, Some(debug.as_path())), (&shipped, None)] {
        // Nothing of this machine is in the program: without the map there is no source.
        let said = gdb(program, debug, &commands);
        assert!(said.contains("$1 = 7") && !said.contains(text), "{said}");
        let with_map: Vec<&str> = [map.as_str()].into_iter().chain(commands).collect();
        let said = gdb(program, debug, &with_map);
        assert!(said.contains("$1 = 7") && said.contains(text), "{said}");
    }
}
