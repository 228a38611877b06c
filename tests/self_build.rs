//! rgo builds itself for another system, and prints there what it prints here: the cases of
//! `tests/cases` run again with its programs for windows/amd64, under Wine, and for linux/arm64, under
//! qemu. [`DIFFERENT`] names the cases that cannot be the same.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::{at_root, forget_on_ci, not_tested, root};

/// Cases that are different on a system. Each path is one of a file in `tests/cases`.
struct Different {
    toolchain: &'static str,
    /// Why they cannot be the same.
    because: &'static str,
    cases: &'static [&'static str],
}

const DIFFERENT: [Different; 4] = [
    Different {
        toolchain: WINDOWS,
        because: "rgo-build asks cargo about the project, and Wine has no cargo for Windows",
        cases: &[
            "refusals/c-shared-on-musl",
            "refusals/empty-target",
            "refusals/floor-garbage",
            "refusals/floor-none",
            "refusals/floor-raised",
            "refusals/floor-too-old",
            "refusals/floor-too-old-macos",
            "refusals/floor-too-old-triple",
            "refusals/floor-twice",
            "refusals/floor-variable",
            "refusals/floor-without-effect",
            "refusals/no-library",
            "refusals/no-manifest",
            "refusals/no-program",
            "refusals/processor-alone",
            "refusals/stamp-placeholder",
            "refusals/static-by-triple",
            "refusals/static-darwin",
            "refusals/static-windows",
            "refusals/two-outputs",
            "refusals/unknown-arch",
            "refusals/unknown-bin",
            "refusals/unknown-feature",
            "refusals/unknown-package",
            "refusals/unknown-processor",
            "refusals/unknown-target",
            "refusals/unknown-triple",
        ],
    },
    Different {
        toolchain: WINDOWS,
        because: "the error's text is the system's",
        cases: &[
            "refusals/stamp-absent",
            "strip/absent",
            "strip/absent-content",
            "version-m/colour-always",
            "version-m/empty-path",
            "surface/arguments-from-file",
            "surface/progress-json",
            "version-m/missing",
        ],
    },
    Different {
        toolchain: WINDOWS,
        because: "an absolute path begins with a drive",
        cases: &["refusals/no-folder"],
    },
    Different {
        toolchain: ARM64,
        because: "rgo starts another tool, and the kernel does not know that qemu has to run it",
        cases: &["lists/dispatch", "lists/dispatch-cargo", "surface/help-of-command"],
    },
];

const WINDOWS: &str = "windows-amd64";
const ARM64: &str = "linux-arm64-static";

/// What is built for, as a target of the call and as the folder where cargo builds.
const BUILT_FOR: [(&str, &str); 2] = [
    ("windows/amd64", "x86_64-pc-windows-gnullvm"),
    ("linux/arm64/static", "aarch64-unknown-linux-musl"),
];

const PROGRAMS: [&str; 6] =
    ["cargo-rgo", "rgo", "rgo-build", "rgo-strip", "rgo-symbols", "rgo-version-m"];

#[test]
fn the_programs_for_windows_print_the_same_under_wine() {
    let debian = Path::new("/usr/lib/wine/wine64");
    let wine = ["wine64", "wine"].into_iter().find_map(on_path);
    let Some(wine) = wine.or_else(|| debian.is_file().then(|| debian.to_owned())) else {
        return not_tested("rgo on Windows; there is no wine");
    };
    let _session = WineSession::begin(&wine);
    prints_the_same(WINDOWS, &wine, ".exe");
}

#[test]
fn the_programs_for_arm64_print_the_same_under_qemu() {
    let Some(qemu) = on_path("qemu-aarch64") else {
        return not_tested("rgo on linux/arm64; there is no qemu-aarch64");
    };
    prints_the_same(ARM64, &qemu, "");
}

