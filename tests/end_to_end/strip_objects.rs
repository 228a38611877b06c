//! `rgo-strip` on what is still to be linked, from the compilers that people use: what is linked of
//! stripped objects and archives runs, and their symbols are those that LLVM's strip leaves.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::stripping::done;
use crate::support::{
    Outcome, can, machine, native, no_gcc, readobj, run, runs_here, scratch, tool, zig,
};

/// Strings and a switch table that relocations lead to, a local function and its pointer.
const PART: &str = r#"
int say(const char *);
static const char *const words[] = {"one", "two"};
static int hidden(int n) { static int sum; sum += n; return sum * 3; }
int (*pointer)(int) = hidden;
int part(int n) {
    switch (n) { case 1: return 14; case 2: return say("deux"); case 3: return 5; case 4: return 99; }
    return say(words[n & 1]) + words[1][0];
}
"#;

const MAIN: &str = r#"
#include <stdio.h>
int part(int);
extern int (*pointer)(int);
int say(const char *text) { return text[0]; }
int main(void) { printf("%d %d %d\n", part(2), part(8), pointer(4)); return 0; }
"#;

/// A class template with a destructor, whose code lies in a group (`…D5Ev`).
const TEMPLATE: &str = r#"
#include <cstdio>
#include <string>
template <class T> struct Box {
    T value;
    explicit Box(T value) : value(value) {}
    virtual ~Box() { std::printf("gone: %zu\n", sizeof(T)); }
};
namespace { struct Last { ~Last() { std::puts("last"); } } last; }
int main() {
    Box<std::string> text("a text");
    Box<short> number(3);
    try { throw 3; } catch (int thrown) { std::printf("%d\n", thrown); }
}
"#;

struct Compiler {
    name: &'static str,
    /// Of which platform its programs are; none that this machine runs, if that is not named.
    platform: Option<&'static str>,
    /// For zig, what it compiles for.
    target: Option<&'static str>,
}

const COMPILERS: [Compiler; 4] = [
    Compiler { name: "gcc", platform: Some("linux-amd64"), target: None },
    Compiler {
        name: "clang",
        platform: Some("linux-amd64"),
        target: Some("x86_64-linux-gnu.2.17"),
    },
    Compiler {
        name: "clang-arm64",
        platform: Some("linux-arm64"),
        target: Some("aarch64-linux-musl"),
    },
    Compiler { name: "clang-riscv64", platform: None, target: Some("riscv64-linux-musl") },
];

impl Compiler {
    fn call(&self, cpp: bool, folder: &Path) -> Command {
        match self.target {
            Some(target) => {
                let mut command = zig(if cpp { "c++" } else { "cc" }, folder);
                command.args(["-target", target]);
                command
            }
            None => native(if cpp { "g++" } else { "gcc" }),
        }
    }

    /// What a program says, if it runs here.
    fn says(&self, program: &Path) -> Option<String> {
        match self.platform {
            Some(platform) if runs_here(platform) => {
                run(platform, program, &[]).map(|it| it.stdout)
            }
            None if can("qemu-riscv64") => {
                Some(Outcome::of(native("qemu-riscv64").arg(program)).ended(0).stdout)
            }
            _ => None,
        }
    }
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("written");
    path
}

/// Names of an object's symbols, those of sections and source files left out.
fn symbols(object: &Path) -> BTreeSet<String> {
    let text = readobj(&["--symbols", "--elf-output-style=GNU"], object);
    let rows = text.lines().filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_symbol = columns.len() >= 8 && columns[0].ends_with(':');
        (is_symbol && !["SECTION", "FILE"].contains(&columns[3])).then(|| columns[7..].join(" "))
    });
    rows.collect()
}

