//! `rgo-symbols size` against the records of linkers: what a crate, a compile unit or a package has is within 5 % of
//! what the map of the linker gives its object files, and the groups add up to the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::link_map::{MapForm, parse};
use crate::support::{
    Outcome, can, cannot_test, native, no_gcc, not_tested, scratch, tool, write, zig, zig_lib,
};

/// Groups with less than this part of the file are not compared.
const FLOOR: u64 = 100;
/// How far a group may be from the map, in percent.
const TOLERANCE: u64 = 5;

/// Bytes by their groups.
type Sums = BTreeMap<String, u64>;

/// The bytes of the file that belong to someone by the report: the sections with such bytes, and the groups. The
/// groups of the whole file are checked on the way.
fn reported(file: &Path, by: &str, kinds: &[&str]) -> (BTreeSet<String>, Sums) {
    let mut call = tool("rgo-symbols");
    call.args(["size", "--format", "json", "--by", &format!("kind,section,{by}")]).arg(file);
    let report: Value =
        serde_json::from_str(&Outcome::of(&mut call).ended(0).stdout).expect("JSON");
    let within = |group: &Value| group["groups"].as_array().expect("groups").clone();
    let name = |group: &Value| group["name"].as_str().expect("a name").to_owned();
    let bytes = |group: &Value| group["file_bytes"].as_u64().expect("bytes");
    let (mut sections, mut sums, mut all) = (BTreeSet::new(), Sums::new(), 0);
    for kind in within(&report["files"][0]) {
        for section in within(&kind) {
            for group in within(&section) {
                all += bytes(&group);
                if kinds.contains(&name(&kind).as_str()) {
                    sections.insert(name(&section));
                    *sums.entry(name(&group)).or_default() += bytes(&group);
                }
            }
        }
    }
    assert_eq!(all, fs::metadata(file).expect("a file").len(), "{}", file.display());
    (sections, sums)
}

/// Holds that both agree on the groups above the floor.
fn compare(what: &str, file: &Path, ours: &Sums, map: &Sums, at_least: usize) {
    let floor = fs::metadata(file).expect("a file").len() / FLOOR;
    let names: BTreeSet<&String> = ours.keys().chain(map.keys()).collect();
    let (mut wrong, mut compared) = (String::new(), 0);
    for name in names.into_iter().filter(|name| !name.starts_with('[')) {
        let of = |sums: &Sums| sums.get(name).copied().unwrap_or_default();
        let (ours, map) = (of(ours), of(map));
        if ours.max(map) < floor {
            continue;
        }
        compared += 1;
        println!("{what}: {name}: {ours}, by the map {map}");
        if ours.abs_diff(map) * 100 > map * TOLERANCE {
            let _ = writeln!(wrong, "{what}: {name}: {ours}, by the map {map}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared >= at_least, "{what}: only {compared} groups");
}

/// The name of an object file, without its archive and folder.
fn member(file: &str) -> &str {
    let member = file.rsplit('(').next().unwrap_or(file).trim_end_matches(')');
    member.rsplit('/').next().unwrap_or(member)
}

/// The crate of an object file of rustc.
fn crate_of(file: &str) -> Option<String> {
    let name = member(file);
    name.ends_with(".rcgu.o").then(|| name.split(['.', '-']).next().unwrap_or(name).to_owned())
}

fn check_crates(what: &str, file: &Path, form: MapForm, map: &Path) {
    let (sections, ours) = reported(file, "crate", &["code", "read-only data", "data"]);
    let map = String::from_utf8_lossy(&fs::read(map).expect("a map")).into_owned();
    let mut sums = Sums::new();
    for taken in parse(form, &map).into_iter().filter(|taken| sections.contains(&taken.section)) {
        if let Some(of) = crate_of(&taken.file) {
            *sums.entry(of).or_default() += taken.bytes;
        }
    }
    // The code that rustc makes for the program alone has no crate.
    let ours = ours.into_iter().filter(|(name, _)| name != "__rustc").collect();
    compare(what, file, &ours, &sums, 3);
}

/// The units of objects with debug data: zig's own are called otherwise.
fn check_units(what: &str, file: &Path, form: MapForm, map: &Path) {
    let stem = |name: &str| {
        let name = member(name);
        let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        name.trim_end_matches("_zcu").trim_start_matches("libcompiler").to_owned()
    };
    let (sections, ours) =
        reported(file, "unit", &["code", "read-only data", "data", "debug data"]);
    let map = fs::read_to_string(map).expect("a map");
    let (mut sums, mut described) = (Sums::new(), BTreeSet::new());
    for taken in parse(form, &map).into_iter().filter(|taken| sections.contains(&taken.section)) {
        let unit = stem(&taken.file);
        if taken.section == ".debug_info" {
            described.insert(unit.clone());
        }
        *sums.entry(unit).or_default() += taken.bytes;
    }
    sums.retain(|name, _| described.contains(name));
    let mut by_stem = Sums::new();
    for (name, bytes) in ours {
        let name =
            if name.starts_with('[') { name } else { stem(&name).replace("compiler_rt", "_rt") };
        *by_stem.entry(name).or_default() += bytes;
    }
    compare(what, file, &by_stem, &sums, 3);
}

/// A crate with functions, strings, tables, and a generic whose code is in the crates that use it.
fn rust_library(name: &str, count: usize) -> String {
    let mut text = String::from("use std::fmt::Write as _;\n");
    for number in 0..count {
        let _ = write!(
            text,
            r#"#[inline(never)] pub fn {name}_{number}(x: u64) -> String {{
    let mut text = String::from("{name} {number} begins with these words");
    for step in 0..x % 7 {{ let _ = write!(text, "{{}} {name}-{number} {{:x}}; ", step * {number}, x ^ step); }}
    text
}}
"#
        );
    }
    let table: Vec<String> = (0..count).map(|number| format!("{name}_{number}")).collect();
    let messages: Vec<String> =
        (0..40).map(|number| format!("\"message {number} of the table of {name}\"")).collect();
    let _ = write!(
        text,
        r##"#[inline(never)] pub fn all(x: u64) -> usize {{
    let all: &[fn(u64) -> String] = &[{}];
    all.iter().map(|f| f(x).len()).sum()
}}
static NUMBERS: [u64; 700] = {{ let mut all = [{count}; 700]; let mut i = 0; while i < 700 {{ all[i] += i as u64; i += 1; }} all }};
#[inline(never)] pub fn number(i: usize) -> u64 {{ NUMBERS[i % 700] }}
static MESSAGES: [&str; 40] = [{}];
#[inline(never)] pub fn message(i: usize) -> &'static str {{ MESSAGES[i % 40] }}
#[inline(never)] pub fn sorted<T: Ord + Clone + std::fmt::Debug>(all: &[T]) -> String {{
    let mut all = all.to_vec(); all.sort(); format!("{{all:?}}")
}}
"##,
        table.join(", "),
        messages.join(", "),
    );
    text
}

