//! The main job: two programs for all toolchains, one by us and one by strangers. What this
//! machine can run is run; of everything else, LLVM's reader says whether it is what it should be.

use std::path::Path;

use crate::support::{ALL, Artifact, Project, machine, readobj, ripgrep, run, runs_here, sample};

/// What runs on the machine that releases are built on: a linux on amd64 after set-up.
const RUNS: [&str; 5] =
    ["linux-amd64", "linux-amd64-static", "linux-arm64", "linux-arm64-static", "windows-amd64"];

#[test]
fn the_sample_runs_and_says_its_stamped_version() {
    let report = sample();
    let mut toolchains = report.toolchains();
    toolchains.sort_unstable();
    let mut all = ALL;
    all.sort_unstable();
    assert_eq!(toolchains, all);
    for toolchain in ALL {
        let file = report.artifact(toolchain, "sample").path();
        assert!(file.parent().is_some_and(|folder| folder.ends_with(toolchain)), "{file:?}");
        let Some(ran) = run(toolchain, &file, &["one", "two words"]) else { continue };
        let said = ran.ended(0).stdout;
        assert!(said.starts_with("sample 1.2.3 (0123abcd)\n"), "{toolchain}: {said}");
        let (os, arch) = match toolchain.trim_end_matches("-static").split_once('-') {
            Some((os, "amd64")) => (os, "x86_64"),
            Some((os, _)) => (os, "aarch64"),
            None => panic!("{toolchain}"),
        };
        for line in [
            &format!("target: {os}/{arch}, pid "),
            "semver: 1.2.3\n",
            "args: one two words\n",
            "threads: 4\n",
            "unwinding: works\n",
        ] {
            assert!(said.contains(line), "{toolchain}: no {line:?} in {said}");
        }
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn this_machine_runs_what_it_should() {
    let missing: Vec<_> = RUNS.into_iter().filter(|toolchain| !runs_here(toolchain)).collect();
    assert!(missing.is_empty(), "nothing runs {missing:?}: run `cargo xtask setup`");
}

#[test]
fn ripgrep_builds_for_all_and_searches() {
    let folder = machine().must("RGO_TEST_RIPGREP");
    let report = ripgrep();
    for toolchain in ALL {
        check(toolchain, &report.artifact(toolchain, "rg"));
        let file = report.artifact(toolchain, "rg").path();
        if let Some(ran) = run(toolchain, &file, &["--version"]) {
            assert!(ran.ended(0).stdout.starts_with("ripgrep 15.1.0"), "{toolchain}");
        }
        let manifest = Path::new(&folder).join("Cargo.toml");
        let search = ["--no-filename", "^name = \"ripgrep\"$", manifest.to_str().expect("UTF-8")];
        if let Some(ran) = run(toolchain, &file, &search) {
            assert_eq!(ran.ended(0).stdout, "name = \"ripgrep\"\n", "{toolchain}");
        }
    }
}

#[test]
fn every_sample_is_for_its_platform_and_needs_only_that() {
    for toolchain in ALL {
        check(toolchain, &sample().artifact(toolchain, "sample"));
    }
}

/// Compares LLVM's reading of the file with what it should be, and with rgo's own reading.
fn check(toolchain: &str, artifact: &Artifact<'_>) {
    let path = artifact.path();
    let header = readobj(&["--file-header"], &path);
    let needed = needed(&path);
    let machine = match toolchain.trim_end_matches("-static") {
        "windows-amd64" => "Machine: IMAGE_FILE_MACHINE_AMD64",
        "windows-arm64" => "Machine: IMAGE_FILE_MACHINE_ARM64",
        other if other.ends_with("arm64") => "Arch: aarch64",
        _ => "Arch: x86_64",
    };
    assert!(header.contains(machine), "{toolchain}: {header}");
    let mut ours = Artifact::strings(artifact.linkage("needed"));
    ours.sort_unstable();
    let mut theirs: Vec<&str> = needed.iter().map(String::as_str).collect();
    theirs.sort_unstable();
    assert_eq!(ours, theirs, "{toolchain}: rgo and LLVM read the same");
    assert_eq!(artifact.get("findings").as_array().map(Vec::len), Some(0), "{artifact:?}");

    match toolchain.split_once('-').expect("os-arch").0 {
        "linux" if toolchain.ends_with("static") => {
            let segments = readobj(&["--program-headers"], &path);
            assert!(!segments.contains("PT_INTERP"), "{toolchain}: {segments}");
            assert!(header.contains("Type: SharedObject"), "{toolchain} is static-pie: {header}");
            assert_eq!(needed, Vec::<String>::new(), "{toolchain}");
            assert_eq!(artifact.linkage("kind"), "static-pie");
        }
        "linux" => {
            let versions = readobj(&["--version-info"], &path);
            let floor = glibc_floor(&versions);
            assert!(floor <= (2, 17), "{toolchain} needs glibc {floor:?}");
            assert_eq!(artifact.linkage("kind"), "pie");
        }
        "darwin" => {
            assert!(needed.iter().all(|library| library.starts_with("/usr/lib/")), "{needed:?}");
            let version = readobj(&["--macho-version-min"], &path);
            assert!(version.contains("Version: 11.0"), "{toolchain}: {version}");
        }
        _ => {
            for library in &needed {
                let library = library.to_lowercase();
                for runtime in ["unwind", "gcc", "winpthread", "c++", "vcruntime", "ssp"] {
                    assert!(!library.contains(runtime), "{toolchain} needs {library}");
                }
            }
        }
    }
}

/// The libraries that LLVM's reader finds; for PE in the import table.
fn needed(path: &Path) -> Vec<String> {
    let text = readobj(&["--needed-libs"], path);
    let lines = text.lines().skip_while(|line| !line.starts_with("NeededLibraries"));
    let inside = lines.skip(1).take_while(|line| !line.starts_with(']'));
    inside.map(|line| line.trim().to_owned()).collect()
}

/// The highest `GLIBC_x.y` in a listing.
fn glibc_floor(text: &str) -> (u32, u32) {
    let versions = text.split("GLIBC_").skip(1).filter_map(|rest| {
        let version = rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
        let mut parts = version.split('.').map(|part| part.parse().ok());
        Some((parts.next()??, parts.next()??))
    });
    versions.max().expect("a dynamic program asks glibc for something")
}

#[test]
fn a_floor_is_kept_or_told() {
    let project = Project::at(&Project::of("sample").folder, "floors");
    // Both builds put their programs in one place, so each is looked at before the next.
    let floors = |flags: &[&str]| {
        let args = ["--target", "linux/amd64,darwin/arm64"];
        let report = project.build(args.into_iter().chain(flags.iter().copied())).report();
        ["linux-amd64", "darwin-arm64"]
            .map(|toolchain| floor(toolchain, &report.artifact(toolchain, "sample").path()))
    };
    let [glibc, macos] = floors(&["--glibc", "2.17"]);
    assert!(glibc <= (2, 17), "{glibc:?}");
    assert_eq!(macos, (11, 0));
    let [glibc, macos] = floors(&["--glibc", "2.34", "--macos", "13.0"]);
    assert!(glibc > (2, 17) && glibc <= (2, 34), "{glibc:?}: a newer one is used where it may be");
    assert_eq!(macos, (13, 0));
}

/// The oldest system that a program of this toolchain runs on, as `llvm-readobj` has it.
pub(crate) fn floor(toolchain: &str, path: &Path) -> (u32, u32) {
    if toolchain.starts_with("linux") {
        return glibc_floor(&readobj(&["--version-info"], path));
    }
    let text = readobj(&["--macho-version-min"], path);
    let version = text.split("Version: ").nth(1).and_then(|rest| rest.lines().next());
    let (major, minor) = version.and_then(|version| version.split_once('.')).expect("a version");
    (major.parse().expect("a number"), minor.parse().expect("a number"))
}
