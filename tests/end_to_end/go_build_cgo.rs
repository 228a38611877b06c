//! `rgo-build` on a Go module with C and C++: all toolchains in one call, and each file held to what
//! independent readers find in it.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::end_to_end::build_matrix::floor;
use crate::support::stripping::well_formed;
use crate::support::{
    ALL, GoProject, Outcome, Report, build_info, has_go, machine, native, readobj, run, tool, write,
};

fn project() -> GoProject {
    GoProject::of("go-cgo", "cgo")
}

/// The program with C for all toolchains, built once.
fn built() -> &'static Report {
    static BUILT: OnceLock<Report> = OnceLock::new();
    BUILT.get_or_init(|| {
        let args = ["./cmd/app", "--target", "all", "--vcs", "off", "-X", "main.version=1.2.3"];
        project().build(args).report()
    })
}

/// Holds that readers find nothing wrong with files: loaders' rules, and each page of a signature.
#[track_caller]
pub(crate) fn sound(files: &[&Path]) {
    const WELL_FORMED: &str = include_str!("../support/well_formed.py");
    let mut python = native(machine().must("RGO_TEST_PYTHON"));
    let said = Outcome::of(python.args(["-c", WELL_FORMED]).args(files)).ended(0).stdout;
    let said: Vec<Vec<String>> = serde_json::from_str(&said).expect("JSON");
    for (file, said) in files.iter().zip(said) {
        assert_eq!(said, Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn programs_with_c_run() {
    if !has_go("Go programs with C") {
        return;
    }
    let report = built();
    for toolchain in ALL {
        let app = report.artifact(toolchain, "app").path();
        if let Some(ran) = run(toolchain, &app, &[]) {
            let said = ran.ended(0).stdout;
            let system = toolchain.trim_end_matches("-static").replace('-', "/");
            let expected = format!(
                "c: 84 text\nx509: true\nnet: [127.0.0.1] <nil>\nuser: true\nversion: 1.2.3 {system}\n"
            );
            assert_eq!(said, expected, "{toolchain}");
        }
    }
}

/// One toolchain of each system stands for all: zig takes a minute to compile its library of C++.
#[test]
fn programs_with_cpp_run() {
    if !has_go("Go programs with C++") {
        return;
    }
    let project = GoProject::of("go-cgo", "cpp");
    let targets = "linux/amd64,windows/amd64,darwin/arm64";
    let report = project.build(["./cmd/plus", "--target", targets, "--vcs", "off"]).report();
    for (toolchain, artifact) in report.all() {
        let path = artifact.path();
        let name = path.file_name().expect("a name");
        well_formed(&[&project.linked().join(toolchain).join(name), &path]);
        if let Some(ran) = run(toolchain, &path, &[]) {
            assert_eq!(ran.ended(0).stdout, "c++: 3 -8\n", "{toolchain}");
        }
    }
}

#[test]
fn files_keep_their_floors_and_are_sound() {
    if !has_go("the form of Go programs with C") {
        return;
    }
    for (toolchain, artifact) in built().all() {
        let path = artifact.path();
        // lief does not expect Go's segment of DWARF where it is.
        let name = path.file_name().expect("a name");
        well_formed(&[&project().linked().join(toolchain).join(name), &path]);
        assert_eq!(artifact.get("findings").as_array().map(Vec::len), Some(0), "{artifact:?}");
        let needed = readobj(&["--needed-libs"], &path);
        match toolchain.split_once('-').expect("os-arch").0 {
            "linux" if toolchain.ends_with("static") => {
                let segments = readobj(&["--program-headers"], &path);
                assert!(!segments.contains("PT_INTERP"), "{toolchain}: {segments}");
            }
            "linux" => {
                let floor = floor(toolchain, &path);
                assert!(floor <= (2, 17), "{toolchain} needs glibc {floor:?}");
            }
            "darwin" => assert_eq!(floor(toolchain, &path), (12, 0), "{toolchain}"),
            _ => assert!(needed.contains("KERNEL32.dll"), "{toolchain}: {needed}"),
        }
        for runtime in ["c++", "gcc", "unwind", "winpthread"] {
            assert!(!needed.contains(runtime), "{toolchain}: {needed}");
        }
    }
}

#[test]
fn darwin_programs_load_apples_libraries_and_are_signed() {
    if !has_go("Go programs for darwin") {
        return;
    }
    for toolchain in ["darwin-amd64", "darwin-arm64"] {
        let file = built().artifact(toolchain, "app").path();
        let mut objdump = native(machine().must("RGO_TEST_LLVM_OBJDUMP"));
        let said = Outcome::of(objdump.args(["--macho", "--private-headers"]).arg(&file)).ended(0);
        for part in ["CoreFoundation.framework", "Security.framework", "libresolv.9.dylib"] {
            assert!(said.stdout.contains(part), "{toolchain}: no {part}");
        }
        // Go signs for arm64 alone, where the system wants it.
        let is_signed = said.stdout.contains("LC_CODE_SIGNATURE");
        assert_eq!(is_signed, toolchain == "darwin-arm64", "{toolchain}");
    }
}

#[test]
fn what_go_wrote_and_what_rgo_knows_can_be_read() {
    if !has_go("the records of Go programs with C") {
        return;
    }
    let linked = project().linked();
    for (toolchain, artifact) in built().all() {
        let path = artifact.path();
        let name = path.file_name().expect("a name");
        let of_go = build_info(&linked.join(toolchain).join(name));
        assert_eq!(build_info(&path), of_go, "{toolchain}");
        assert!(of_go.contains("build\tCGO_ENABLED=1"), "{toolchain}: {of_go}");
        let said = Outcome::of(tool("rgo-version-m").arg(&path)).ended(0).stdout;
        let floor = match toolchain.split_once('-').expect("os-arch") {
            ("linux", arch) if !arch.ends_with("static") => "glibc=2.17",
            ("darwin", _) => "macos=12.0",
            _ => "cgo=zig",
        };
        for part in ["cgo=zig", "zig=0.", floor, "-X=main.version=1.2.3"] {
            assert!(said.contains(&format!("\tbuild\t{part}")), "{toolchain}: no {part} in {said}");
        }
    }
}

/// go itself would keep the program with the old value.
#[test]
fn a_header_outside_of_the_package_is_noticed() {
    if !has_go("a changed header") {
        return;
    }
    let project = GoProject::copy("go-cgo");
    let build = || {
        let args = ["./cmd/app", "--target", "linux/amd64", "--explain-rebuild", "--vcs", "off"];
        project.build(args).report()
    };
    let said = |report: &Report| {
        let file = report.artifact("linux-amd64", "app").path();
        run("linux-amd64", &file, &[]).map(|ran| ran.ended(0).stdout)
    };
    let first = build();
    assert_eq!(build().rebuilt(), Vec::<String>::new());
    write(&project.folder.join("inc/limit.h"), "#define LIMIT 1\n");
    let again = build();
    assert_ne!(again.rebuilt(), Vec::<String>::new());
    let sha256 = |report: &Report| report.artifact("linux-amd64", "app").get("sha256").clone();
    assert_ne!(sha256(&first), sha256(&again));
    if let Some(said) = said(&again) {
        assert!(said.starts_with("c: 43 text\n"), "{said}");
    }
}

#[test]
fn a_missing_header_of_one_target_does_not_stop_the_others() {
    if !has_go("a missing header") {
        return;
    }
    let project = GoProject::copy("go-cgo");
    let answer = "#ifdef _WIN32\n#include <no/such.h>\n#endif\nint answer(int n) { return n; }\n";
    write(&project.folder.join("cmd/app/answer.c"), answer);
    let targets = "linux/amd64/static,windows/amd64,linux/arm64";
    let outcome = project.build(["./cmd/app", "--target", targets, "--vcs", "off"]).ended(1);
    let outcome = outcome.says("'no/such.h' file not found").says("hint: the C header no/such.h");
    let report = Report::parse(&outcome.stdout);
    let error = report.error("windows-amd64").expect("it failed");
    assert!(error.contains("no/such.h"), "{error}");
    for toolchain in ["linux-amd64-static", "linux-arm64"] {
        assert_eq!(report.error(toolchain), None);
        assert!(fs::metadata(report.artifact(toolchain, "app").path()).is_ok());
    }
    assert!(!project.output.join("windows-amd64/app.exe").exists());
}
