//! The oldest system: whoever names it and however it is written, it comes out, or is refused
//! before anything is compiled.

use crate::end_to_end::build_matrix::floor;
use crate::support::{Outcome, Project, write};

/// What of `llvm-readobj` says that a darwin program's oldest system is this one.
#[track_caller]
fn macos(
    project: &Project,
    args: &[&str],
    variable: Option<&str>,
    expected: &[(&str, (u32, u32))],
) {
    let mut command = project.command(args.iter().copied());
    command.current_dir(&project.folder).env_remove("MACOSX_DEPLOYMENT_TARGET");
    let outcome = Outcome::of(command.envs(variable.map(|v| ("MACOSX_DEPLOYMENT_TARGET", v))));
    let report = outcome.ended(0).says_nothing_of("zig").report();
    for (toolchain, expected) in expected {
        let found = floor(toolchain, &report.artifact(toolchain, "env").path());
        assert_eq!(found, *expected, "{toolchain}: {args:?} {variable:?}");
    }
}

#[test]
fn a_macos_floor_comes_out_whoever_names_it() {
    let project = Project::at(&Project::of("env").folder, "floors");
    let arm = ["--target", "macos/arm64"];
    let arm64 = |version| [("darwin-arm64", version)];
    macos(&project, &[arm[0], arm[1], "--macos", "11"], Some("13"), &arm64((11, 0)));
    macos(&project, &[arm[0], arm[1], "--macos", "26"], None, &arm64((26, 0)));
    macos(&project, &arm, Some("12"), &arm64((12, 0)));
    macos(&project, &["--target", "aarch64-macos.13.1-none"], Some("12"), &arm64((13, 1)));
    // arm64 has no macOS 10; each processor has its own value of one variable.
    let both = [("darwin-amd64", (10, 12)), ("darwin-arm64", (11, 0))];
    macos(&project, &["--target", "mac", "--macos", "10.12"], None, &both);
    // The environment's value is for all programs that read it: it is raised.
    macos(&project, &["--target", "mac"], Some("10.9"), &both);
}

#[test]
fn a_macos_floor_of_cargos_configuration_comes_out() {
    let project = Project::copy("env");
    let config = project.folder.join(".cargo/config.toml");
    let arm64 = |version| [("darwin-arm64", version)];
    write(&config, "[env]\nMACOSX_DEPLOYMENT_TARGET = \"12\"\n");
    macos(&project, &["--target", "mac/arm64"], None, &arm64((12, 0)));
    macos(&project, &["--target", "mac/arm64"], Some("13"), &arm64((13, 0)));
    write(&config, "[env]\nMACOSX_DEPLOYMENT_TARGET = { value = \"12\", force = true }\n");
    macos(&project, &["--target", "mac/arm64"], Some("13"), &arm64((12, 0)));
}

#[test]
fn the_newest_glibc_of_zig_is_the_newest_that_can_be_asked_for() {
    let project = Project::at(&Project::of("env").folder, "floors");
    let refused = project.build(["--target", "linux", "--glibc", "2.99"]).ended(2);
    let newest =
        refused.stderr.split("glibc ").find_map(|rest| rest.strip_suffix(" at most, not for "));
    let newest = newest.unwrap_or_else(|| panic!("{refused}"));
    let triple = format!("x86_64-unknown-linux-gnu.{newest}");
    let report = project.build(["--target", &triple]).says_nothing_of("warning: zig").report();
    let found = floor("linux-amd64", &report.artifact("linux-amd64", "env").path());
    assert!(found > (2, 17), "{found:?}: a newer one is used where it may be");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_compiled() {
    for (args, variable, words) in [
        (["--target", "darwin/arm64", "--macos", "99"], None, "no macOS 99"),
        (["--target", "darwin/arm64", "--macos", "20.1"], None, "after macOS 15 comes 26"),
        (["--target", "darwin/arm64", "--macos", "x"], None, "not a version of macOS"),
        (["--target", "linux/arm64", "--glibc", "2.99"], None, "at most, not for glibc 2.99"),
        (["--target", "linux/arm64", "--glibc", "2.28.1"], None, "no glibc 2.28.1"),
        (["--target", "darwin/arm64", "--libc", "dynamic"], Some("Big Sur"), "=Big Sur: `Big Sur`"),
    ] {
        let project = Project::copy("env");
        let mut command = project.command(args);
        let outcome = Outcome::of(command.envs(variable.map(|v| ("MACOSX_DEPLOYMENT_TARGET", v))));
        outcome.ended(2).says(words).says("hint: ").says_nothing_of("Compiling");
        assert!(!project.target.exists(), "{args:?}: nothing is made");
    }
}