/// Runs the cases with the programs of a toolchain, each started by the emulator.
fn prints_the_same(toolchain: &str, emulator: &Path, suffix: &str) {
    if env::var_os("TRYCMD").is_some() {
        eprintln!("NOT TESTED: {toolchain}; TRYCMD writes what the programs of this machine print");
        return;
    }
    at_root();
    let launchers = folder().join("launchers").join(toolchain);
    fs::create_dir_all(&launchers).expect("a folder");
    let cases = trycmd::TestCases::new();
    for name in PROGRAMS {
        let program = built().join(toolchain).join(format!("{name}{suffix}"));
        assert!(program.is_file(), "{} was not built", program.display());
        let launcher = launchers.join(name);
        fs::write(&launcher, launcher_script(emulator, &program)).expect("written");
        fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755)).expect("a program");
        cases.register_bin(name, launcher);
    }
    for (name, value) in variables() {
        cases.env(name, value);
    }
    cases
        .env("NO_COLOR", "1")
        .env("CARGO_TERM_COLOR", "never")
        .env("RUST_BACKTRACE", "0")
        .env("COLUMNS", "100")
        .env("CARGO_TARGET_DIR", folder().join("cases").to_str().expect("UTF-8"))
        .timeout(Duration::from_secs(300))
        .case("tests/cases/**/*.toml");
    for different in DIFFERENT.iter().filter(|it| it.toolchain == toolchain) {
        for case in different.cases {
            let file = format!("tests/cases/{case}.toml");
            assert!(Path::new(&file).is_file(), "{file} is gone, with `{}`", different.because);
            cases.skip(file);
        }
    }
    cases.run();
}

/// A script that runs a program under an emulator.
///
/// Wine writes a line of its own to stderr if a thread starts while the program ends. The script drops such
/// lines: stdout goes past the filter as descriptor 3, the exit code as descriptor 4.
fn launcher_script(emulator: &Path, program: &Path) -> String {
    let (emulator, program) = (emulator.display(), program.display());
    format!(
        r#"#!/bin/sh
exec 3>&1
code=$({{
    {{ '{emulator}' '{program}' "$@" 2>&1 >&3 3>&- 4>&-; echo $? >&4; }} |
        sed '/^wine client error:/d' >&2 3>&- 4>&-
}} 4>&1)
exit "$code"
"#
    )
}

/// A program that runs under Wine until this is dropped: Wine's services start with the first program
/// and end with the last, which takes ten times as long as a case.
struct WineSession(Child);

impl WineSession {
    #[allow(clippy::disallowed_methods)] // tests drive rgo from outside
    fn begin(wine: &Path) -> Self {
        let mut shell = Command::new(wine);
        shell.arg("cmd.exe").envs(variables()).stdin(Stdio::piped()).stdout(Stdio::null());
        Self(shell.spawn().expect("wine starts"))
    }
}

impl Drop for WineSession {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The folder with rgo's programs for both toolchains, built by rgo-build, once.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let output = folder().join("dist");
        // Procedural macros and build scripts are those of the programs that run this test.
        let cargos = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder");
        // One after the other: each takes much of a disk until it is forgotten.
        for (target, triple) in BUILT_FOR {
            build(target, cargos, &output);
            forget_on_ci(&cargos.join(triple));
        }
        output
    })
}

#[allow(clippy::disallowed_methods)] // tests drive rgo from outside
fn build(target: &str, cargos: &Path, output: &Path) {
    let mut build = Command::new(env!("CARGO_BIN_EXE_rgo-build"));
    // What the cargo around this test was told is not meant for this build.
    for (name, _) in env::vars().filter(|(name, _)| is_of_cargo(name)) {
        build.env_remove(name);
    }
    build.envs(variables()).env("CARGO_TARGET_DIR", cargos);
    build.arg("-C").arg(root()).args(["--package", "rgo", "--bins", "--locked"]);
    build.args(["--target", target, "--vcs", "off", "-o"]).arg(output);
    // What is quick to compile: nothing here runs for long.
    build.args(["--profile", "dev", "--debug-info", "none"]);
    build.args(["--config", "profile.dev.incremental=false"]);
    build.args(["--config", "profile.dev.package.\"*\".opt-level=0"]);
    let status = build.status().expect("rgo-build starts");
    assert!(status.success(), "{build:?}: {status}");
}

fn is_of_cargo(name: &str) -> bool {
    name.starts_with("CARGO_") && name != "CARGO_HOME"
        || ["RUSTFLAGS", "SOURCE_DATE_EPOCH"].contains(&name)
}

/// The variables that `cargo xtask setup` leaves, for a test that was not started by xtask.
fn variables() -> BTreeMap<String, String> {
    let cache = env::var_os("RGO_CACHE").map(PathBuf::from);
    let caches = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let caches = caches.or_else(|| Some(env::home_dir()?.join(".cache")));
    let cache = cache.or_else(|| Some(caches?.join("rgo"))).expect("a home");
    let file = cache.join("xtask/env.json");
    let text = fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask setup`", file.display()));
    serde_json::from_str(&text).expect("variables")
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Where this test builds: it stays from run to run.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("self_build")
}
