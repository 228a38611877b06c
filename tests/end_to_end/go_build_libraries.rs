//! Build modes of Go besides plain programs: libraries for C, position-independent programs, the
//! race detector, programs for a debugger, and what stripping leaves of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{
    GoProject, Outcome, Report, can, cannot_test, has_go, machine, native, no_gcc, readobj, run,
    scratch, write, zig,
};

/// Whether programs of linux/amd64 run here.
const IS_LINUX_AMD64: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

fn export(test: &str, args: &[&str]) -> Report {
    let values = ["-X", "main.version=1.2.3", "--vcs", "off"];
    let project = GoProject::of("go-export", test);
    project.build(args.iter().copied().chain(values)).report()
}

fn source(name: &str) -> PathBuf {
    GoProject::of("go-export", "").folder.join("c").join(name)
}

/// A C program of this machine, linked with a library.
fn c_program(name: &str, folder: &Path, flags: &[&str]) -> Command {
    let file = folder.join(name);
    let mut gcc = native("gcc");
    gcc.arg(source(&format!("{name}.c"))).arg("-o").arg(&file).arg("-I").arg(folder).args(flags);
    Outcome::of(gcc.current_dir(folder)).ended(0);
    native(file)
}

/// The folder of a library, where its header lies too.
fn folder_of(report: &Report, toolchain: &str, name: &str) -> PathBuf {
    let file = report.artifact(toolchain, name).path();
    assert!(file.is_file());
    let folder = file.parent().expect("a folder").to_owned();
    let header = folder.join(file.with_extension("h").file_name().expect("a name"));
    let text = std::fs::read_to_string(&header).unwrap_or_else(|e| panic!("{header:?}: {e}"));
    assert!(text.contains("extern int Add(int a, int b);"), "{text}");
    folder
}

#[test]
fn a_shared_library_is_loaded_and_linked() {
    if !has_go("shared libraries of Go") {
        return;
    }
    let targets = "linux/amd64,windows/amd64,darwin/arm64";
    let report = export("c-shared", &["--buildmode", "c-shared", "--target", targets]);
    let folder = folder_of(&report, "linux-amd64", "libexport.so");
    let dynamic = readobj(&["--dynamic-table"], &folder.join("libexport.so"));
    assert!(dynamic.contains("SONAME") && dynamic.contains("[libexport.so]"), "{dynamic}");
    if IS_LINUX_AMD64 && can("gcc") {
        let mut load = c_program("load", &folder, &["-ldl"]);
        assert_eq!(
            Outcome::of(load.arg("./libexport.so").current_dir(&folder)).stdout,
            "42 1.2.3\n"
        );
        let mut linked = c_program("use", &folder, &["libexport.so", "-Wl,-rpath,$ORIGIN"]);
        assert_eq!(Outcome::of(&mut linked).ended(0).stdout, "42 1.2.3\n");
    } else {
        no_gcc("calling a shared library of Go");
    }
    let darwin = report.artifact("darwin-arm64", "libexport.dylib");
    crate::end_to_end::go_build_cgo::sound(&[&darwin.path()]);
    let named = artifact_strings(&report, "darwin-arm64", "libexport.dylib", "exports");
    assert!(named.is_empty() || named.iter().any(|name| name == "_Add"), "{named:?}");

    let folder = folder_of(&report, "windows-amd64", "export.dll");
    let exports = readobj(&["--coff-exports"], &folder.join("export.dll"));
    assert!(exports.contains("Name: Add") && exports.contains("Name: Version"), "{exports}");
    assert_eq!(exports.matches("Name: ").count(), 2, "{exports}");
    let program = folder.join("use.exe");
    let mut cc = zig("cc", &folder);
    cc.args(["-target", "x86_64-windows-gnu", "-I"]).arg(&folder).arg(source("use_windows.c"));
    Outcome::of(cc.arg(folder.join("export.dll")).arg("-o").arg(&program)).ended(0);
    if let Some(ran) = run("windows-amd64", &program, &[]) {
        assert_eq!(ran.ended(0).stdout, "42 1.2.3\n");
    }
}

