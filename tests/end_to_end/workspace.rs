//! Several packages: which of them are built, what they share, and what they are called.

use std::fs;

use crate::support::{Project, run, write};

const TARGET: [&str; 2] = ["--target", "linux/amd64/static"];
const TOOLCHAIN: &str = "linux-amd64-static";

fn says(project: &Project, args: &[&str], program: &str) -> String {
    let report = project.build(TARGET.into_iter().chain(args.iter().copied())).report();
    let file = report.artifact(TOOLCHAIN, program).path();
    run(TOOLCHAIN, &file, &[]).expect("runs here").ended(0).stdout
}

#[test]
fn a_package_alone_has_its_own_features() {
    let project = Project::of("workspace");
    assert_eq!(says(&project, &["-p", "a"], "a"), "a: for-a\n");
    assert_eq!(says(&project, &["-p", "a", "-p", "b"], "a"), "a: for-a, for-b 1.0.0\n");
    assert_eq!(says(&project, &["-p", "b"], "b"), "b: for-b 1.0.0 (11)\n");
    assert_eq!(says(&project, &["-p", "a"], "a"), "a: for-a\n", "and again");
}

#[test]
fn the_whole_workspace_is_built_for_all() {
    let report = Project::of("workspace").build(["--target", "all", "--workspace"]).report();
    for toolchain in crate::support::ALL {
        for name in ["a", "b"] {
            let artifact = report.artifact(toolchain, name);
            if let Some(ran) = run(toolchain, &artifact.path(), &[]) {
                assert!(ran.ended(0).stdout.starts_with(name));
            }
        }
    }
}

#[test]
fn a_program_and_a_library_of_one_name_are_two() {
    let report = Project::of("samename").build(["--target", "all"]).report();
    for toolchain in crate::support::ALL {
        let kinds: Vec<_> = report
            .all()
            .filter(|(of, _)| *of == toolchain)
            .map(|(_, artifact)| artifact.get("kind").as_str().expect("text"))
            .collect();
        if toolchain.ends_with("static") {
            assert_eq!(kinds, ["bin"], "{toolchain}");
        } else {
            assert!(kinds.contains(&"bin") && kinds.contains(&"cdylib"), "{toolchain}: {kinds:?}");
        }
    }
}

#[test]
fn bins_and_packages_are_chosen_by_name() {
    let project = Project::of("workspace");
    let built = |args: &[&str]| -> Vec<String> {
        let report = project.build(TARGET.into_iter().chain(args.iter().copied())).report();
        let name = |path: std::path::PathBuf| {
            path.file_name().expect("a name").to_string_lossy().into_owned()
        };
        report.all().map(|(_, artifact)| name(artifact.path())).collect()
    };
    assert_eq!(built(&["--bin", "b"]), ["b"]);
    assert_eq!(built(&["--bins"]), ["a", "b"]);
    assert_eq!(built(&["-p", "plug"]), ["libplug.a"]);
    project.build(["-p", "aa"]).ended(2).says("aa").says("hint:");
    project.build(["--bin", "c"]).ended(2).says("`c`").says("hint:");
}

#[test]
fn a_program_that_requires_a_feature_is_built_when_it_is_on() {
    let project = Project::copy("env");
    let manifest = project.folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    let more =
        "\n[features]\nmore = []\n\n[[bin]]\nname = \"extra\"\nrequired-features = [\"more\"]\n";
    write(&manifest, &(text + more));
    write(&project.folder.join("src/bin/extra.rs"), "fn main() {}\n");
    let built = |args: &[&str]| {
        let outcome = project.build(TARGET.into_iter().chain(args.iter().copied()));
        let report = outcome.report();
        let mut names: Vec<_> = report
            .all()
            .map(|(_, artifact)| artifact.path().file_name().expect("a name").to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(built(&[]), ["env"], "as cargo has it, it is left out");
    assert_eq!(built(&["--features", "more"]), ["env", "extra"]);
    let asked = TARGET.into_iter().chain(["--bin", "extra"]);
    project.build(asked).ended(1).says("extra").says("more");
}

#[test]
fn a_version_is_one_packages() {
    let project = Project::copy("workspace");
    let manifest = project.folder.join("b/Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    write(&manifest, &text.replace("version.workspace = true", "version = \"1.1.0\""));
    let values = ["-p", "a", "-p", "b", "-X", "a::VERSION={version}"];
    let outcome = project.build(TARGET.into_iter().chain(values)).ended(1);
    outcome.says("{version} is not one value: 1.0.0, 1.1.0").says("one by one");
}

#[test]
fn one_target_alone_has_the_bytes_that_it_has_among_all() {
    let project = Project::of("lto");
    let all = project.build(["--target", "all"]).report();
    let kept: Vec<_> = all.all().map(|(toolchain, a)| (toolchain, a.bytes())).collect();
    for (toolchain, bytes) in kept {
        if matches!(toolchain, "linux-amd64" | "darwin-arm64" | "windows-amd64") {
            let alone = Project::at(&project.folder, &format!("alone-{toolchain}"));
            let report = alone.build(["--target", toolchain]).report();
            assert!(report.artifact(toolchain, "lto").bytes() == bytes, "{toolchain}");
        }
    }
}
