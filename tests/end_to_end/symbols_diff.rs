//! `rgo-symbols diff` on programs that are made here to differ: what was planted is found, with its bytes, and what the
//! compiler alone does differently is no news.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Outcome, can, cannot_test, machine, native, scratch, tool, write};

/// Functions of each kind of change.
const OF_A_KIND: usize = 5;

/// A function that no compiler inlines or takes for another. `size` is how many steps it has.
fn function(name: &str, size: usize) -> String {
    let mut body = String::new();
    for step in 0..size {
        let number = name.bytes().fold(step as u64 + 13, |sum, byte| {
            sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) + u64::from(byte)
        });
        let _ =
            writeln!(body, "    let x = std::hint::black_box(x.wrapping_mul({number}) ^ {step});");
    }
    format!("#[inline(never)]\nfn {name}(x: u64) -> u64 {{\n{body}    x\n}}\n")
}

/// A program with these functions, generics and closures.
fn program(functions: &[(String, usize)]) -> String {
    let mut text: String = functions.iter().map(|(name, size)| function(name, *size)).collect();
    text += "#[inline(never)]\nfn each<T: Fn(u64) -> u64>(f: T, x: u64) -> u64 { (0..x).map(|n| f(n)).sum() }\n";
    text += "fn main() {\n    let mut x = std::env::args().count() as u64;\n";
    for (name, _) in functions {
        let _ = writeln!(text, "    x ^= {name}(x);\n    x ^= each(|n| n ^ {name}(n), x);");
    }
    text += "    println!(\"{x}\");\n}\n";
    text
}

fn compile(folder: &Path, name: &str, source: &str, flags: &[&str]) -> PathBuf {
    let (file, program) = (folder.join("program.rs"), folder.join(name));
    write(&file, source);
    let mut rustc = native("rustc");
    rustc.args(["-O", "--edition", "2021", "-o"]).arg(&program).args(flags).arg(&file);
    Outcome::of(&mut rustc).ended(0);
    program
}

fn diff(old: &Path, new: &Path, flags: &[&str]) -> Value {
    let mut call = tool("rgo-symbols");
    call.args(["diff", "--format", "json"]).args(flags).args([old, new]);
    serde_json::from_str(&Outcome::of(&mut call).ended(0).stdout).expect("JSON")
}

/// The sizes of functions, as LLVM's nm shows them.
fn sizes(program: &Path) -> BTreeMap<String, i64> {
    let mut nm = native(machine().must("RGO_TEST_LLVM_NM"));
    let lines = Outcome::of(nm.args(["-S", "-C", "--defined-only"]).arg(program)).ended(0).stdout;
    let parse = |line: &str| {
        let mut words = line.splitn(4, ' ');
        let size = i64::from_str_radix(words.nth(1)?, 16).ok()?;
        Some((words.nth(1)?.to_owned(), size))
    };
    lines.lines().filter_map(parse).collect()
}

