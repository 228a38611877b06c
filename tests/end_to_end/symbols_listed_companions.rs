//! Lists and sizes of stripped programs whose symbols are in a companion beside them: as before the strip. A file that
//! is not of this build is named, and not used.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Outcome, machine, native, root, scratch, tool, write, zig};

fn report(args: &[&str], file: &Path) -> Value {
    let mut call = tool("rgo-symbols");
    call.args(args).args(["--format", "json"]).arg(file);
    serde_json::from_str(&Outcome::of(&mut call).ended(0).stdout).expect("JSON")
}

/// The functions that a file defines, with their addresses and sizes.
fn functions(file: &Path) -> BTreeSet<(String, String, u64)> {
    let list = report(&["--defined"], file);
    let symbols = list["files"][0]["symbols"].as_array().expect("symbols");
    let text = |symbol: &Value, key: &str| symbol[key].as_str().unwrap_or_default().to_owned();
    let functions = symbols.iter().filter(|symbol| symbol["class"] == "function");
    functions
        .map(|it| (text(it, "address"), text(it, "name"), it["size_bytes"].as_u64().unwrap_or(0)))
        .collect()
}

#[test]
fn a_debuglink_leads_to_what_was_stripped() {
    let fixtures = root().join("crates/rgo-debuginfo/tests/fixtures/lines");
    let folder = scratch("symbols-debuglink");
    let file = folder.join("linked");
    fs::copy(fixtures.join("linked"), &file).expect("copied");
    let alone = functions(&file);
    let companion = folder.join("linked.debug");
    fs::copy(fixtures.join("linked.debug"), &companion).expect("copied");
    let whole = functions(&fixtures.join("dwarf5"));
    assert!(alone.len() < whole.len(), "{alone:?}");
    assert_eq!(functions(&file), whole);
    for args in [&[][..], &["size"]] {
        let files = &report(args, &file)["files"][0]["debug_files"];
        assert_eq!(files[0]["file"], companion.to_str().expect("UTF-8"), "{files}");
        assert_eq!(files[0].get("unused_because"), None, "{files}");
    }
    // nm is the tool of single files.
    let mut nm = tool("rgo-symbols");
    let listed = Outcome::of(nm.arg("nm").arg(&file)).ended(0);
    assert_eq!(listed.stdout, "", "{}", listed.stdout);

    fs::copy(fixtures.join("dwarf4"), &companion).expect("copied");
    assert_eq!(functions(&file), alone);
    let files = &report(&["size"], &file)["files"][0]["debug_files"];
    let why = files[0]["unused_because"].as_str().expect("a reason");
    assert!(why.contains("belongs to another image: build ID"), "{why}");
}

#[test]
fn a_dsym_leads_to_what_was_stripped() {
    let folder = scratch("symbols-dsym");
    write(
        &folder.join("main.c"),
        "__attribute__((noinline)) static int inner(int x) { return x * 31 + 7; }
__attribute__((noinline)) static int outer(int x) { return inner(x) ^ inner(x + 1); }
int main(int count, char **words) { return outer(count) + words[0][0]; }
",
    );
    let cc = |args: &[&str]| {
        let mut cc = zig("cc", &folder);
        cc.args(["-target", "aarch64-macos", "-O1", "-g"]).args(args).current_dir(&folder);
        Outcome::of(&mut cc).ended(0);
    };
    cc(&["-c", "main.c", "-o", "main.o"]);
    cc(&["main.o", "-o", "app"]);
    let app = folder.join("app");
    let mut dsymutil = native(machine().must("RGO_TEST_DSYMUTIL"));
    Outcome::of(dsymutil.arg(&app)).ended(0);
    let whole = functions(&app);
    assert!(whole.iter().any(|(_, name, size)| name == "inner" && *size > 0), "{whole:?}");
    let mut strip = tool("rgo-strip");
    Outcome::of(strip.arg(&app)).ended(0);
    let stripped = functions(&app);
    assert!(stripped.is_superset(&whole), "{stripped:?}\n{whole:?}");
    fs::remove_dir_all(folder.join("app.dSYM")).expect("removed");
    assert!(functions(&app).iter().all(|(_, name, _)| name != "inner"));
}

/// A companion that the call names need not be beside the program, and may be of one of several programs.
#[test]
fn the_call_names_a_companion() {
    let fixtures = root().join("crates/rgo-debuginfo/tests/fixtures/lines");
    let folder = scratch("symbols-companion");
    let file = folder.join("linked");
    fs::copy(fixtures.join("linked"), &file).expect("copied");
    let companion = fixtures.join("linked.debug");
    let given = ["--companion", companion.to_str().expect("UTF-8")];
    let count = |args: &[&str]| {
        let list = report(&[&["--defined"], args].concat(), &file);
        list["files"][0]["symbols"].as_array().expect("symbols").len()
    };
    assert!(count(&given) > count(&[]));
    // What has its symbols beside it, and what was built otherwise.
    let whole = fixtures.join("dwarf5");
    let run = |verb: &[&str], files: &[&Path]| {
        let mut call = tool("rgo-symbols");
        call.args(verb).args(given).args(["--format", "json"]).args(files);
        let report: Value =
            serde_json::from_str(&Outcome::of(&mut call).ended(0).stdout).expect("JSON");
        report
    };
    let sizes = run(&["size", "--by", "symbol"], &[&file, &fixtures.join("dwarf4")]);
    let files = sizes["files"].as_array().expect("files");
    assert_eq!(files[0]["debug_files"][0].get("unused_because"), None, "{sizes}");
    let why = files[1]["debug_files"][0]["unused_because"].as_str().expect("a reason");
    assert!(why.contains("belongs to another image: build ID"), "{why}");
    // Both are of one build, so that nothing but the sections of the symbols differs.
    let diff = run(&["diff", "--by", "symbol"], &[&file, &whole]);
    let groups = diff["groups"].as_array().expect("groups");
    let names: Vec<_> = groups.iter().filter_map(|group| group["name"].as_str()).collect();
    assert!(names.iter().all(|name| name.starts_with('[')), "{names:?}");
}

#[test]
fn a_snapshot_is_for_diffs_alone() {
    let fixture = root().join("crates/rgo-debuginfo/tests/fixtures/lines/dwarf5");
    let snapshot = scratch("symbols-snapshot").join("saved");
    let mut call = tool("rgo-symbols");
    Outcome::of(call.arg("snapshot").arg(&fixture).arg("-o").arg(&snapshot)).ended(0);
    for args in [&[][..], &["size"], &["symbolize", "0x10", "-e"]] {
        let mut call = tool("rgo-symbols");
        let outcome = Outcome::of(call.args(args).arg(&snapshot)).ended(1);
        assert!(outcome.stderr.contains("it is a snapshot of a binary"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("rgo-symbols diff"), "{}", outcome.stderr);
    }
}
