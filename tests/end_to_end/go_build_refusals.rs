//! Go builds that cannot be, and what happens beside them: each is a clear error with a next step.

use std::fs;
use std::path::Path;

use crate::support::go_project::with_settings;
use crate::support::{
    GoProject, Outcome, Report, SmallDisk, has_go, native, run, scratch, tool, write,
};

#[test]
fn wrong_calls_are_refused() {
    if !has_go("wrong calls for Go modules") {
        return;
    }
    let app = GoProject::of("go-app", "wrong-calls");
    for (args, code, words) in [
        (&["./cmd/server", "--target", "linux/x64/nosuch"][..], 2, "nosuch"),
        (&["./cmd/server", "--target", "plan9/arm64"], 2, "plan9/arm64"),
        (&["./cmd/server", "--target", "linux/amd64", "--env", "GOAMD64=v9"], 2, "v1, v2, v3, v4"),
        (&["./cmd/server", "--target", "linux/riscv64", "--race"], 1, "--race"),
        (&["./cmd/nosuch", "--target", "linux/amd64"], 1, "nosuch"),
        (&["./about", "--target", "linux/amd64"], 1, "example.com/app/cmd/server"),
        (&["./cmd/server", "--features", "x"], 2, "--features is for cargo, and go builds"),
        (&["./cmd/server", "--bin", "x"], 2, "--builder cargo"),
        (&["./cmd/server", "--go-flag=-race"], 1, "--race"),
        (&["./cmd/server", "--go-flag=-asan"], 1, "-asan"),
        (&["./cmd/server", "--target", "android/amd64"], 1, "linking for android/amd64 needs cgo"),
        (&["./cmd/server", "--target", "ios/arm64"], 1, "linking for ios/arm64 needs cgo"),
        // There is no tag, and the user wrote nothing of one.
        (&["./cmd/server", "-X", "main.version={version}"], 1, "{version} has no value"),
    ] {
        let outcome = app.build(args.iter().copied()).ended(code);
        outcome.says(words).says("hint: ").says_nothing_of("panicked");
    }
    assert!(!app.output.exists(), "nothing is made");
}

#[test]
fn c_code_without_a_c_compiler_is_refused() {
    if !has_go("C code without cgo") {
        return;
    }
    let project = GoProject::copy("go-cgo");
    let args = ["./cmd/app", "--target", "linux/amd64", "--vcs", "off"];
    let mut command = project.command(args);
    let outcome = Outcome::of(command.env("CGO_ENABLED", "0")).ended(1);
    outcome.says("example.com/cgo/cmd/app").says("CGO_ENABLED=0").says("hint: ");
    let outcome = project.build(["./cmd/app", "--target", "freebsd/amd64"]).ended(1);
    outcome.says("example.com/cgo/cmd/app").says("no C compiler for this target").says("hint: ");
    let internal = "-linkmode=internal";
    let flag = format!("--go-flag=-ldflags={internal}");
    let refused = project.build(["./cmd/app", "--target", "windows/amd64", &flag]).ended(1);
    refused.says("-linkmode=internal: Go's own linker cannot").says("hint: leave -linkmode");
    // The package has no variant without C, and go says so.
    let without = project.build(args.into_iter().chain(["--env", "CGO_ENABLED=0"])).ended(1);
    without.says("build constraints exclude all Go files");
}

#[test]
fn two_programs_of_one_name_are_refused() {
    if !has_go("two Go programs of one name") {
        return;
    }
    let project = GoProject::copy("go-app");
    let other = project.folder.join("tools/server/main.go");
    write(&other, "package main\n\nfunc main() {}\n");
    let outcome = project.build(["./...", "--target", "linux/amd64"]).ended(1);
    let outcome = outcome.says("two results of one name: `server`").says("hint: ");
    outcome.says("example.com/app/tools/server");
    assert!(!project.output.exists());
}

#[test]
fn a_folder_in_the_way_of_results_is_named() {
    if !has_go("a place that cannot be written") {
        return;
    }
    let project = GoProject::copy("go-app");
    write(&project.output, "in the way");
    let outcome = project.build(["./cmd/server", "--vcs", "off"]).ended(1);
    outcome.says(project.output.to_str().expect("UTF-8"));
    assert_eq!(fs::read_to_string(&project.output).expect("still there"), "in the way");
}

