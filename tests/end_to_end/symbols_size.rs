//! `rgo-symbols size` on real programs: every byte counts once, little is of no one, and crates and packages have what
//! the linker's own records give them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Outcome, cannot_test, corpus, machine, made, native, scratch, tool};

/// The JSON report of a file.
fn sizes(args: &[&str], file: &std::path::Path) -> Value {
    let mut call = tool("rgo-symbols");
    call.args(["size", "--format", "json"]).args(args).arg(file);
    serde_json::from_str(&Outcome::of(&mut call).ended(0).stdout).expect("JSON")
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key}: {value}"))
}

fn sum(groups: &Value, key: &str) -> u64 {
    groups.as_array().expect("groups").iter().map(|group| number(group, key)).sum()
}

/// The bytes of groups are those of the groups within, down to the innermost.
fn check_sums(groups: &Value) {
    for group in groups.as_array().expect("groups") {
        if let Some(inner) = group.get("groups") {
            for key in ["file_bytes", "memory_bytes"] {
                assert_eq!(number(group, key), sum(inner, key), "{}", group["name"]);
            }
            check_sums(inner);
        }
    }
}

#[test]
fn every_byte_counts_once() {
    let published = corpus::corpus().into_iter().map(|published| published.file);
    let files = made::made().iter().map(|made| made.file.clone()).chain(published);
    let mut checked = 0;
    for file in files {
        let report = sizes(&["--by", "segment,section,symbol"], &file);
        let images = report["files"].as_array().expect("files");
        let on_disk = std::fs::metadata(&file).expect("a file").len();
        for image in images {
            checked += 1;
            let groups = &image["groups"];
            for key in ["file_bytes", "memory_bytes"] {
                assert_eq!(sum(groups, key), number(image, key), "{} {key}", file.display());
            }
            check_sums(groups);
        }
        if let [image] = &images[..] {
            assert_eq!(number(image, "file_bytes"), on_disk, "{}", file.display());
        }
    }
    assert!(checked >= 30, "only {checked} images");
}

/// What is of no one, in percent of the file: at most so much of programs of each kind that have their symbols.
#[test]
fn little_is_of_no_one() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    // What tools add to a linked program has no symbols.
    for made in made::made().iter().filter(|made| !made.name.contains("lief")) {
        let most = match made.name.split(' ').next() {
            Some("go") => 3.0,
            // The linker for Windows writes their symbols into a PDB alone.
            Some("rust" | "zig" | "g++") if made.format != "pe" => 6.0,
            _ => continue,
        };
        let report = sizes(&[], &made.file);
        for image in report["files"].as_array().expect("files") {
            checked += 1;
            // Shares need no more digits than a float has.
            #[allow(clippy::cast_precision_loss)]
            let share = number(image, "unattributed_bytes") as f64 * 100.0
                / number(image, "file_bytes") as f64;
            if share > most {
                wrong.push(format!("{}: {share:.1} %", made.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked >= 20, "only {checked} images");
}

/// Without symbols and debug data, a Go program says as much of what is inlined as with both.
#[test]
fn go_says_what_is_inlined_without_debug_data() {
    let Some(whole) = made::one("go linux-amd64") else {
        cannot_test("what Go inlines; there is no go on PATH");
        return;
    };
    let bare = scratch("symbols-size-go").join("bare");
    let mut strip = native(machine().must("RGO_TEST_LLVM_STRIP"));
    Outcome::of(strip.arg("--strip-all").arg(&whole.file).arg("-o").arg(&bare)).ended(0);
    let [whole, bare] = [&whole.file, &bare].map(|file| {
        let report = sizes(&["--by", "section,inlines"], file);
        let sections = report["files"][0]["groups"].as_array().expect("groups").iter();
        let code = sections.filter(|section| section["name"] == ".text");
        let functions = code.flat_map(|code| code["groups"].as_array().expect("groups"));
        let mut sizes = BTreeMap::new();
        for function in functions {
            // The function table has no word of the calling convention, and counts what aligns as code.
            let name = function["name"].as_str().expect("text").trim_end_matches(".abi0");
            *sizes.entry(name.to_owned()).or_insert(0) += number(function, "file_bytes");
        }
        sizes.remove("[padding]");
        sizes
    });
    let all: u64 = whole.values().sum();
    let missing = whole
        .iter()
        .map(|(name, bytes)| bytes.saturating_sub(bare.get(name).copied().unwrap_or_default()));
    let missing: u64 = missing.sum();
    println!("{missing} of {all} bytes of code are of another function");
    assert!(missing * 100 <= all * 3, "{missing} of {all} bytes");
}