#[test]
fn objects_of_every_compiler_link_when_their_local_symbols_are_gone() {
    if !(can("gcc") && can("g++") && cfg!(all(target_os = "linux", target_arch = "x86_64"))) {
        no_gcc("objects without local symbols");
        return;
    }
    let folder = scratch("strip-locals");
    let (part, main) = (write(&folder, "part.c", PART), write(&folder, "main.c", MAIN));
    let template = write(&folder, "template.cpp", TEMPLATE);
    let mut ran = BTreeSet::new();
    for compiler in &COMPILERS {
        for level in ["-O0", "-O2"] {
            let place = |name: &str| folder.join(format!("{}{level}-{name}", compiler.name));
            let compile = |cpp, source: &Path, object: &Path| {
                let mut call = compiler.call(cpp, &folder);
                done(call.args(["-g", level, "-c"]).arg(source).arg("-o").arg(object));
            };
            let (object, other) = (place("part.o"), place("main.o"));
            compile(false, &part, &object);
            compile(false, &main, &other);
            let of_template = place("template.o");
            compile(true, &template, &of_template);
            let archive = place("part.a");
            let _ = fs::remove_file(&archive);
            done(native("ar").arg("rcs").args([&archive, &object]));
            for mode in ["-x", "-X", "-g", "--strip-unneeded"] {
                for (input, cpp, rest) in [
                    (&object, false, Some(&other)),
                    (&archive, false, Some(&other)),
                    (&of_template, true, None),
                ] {
                    let end = input.extension().expect("has one").to_string_lossy();
                    let what = format!("{} {mode}", input.display());
                    let (stripped, program) = (place(&format!("s{mode}.{end}")), place("linked"));
                    done(tool("rgo-strip").arg(mode).arg("-o").arg(&stripped).arg(input));
                    if end == "o" && mode != "--strip-unneeded" {
                        same_symbols_as_llvm(compiler, mode, input, &stripped);
                    }
                    // zig takes its time to link C++.
                    let is_quick = compiler.target.is_none();
                    if !is_quick && (mode != "-x" || cpp && level == "-O2") {
                        continue;
                    }
                    let mut link = compiler.call(cpp, &folder);
                    done(link.args(rest).arg(&stripped).arg("-o").arg(&program));
                    let Some(said) = compiler.says(&program) else { continue };
                    let expected = if cpp { "3\ngone: 2\n" } else { "100 " };
                    assert!(said.starts_with(expected), "{what}: {said}");
                    ran.insert(compiler.name);
                }
            }
        }
    }
    assert!(ran.contains("gcc") && ran.contains("clang"), "{ran:?}");
}

/// Holds that the symbols are those that LLVM's strip leaves, and the result is no larger.
#[track_caller]
fn same_symbols_as_llvm(compiler: &Compiler, mode: &str, input: &Path, stripped: &Path) {
    let theirs = stripped.with_extension("llvm");
    let mut llvm = native(machine().must("RGO_TEST_LLVM_STRIP"));
    done(llvm.arg(mode).arg("-o").arg(&theirs).arg(input));
    let mut ours = symbols(stripped);
    // GNU's and LLVM's keep these for arm64 and not for riscv64.
    if compiler.name.ends_with("riscv64") && mode == "-x" {
        ours.retain(|name| !name.starts_with('$'));
    }
    assert_eq!(ours, symbols(&theirs), "{} {mode}", input.display());
    let size = |path: &Path| fs::metadata(path).expect("is there").len();
    if !compiler.name.ends_with("riscv64") {
        assert!(size(stripped) <= size(&theirs), "{} {mode}", input.display());
    }
}

/// By its name a symbol that a relocation needs cannot go, and nothing is written.
#[test]
fn a_symbol_that_a_relocation_needs_is_not_taken_by_name() {
    let folder = scratch("strip-named-local");
    let (source, object) = (write(&folder, "part.c", PART), folder.join("part.o"));
    let mut compile = zig("cc", &folder);
    compile.args(["-target", "x86_64-linux-gnu", "-O1", "-c"]).arg(source).arg("-o").arg(&object);
    done(&mut compile);
    let before = fs::read(&object).expect("read");
    let name = symbols(&object).into_iter().find(|name| name.starts_with(".L"));
    let name = name.expect("a string's label");
    let outcome = Outcome::of(tool("rgo-strip").args(["-N", &name]).arg(&object)).ended(1);
    outcome.says(&format!("removing symbol {name}")).says("a relocation needs it");
    assert!(fs::read(&object).expect("read") == before);
}