const RUST_PROGRAM: &str = r#"fn main() {
    let x = std::env::args().count();
    let pairs: Vec<(u64, String)> = (0..9).map(|n| (shapes::number(n * x), words::message(n).to_owned())).collect();
    println!("{} {} {}", shapes::all(x as u64), words::all(x as u64), words::mixed(x));
    println!("{} {}", shapes::sorted(&pairs), words::sorted(&[x as i16]));
}
"#;

const MIXED: &str = r"#[inline(never)] pub fn mixed(x: usize) -> String {
    shapes::sorted(&[x as u8, 2, 3]) + &shapes::sorted(&[Some(x), None]) + &shapes::sorted(&[shapes::message(x)])
}
";

/// Builds the program of three crates. `settings` are for the last call of rustc.
fn rust(folder: &Path, flags: &[&str], settings: impl Fn(&mut Command)) -> PathBuf {
    write(&folder.join("shapes.rs"), &rust_library("shapes", 120));
    write(&folder.join("words.rs"), &(rust_library("words", 60) + MIXED));
    write(&folder.join("app.rs"), RUST_PROGRAM);
    for (name, of) in [("shapes", &[][..]), ("words", &["shapes"]), ("app", &["shapes", "words"])] {
        let mut rustc = native("rustc");
        rustc.args(["-O", "--edition", "2021", "--crate-name", name]).args(flags);
        for library in of {
            rustc.arg("--extern").arg(format!("{library}=lib{library}.rlib"));
        }
        match name {
            "app" => settings(rustc.args(["-o", "app"])),
            _ => drop(rustc.args(["--crate-type", "rlib"])),
        }
        Outcome::of(rustc.arg(format!("{name}.rs")).current_dir(folder)).ended(0);
    }
    folder.join("app")
}