#[test]
fn planted_changes_are_found_with_their_bytes() {
    let folder = scratch("symbols-diff");
    let named = |kind: &str, size: usize| {
        (0..OF_A_KIND)
            .map(move |number| (format!("{kind}_{number}"), size + number))
            .collect::<Vec<_>>()
    };
    let before =
        [named("stays", 8), named("removed", 9), named("grows", 10), named("renamed_old", 14)];
    let after =
        [named("stays", 8), named("added", 11), named("grows", 30), named("renamed_new", 15)];
    let flags = ["-C", "codegen-units=1"];
    let old = compile(&folder, "old", &program(&before.concat()), &flags);
    let new = compile(&folder, "new", &program(&after.concat()), &flags);
    let report = diff(&old, &new, &["--by", "symbol", "--all"]);
    let groups = report["groups"].as_array().expect("groups");
    let row = |name: &str| {
        let full = format!("program::{name}");
        groups.iter().find(|group| group["name"] == *full).unwrap_or_else(|| panic!("no {full}"))
    };
    let (old, new) = (sizes(&old), sizes(&new));
    let size = |all: &BTreeMap<String, i64>, name: &str| {
        let found = all.iter().find(|(full, _)| full.contains(&format!("::{name}")));
        *found.unwrap_or_else(|| panic!("no {name}")).1
    };
    for number in 0..OF_A_KIND {
        for (kind, change) in [
            ("stays", "same"),
            ("removed", "gone"),
            ("added", "new"),
            ("grows", "grown"),
            ("renamed_old", "gone"),
            ("renamed_new", "new"),
        ] {
            let name = format!("{kind}_{number}");
            let found = row(&name);
            assert_eq!(found["change"], *change, "{name}: {found}");
            let expected = match change {
                "gone" => -size(&old, &name),
                "new" => size(&new, &name),
                _ => size(&new, &name) - size(&old, &name),
            };
            assert_eq!(found["growth_bytes"].as_i64(), Some(expected), "{name}");
        }
    }
    // What did not change is not shown without --all.
    let shown = diff(&folder.join("old"), &folder.join("new"), &["--by", "symbol"]);
    let shown = shown["groups"].as_array().expect("groups");
    assert!(shown.iter().all(|group| group["change"] != "same"));
}

/// Bytes of functions that are new or gone by the report although both files have them.
fn falsely_changed(report: &Value, old: &Path, new: &Path) -> (i64, i64) {
    let (old, new) = (sizes(old), sizes(new));
    let mut all = 0;
    let mut falsely = 0;
    for group in report["groups"].as_array().expect("groups") {
        let bytes = |key: &str| group[key]["file_bytes"].as_i64().unwrap_or_default();
        all += bytes("old").max(bytes("new"));
        let name = group["name"].as_str().expect("text");
        let is_alone = ["new", "gone"].contains(&group["change"].as_str().expect("text"));
        if is_alone && old.contains_key(name) && new.contains_key(name) {
            falsely += bytes("old").max(bytes("new"));
        }
    }
    (falsely, all)
}

#[test]
fn what_the_compiler_does_otherwise_is_no_news() {
    let folder = scratch("symbols-diff-units");
    let functions: Vec<_> = (0..40).map(|number| (format!("f_{number}"), 6 + number)).collect();
    let source = program(&functions);
    let one = compile(&folder, "one", &source, &["-C", "codegen-units=1"]);
    let many = compile(&folder, "many", &source, &["-C", "codegen-units=16"]);
    let other =
        compile(&folder, "other", &source, &["-C", "codegen-units=1", "-C", "metadata=other"]);
    for (name, program) in [("16 codegen units", &many), ("another disambiguator", &other)] {
        let report = diff(&one, program, &["--by", "instance", "--all"]);
        let (falsely, all) = falsely_changed(&report, &one, program);
        println!("{name}: {falsely} of {all} bytes are falsely new or gone");
        assert!(falsely * 100 <= all, "{name}: {falsely} of {all} bytes");
    }
    let legacy = compile(&folder, "legacy", &source, &["-C", "symbol-mangling-version=v0"]);
    let report = diff(&one, &legacy, &["--by", "symbol", "--all"]);
    let alone = |group: &&Value| ["new", "gone"].contains(&group["change"].as_str().expect("text"));
    let groups = report["groups"].as_array().expect("groups");
    let bytes = |group: &Value| group["growth_bytes"].as_i64().expect("a number").abs();
    let unpaired: i64 = groups.iter().filter(alone).map(bytes).sum();
    println!("the other mangling: {unpaired} bytes are not paired");
    for (name, _) in &functions {
        let found = groups.iter().find(|group| group["name"] == *format!("program::{name}"));
        assert_eq!(found.map(|group| &group["change"]), Some(&Value::from("same")), "{name}");
    }
}