/// What GCC compiles when it is linked needs the code that was kept for that, and in it what was
/// kept of the debug data.
#[test]
fn objects_that_gcc_compiles_at_link_time_link_when_stripped() {
    if !(can("gcc") && can("gcc-ar")) {
        no_gcc("objects for link-time optimization");
        return;
    }
    let folder = scratch("strip-lto");
    let (part, main) = (write(&folder, "part.c", PART), write(&folder, "main.c", MAIN));
    for kind in [&["-flto"][..], &["-flto", "-ffat-lto-objects"]] {
        let place = |name: &str| folder.join(format!("{}-{name}", kind.len()));
        let compile = |source: &Path, name: &str| {
            let object = place(name);
            let mut gcc = native("gcc");
            done(gcc.args(["-g", "-O2"]).args(kind).arg("-c").arg(source).arg("-o").arg(&object));
            object
        };
        let (object, other) = (compile(&part, "part.o"), compile(&main, "main.o"));
        let archive = place("part.a");
        let _ = fs::remove_file(&archive);
        done(native("gcc-ar").arg("rcs").args([&archive, &object]));
        for mode in ["-g", "--strip-unneeded", "-x", "-X"] {
            let [object, other, archive] = [&object, &other, &archive].map(|input| {
                let name = input.file_name().expect("a name").to_string_lossy();
                let stripped = folder.join(format!("stripped{mode}-{name}"));
                done(tool("rgo-strip").arg(mode).arg("-o").arg(&stripped).arg(input));
                stripped
            });
            for part in [&object, &archive] {
                let program = place("linked");
                let mut link = native("gcc");
                done(
                    link.args(["-g", "-O2"])
                        .args(kind)
                        .args([&other, part])
                        .arg("-o")
                        .arg(&program),
                );
                let said = Outcome::of(&mut native(&program)).ended(0).stdout;
                assert!(said.starts_with("100 "), "{kind:?} {mode} {}: {said}", part.display());
                let debug = readobj(&["--sections"], &program);
                assert!(debug.contains(".debug_info"), "{kind:?} {mode}: made at link time");
            }
        }
    }
}

/// A kernel module is an object that the kernel links.
#[test]
fn a_full_strip_of_a_kernel_module_is_warned_of() {
    let folder = scratch("strip-module");
    let text = format!(
        "{PART}\n__attribute__((section(\".gnu.linkonce.this_module\"))) int this_module = 1;\n"
    );
    let (source, object) = (write(&folder, "module.c", &text), folder.join("module.ko"));
    let mut compile = zig("cc", &folder);
    compile.args(["-target", "x86_64-linux-gnu", "-g", "-c"]).arg(source).arg("-o").arg(&object);
    done(&mut compile);
    let strip = |args: &[&str], input: &Path| {
        let output = folder.join("output");
        Outcome::of(tool("rgo-strip").args(args).arg("-o").arg(output).arg(input))
    };
    strip(&[], &object).ended(0).says("no kernel can load the result");
    assert_eq!(strip(&["-g"], &object).ended(0).stderr, "");

    // What signs a module appends: the message, its description, and a text.
    let mut signed = std::fs::read(&object).expect("is there");
    let described = [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    signed.extend([&b"a message"[..], &described, b"~Module signature appended~\n"].concat());
    let path = folder.join("signed.ko");
    std::fs::write(&path, signed).expect("writes");
    strip(&["-g"], &path).ended(1).says("signed").says("--sign none takes the signature away");
    let outcome = strip(&["-g", "--sign", "none"], &path).ended(0);
    outcome.says("it was signed by an identity, and is not any more");
}

/// A strip of everything leaves nothing to link: it is done, as other strips do it, and said.
#[test]
fn a_full_strip_of_an_object_is_warned_of() {
    let folder = scratch("strip-unlinkable");
    let (source, object) = (write(&folder, "part.c", PART), folder.join("part.o"));
    let mut compile = zig("cc", &folder);
    compile.args(["-target", "x86_64-linux-gnu", "-g", "-c"]).arg(source).arg("-o").arg(&object);
    done(&mut compile);
    let archive = folder.join("part.a");
    let mut ar = zig("ar", &folder);
    done(ar.arg("rcs").args([&archive, &object]));
    for (input, words) in [(&object, "no linker can use the result"), (&archive, "the objects")] {
        let output = folder.join("output");
        for (args, warned) in [(&[][..], true), (&["-s"], true), (&["-g"], false), (&["-x"], false)]
        {
            let mut strip = tool("rgo-strip");
            let outcome = Outcome::of(strip.args(args).arg("-o").arg(&output).arg(input)).ended(0);
            if warned {
                outcome.says(words).says("-g takes out debug data alone");
            } else {
                assert_eq!(outcome.stderr, "", "{args:?}");
            }
        }
    }
}