#[test]
fn crates_of_elf_are_as_the_map_says() {
    // Names of Rust alone do not say which crate has the code of a generic: debug data do, and the names of files.
    for (linker, debug, flags) in
        [("bfd", "debuginfo=1", &[][..]), ("lld", "debuginfo=0", &["-C", "link-arg=-Wl,-O0"])]
    {
        if !can(&format!("ld.{linker}")) && linker == "bfd" {
            not_tested("the map of GNU ld; there is none");
            continue;
        }
        let folder = scratch(&format!("symbols-maps-{linker}"));
        let file = rust(&folder, &["-C", debug], |rustc| {
            rustc.args(["-C", "link-arg=-Wl,-Map=map", "-C"]);
            rustc.arg(format!("link-arg=-fuse-ld={linker}")).args(flags);
        });
        let form = if linker == "bfd" { MapForm::Gnu } else { MapForm::Lld };
        check_crates(&format!("rust {linker}"), &file, form, &folder.join("map"));
    }
}

#[test]
fn crates_of_macho_are_as_the_map_says() {
    const TARGET: &str = "aarch64-apple-darwin";
    let mut libraries = native("rustc");
    libraries.args(["--print", "target-libdir", "--target", TARGET]);
    if !Path::new(Outcome::of(&mut libraries).ended(0).stdout.trim()).is_dir() {
        not_tested("crates of Mach-O; rustc has no standard library for it");
        return;
    }
    let folder = scratch("symbols-maps-darwin");
    let sdk = folder.join("usr/lib");
    fs::create_dir_all(&sdk).expect("made");
    for name in ["System", "c", "m"] {
        let stub = zig_lib().join("libc/darwin/libSystem.tbd");
        fs::copy(stub, sdk.join(format!("lib{name}.tbd"))).expect("copied");
    }
    let file = rust(&folder, &["-C", "debuginfo=1", "--target", TARGET], |rustc| {
        rustc.args(["-C", "linker=rust-lld", "-C", "linker-flavor=ld64.lld"]);
        rustc.args(["-C", "link-args=-map map"]).env("SDKROOT", &folder);
    });
    check_crates("rust ld64.lld", &file, MapForm::Darwin, &folder.join("map"));
}

/// A file of C++ with functions, strings, a table, variables, and a class with virtual functions.
fn cpp_file(name: &str, count: usize) -> String {
    let mut text = String::from("#include \"common.h\"\n");
    for number in 0..count {
        let _ = writeln!(
            text,
            "std::string {name}_{number}(unsigned x) {{\n  std::string text = \"{name} {number} begins\";\n  \
             for (unsigned i = 0; i < x % 7; i++) text += std::to_string(x * {number}) + \
             joined(std::vector<unsigned>{{i, {number}}});\n  return text;\n}}"
        );
    }
    let numbers: Vec<String> = (0..700).map(|number| (number * count).to_string()).collect();
    let table: Vec<String> = (0..count).map(|number| format!("{name}_{number}")).collect();
    let _ = writeln!(
        text,
        "static const unsigned numbers[700] = {{{}}};\nstatic unsigned counts[100] = {{1, 2, 3}};\n\
         unsigned count_{name}(unsigned n) {{ return counts[n % 100]++; }}\n\
         struct {name}_shape : shape {{ unsigned n; explicit {name}_shape(unsigned n) : n(n) {{}}\n  \
         std::string show() const override {{ return \"{name}\" + std::to_string(n); }} }};\n\
         shape *make_{name}(unsigned n) {{ return new {name}_shape(n + numbers[n % 700]); }}\n\
         std::string all_{name}(unsigned x) {{\n  static std::string (*const table[])(unsigned) = {{{}}};\n  \
         std::string text; for (auto f : table) text += f(x); return text; }}",
        numbers.join(", "),
        table.join(", "),
    );
    text
}

const CPP_HEADER: &str = r#"#pragma once
#include <string>
#include <vector>
struct shape { virtual ~shape() = default; virtual std::string show() const = 0; };
template <class T> std::string joined(const std::vector<T> &all) {
  std::string text;
  for (const T &one : all) text += std::to_string(one) + ", ";
  return text;
}
#define DECLARE(name) std::string all_##name(unsigned); shape *make_##name(unsigned); unsigned count_##name(unsigned)
DECLARE(shapes); DECLARE(words);
"#;

const CPP_PROGRAM: &str = r#"#include "common.h"
#include <cstdio>
int main(int count, char **) {
  unsigned x = count;
  std::puts((all_shapes(x) + all_words(x) + make_shapes(x)->show() + make_words(x)->show()).c_str());
  std::puts(joined(std::vector<long long>{count_shapes(x), count_words(x)}).c_str());
}
"#;

