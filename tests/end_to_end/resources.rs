//! Resources of Windows programs: icon, version and manifest, through the crates that people have
//! for it. Each looks for its resource compiler in another place, and finds rgo's. What came out is
//! read by LLVM too, and by Windows where a program of it runs.

use std::path::Path;

use serde_json::Value;

use crate::support::{Artifact, Outcome, Project, Report, readobj, run, tool, write};

const WINDOWS: [&str; 2] = ["windows-amd64", "windows-arm64"];
const TARGETS: [&str; 2] = ["--target", "windows/amd64,windows/arm64"];

/// Where no resource compiler is, also if this machine has one.
fn without_compilers(project: &Project) -> std::path::PathBuf {
    let path = std::env::var_os("PATH").expect("a PATH");
    let folder = project.target.with_file_name("path");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("made");
    let is_one = |name: &str| {
        name.contains("windres")
            || name.starts_with("llvm-")
            || name == "rc"
            || name.contains("mingw")
    };
    for from in std::env::split_paths(&path).filter_map(|it| std::fs::read_dir(it).ok()) {
        for entry in from.flatten().filter(|entry| !is_one(&entry.file_name().to_string_lossy())) {
            let place = folder.join(entry.file_name());
            #[cfg(unix)]
            let _ = std::os::unix::fs::symlink(entry.path(), place);
            #[cfg(not(unix))]
            let _ = std::fs::hard_link(entry.path(), place);
        }
    }
    folder
}

fn build(project: &Project, package: &str, command: Option<&str>) -> Outcome {
    let mut build = project.command(TARGETS.into_iter().chain(["-p", package]));
    build.env("PATH", without_compilers(project));
    Outcome::of(build.envs(command.map(|words| ("RESOURCE_COMMAND", words))))
}

/// The version resource, as rgo-version-m reads it.
fn strings(file: &Path) -> Value {
    let mut show = tool("rgo-version-m");
    let said = Outcome::of(show.args(["--facts", "--format", "json"]).arg(file)).ended(0).stdout;
    let report: Value = serde_json::from_str(&said).expect("JSON");
    report["files"][0]["facts"]["version_info"]["strings"].clone()
}

/// Holds that a program has these resources, and that the manifest has kept its letters.
#[track_caller]
fn holds(report: &Report, package: &str, toolchain: &str, kinds: &[&str]) {
    let file = report.artifact(toolchain, package).path();
    let said = readobj(&["--file-headers", "--coff-resources"], &file);
    let machine = if toolchain.ends_with("arm64") { "MACHINE_ARM64" } else { "MACHINE_AMD64" };
    assert!(said.contains(machine), "{package} {toolchain}: {said}");
    for (kind, name) in
        [("icon", "Type: ICON"), ("version", "Type: VERSIONINFO"), ("manifest", "Type: MANIFEST")]
    {
        assert_eq!(
            said.contains(name),
            kinds.contains(&kind),
            "{package} {toolchain} {kind}: {said}"
        );
    }
    if kinds.contains(&"version") {
        let strings = strings(&file);
        assert_eq!(strings["ProductName"], "Größe \"x\"", "{package} {toolchain}: {strings}");
        assert_eq!(strings["FileVersion"], "1.2.3", "{package} {toolchain}: {strings}");
    }
    let bytes = std::fs::read(&file).expect("is there");
    let text = "<description>Größe €</description>".as_bytes();
    assert!(
        bytes.windows(text.len()).any(|part| part == text),
        "{package} {toolchain}: the manifest"
    );
    if let Some(ran) = run(toolchain, &file, &[]) {
        assert_eq!(ran.ended(0).stdout, format!("{}\n", kinds.join(" ")), "{package}");
    }
}

const ALL_KINDS: [&str; 3] = ["icon", "version", "manifest"];

#[test]
fn winresource_compiles_icon_version_and_manifest() {
    let project = Project::of("resources");
    let report = build(&project, "by-winresource", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-winresource", toolchain, &ALL_KINDS);
    }
}