fn artifact_strings(report: &Report, toolchain: &str, name: &str, key: &str) -> Vec<String> {
    let list = report.artifact(toolchain, name).get(key).as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

#[test]
fn a_static_library_is_linked() {
    if !has_go("static libraries of Go") {
        return;
    }
    let args = ["--buildmode", "c-archive", "--target", "linux/amd64,linux/arm64,windows/amd64"];
    let report = export("c-archive", &args);
    let folder = folder_of(&report, "linux-amd64", "libexport.a");
    folder_of(&report, "linux-arm64", "libexport.a");
    if IS_LINUX_AMD64 && can("gcc") {
        let mut linked = c_program("use", &folder, &["libexport.a", "-lpthread", "-lresolv"]);
        assert_eq!(Outcome::of(&mut linked).ended(0).stdout, "42 1.2.3\n");
    } else {
        no_gcc("linking a static library of Go");
    }
}

#[test]
fn libraries_with_musl_are_refused() {
    if !has_go("libraries with musl") {
        return;
    }
    for mode in ["c-shared", "c-archive"] {
        let project = GoProject::of("go-export", "musl");
        let args = ["--buildmode", mode, "--target", "linux/amd64/static"];
        let outcome = project.build(args).ended(1);
        outcome.says("with musl").says("hint: --target linux/amd64, which has glibc");
    }
}

#[test]
fn static_position_independent_programs_run() {
    if !has_go("position-independent Go programs") {
        return;
    }
    let project = GoProject::of("go-app", "pie");
    let targets = "linux/amd64/static,linux/arm64/static,linux/amd64";
    let args = ["./cmd/server", "--buildmode", "pie", "--target", targets, "--vcs", "off"];
    let report = project.build(args.into_iter().chain(["-X", "main.version=1.2.3"])).report();
    for (toolchain, artifact) in report.all() {
        let file = artifact.path();
        let is_static = toolchain.ends_with("static");
        let header = readobj(&["--file-header", "--program-headers"], &file);
        assert!(header.contains("Type: SharedObject"), "{toolchain}: {header}");
        assert_eq!(!header.contains("PT_INTERP"), is_static, "{toolchain}: {header}");
        assert_eq!(artifact.linkage("kind"), if is_static { "static-pie" } else { "pie" });
        if let Some(ran) = run(toolchain, &file, &[]) {
            assert_eq!(ran.ended(0).stdout, "server 1.2.3  5 APP 80\n", "{toolchain}");
        }
    }
}

const RACY: &str = r#"package main

import "fmt"

func main() {
	n, done := 0, make(chan bool)
	go func() { n++; done <- true }()
	n++
	<-done
	fmt.Println(n > 0)
}
"#;

#[test]
fn races_are_found() {
    if !has_go("the race detector") {
        return;
    }
    let project = GoProject::empty();
    write(&project.folder.join("go.mod"), "module example.com/racy\n\ngo 1.21\n");
    write(&project.folder.join("main.go"), RACY);
    let report = project.build(["--race", "--target", "linux/amd64", "--vcs", "off"]).report();
    if IS_LINUX_AMD64 {
        let file = report.artifact("linux-amd64", "racy").path();
        run("linux-amd64", &file, &[]).expect("runs here").ended(66).says("WARNING: DATA RACE");
    }
    let outcome = project.build(["--race", "--target", "windows/arm64", "--vcs", "off"]).ended(1);
    outcome.says("no race detector for windows/arm64").says("linux/amd64");
}

#[test]
fn a_program_for_a_debugger_has_all_functions() {
    if !has_go("Go programs for a debugger") {
        return;
    }
    let project = GoProject::of("go-cgo", "debug");
    let inlined = |flags: &[&str], output: &str| {
        let mut project = GoProject::of("go-cgo", "debug");
        project.output = project.output.join(output);
        let args = ["./cmd/app", "--target", "linux/amd64", "--vcs", "off"];
        let report = project.build(args.into_iter().chain(flags.iter().copied())).report();
        let file = report.artifact("linux-amd64", "app").path();
        let mut dump = native(machine().must("RGO_TEST_LLVM_DWARFDUMP"));
        let said =
            Outcome::of(dump.args(["--name=main.main", "--show-children"]).arg(&file)).stdout;
        assert!(said.contains("main.main"), "{said}");
        (said.contains("DW_TAG_inlined_subroutine"), file)
    };
    assert!(inlined(&[], "plain").0, "an optimized program has inlined functions");
    let (is_inlined, file) = inlined(&["--debug"], "for-a-debugger");
    assert!(!is_inlined, "--debug");
    if !IS_LINUX_AMD64 {
        return;
    }
    let Some(dlv) = machine().var("RGO_TEST_DLV") else {
        cannot_test("--debug with dlv");
        return;
    };
    let commands = scratch("go-debug").join("commands");
    write(&commands, "break main.main\ncontinue\nnext\nnext\nprint version\nexit\n");
    let mut dlv = native(dlv);
    dlv.args(["exec", "--allow-non-terminal-interactive=true", "--init"]).arg(&commands).arg(&file);
    let said = Outcome::of(dlv.current_dir(&project.folder)).stdout;
    assert!(said.contains("main.go") && said.contains("\"dev\""), "{said}");
}

#[test]
fn stripped_programs_run_and_companions_are_found() {
    if !has_go("stripped Go programs") {
        return;
    }
    let project = GoProject::copy("go-cgo");
    for strip in ["debug", "all", "split"] {
        let args = ["./cmd/app", "--target", "linux/amd64,linux/arm64/static", "--vcs", "off"];
        let report = project.build(args.into_iter().chain(["--strip", strip])).report();
        for (toolchain, artifact) in report.all() {
            let file = artifact.path();
            let sections = readobj(&["--sections"], &file);
            assert!(!sections.contains(".debug_info"), "{toolchain} {strip}");
            assert_eq!(sections.contains(".symtab"), strip == "debug", "{toolchain} {strip}");
            if let Some(ran) = run(toolchain, &file, &[]) {
                assert!(ran.ended(0).stdout.starts_with("c: 84 text\n"), "{toolchain} {strip}");
            }
        }
        if strip != "split" {
            continue;
        }
        if !can("gdb") {
            cannot_test("the companion of a Go program; there is no gdb");
            continue;
        }
        let file = report.artifact("linux-amd64", "app").path();
        let mut gdb = native("gdb");
        gdb.args([
            "-nx",
            "-batch",
            "-iex",
            "set debuginfod enabled off",
            "-iex",
            "set auto-load no",
        ]);
        gdb.args(["-ex", "info line answer", "-ex", "info line main.main"]).arg(&file);
        let said = Outcome::of(gdb.current_dir("/")).stdout;
        assert!(said.contains("answer.c") && said.contains("main.go"), "{said}");
    }
}
