//! The user's own cargo settings are kept: flags in every form that cargo knows, folders, targets,
//! variables.

use crate::support::{Outcome, Project, run, write};

const TOOLCHAIN: &str = "linux-amd64-static";
const TARGET: [&str; 2] = ["--target", "linux/amd64/static"];

/// A program that prints which of two `--cfg` flags it was compiled with.
fn flags_program(config: &str) -> Project {
    let project = Project::copy("env");
    write(
        &project.folder.join("src/main.rs"),
        "//! Prints its flags.\n#![allow(unexpected_cfgs)]\n\
         fn main() { println!(\"{} {}\", cfg!(one), cfg!(two)); }\n",
    );
    write(&project.folder.join(".cargo/config.toml"), config);
    project
}

#[track_caller]
fn built_with(project: &Project, variable: Option<(&str, &str)>) -> String {
    let mut command = project.command(TARGET);
    // Cargo reads the configuration of the folder it is started in.
    command.current_dir(&project.folder).envs(variable);
    let report = Outcome::of(&mut command).report();
    let file = report.artifact(TOOLCHAIN, "env").path();
    run(TOOLCHAIN, &file, &[]).expect("runs here").ended(0).stdout.trim_end().to_owned()
}

const LIST: &str = "[target.x86_64-unknown-linux-musl]\nrustflags = [\"--cfg\", \"one\"]\n";
const TEXT: &str = "[target.x86_64-unknown-linux-musl]\nrustflags = \"--cfg one\"\n";
const CFG: &str = "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"one\"]\n";
const BUILD: &str = "[build]\nrustflags = [\"--cfg\", \"two\"]\n";

#[test]
fn rustflags_of_the_configuration_are_kept_in_both_forms() {
    for (config, expected) in [
        (LIST.to_owned(), "true false"),
        (TEXT.to_owned(), "true false"),
        (CFG.to_owned(), "true false"),
        (BUILD.to_owned(), "false true"),
        // As cargo has it: flags of the target take the place of those of the build.
        (format!("{LIST}{BUILD}"), "true false"),
    ] {
        assert_eq!(built_with(&flags_program(&config), None), expected, "{config}");
    }
}

#[test]
fn rustflags_of_the_environment_take_the_place_of_the_configurations() {
    for (name, value, expected) in [
        ("RUSTFLAGS", "--cfg two", "false true"),
        ("RUSTFLAGS", "", "false false"),
        ("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}two", "false true"),
        ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS", "--cfg two", "true true"),
        ("CARGO_BUILD_RUSTFLAGS", "--cfg two", "true false"),
    ] {
        let found = built_with(&flags_program(LIST), Some((name, value)));
        assert_eq!(found, expected, "{name}={value}");
    }
}

#[test]
fn rustflags_of_the_command_line_are_added() {
    let project = flags_program(LIST);
    let mut command = project.command(TARGET.into_iter().chain(["--rustc-flag", "--cfg=two"]));
    let report = Outcome::of(command.current_dir(&project.folder)).report();
    let file = report.artifact(TOOLCHAIN, "env").path();
    assert_eq!(run(TOOLCHAIN, &file, &[]).expect("runs here").ended(0).stdout, "true true\n");
}

#[test]
fn the_target_folder_is_where_the_user_says() {
    for (config, variable, expected) in [
        ("", None, "target"),
        ("[build]\ntarget-dir = \"elsewhere\"\n", None, "elsewhere"),
        ("[build]\ntarget-dir = \"elsewhere\"\n", Some("chosen"), "chosen"),
    ] {
        let project = flags_program(config);
        let mut command = project.command(TARGET);
        command.current_dir(&project.folder).env_remove("CARGO_TARGET_DIR");
        command.envs(variable.map(|name| ("CARGO_TARGET_DIR", project.folder.join(name))));
        Outcome::of(&mut command).ended(0);
        for name in ["target", "elsewhere", "chosen"] {
            let there = project.folder.join(name).is_dir();
            assert_eq!(there, name == expected, "{name}, with {config:?} and {variable:?}");
        }
    }
}

#[test]
fn intermediate_files_may_be_elsewhere() {
    let project = flags_program("[build]\nbuild-dir = \"inner/{workspace-path-hash}/files\"\n");
    let build = |floor| {
        let mut command = project.command(["--target", "linux/amd64", "--explain-rebuild"]);
        command.args(["--glibc", floor]).current_dir(&project.folder);
        Outcome::of(&mut command).report()
    };
    assert!(!build("2.17").rebuilt().is_empty());
    // Another floor removes what cargo linked, wherever it is, and compiles nothing.
    let first = build("2.28");
    let made = first.artifact("linux-amd64", "env");
    assert_eq!(made.linkage("needed").as_array().map(Vec::is_empty), Some(false));
    assert!(build("2.28").rebuilt().is_empty(), "nothing is left to do");
    assert!(project.folder.join("inner").is_dir());
}

#[test]
fn the_configured_target_is_the_default() {
    let project = flags_program("[build]\ntarget = \"aarch64-unknown-linux-musl\"\n");
    let mut command = project.command([]);
    let report = Outcome::of(command.current_dir(&project.folder)).report();
    assert_eq!(report.toolchains(), ["linux-arm64-static"]);
}

#[test]
fn env_gives_a_variable_to_the_compilation() {
    let project = Project::of("env");
    for (args, expected) in [
        (&["--env", "RELEASE_CHANNEL=beta"][..], "channel: beta\n"),
        (&["--env", "RELEASE_CHANNEL=a b=c"][..], "channel: a b=c\n"),
        (&[][..], "channel: none\n"),
    ] {
        let report = project.build(TARGET.into_iter().chain(args.iter().copied())).report();
        let file = report.artifact(TOOLCHAIN, "env").path();
        assert_eq!(run(TOOLCHAIN, &file, &[]).expect("runs here").ended(0).stdout, expected);
    }
}