/// Compiles the three files of the program. Returns the objects.
fn cpp_objects(folder: &Path, compiler: impl Fn() -> Command) -> [String; 3] {
    write(&folder.join("common.h"), CPP_HEADER);
    write(&folder.join("main.cpp"), CPP_PROGRAM);
    write(&folder.join("shapes.cpp"), &cpp_file("shapes", 60));
    write(&folder.join("words.cpp"), &cpp_file("words", 30));
    ["main", "shapes", "words"].map(|name| {
        let object = format!("{name}.o");
        let mut compile = compiler();
        compile.args(["-std=c++17", "-O1", "-c", "-o", &object]).arg(format!("{name}.cpp"));
        Outcome::of(compile.current_dir(folder)).ended(0);
        object
    })
}

#[test]
fn units_of_gcc_are_as_the_map_says() {
    if !can("g++") {
        no_gcc("the map of what g++ compiles");
        return;
    }
    let folder = scratch("symbols-maps-gcc");
    let objects = cpp_objects(&folder, || {
        let mut compile = native("g++");
        compile.args(["-g", "-ffunction-sections"]);
        compile
    });
    let mut link = native("g++");
    link.args(&objects).args(["-o", "app", "-fuse-ld=bfd", "-Wl,-Map=map", "-Wl,--gc-sections"]);
    Outcome::of(link.current_dir(&folder)).ended(0);
    check_units("g++ bfd", &folder.join("app"), MapForm::Gnu, &folder.join("map"));
}

/// zig knows no flag for maps: its linker is called again as zig called it, and with one.
fn linked_by_zig(
    target: &str,
    debug: &str,
    name: &str,
    changed: impl Fn(&str) -> Option<String>,
    flags: &[&str],
) -> PathBuf {
    let folder = scratch(&format!("symbols-maps-{target}"));
    let objects = cpp_objects(&folder, || {
        let mut compile = zig("c++", &folder);
        compile.args([debug, "-target", target]);
        compile
    });
    let mut link = zig("c++", &folder);
    link.args(["-g", "-target", target]).args(&objects).args(["-o", name]);
    let said = Outcome::of(link.env("ZIG_VERBOSE_LINK", "1").current_dir(&folder)).ended(0).stderr;
    let is_it = |line: &&str| {
        line.split(' ').any(|word| word.trim_start_matches("-OUT:") == name)
            && (line.starts_with("ld.lld ") || line.starts_with("lld-link "))
    };
    let line = said.lines().find(is_it).unwrap_or_else(|| panic!("no link: {said}"));
    let mut words = line.split(' ');
    let mut link = zig(words.next().expect("a linker"), &folder);
    link.args(words.filter_map(changed)).args(flags);
    Outcome::of(link.current_dir(&folder)).ended(0);
    folder
}

#[test]
fn units_of_zig_are_as_the_map_says() {
    let keep = |word: &str| Some(word.to_owned());
    let folder = linked_by_zig("x86_64-linux-musl", "-g", "app", keep, &["-Map=map", "-O0"]);
    check_units("zig ld.lld", &folder.join("app"), MapForm::Lld, &folder.join("map"));
}

#[test]
fn units_of_pe_are_as_the_map_says() {
    // With symbols and debug data in the program, and not in a PDB.
    let changed = |word: &str| match word {
        "-DEBUG" => Some("-debug:dwarf,symtab".to_owned()),
        _ => (!word.starts_with("-PDB")).then(|| word.to_owned()),
    };
    let flags = &["-lldmap:map"];
    let folder = linked_by_zig("x86_64-windows-gnu", "-gdwarf-4", "app.exe", changed, flags);
    check_units("zig lld-link", &folder.join("app.exe"), MapForm::Lld, &folder.join("map"));
}

#[test]
fn packages_of_go_are_as_its_nm_says() {
    if !can("go") {
        cannot_test("packages of Go; there is no go on PATH");
        return;
    }
    let program = crate::support::made::one("go linux-amd64").expect("a Go program");
    let mut nm = native("go");
    nm.args(["tool", "nm", "-size", "-sort", "size"]).arg(&program.file);
    let mut sums = Sums::new();
    for line in Outcome::of(&mut nm).ended(0).stdout.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, size, "T" | "t", name, ..] = words[..] else { continue };
        // The arguments of generics have packages of their own.
        let path = name.split('[').next().unwrap_or(name);
        let start = path.rfind('/').map_or(0, |at| at + 1);
        let end = path[start..].find('.').map(|at| start + at);
        if let Some(end) = end.filter(|_| !path.contains(':')) {
            *sums.entry(path[..end].to_owned()).or_default() += size.parse::<u64>().expect("bytes");
        }
    }
    let (_, ours) = reported(&program.file, "package", &["code"]);
    compare("go", &program.file, &ours, &sums, 3);
}
