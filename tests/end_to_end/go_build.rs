//! `rgo-build` on Go modules without C: every platform of Go, what runs here, and what the files say
//! of themselves.

use std::path::Path;

use crate::support::go_project::with_settings;
use crate::support::{
    ALL, GoProject, Outcome, Report, build_info, can, cannot_test, has_go, native, run, tool,
};

/// Platforms without a toolchain in a file, with the emulator of their processor. Programs for 386
/// run on amd64 as they are; qemu-i386 loses threads of any Go program.
const BESIDE: [(&str, &str); 3] =
    [("linux-386", ""), ("linux-riscv64", "qemu-riscv64"), ("linux-s390x", "qemu-s390x")];

fn app() -> GoProject {
    GoProject::of("go-app", "app")
}

/// Both programs for all toolchains and three platforms beside them, built once.
fn built() -> &'static Report {
    static BUILT: std::sync::OnceLock<Report> = std::sync::OnceLock::new();
    BUILT.get_or_init(|| {
        let targets = "all,linux/386,linux/riscv64,linux/s390x";
        let values = ["-X", "main.version=1.2.3", "-X", "example.com/app/about.Commit=0123abcd"];
        app()
            .build(["./...", "--target", targets, "--vcs", "off"].into_iter().chain(values))
            .report()
    })
}

/// What the server says, on any platform.
const SAID: &str = "server 1.2.3 0123abcd 5 APP 80\n";

#[test]
fn programs_run_on_every_platform_that_runs_here() {
    if !has_go("Go modules") {
        return;
    }
    let report = built();
    assert_eq!(report.toolchains().len(), ALL.len() + BESIDE.len());
    for toolchain in ALL {
        let [server, client] =
            ["server", "client"].map(|name| report.artifact(toolchain, name).path());
        if let Some(ran) = run(toolchain, &server, &[]) {
            assert_eq!(ran.ended(0).stdout, SAID, "{toolchain}");
        }
        if let Some(ran) = run(toolchain, &client, &[]) {
            assert_eq!(ran.ended(0).stdout, "client 0123abcd\n", "{toolchain}");
        }
    }
    for (toolchain, emulator) in BESIDE {
        let file = report.artifact(toolchain, "server").path();
        let is_direct = emulator.is_empty() && cfg!(target_arch = "x86_64");
        if cfg!(not(target_os = "linux")) || !(is_direct || can(emulator)) {
            cannot_test(format!("running Go programs of {toolchain}"));
            continue;
        }
        let mut command = if is_direct { native(&file) } else { native(emulator) };
        let ran = Outcome::of(command.args((!is_direct).then_some(&file))).ended(0);
        assert_eq!(ran.stdout, SAID, "{toolchain}");
    }
}

#[test]
fn go_reads_its_own_information_as_it_wrote_it() {
    if !has_go("Go's build information") {
        return;
    }
    let linked = app().linked();
    for (toolchain, artifact) in built().all() {
        let path = artifact.path();
        let name = path.file_name().expect("a name");
        let of_go = build_info(&linked.join(toolchain).join(name));
        assert_eq!(build_info(&path), of_go, "{toolchain}");
        let (os, arch) = toolchain.trim_end_matches("-static").split_once('-').expect("a pair");
        for line in [format!("build\tGOOS={os}"), format!("build\tGOARCH={arch}")] {
            assert!(of_go.contains(&line), "{toolchain}: {of_go}");
        }
    }
}

#[test]
fn rgo_reads_its_record_beside_it() {
    if !has_go("the record in a Go program") {
        return;
    }
    for (toolchain, artifact) in built().all() {
        let path = artifact.path();
        let said = Outcome::of(tool("rgo-version-m").arg(&path)).ended(0).stdout;
        let line = |key: &str, value: &str| format!("\tbuild\t{key}={value}\n");
        let mut lines = vec![
            line("toolchain", toolchain),
            line("cgo", "off"),
            line("-X", "example.com/app/about.Commit=0123abcd"),
        ];
        if path.to_string_lossy().contains("server") {
            lines.push(line("-X", "main.version=1.2.3"));
        }
        for line in lines {
            assert!(said.contains(&line), "{toolchain}: no {line:?} in {said}");
        }
        assert!(!said.contains("zig"), "{toolchain}: {said}");
    }
}

#[test]
fn programs_without_c_are_static_and_sound() {
    if !has_go("the form of Go programs") {
        return;
    }
    let files: Vec<_> = built().all().map(|(_, artifact)| artifact.path()).collect();
    let paths: Vec<&Path> = files.iter().map(|file| &**file).collect();
    crate::end_to_end::go_build_cgo::sound(&paths);
    for (toolchain, artifact) in built().all() {
        if toolchain.starts_with("linux") {
            assert_eq!(artifact.linkage("kind"), "static-executable", "{toolchain}");
        }
    }
}

/// A build of every pair takes too long, but each has a plan, except where Go links by a C compiler that rgo has not.
#[test]
fn every_platform_of_go_has_a_plan() {
    if !has_go("the platforms of Go") {
        return;
    }
    let said = Outcome::of(native("go").args(["tool", "dist", "list"])).ended(0).stdout;
    let needs_compiler = |pair: &&str| {
        pair.starts_with("ios/") || pair.starts_with("android/") && *pair != "android/arm64"
    };
    let pairs: Vec<&str> = said.lines().filter(|pair| !needs_compiler(pair)).collect();
    assert!(pairs.len() > 30, "{said}");
    let mut plan = tool("rgo-build");
    plan.arg("-C").arg(&app().folder).args(["./cmd/server", "-n", "--target", &pairs.join(",")]);
    let plan = Outcome::of(with_settings(&mut plan)).ended(0).stdout;
    for pair in pairs {
        let (os, arch) = pair.split_once('/').expect("a pair");
        let of_pair = |line: &&str| {
            line.contains(&format!("GOOS={os} ")) && line.contains(&format!("GOARCH={arch} "))
        };
        let line = plan.lines().find(of_pair).unwrap_or_else(|| panic!("no {pair}: {plan}"));
        assert!(line.contains("go build -o"), "{line}");
    }
}

#[test]
fn the_environment_names_a_target_without_the_flag() {
    if !has_go("GOOS and GOARCH") {
        return;
    }
    let app = GoProject::of("go-app", "app-environment");
    let mut command = app.command(["./cmd/server", "--vcs", "off"]);
    command.env("GOOS", "linux").env("GOARCH", "386").env("GOAMD64", "v9");
    let outcome = Outcome::of(&mut command).ended(0).says("GOOS=linux");
    assert_eq!(Report::parse(&outcome.stdout).toolchains(), ["linux-386"]);
    let mut command = app.command(["./cmd/server", "--vcs", "off", "--target", "linux/386"]);
    let outcome = Outcome::of(command.env("GOARCH", "arm64")).ended(0);
    let outcome = outcome.says("GOARCH=arm64: no effect beside --target");
    assert_eq!(Report::parse(&outcome.stdout).toolchains(), ["linux-386"]);
}
