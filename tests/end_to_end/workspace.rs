//! Several packages: which of them are built, what they share, and what they are called.

use crate::support::{Project, run};

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
    project.build(["-p", "aa"]).ended(1).says("aa").says("hint:");
    project.build(["--bin", "c"]).ended(1).says("`c`").says("hint:");
}
