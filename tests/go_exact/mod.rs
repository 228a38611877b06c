//! `rgo-version-m --go` beside the installed `go version`, on the same arguments: stdout, stderr
//! and exit code have to be the same bytes. The files are Go programs of every platform and
//! layout that can be had here, published programs, and tens of thousands of damaged ones.
//!
//! Where Go is missing, the test says so.

#[path = "../../crates/rgo-binary/src/go_version/samples.rs"]
mod samples;

mod fixtures;
mod zoo;

use std::cell::Cell;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::support::corpus::fetched;
use crate::support::{cannot_test, native};

/// Every way of asking about files.
const WAYS: [&[&str]; 6] =
    [&[], &["-m"], &["-v"], &["-m", "-v"], &["-m", "-json"], &["-m", "-v", "-json"]];

thread_local! {
    /// How many command lines this test has compared; each test has a thread of its own.
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// Whether the installed Go is one whose words are known; else that is said aloud.
fn has_go() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let version = native("go").args(["env", "GOVERSION"]).output();
        let version = version.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
        let version = version.unwrap_or_default();
        let minor =
            version.strip_prefix("go1.").and_then(|rest| rest.split('.').next()?.parse().ok());
        let known = minor.is_some_and(|minor: u32| minor >= 26);
        if !known {
            cannot_test(format!(
                "rgo-version-m --go beside Go: go 1.26 is needed, not {version:?}"
            ));
        }
        known
    })
}

/// Runs both in a folder, for every way, and holds that they agree.
#[track_caller]
fn agree(folder: &Path, files: &[impl AsRef<OsStr>]) {
    for way in WAYS {
        agree_on(folder, way, files);
    }
}

/// Runs both in a folder with these arguments, and holds that they agree: as two streams, and
/// as one, where the order of lines shows.
#[track_caller]
fn agree_on(folder: &Path, flags: &[&str], files: &[impl AsRef<OsStr>]) {
    let mut go = native("go");
    go.arg("version").args(flags).args(files);
    let mut rgo = native(env!("CARGO_BIN_EXE_rgo-version-m"));
    rgo.arg("--go").args(flags).args(files);
    let line = format!("{flags:?} {:?}", files.iter().map(AsRef::as_ref).collect::<Vec<_>>());
    same(&line, &run(folder, &mut go), &run(folder, &mut rgo));
    if cfg!(unix) {
        let merged = |inner: &Command| {
            let mut shell = native("sh");
            shell.args(["-c", "exec \"$0\" \"$@\" 2>&1"]);
            shell.arg(inner.get_program()).args(inner.get_args());
            shell
        };
        same(&line, &run(folder, &mut merged(&go)), &run(folder, &mut merged(&rgo)));
    }
    COMPARED.set(COMPARED.get() + 1);
}

fn run(folder: &Path, command: &mut Command) -> Output {
    command.current_dir(folder).env("GOTOOLCHAIN", "local").env("GOFLAGS", "");
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

#[track_caller]
fn same(line: &str, go: &Output, rgo: &Output) {
    for (stream, go, rgo) in
        [("stdout", &go.stdout, &rgo.stdout), ("stderr", &go.stderr, &rgo.stderr)]
    {
        if go != rgo {
            let lines = |bytes: &[u8]| -> Vec<String> {
                bytes.split(|b| *b == b'\n').map(|l| l.escape_ascii().to_string()).collect()
            };
            let (go, rgo) = (lines(go), lines(rgo));
            let at = go.iter().zip(&rgo).take_while(|(go, rgo)| go == rgo).count();
            let show =
                |lines: &[String]| lines.iter().skip(at).take(3).cloned().collect::<Vec<_>>();
            let (go, rgo) = (show(&go), show(&rgo));
            panic!("{line}: {stream} differs in line {}\n  go: {go:#?}\n rgo: {rgo:#?}", at + 1);
        }
    }
    assert_eq!(go.status.code(), rgo.status.code(), "{line}: exit codes, go's and rgo's");
}

fn say_compared(what: &str) {
    eprintln!("compared with Go on {what}: {} command lines", COMPARED.get());
}

#[test]
fn calls_without_files() {
    if has_go() {
        let none: [&str; 0] = [];
        agree(Path::new("."), &none);
        agree_on(Path::new("."), &["-json"], &none);
        agree_on(Path::new("."), &["-json"], &["a"]);
        agree_on(Path::new("."), &["-v", "-json"], &["a", "b"]);
    }
}

#[test]
fn published_programs() {
    let files: Vec<PathBuf> = fetched().into_iter().map(|one| one.file).collect();
    if files.is_empty() || !has_go() {
        return;
    }
    for file in &files {
        agree(Path::new("."), &[file]);
    }
    agree(Path::new("."), &files);
    say_compared("published programs");
}
