//! `--debug-info` says what is made, `--strip` what is kept; whatever is taken away, the program
//! runs and says what it is.

use std::path::{Path, PathBuf};

use crate::support::{ALL, Outcome, Project, machine, native, readobj, run, tool};

/// Whether a file has debug sections, and whether it has a symbol table of its own functions.
fn has(toolchain: &str, file: &Path) -> (bool, bool) {
    let sections = readobj(&["--sections"], file);
    let debug =
        ["debug_info", "debug_line", "__debug_info"].iter().any(|name| sections.contains(name));
    let symbols = readobj(&["--symbols"], file);
    let main = match toolchain.split_once('-').expect("os-arch").0 {
        // What programs import from the system stays in any case.
        "darwin" => symbols.contains("6sample4main"),
        _ => symbols.contains("sample4main") || symbols.contains("6sample"),
    };
    (debug, main)
}

#[test]
fn strip_takes_what_it_says() {
    let project = Project::at(&Project::of("sample").folder, "strip");
    for (strip, debug, symbols) in
        [("none", true, true), ("debug", false, true), ("all", false, false)]
    {
        let args = [
            "--target",
            "all",
            "--debug-info",
            "full",
            "--strip",
            strip,
            "-X",
            "sample::VERSION=9",
        ];
        let report = project.build(args).report();
        for toolchain in ALL {
            let artifact = report.artifact(toolchain, "sample");
            let found = has(toolchain, &artifact.path());
            // On darwin the linked program never has DWARF; it stays in the object files.
            let debug = debug && !toolchain.starts_with("darwin");
            // lld writes no symbol table into a PE: functions are named by its DWARF alone.
            let symbols = symbols && !toolchain.starts_with("windows");
            assert_eq!(found, (debug, symbols), "{toolchain}, --strip {strip}");
            still_works(toolchain, &artifact.path());
        }
    }
}

fn still_works(toolchain: &str, file: &Path) {
    let said = Outcome::of(tool("rgo-version-m").arg(file)).ended(0).stdout;
    assert!(said.contains("\tdep\titoa\t"), "{toolchain}: {said}");
    if let Some(ran) = run(toolchain, file, &[]) {
        let said = ran.ended(0).stdout;
        assert!(said.starts_with("sample 9 ") && said.contains("unwinding: works"), "{said}");
    }
}

#[test]
fn split_puts_debug_data_into_a_companion() {
    let project = Project::at(&Project::of("sample").folder, "split");
    let args = ["--target", "all", "--strip", "split", "-X", "sample::VERSION=9"];
    let report = project.build(args).report();
    // A companion has the headers of its program's sections without their bytes, and is not damaged.
    let mut inspect = crate::support::tool("rgo-version-m");
    let said = Outcome::of(inspect.arg("--short").arg(&project.output)).ended(0).stdout;
    assert!(!said.contains("damaged"), "{said}");
    for toolchain in ALL {
        let artifact = report.artifact(toolchain, "sample");
        assert_eq!(has(toolchain, &artifact.path()), (false, false), "{toolchain}");
        still_works(toolchain, &artifact.path());
        let companions = crate::support::Artifact::strings(artifact.get("companions"));
        let files = companions.iter().flat_map(walkdir::WalkDir::new).flatten();
        let with_dwarf: Vec<PathBuf> = files
            .map(walkdir::DirEntry::into_path)
            .filter(|path| path.is_file() && is_image(path) && has(toolchain, path).0)
            .collect();
        assert_eq!(with_dwarf.len(), 1, "{toolchain}: {companions:?}");
        if toolchain.starts_with("darwin") {
            assert_eq!(uuid(&with_dwarf[0]), uuid(&artifact.path()), "{toolchain}");
        } else if toolchain.starts_with("linux") {
            let ours = build_id(&artifact.path());
            assert!(ours.len() >= 40, "{toolchain}: {ours}");
            assert_eq!(build_id(&with_dwarf[0]), ours, "{toolchain}");
        }
    }
}

fn is_image(path: &Path) -> bool {
    let start = std::fs::read(path).unwrap_or_default();
    start.starts_with(b"\x7fELF")
        || start.starts_with(b"MZ")
        || start.starts_with(&[0xcf, 0xfa, 0xed, 0xfe])
}

fn uuid(path: &Path) -> String {
    let objdump = machine().must("RGO_TEST_LLVM_OBJDUMP");
    let mut command = native(objdump);
    command.args(["--macho", "--private-headers"]).arg(path);
    let text = Outcome::of(&mut command).ended(0).stdout;
    let line = text.lines().find(|line| line.trim().starts_with("uuid "));
    line.unwrap_or_else(|| panic!("no uuid in {}", path.display())).trim().to_owned()
}

pub(crate) fn build_id(path: &Path) -> String {
    let text = readobj(&["--notes"], path);
    let id = text.split("Build ID: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    id.unwrap_or_else(|| panic!("no build-id in {}", path.display())).to_owned()
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_debugger_finds_the_companion() {
    let project = Project::at(&Project::of("sample").folder, "debugger");
    let report = project.build(["--target", "linux/amd64", "--strip", "split"]).report();
    let mut gdb = native("gdb");
    gdb.args(["-nx", "-batch", "-ex", "info line sample::main"]);
    gdb.arg(report.artifact("linux-amd64", "sample").path());
    let said = Outcome::of(gdb.env_remove("DEBUGINFOD_URLS")).ended(0).stdout;
    assert!(said.contains("main.rs"), "{said}");
}

#[test]
fn other_strippers_leave_the_note() {
    let report = crate::support::sample();
    for toolchain in ["linux-amd64", "linux-amd64-static", "linux-arm64", "linux-arm64-static"] {
        let folder = crate::support::scratch("stripped");
        let file = folder.join("sample");
        let mut strip = native(machine().must("RGO_TEST_LLVM_STRIP"));
        strip.arg("-o").arg(&file).arg(report.artifact(toolchain, "sample").path());
        Outcome::of(&mut strip).ended(0);
        let said = Outcome::of(tool("rgo-version-m").arg(&file)).ended(0).stdout;
        assert!(said.contains("\tdep\titoa\t"), "{toolchain}: {said}");
    }
}
