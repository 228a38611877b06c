//! The commit in a program, and what is said where there is none to name.

use crate::support::go_project::with_settings;
use crate::support::{Outcome, Project, cannot_test, has_go, native, tool, write};

const TARGET: [&str; 2] = ["--target", "linux/amd64/static"];

/// The `vcs` lines of the program that a project makes.
#[track_caller]
fn recorded(project: &Project, outcome: Outcome) -> Vec<String> {
    let report = outcome.report();
    let name = project.folder.file_name().expect("a name").to_str().expect("UTF-8");
    let file = report.artifact("linux-amd64-static", name).path();
    let said = Outcome::of(tool("rgo-version-m").arg(file)).ended(0).stdout;
    let lines = said.lines().filter_map(|line| line.strip_prefix("\tbuild\t"));
    lines.filter(|line| line.starts_with("vcs")).map(str::to_owned).collect()
}

#[test]
fn a_commit_is_recorded_with_its_time_and_whether_it_was_changed() {
    let project = Project::copy("env");
    project.commit();
    let revision = project.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let clean = ["vcs=git", &format!("vcs.revision={revision}"), "vcs.time=2023-11-14T22:13:20Z"];
    let found = recorded(&project, project.build(TARGET));
    assert_eq!(found[..3], clean);
    assert_eq!(found[3], "vcs.modified=false");

    write(&project.folder.join("src/more.rs"), "// more\n");
    let found = recorded(&project, project.build(TARGET));
    assert_eq!(found[3], "vcs.modified=true");
    let off = recorded(&project, project.build(TARGET.into_iter().chain(["--vcs", "off"])));
    assert_eq!(off, Vec::<String>::new());
}

#[test]
fn changed_files_are_named_and_rgos_own_are_none() {
    let project = Project::copy("env");
    project.commit();
    let folder = project.folder.to_str().expect("UTF-8");
    let report = format!("json={folder}/reports/build.json");
    let log = format!("{folder}/build.log");
    std::fs::create_dir(project.folder.join("reports")).expect("made");
    let own = ["--report", &report, "--log-file", &log, "-o", "out", "--require", "!vcs.modified"];
    let build = || {
        let mut command = tool("rgo-build");
        command.arg("-C").arg(&project.folder).args(TARGET).args(own).args(["--format", "json"]);
        Outcome::of(command.env("CARGO_TARGET_DIR", project.folder.join("made")))
    };
    for _ in 0..2 {
        build().ended(0);
    }
    for file in ["a", "b", "c", "d"] {
        write(&project.folder.join("more").join(file), "");
    }
    build().ended(3).says("differs from the commit: more/a, more/b, more/c and 1 more");
    // A report that the repository tracks is a file of the project.
    std::fs::remove_dir_all(project.folder.join("more")).expect("removed");
    project.git(&["add", "reports/build.json"]);
    project.git(&["commit", "-qm", "report"]);
    write(&project.folder.join("reports/build.json"), "{}");
    build().ended(3).says("differs from the commit: reports/build.json");
}

/// The default folder is rgo's where `-o` leads elsewhere too, as far as rgo's programs are there.
#[test]
fn results_of_earlier_builds_are_no_changes() {
    let (cargo, go) = (Project::copy("env"), Project::copy("go-app"));
    write(&cargo.folder.join(".gitignore"), "made\n");
    for (project, package) in [(cargo, &[][..]), (go, &["./cmd/server"])] {
        let is_go = !package.is_empty();
        if is_go && !has_go("earlier results of a Go module") {
            continue;
        }
        project.commit();
        let build = |output: &[&str]| {
            let mut command = tool("rgo-build");
            command.arg("-C").arg(&project.folder).args(package).args(TARGET).args(output);
            command.args(["--format", "json", "--require", "!vcs.modified"]);
            with_settings(command.env("CARGO_TARGET_DIR", project.folder.join("made")));
            Outcome::of(&mut command)
        };
        build(&[]).ended(0);
        build(&["-o", "elsewhere"]).ended(0);
        std::fs::remove_dir_all(project.folder.join("elsewhere")).expect("removed");
        write(&project.folder.join("dist/notes.txt"), "");
        write(&project.folder.join("dist/linux-arm64/notes.txt"), "");
        let changed = "differs from the commit: dist/linux-arm64/notes.txt, dist/notes.txt\n";
        build(&["-o", "elsewhere"]).ended(3).says(changed);
    }
}