/// What has its own code no more because it is inlined is a row of its own, from binaries and from snapshots.
#[test]
fn what_is_inlined_now_is_no_loss() {
    let folder = scratch("symbols-diff-inlined");
    let functions: Vec<_> = ["stays", "goes", "inlined"]
        .iter()
        .flat_map(|kind| (0..OF_A_KIND).map(move |number| (format!("{kind}_{number}"), 9 + number)))
        .collect();
    let before = program(&functions);
    let kept: Vec<_> =
        functions.iter().filter(|(name, _)| !name.starts_with("goes")).cloned().collect();
    let after =
        program(&kept).replace("#[inline(never)]\nfn inlined_", "#[inline(always)]\nfn inlined_");
    let flags = ["-C", "codegen-units=1", "-C", "debuginfo=1"];
    let old = compile(&folder, "old", &before, &flags);
    let new = compile(&folder, "new", &after, &flags);
    let saved = [&old, &new].map(|file| {
        let snapshot = file.with_extension("snapshot");
        let mut call = tool("rgo-symbols");
        Outcome::of(call.arg("snapshot").arg(file).arg("-o").arg(&snapshot)).ended(0);
        let bytes = |path: &Path| path.metadata().expect("a file").len();
        assert!(bytes(&snapshot) * 100 <= bytes(file) * 3, "{} bytes", bytes(&snapshot));
        snapshot
    });
    let had = sizes(&old);
    for (old, new) in [(&old, &new), (&saved[0], &saved[1])] {
        let report = diff(old, new, &["--by", "symbol", "--all"]);
        for group in report["groups"].as_array().expect("groups") {
            let name = group["name"].as_str().expect("text");
            let expected = match name.strip_prefix("program::").and_then(|it| it.split_once('_')) {
                Some(("stays", _)) => "same",
                Some(("goes", _)) => "gone",
                Some(("inlined", _)) => "inlined",
                _ => continue,
            };
            assert_eq!(group["change"], *expected, "{group}");
            let size = had.iter().find(|(full, _)| full.contains(name)).expect("a size").1;
            let growth = if expected == "same" { 0 } else { -size };
            assert_eq!(group["growth_bytes"].as_i64(), Some(growth), "{group}");
        }
        let changes = report["groups"].as_array().expect("groups").iter();
        assert_eq!(changes.filter(|group| group["change"] == "inlined").count(), OF_A_KIND);
    }
}

/// The same for Go, whose programs say it without symbols and debug data.
#[test]
fn what_go_inlines_now_is_no_loss() {
    if !can("go") {
        cannot_test("what Go inlines; there is no go on PATH");
        return;
    }
    let folder = scratch("symbols-diff-go");
    write(&folder.join("go.mod"), "module example.com/inlined\n\ngo 1.21\n");
    let source = "package main\n\nimport \"os\"\n\nMARKfunc twice(n int) int { return 2*n + len(os.Args) }\n\n\
                  func main() { os.Exit(twice(len(os.Args[0])) & 1) }\n";
    let [old, new] = [("old", "//go:noinline\n"), ("new", "")].map(|(name, mark)| {
        write(&folder.join("main.go"), &source.replace("MARK", mark));
        let mut go = native("go");
        go.args(["build", "-ldflags=-s -w", "-o", name]).current_dir(&folder);
        go.envs([
            ("CGO_ENABLED", "0"),
            ("GOTOOLCHAIN", "local"),
            ("GOFLAGS", ""),
            ("GOOS", "linux"),
        ]);
        Outcome::of(&mut go).ended(0);
        folder.join(name)
    });
    let report = diff(&old, &new, &["--by", "kind,symbol"]);
    let code = report["groups"].as_array().expect("groups").iter();
    let code = code.filter(|kind| kind["name"] == "code");
    let rows = code.flat_map(|kind| kind["groups"].as_array().expect("groups"));
    let row = rows.into_iter().find(|row| row["name"] == "main.twice").expect("a row");
    assert_eq!(row["change"], "inlined", "{row}");
}
