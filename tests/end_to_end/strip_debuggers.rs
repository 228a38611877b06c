//! What `rgo-strip` leaves of programs, before the debuggers that people use: each finds the
//! debug data that was split off, and can do what the report says, no more and no less.

mod abilities;
mod dsym;
mod elf;
mod go;
mod pe;
mod served;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::support::{Outcome, Project, Report, can, cannot_test, machine, native, tool};

/// Where the programs of these tests have their sources.
fn sources() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/debugged");
    folder.canonicalize().expect("is there")
}

/// The number of the first line of a source that has these words.
#[track_caller]
fn line_of(source: &Path, words: &str) -> usize {
    let text = std::fs::read_to_string(source).expect("a source");
    1 + text.lines().position(|line| line.contains(words)).expect("a line with these words")
}

/// `twice.c`, compiled with `flags` by the compiler of this machine.
fn c_program(file: &Path, flags: &[&str]) {
    let mut gcc = native("gcc");
    gcc.args(["-g", "-O0", "-no-pie"]).args(flags).arg(sources().join("twice.c"));
    Outcome::of(gcc.arg("-o").arg(file)).ended(0);
}

/// The line of `twice.c` at which `doubled` holds 42.
fn c_line() -> usize {
    line_of(&sources().join("twice.c"), "printf")
}

/// `twice.go`, compiled without optimisation of its own functions; none where there is no Go.
fn go_program(file: &Path, os: &str, arch: &str) -> Option<()> {
    if !can("go") {
        cannot_test("debuggers of Go programs, for there is no go");
        return None;
    }
    let mut go = native("go");
    go.env("GOOS", os).env("GOARCH", arch).env("CGO_ENABLED", "0").env("GOFLAGS", "");
    go.args(["build", "-gcflags=-N -l", "-o"]).arg(file).arg(".").current_dir(sources());
    Outcome::of(&mut go).ended(0);
    Some(())
}

/// The line of `twice.go` at which `doubled` holds 42.
fn go_line() -> usize {
    line_of(&sources().join("twice.go"), "Println")
}

/// What Go's own tables say of an address: a function, and a line. They are not DWARF.
fn go_says(program: &Path, address: &str) -> String {
    let mut go = native("go");
    go.args(["tool", "addr2line"]).arg(program).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = go.stdin(Stdio::piped()).spawn().expect("go runs");
    let mut input = child.stdin.take().expect("a pipe");
    writeln!(input, "{address}").expect("is read");
    drop(input);
    let output = child.wait_with_output().expect("go ends");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The sample program, not optimised so that its variables can be read, with trimmed paths.
struct Sample {
    /// With its debug data inside, where the format has it there.
    whole: Report,
    /// As rgo-build splits it.
    split: Report,
}

/// Built once for all tests of this process.
fn sample() -> &'static Sample {
    static SAMPLE: OnceLock<Sample> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let build = |strip: &str| {
            let mut project = Project::at(&Project::of("sample").folder, "debuggers");
            project.output = project.output.join(strip);
            let targets = "linux/amd64,windows/amd64,darwin/arm64";
            let args = ["--target", targets, "--debug-info", "full", "--strip", strip];
            let mut command = project.command(args);
            Outcome::of(command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")).report()
        };
        Sample { whole: build("none"), split: build("split") }
    })
}

/// A line of the sample, and the text in it.
fn sample_line() -> (usize, &'static str) {
    let text = r#"println!("semver: "#;
    (line_of(&Project::of("sample").folder.join("src/main.rs"), text), text)
}

/// `rgo-strip` with these arguments on a file.
fn strip(file: &Path, args: &[&str]) -> Outcome {
    Outcome::of(tool("rgo-strip").args(args).arg(file)).ended(0)
}

/// `rgo-strip --split` of a file, in place.
fn split(file: &Path, folder: &Path) {
    strip(file, &["--split", folder.to_str().expect("UTF-8")]);
}

/// A session of gdb that knows no folder with debug data but this one.
fn gdb(program: &Path, debug: Option<&Path>, commands: &[&str]) -> String {
    let mut gdb = native("gdb");
    let folder = debug.map(|folder| folder.display().to_string()).unwrap_or_default();
    let folder = format!("set debug-file-directory {folder}");
    gdb.args(["-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", &folder]);
    ask(gdb, program, commands)
}

/// Puts the commands to a gdb, and gives what it says.
fn ask(mut gdb: Command, program: &Path, commands: &[&str]) -> String {
    gdb.args(["-iex", "set auto-load no", "-iex", "set width 0"]).arg(program);
    // It ends as its last command does.
    for command in commands.iter().chain(&["echo \\n"]) {
        gdb.args(["-ex", command]);
    }
    Outcome::of(gdb.env_remove("DEBUGINFOD_URLS")).ended(0).stdout
}

/// What `llvm-symbolizer` makes of an address.
fn symbolized(program: &Path, address: &str) -> String {
    let mut symbolizer = native(machine().must("RGO_TEST_LLVM_SYMBOLIZER"));
    symbolizer.arg("--obj").arg(program).arg(address);
    Outcome::of(&mut symbolizer).ended(0).stdout
}

/// The first address in a text, as `0x…`.
#[track_caller]
fn address(text: &str) -> &str {
    let from = text.find("0x").unwrap_or_else(|| panic!("no address in {text}"));
    let digits = |c: char| !c.is_ascii_hexdigit();
    let end = text[from + 2..].find(digits).map_or(text.len(), |end| from + 2 + end);
    &text[from..end]
}