/// It makes an archive of them, of which a linker would take nothing.
#[test]
fn winres_compiles_icon_version_and_manifest() {
    let project = Project::of("resources");
    let report = build(&project, "by-winres", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-winres", toolchain, &ALL_KINDS);
    }
}

/// rustc puts the archive into the library's own; whoever links an archive whole has its resources once.
#[test]
fn resources_of_a_library_and_of_a_whole_archive_are_in_the_program() {
    let project = Project::copy("resources");
    let package = project.folder.join("by-winres");
    write(&package.join("lib.rs"), "");
    let manifest = package.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    write(&manifest, &format!("{text}\n[lib]\npath = \"lib.rs\"\n"));
    let main = std::fs::read_to_string(project.folder.join("main.rs")).expect("a program");
    write(&project.folder.join("main.rs"), &format!("{main}\nuse by_winres as _;\n"));
    let report = build(&project, "by-winres", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-winres", toolchain, &ALL_KINDS);
    }
    write(&manifest, &text);
    write(&project.folder.join("main.rs"), &main);
    let script = package.join("build.rs");
    let text = std::fs::read_to_string(&script).expect("a script");
    let whole = "resource.compile().expect(\"resources\");\n    \
                 println!(\"cargo::rustc-link-arg=-Wl,--whole-archive,-lresource,--no-whole-archive\");";
    write(&script, &text.replace("resource.compile().expect(\"resources\");", whole));
    let report = build(&project, "by-winres", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-winres", toolchain, &ALL_KINDS);
    }
}

/// The version of a library is not that of the programs that use it.
#[test]
fn resources_of_a_dependency_are_not_the_programs() {
    let project = Project::copy("resources");
    let dependency = project.folder.join("by-winres");
    write(&dependency.join("lib.rs"), "");
    let manifest = dependency.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("a manifest");
    write(&manifest, &format!("{text}\n[lib]\npath = \"lib.rs\"\n"));
    // Its own version is by another crate, which would meet the other one.
    let program = project.folder.join("by-winresource");
    let text = std::fs::read_to_string(program.join("Cargo.toml")).expect("a manifest");
    let more = "\n[dependencies]\nby-winres = { path = \"../by-winres\" }\n";
    write(&program.join("Cargo.toml"), &format!("{text}{more}"));
    let main = project.folder.join("main.rs");
    let text = std::fs::read_to_string(&main).expect("a program");
    write(&program.join("main.rs"), &format!("{text}\nuse by_winres as _;\n"));
    let path = program.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).expect("a manifest");
    write(&path, &text.replace("../main.rs", "main.rs"));
    let report = build(&project, "by-winresource", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-winresource", toolchain, &ALL_KINDS);
    }
    write(&program.join("build.rs"), "fn main() {}\n");
    let report = build(&project, "by-winresource", None).report();
    for toolchain in WINDOWS {
        assert_eq!(strings(&report.artifact(toolchain, "by-winresource").path()), Value::Null);
    }
}

#[test]
fn embed_resource_compiles_a_script_with_macros_and_headers() {
    let project = Project::of("resources");
    let report = build(&project, "by-embed-resource", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-embed-resource", toolchain, &ALL_KINDS);
    }
}

#[test]
fn tauri_winres_compiles_icon_version_and_manifest() {
    let project = Project::of("resources");
    let report = build(&project, "by-tauri-winres", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-tauri-winres", toolchain, &ALL_KINDS);
    }
}

#[test]
fn embed_manifest_makes_its_object_by_itself() {
    let project = Project::of("resources");
    let report = build(&project, "by-embed-manifest", None).report();
    for toolchain in WINDOWS {
        holds(&report, "by-embed-manifest", toolchain, &["manifest"]);
    }
}

