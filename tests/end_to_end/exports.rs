//! A library for C: its exports are those that the crate declares, in every format, and C links
//! with it.

use std::path::Path;

use crate::support::{
    ALL, Artifact, Outcome, Project, Report, machine, native, readobj, run, scratch,
};

const DECLARED: [&str; 3] = ["PLUG_ABI", "plug_add", "plug_describe"];

fn built() -> Report {
    Project::of("workspace").build(["--target", "all", "-p", "plug"]).report()
}

fn shared<'r>(report: &'r Report, toolchain: &str) -> Artifact<'r> {
    let name = if toolchain.starts_with("windows") { "plug.dll" } else { "libplug." };
    report
        .all()
        .filter(|(of, artifact)| *of == toolchain && artifact.get("kind") == "cdylib")
        .map(|(_, artifact)| artifact)
        .find(|artifact| {
            artifact.path().file_name().is_some_and(|file| file.to_string_lossy().starts_with(name))
        })
        .unwrap_or_else(|| panic!("{toolchain} has no shared library"))
}

#[test]
fn exports_are_those_that_are_declared() {
    let report = built();
    for toolchain in ALL.into_iter().filter(|toolchain| !toolchain.ends_with("static")) {
        let artifact = shared(&report, toolchain);
        let path = artifact.path();
        let theirs = match toolchain.split_once('-').expect("os-arch").0 {
            "linux" => elf_exports(&path),
            "darwin" => macho_exports(&path),
            _ => pe_exports(&path),
        };
        assert_eq!(theirs, DECLARED, "{toolchain}: as LLVM reads it");
        let mut ours: Vec<&str> = Artifact::strings(artifact.linkage("exports"));
        if toolchain.starts_with("darwin") {
            ours = ours.into_iter().map(|name| name.trim_start_matches('_')).collect();
        }
        ours.sort_unstable();
        assert_eq!(ours, DECLARED, "{toolchain}: as rgo reads it");
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// Defined global symbols of the dynamic table.
fn elf_exports(path: &Path) -> Vec<String> {
    let text = readobj(&["--dyn-syms", "--elf-output-style=GNU"], path);
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let defined = rows.filter(|row| row.len() >= 8 && row[4] != "LOCAL" && row[6] != "UND");
    let names = defined.map(|row| row[7].split('@').next().expect("a name").to_owned());
    sorted(names.filter(|name| name != "Name").collect())
}

/// The export trie, which is what dyld reads.
fn macho_exports(path: &Path) -> Vec<String> {
    let objdump = machine().must("RGO_TEST_LLVM_OBJDUMP");
    let mut command = native(objdump);
    command.args(["--macho", "--exports-trie"]).arg(path);
    let text = Outcome::of(&mut command).ended(0).stdout;
    let rows = text.lines().filter(|line| line.starts_with("0x"));
    let names = rows.filter_map(|row| row.split_whitespace().nth(1));
    sorted(names.map(|name| name.trim_start_matches('_').to_owned()).collect())
}

fn pe_exports(path: &Path) -> Vec<String> {
    let text = readobj(&["--coff-exports"], path);
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("Name: "));
    // The library's own name heads the list.
    sorted(names.filter(|name| !name.ends_with(".dll")).map(str::to_owned).collect())
}

#[test]
fn a_library_has_its_platforms_files_beside_it() {
    let report = built();
    for toolchain in ALL.into_iter().filter(|toolchain| !toolchain.ends_with("static")) {
        let artifact = shared(&report, toolchain);
        let folder = artifact.path().parent().expect("a folder").to_owned();
        let expected: &[&str] = match toolchain.split_once('-').expect("os-arch").0 {
            "linux" => &["libplug.so", "libplug.a", "plug.h"],
            "darwin" => &["libplug.dylib", "libplug.a", "plug.h"],
            _ => &["plug.dll", "libplug.dll.a", "libplug.a", "plug.h"],
        };
        for name in expected {
            assert!(folder.join(name).is_file(), "{toolchain}: no {name} in {folder:?}");
        }
    }
}

#[test]
fn a_library_does_not_name_the_folder_that_it_was_built_in() {
    let report = built();
    for toolchain in ["darwin-amd64", "darwin-arm64"] {
        let soname =
            shared(&report, toolchain).linkage("soname").as_str().expect("an id").to_owned();
        assert_eq!(soname, "@rpath/libplug.dylib", "{toolchain}");
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn c_links_with_the_shared_and_the_static_library() {
    let folder = scratch("c-links");
    let source = folder.join("main.c");
    let program = folder.join("main");
    let text = "#include <stdio.h>\n#include \"plug.h\"\n\
        int main(void) { printf(\"%d %u %d\\n\", plug_add(40, 2), PLUG_ABI, plug_describe(1.5) > 3); }\n";
    std::fs::write(&source, text).expect("written");
    let report = built();
    let dist = shared(&report, "linux-amd64").path().parent().expect("a folder").to_owned();
    for library in ["libplug.so", "libplug.a"] {
        let mut cc = native("cc");
        cc.arg(&source).arg("-o").arg(&program).arg("-I").arg(&dist).arg(dist.join(library));
        cc.arg(format!("-Wl,-rpath,{}", dist.display()));
        let fixed = report.artifact("linux-amd64", "libplug.a");
        cc.args(Artifact::strings(fixed.get("link_with")));
        Outcome::of(&mut cc).ended(0);
        let said = run("linux-amd64", &program, &[]).expect("runs here").ended(0).stdout;
        assert_eq!(said, "42 7 1\n", "{library}");
    }
}

/// Each platform's own, as the compiler says them.
#[test]
fn a_static_library_tells_what_to_link_with_it() {
    let report = built();
    for toolchain in ALL {
        let system = match toolchain.split('-').next() {
            Some("windows") => "-lkernel32",
            Some("darwin") => "-lSystem",
            _ => "-lc",
        };
        let libraries = report
            .all()
            .filter(|(of, artifact)| *of == toolchain && artifact.get("kind") == "staticlib");
        let libraries: Vec<_> = libraries.collect();
        assert_eq!(libraries.len(), 1, "{toolchain}");
        let libs = Artifact::strings(libraries[0].1.get("link_with"));
        assert!(libs.contains(&system), "{toolchain}: {libs:?}");
    }
}

#[test]
fn a_shared_library_on_static_musl_is_an_error_and_not_nothing() {
    let project = Project::of("workspace");
    project
        .build(["--target", "linux/amd64/static", "-p", "plug", "--buildmode", "c-shared"])
        .ended(1)
        .says("linux-amd64-static");
    // Without --buildmode the static library is made, and the report says what is not.
    let report = project.build(["--target", "linux/amd64/static", "-p", "plug"]).report();
    assert!(!report.not_made("linux-amd64-static").as_array().expect("a list").is_empty());
}

#[test]
fn buildmode_makes_a_library_of_any_kind() {
    let project = Project::of("no-bin");
    for (mode, kind) in [("c-shared", "cdylib"), ("c-archive", "staticlib")] {
        let args = ["--target", "linux/amd64,windows/arm64", "--buildmode", mode];
        let report = project.build(args).report();
        let kinds: Vec<_> = report.all().map(|(_, artifact)| artifact.get("kind")).collect();
        assert_eq!(kinds, [kind, kind]);
        // It has nothing for C: without a name on its list LLD would export all that there is.
        for (_, artifact) in report.all().filter(|_| kind == "cdylib") {
            assert_eq!(Artifact::strings(artifact.linkage("exports")), [""; 0]);
        }
    }
}