#[test]
fn a_module_for_a_newer_go_is_refused() {
    if !has_go("a module for a newer Go") {
        return;
    }
    let project = GoProject::copy("go-app");
    write(&project.folder.join("go.mod"), "module example.com/app\n\ngo 1.99\n");
    let outcome = project.build(["./cmd/server", "--target", "linux/amd64"]).ended(1);
    outcome.says("go.mod requires go >= 1.99").says("hint: ");
}

#[test]
fn without_go_the_error_says_where_to_get_it() {
    if !has_go("a machine without Go") {
        return;
    }
    let project = GoProject::copy("go-app");
    let nothing = scratch("no-go");
    let mut command = project.command(["./cmd/server", "--target", "linux/amd64"]);
    let outcome = Outcome::of(command.env("PATH", &nothing)).ended(1);
    outcome.says("no go found").says("hint: install Go (https://go.dev/dl)");
    let mut command = project.command(["./cmd/server", "--go", "/no/such/go"]);
    Outcome::of(&mut command).ended(1).says("/no/such/go").says("hint: ");
}

/// A go that loses the file of one target: the others are finished.
#[test]
#[cfg(unix)]
fn a_file_that_cannot_be_finished_fails_its_target_alone() {
    if !has_go("a file that go loses") {
        return;
    }
    let project = GoProject::copy("go-app");
    let go = project.folder.join("../go");
    let script = "#!/bin/sh\ngo \"$@\" || exit\n[ \"$1 $GOARCH\" = \"build arm64\" ] || exit 0\n\
                  while [ \"$1\" != -o ]; do shift; done\nrm -r \"$2\"\n";
    write(&go, script);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&go, mode).expect("a file");
    let go = go.to_str().expect("UTF-8");
    let args = ["./cmd/server", "--target", "linux/amd64,linux/arm64", "--vcs", "off", "--go", go];
    let outcome = project.build(args).ended(1).says("error: linux-arm64: ");
    let report = Report::parse(&outcome.stdout);
    assert!(report.error("linux-arm64").is_some_and(|error| error.contains("server")));
    assert_eq!(report.error("linux-amd64"), None);
    assert!(report.artifact("linux-amd64", "server").path().is_file());
}

/// Go links programs without C code by itself.
#[test]
fn doctor_misses_zig_only_where_there_is_c() {
    if !has_go("doctor in a Go module") {
        return;
    }
    for (module, code, state) in [("go-app", 0, "optional"), ("go-cgo", 1, "missing")] {
        let mut doctor = tool("rgo-build");
        doctor.args(["doctor", "--target", "linux/arm64", "--format", "json", "-C"]);
        doctor.arg(&GoProject::of(module, "doctor").folder).env("RGO_ZIG", "/no/zig");
        let said = Outcome::of(with_settings(&mut doctor)).ended(code).stdout;
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let findings = said["machine"].as_array().expect("a list");
        let zig = findings.iter().find(|one| one["what"] == "zig").expect("a finding");
        assert_eq!(zig["state"], state, "{module}: {zig}");
    }
}

#[test]
fn errors_of_the_source_are_gos_own() {
    if !has_go("errors in Go source") {
        return;
    }
    let project = GoProject::copy("go-app");
    let file = "package main\n\nfunc init() { undefined() }\n";
    write(&project.folder.join("cmd/server/only_windows.go"), file);
    let targets = "windows/amd64,linux/amd64";
    let outcome = project.build(["./cmd/server", "--target", targets, "--vcs", "off"]).ended(1);
    let outcome = outcome.says("only_windows.go:3:15: undefined: undefined");
    let report = Report::parse(&outcome.stdout);
    assert!(report.error("windows-amd64").is_some_and(|it| it.contains("undefined: undefined")));
    assert_eq!(report.error("linux-amd64"), None);
    assert!(report.artifact("linux-amd64", "server").path().is_file());
}

const CARGO: &str =
    "[package]\nname = \"both\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n";