/// By every name, in the words of GNU's and of Microsoft's.
#[test]
fn tools_are_found_by_every_name_and_take_the_words_of_each() {
    let project = Project::copy("resources");
    for command in [
        "windres ../app.rc $OUT",
        "llvm-windres -I . --input=../app.rc --output $OUT --output-format=coff -c 65001",
        "x86_64-w64-mingw32-windres -F pe-x86-64 ../app.rc $OUT",
        "rc /nologo /x /fo $OUT ../app.rc",
        "llvm-rc -C 65001 -fo $OUT -- ../app.rc",
    ] {
        let outcome = build(&project, "by-windres", Some(command));
        // The name has the processor.
        let one = command.starts_with("x86_64");
        let report = if one { outcome.ended(1).says("windows-arm64") } else { outcome.ended(0) };
        let report = Report::parse(&report.stdout);
        for toolchain in WINDOWS.into_iter().take(if one { 1 } else { 2 }) {
            holds(&report, "by-windres", toolchain, &ALL_KINDS);
        }
    }
}

#[test]
fn what_the_compiler_cannot_follow_fails_by_name() {
    let project = Project::copy("resources");
    for (command, words) in [
        ("windres -O rc ../app.rc $OUT", "zig makes no rc of rc"),
        ("windres --preprocessor-arg=-include ../app.rc $OUT", "`-include`"),
        ("rc /fm x ../app.rc", "`/fm`"),
    ] {
        build(&project, "by-windres", Some(command)).ended(1).says(words);
    }
}

/// A resource compiler that the user names is the one that is called.
#[test]
#[cfg(unix)]
fn a_compiler_that_the_user_names_stays() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::copy("resources");
    let own = project.folder.join("my-windres");
    write(&own, "#!/bin/sh\necho called as mine >&2\nexit 7\n");
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).expect("runnable");
    for (package, variable) in [
        ("by-winresource", "WINDRES"),
        ("by-embed-resource", "RC_x86_64_pc_windows_gnullvm"),
        ("by-embed-resource", "RC"),
    ] {
        let mut build = project.command(["--target", "windows/amd64", "-p", package]);
        let outcome = Outcome::of(build.env(variable, &own)).ended(1);
        assert!(
            outcome.stderr.contains("my-windres") || outcome.stderr.contains("as mine"),
            "{outcome}"
        );
    }
}

#[test]
fn cmake_compiles_resources() {
    let project = Project::copy("with-cmake-c");
    let lists = project.folder.join("c/CMakeLists.txt");
    let text = std::fs::read_to_string(&lists).expect("a project");
    let more = "if(WIN32)\n  enable_language(RC)\n  target_sources(count PRIVATE app.rc)\n  \
                set_source_files_properties(app.rc PROPERTIES COMPILE_DEFINITIONS NUMBER=7)\nendif()\n";
    write(&lists, &(text + more));
    write(&project.folder.join("c/app.rc"), "1 RCDATA { NUMBER }\n");
    let mut build = project.command(TARGETS);
    Outcome::of(build.env("PATH", without_compilers(&project))).ended(0);
    for (triple, machine) in [("x86_64", "MACHINE_AMD64"), ("aarch64", "MACHINE_ARM64")] {
        let built = project.target.join(format!("{triple}-pc-windows-gnullvm/release/build"));
        let object = find(&built, "app.rc.obj").expect("an object file");
        let said = readobj(&["--file-headers", "--coff-resources"], &object);
        for words in [machine, "Type: RCDATA", "0000: 0700"] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

fn find(folder: &Path, name: &str) -> Option<std::path::PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder).ok()?.flatten().map(|it| it.path()).collect();
    let here = entries.iter().find(|path| path.file_name().is_some_and(|it| it == name)).cloned();
    here.or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|it| find(it, name)))
}

/// No folder, date or machine leaves a trace.
#[test]
fn two_folders_make_the_same_bytes() {
    let bytes = |folder: &str| -> Vec<Vec<u8>> {
        let temp = tempfile::tempdir().expect("a folder");
        let base = temp.path().join(folder);
        std::fs::create_dir_all(&base).expect("made");
        let project = Project::copy_to("resources", &base);
        project.commit();
        let report = build(&project, "by-embed-resource", None).report();
        let read = |artifact: Artifact<'_>| std::fs::read(artifact.path()).expect("is there");
        WINDOWS.iter().map(|it| read(report.artifact(it, "by-embed-resource"))).collect()
    };
    let [one, other] = ["a", "a/longer folder/name"].map(bytes);
    assert!(one == other, "the programs differ");
}