/// Holds that a build without a commit works, says why there is none, and fails if one is required.
#[track_caller]
fn absent(project: &Project, change: impl Fn(&mut std::process::Command), words: &str) {
    let build = |vcs: &str| {
        let mut command = project.command(TARGET.into_iter().chain(["--vcs", vcs]));
        change(&mut command);
        Outcome::of(&mut command)
    };
    let found = recorded(project, build("auto").says(words));
    assert_eq!(found, Vec::<String>::new());
    build("require").ended(1).says(words).says("hint:");
    build("off").ended(0).says_nothing_of(words);
}

#[test]
fn no_repository() {
    absent(&Project::copy("env"), |_| (), "not in a git repository");
}

#[test]
#[cfg(unix)]
fn no_git() {
    let project = Project::copy("env");
    project.commit();
    let bin = project.folder.with_file_name("bin");
    std::fs::create_dir(&bin).expect("made");
    let paths = std::env::var_os("PATH").expect("a PATH");
    for name in ["cargo", "rustc", "cc", "ld", "python3", "sh", "rustup"] {
        let found = std::env::split_paths(&paths).map(|path| path.join(name)).find(|p| p.is_file());
        if let Some(found) = found {
            std::os::unix::fs::symlink(found, bin.join(name)).expect("linked");
        }
    }
    let hide = |command: &mut std::process::Command| {
        command.env("PATH", &bin);
    };
    absent(&project, hide, "git is not installed");
}

#[test]
fn no_commit_yet() {
    let project = Project::copy("env");
    project.git(&["init", "-q"]);
    absent(&project, |_| (), "no commit yet");
}

#[test]
#[cfg(target_os = "linux")]
fn another_owner() {
    let project = Project::copy("env");
    project.commit();
    let mut chown = native("chown");
    if !chown.args(["-R", "12345:12345"]).arg(&project.folder).status().is_ok_and(|s| s.success()) {
        cannot_test("a repository of another owner, which only root can make");
        return;
    }
    let clean = |command: &mut std::process::Command| {
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env_remove("SUDO_UID");
    };
    absent(&project, clean, "another user owns it");
}

#[test]
fn a_shallow_clone_has_its_commit_and_a_warning() {
    let origin = Project::copy("env");
    origin.commit();
    write(&origin.folder.join("src/more.rs"), "// more\n");
    origin.commit();
    let temp = tempfile::tempdir().expect("a folder");
    let clone = temp.path().join("env");
    let url = format!("file://{}", origin.folder.display());
    let mut git = native("git");
    git.args(["clone", "-q", "--depth", "1", &url]).arg(&clone);
    Outcome::of(&mut git).ended(0);
    let project = Project::at(&clone, "shallow");
    let outcome = project.build(TARGET).says("shallow");
    assert_eq!(recorded(&project, outcome).len(), 4);
}

#[test]
fn the_time_of_the_source_is_the_time_of_everything() {
    let project = Project::copy("sample");
    project.commit();
    let stamp = ["-X", "sample::VERSION={date}"];
    let mut command = project.command(TARGET.into_iter().chain(stamp));
    let report = Outcome::of(command.env("SOURCE_DATE_EPOCH", "86400")).report();
    let file = report.artifact("linux-amd64-static", "sample").path();
    let said = crate::support::run("linux-amd64-static", &file, &[]).expect("runs here");
    assert!(said.stdout.starts_with("sample 1970-01-02 "), "{said}");
    let mut command = project.command(TARGET);
    Outcome::of(command.env("SOURCE_DATE_EPOCH", "soon")).ended(1).says("SOURCE_DATE_EPOCH");
}

#[test]
fn the_commit_is_the_projects_wherever_the_build_is_started() {
    let (elsewhere, project) = (Project::copy("lto"), Project::copy("env"));
    elsewhere.commit();
    project.commit();
    let manifest = project.folder.join("Cargo.toml");
    let build = |vcs: &str| {
        let mut build = tool("rgo-build");
        build
            .args(["--format", "json", "--vcs", vcs, "--manifest-path"])
            .arg(&manifest)
            .args(TARGET);
        build.arg("-o").arg(&project.output).env("CARGO_TARGET_DIR", &project.target);
        Outcome::of(build.current_dir(&elsewhere.folder))
    };
    let revision = project.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let other = elsewhere.git(&["rev-parse", "HEAD"]).trim().to_owned();
    assert_ne!(revision, other);
    let found = recorded(&project, build("auto"));
    assert_eq!(found[1], format!("vcs.revision={revision}"));
}