#[test]
fn a_project_of_both_kinds_asks_and_builds_both() {
    if !has_go("a project of Cargo and Go") {
        return;
    }
    let project = GoProject::copy("go-app");
    write(&project.folder.join("Cargo.toml"), CARGO);
    write(&project.folder.join("src/main.rs"), "fn main() { println!(\"rust\"); }\n");
    write(&project.folder.join("main.go"), "package main\n\nfunc main() { println(\"go\") }\n");
    let outcome = project.build(["--target", "linux/amd64"]).ended(2);
    outcome.says("has a Cargo.toml and a go.mod").says("--builder cargo,go builds both");
    let target = project.folder.join("target");
    let build = |builders: &str| {
        let args = ["--builder", builders, "--target", "linux/amd64", "--vcs", "off"];
        Outcome::of(project.command(args).env("CARGO_TARGET_DIR", &target)).ended(0).report()
    };
    let names = |report: &Report| {
        let mut names: Vec<String> = report
            .all()
            .map(|(_, one)| one.path().file_name().expect("a name").to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&build("go")), ["app"]);
    assert_eq!(names(&build("cargo,go")), ["app", "both"]);
    // What both find of the one project is said once.
    let plan = ["--builder", "cargo,go", "--target", "linux/amd64", "-C", "."];
    let said = Outcome::of(tool("rgo-build").args(plan).arg("-n").current_dir(&project.folder));
    let said = said.ended(0).stderr;
    assert_eq!(said.matches("no commit is recorded").count(), 1, "{said}");
}

#[test]
fn two_builds_at_once_both_end_well() {
    if !has_go("two Go builds at once") {
        return;
    }
    let project = GoProject::copy("go-cgo");
    let run_one = |value: &'static str| {
        let mut command = project.command([
            "./cmd/app",
            "--target",
            "linux/amd64,linux/arm64",
            "--vcs",
            "off",
            "-X",
            value,
        ]);
        std::thread::spawn(move || Outcome::of(&mut command))
    };
    for one in ["main.version=1", "main.version=2"].map(run_one) {
        let report = one.join().expect("no panic").report();
        let file = report.artifact("linux-amd64", "app").path();
        if let Some(ran) = run("linux-amd64", &file, &[]) {
            assert!(ran.ended(0).stdout.contains("version: "));
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_the_former_program() {
    if !has_go("a Go build on a full disk") {
        return;
    }
    let project = GoProject::copy("go-app");
    let args = ["./cmd/server", "--target", "linux/amd64", "--vcs", "off", "-X", "main.version=1"];
    let before = project.build(args).report().artifact("linux-amd64", "server").bytes();
    // There is room for the program once, and not for a second one beside it.
    let Some(disk) = SmallDisk::mount(before.len() * 3 / 2) else { return };
    let on_disk = |value| {
        let other = GoProject::at(&project.folder, &disk.path().join("dist"));
        other.build(args[..5].iter().copied().chain(["-X", value]))
    };
    let report = on_disk("main.version=1").report();
    let placed = report.artifact("linux-amd64", "server");
    assert_eq!(placed.bytes(), before);
    on_disk("main.version=2").ended(1).says("No space left").says("server");
    assert_eq!(placed.bytes(), before, "what was there is there");
    let folder = placed.path().parent().expect("a folder").to_owned();
    assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1, "nothing half-written stays");
}

/// What a killed build leaves does not matter to the next one.
#[test]
#[cfg(target_os = "linux")]
fn a_killed_build_does_no_harm() {
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    if !has_go("a killed Go build") {
        return;
    }
    let project = GoProject::copy("go-app");
    let cache = project.folder.join("../go-cache");
    let args = ["./cmd/server", "--target", "linux/amd64,linux/386", "--vcs", "off"];
    let mut command = project.command(args);
    command.env("GOCACHE", &cache).process_group(0);
    let mut killed = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    wait_until(|| compiled(&cache) > 20);
    let group = format!("-{}", killed.id());
    Outcome::of(native("kill").args(["-KILL", "--", &group])).ended(0);
    killed.wait().expect("waited for");
    assert!(!project.output.join("linux-amd64/server").exists());
    let report = Outcome::of(project.command(args).env("GOCACHE", &cache)).report();
    let file = report.artifact("linux-amd64", "server").path();
    if let Some(ran) = run("linux-amd64", &file, &[]) {
        assert_eq!(ran.ended(0).stdout, "server dev  3 APP 80\n");
    }
}

fn wait_until(holds: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !holds() {
        assert!(start.elapsed() < std::time::Duration::from_secs(120), "waited in vain");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// How many results go has put into a cache.
fn compiled(cache: &Path) -> usize {
    let files = walkdir::WalkDir::new(cache).into_iter().flatten();
    files.filter(|file| file.path().to_string_lossy().ends_with("-d")).count()
}
