//! Targets that cannot have what is asked for, beside others that can; and compilers that are too
//! old for all, or for some.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{ALL, Outcome, Project, Report, cannot_test, machine, run, tool, write};

/// A project of one package, and where it is.
fn project(library: &str, with_program: bool) -> (tempfile::TempDir, Project) {
    let temp = tempfile::tempdir().expect("a folder");
    let folder = temp.path().join("project");
    write(
        &folder.join("Cargo.toml"),
        &format!(
            "[package]\nname = \"thing\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[lib]\n\
             name = \"things\"\ncrate-type = {library}\n[workspace]\n"
        ),
    );
    write(
        &folder.join("src/lib.rs"),
        "#[no_mangle]\npub extern \"C\" fn thing(number: i32) -> i32 { number + 1 }\n",
    );
    if with_program {
        write(&folder.join("src/main.rs"), "fn main() { println!(\"a program\"); }\n");
    }
    let project = Project::at(&folder, "unused")
        .with_output(&temp.path().join("target"), &temp.path().join("dist"));
    (temp, project)
}

fn made(report: &Report) -> Vec<(&str, String)> {
    let all = report.all().map(|(toolchain, artifact)| {
        (toolchain, artifact.get("kind").as_str().expect("a kind").to_owned())
    });
    all.collect()
}

#[test]
fn all_leaves_out_targets_that_have_no_shared_libraries() {
    for (library, args) in [
        ("[\"cdylib\"]", &["--target", "all"][..]),
        ("[\"cdylib\", \"rlib\"]", &["--target", "all"]),
        ("[\"rlib\"]", &["--target", "all", "--buildmode", "c-shared"]),
    ] {
        let (_temp, project) = project(library, false);
        let outcome = Outcome::of(project.command([]).args(args)).ended(0);
        let report = outcome.says("linux-amd64-static is left out").report();
        for toolchain in ALL {
            let kinds: Vec<_> = made(&report).into_iter().filter(|it| it.0 == toolchain).collect();
            if toolchain.ends_with("-static") {
                assert_eq!(kinds, []);
                assert!(report.not_made(toolchain).to_string().contains("left out"));
            } else {
                assert_eq!(kinds, [(toolchain, "cdylib".to_owned())], "{library}");
            }
        }
    }
}

#[test]
fn a_target_that_is_named_and_cannot_fails_before_anything_is_compiled() {
    let (_temp, project) = project("[\"cdylib\"]", false);
    let outcome = project.build(["--target", "linux/amd64,linux/amd64/static"]).ended(1);
    outcome.says("linux-amd64-static: things cannot be a cdylib").says_nothing_of("Compiling");
    assert!(!project.output.exists());
}

/// A static target has the program of one package and the library of another, and cargo cannot
/// select the two at once.
#[test]
fn a_mix_that_cargo_cannot_select_says_so() {
    let (_temp, project) = project("[\"cdylib\"]", true);
    let manifest = project.folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("is there");
    fs::write(&manifest, text + "members = [\"other\"]\n").expect("written");
    write(
        &project.folder.join("other/Cargo.toml"),
        "[package]\nname = \"other\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[lib]\n\
         crate-type = [\"staticlib\"]\n",
    );
    write(&project.folder.join("other/src/lib.rs"), "");
    let outcome = project.build(["--workspace", "--target", "linux/amd64/static"]).ended(1);
    let outcome = outcome.says("no flags for the library of one package and the programs");
    outcome.says("one by one, with -p").says_nothing_of("dynamic linking");
}

/// Cargo refuses the library for this target, and the program is built all the same.
#[test]
fn a_program_beside_such_a_library_is_built_for_every_target() {
    let (_temp, project) = project("[\"cdylib\"]", true);
    let report = project.build(["--target", "linux/amd64,linux/amd64/static"]).report();
    let expected =
        [("linux-amd64", "bin"), ("linux-amd64", "cdylib"), ("linux-amd64-static", "bin")];
    let mut made: Vec<_> = made(&report);
    made.sort();
    let made: Vec<_> = made.iter().map(|(toolchain, kind)| (*toolchain, kind.as_str())).collect();
    assert_eq!(made, expected);
    let program = report.artifact("linux-amd64-static", "thing").path();
    if let Some(ran) = run("linux-amd64-static", &program, &[]) {
        assert_eq!(ran.ended(0).stdout, "a program\n");
    }
}

/// A cargo and a rustc that say this of themselves, and do nothing.
#[cfg(unix)]
fn said_to_be(release: &str, folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let said = format!(
        "rustc {release} (0 2023-01-01)\\nhost: x86_64-unknown-linux-gnu\\nrelease: {release}"
    );
    for name in ["cargo", "rustc"] {
        write(&folder.join(name), &format!("#!/bin/sh\nprintf '{said}\\n'\n"));
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.join(name), executable).expect("is ours");
    }
    folder.join("cargo")
}

#[test]
#[cfg(unix)]
fn a_compiler_that_is_too_old_is_said_to_be() {
    let temp = tempfile::tempdir().expect("a folder");
    let project = Project::of("sample");
    for release in ["1.70.0", "1.73.0", "1.73.0-nightly"] {
        let cargo = said_to_be(release, temp.path());
        let mut command = project.command(["--target", "linux/amd64"]);
        let outcome = Outcome::of(command.arg("--cargo").arg(&cargo)).ended(1);
        outcome.says(&format!("rustc {release}")).says("rgo-build needs Rust 1.74.0 or newer");
        let mut doctor = tool("rgo-build");
        let outcome = Outcome::of(doctor.args(["doctor", "--cargo"]).arg(&cargo));
        assert!(format!("{}{}", outcome.stdout, outcome.stderr).contains("1.74.0 or newer"));
    }
}

/// The oldest that is supported builds, and runs; its library source has another layout.
#[test]
#[cfg(target_os = "linux")]
fn the_oldest_compiler_builds() {
    let Some(cargo) = machine().var("RGO_TEST_OLDEST_CARGO") else {
        cannot_test("the oldest compiler; set-up found no rustup");
        return;
    };
    let (_temp, project) = project("[\"cdylib\", \"rlib\"]", true);
    let targets = "linux/amd64,linux/arm64/static,darwin/arm64";
    let report = project.build(["--target", targets, "--cargo", &cargo]).report();
    for toolchain in ["linux-amd64", "linux-arm64-static", "darwin-arm64"] {
        let program = report.artifact(toolchain, "thing").path();
        if let Some(ran) = run(toolchain, &program, &[]) {
            assert_eq!(ran.ended(0).stdout, "a program\n");
        }
    }
    // For some targets there is nothing to build with: they are named, and the others are built.
    let outcome = project.build(["--target", "windows/amd64", "--cargo", &cargo]).ended(1);
    outcome.says("windows-amd64: it needs Rust 1.87.0 or newer");
    let mut command = project.command(["--target", "all", "--cargo", &cargo, "--bins"]);
    let report = Outcome::of(&mut command).ended(0).says("windows-amd64 is left out").report();
    assert!(made(&report).iter().any(|(toolchain, _)| *toolchain == "darwin-amd64"));
}
