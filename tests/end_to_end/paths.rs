//! Folders: ones with odd names to build in, and ones whose names must not be in the result.

use std::fs;

use crate::support::{Artifact, Outcome, Project, run, tool};

#[test]
fn spaces_and_letters_beyond_ascii_are_no_trouble() {
    let temp = tempfile::tempdir().expect("a folder");
    let base = temp.path().join("ein Ordner mit Ümlaut, 'quotes' & 漢字");
    fs::create_dir(&base).expect("made");
    for name in ["sample", "with-c"] {
        let project = Project::copy_to(name, &base);
        let targets = "linux/amd64,linux/arm64/static,darwin/arm64,windows/amd64";
        let args = ["--target", targets, "--strip", "split"];
        let report = project.build(args).report();
        for toolchain in report.toolchains() {
            let artifact = report.artifact(toolchain, name);
            if let Some(ran) = run(toolchain, &artifact.path(), &[]) {
                assert!(!ran.ended(0).stdout.is_empty());
            }
        }
    }
}

#[test]
fn the_cache_may_be_in_such_a_folder_too() {
    let temp = tempfile::tempdir().expect("a folder");
    let cache = temp.path().join("a cache, ümlaut");
    #[cfg(target_os = "linux")]
    crate::end_to_end::concurrency::fresh_cache(&cache);
    let project = Project::copy("with-c");
    let mut command = project.command(["--target", "linux/amd64"]);
    let report = Outcome::of(command.env("RGO_CACHE", &cache)).report();
    let file = report.artifact("linux-amd64", "with-c").path();
    if let Some(ran) = run("linux-amd64", &file, &[]) {
        assert!(ran.ended(0).stdout.starts_with("Square root"));
    }
}

/// Of the workspace, wherever in it a build starts; and for a user of whom no variable says where
/// home is.
#[test]
#[cfg(target_os = "linux")]
fn results_go_to_dist_of_the_workspace() {
    let project = Project::copy("workspace");
    let member = fs::read_dir(project.folder.join("crates")).ok().into_iter().flatten().flatten();
    let member = member.map(|entry| entry.path()).find(|path| path.join("Cargo.toml").is_file());
    let inner = member.unwrap_or_else(|| project.folder.join("plug"));
    for start in [&project.folder, &inner, &inner.join("src")] {
        let mut command = tool("rgo-build");
        command.args(["--target", "linux/amd64", "-p", "plug"]).current_dir(start);
        command.env("CARGO_TARGET_DIR", &project.target).env_remove("HOME");
        Outcome::of(&mut command).ended(0);
        let dist = project.folder.join("dist");
        assert!(dist.join("linux-amd64/libplug.so").is_file(), "{}", start.display());
        fs::remove_dir_all(dist).expect("removed");
    }
}

#[test]
fn no_path_of_this_machine_is_in_a_release() {
    let project = Project::copy("sample");
    let report = project.build(["--target", "all"]).report();
    let home = std::env::var("HOME").unwrap_or_default();
    let base = project.target.parent().expect("a folder").to_str().expect("UTF-8").to_owned();
    for (toolchain, artifact) in report.all() {
        assert_eq!(artifact.get("leaks").as_array().map(Vec::len), Some(0), "{artifact:?}");
        let bytes = artifact.bytes();
        for folder in [&base, &format!("{home}/.cargo"), &format!("{home}/.cache")] {
            let found = bytes.windows(folder.len()).any(|window| window == folder.as_bytes());
            assert!(!found, "{toolchain} has {folder}");
        }
    }
}

#[test]
fn a_path_that_the_code_bakes_in_is_told_with_its_section() {
    let project = Project::copy("bakes-paths");
    let report =
        project.build(["--target", "linux/amd64/static,darwin/arm64,windows/amd64"]).report();
    let folder = project.folder.to_str().expect("UTF-8");
    for (toolchain, section) in [
        ("linux-amd64-static", ".rodata"),
        ("darwin-arm64", "__const"),
        ("windows-amd64", ".rdata"),
    ] {
        let leaks = report.artifact(toolchain, "bakes-paths").get("leaks");
        let leaks = leaks.as_array().expect("a list");
        assert_eq!(leaks.len(), 1, "{toolchain}: {leaks:?}");
        assert!(leaks[0]["example"].as_str().expect("text").contains(folder), "{leaks:?}");
        let found = leaks[0]["section"].as_str().expect("text");
        assert!(found.contains(section) || found.contains("__cstring"), "{toolchain}: {found}");
    }
}

#[test]
fn paths_stay_if_that_is_wished() {
    let project = Project::copy("sample");
    let build = |more: &[&str]| {
        let args = ["--target", "linux/amd64/static", "--debug-info", "full", "--strip", "none"];
        let report = project.build(args.into_iter().chain(more.iter().copied())).report();
        let bytes = report.artifact("linux-amd64-static", "sample").bytes();
        let folder = project.folder.to_str().expect("UTF-8").as_bytes();
        bytes.windows(folder.len()).any(|window| window == folder)
    };
    assert!(!build(&[]));
    assert!(build(&["--no-trimpath"]));
}

#[test]
fn what_is_beside_the_results_stays() {
    let project = Project::copy("env");
    let beside = project.output.join("linux-amd64-static/README");
    crate::support::write(&beside, "mine");
    let report = project.build(["--target", "linux/amd64/static"]).report();
    let artifacts: Vec<Artifact<'_>> = report.all().map(|(_, artifact)| artifact).collect();
    assert_eq!(artifacts.len(), 1);
    assert_eq!(fs::read_to_string(beside).expect("there"), "mine");
}

/// Build scripts for Windows get a PATH of rgo's making; those of others stay on it.
#[cfg(unix)]
#[test]
fn a_path_that_is_partly_no_utf8_serves_windows_too() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;

    let project = Project::copy("link-options");
    let mut path: OsString = std::env::var_os("PATH").expect("a PATH");
    path.push(OsStr::from_bytes(b":/none\xff"));
    let mut build = project.command(["--target", "windows/amd64"]);
    let outcome = Outcome::of(build.env("PATH", path)).ended(0);
    outcome.says("names are not UTF-8");
}
