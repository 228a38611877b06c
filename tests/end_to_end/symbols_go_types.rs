//! `rgo-symbols size` on the types of a Go program without symbols. The judge is Go's linker: `-dumpdep` names each type
//! that it keeps, by the full name of the type, and the objects of the packages say how large it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Outcome, can, cannot_test, native, scratch, tool};

const SOURCE: &str = r#"package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

type answer struct {
	Name  string           `json:"name"`
	Count map[string][]int `json:"count"`
	Next  *answer          `json:"next"`
}

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(answer{Name: r.URL.Path})
	})
	if len(os.Args) > 1 {
		fmt.Println(http.ListenAndServe(os.Args[1], nil))
	}
}
"#;

/// Packages with fewer bytes of types, half a percent of the file, are not compared: names that several packages have
/// are shared out in one way or another, and so are types that the compiler makes for shapes of generics.
const FLOOR: u64 = 30_000;
/// How far a package may be from the judge, in percent.
const TOLERANCE: u64 = 5;

fn go(folder: &Path, args: &[&str]) -> Command {
    let mut go = native("go");
    go.args(args).current_dir(folder).envs([("CGO_ENABLED", "0"), ("GOTOOLCHAIN", "local")]);
    go.envs([("GOFLAGS", ""), ("GOPROXY", "off")]);
    go
}

/// The symbols of types that the linker keeps.
fn kept(dump: &str) -> BTreeSet<&str> {
    let plain = |name: &'_ str| name.find(" <").map_or(name.len(), |end| end);
    let sides = dump.lines().filter_map(|line| line.split_once(" -> "));
    let names = sides.flat_map(|(from, to)| [from, to]);
    names.map(|name| &name[..plain(name)]).filter(|name| name.starts_with("type:")).collect()
}

/// The path at the start of a qualified name.
fn path(name: &str) -> Option<String> {
    let plain = name.split('[').next()?;
    let last = plain.rfind('/').map_or(0, |slash| slash + 1);
    let dot = last + plain[last..].find('.').filter(|dot| last + dot > 0)?;
    let path = plain[..dot].replace("%2e", ".");
    (path != "go.shape" && path != "go").then_some(path)
}

/// The package of a type by its name: that of what it is made of, of an element before its key.
fn package(name: &str) -> Option<String> {
    let rest = ["*", "chan ", "<-chan ", "chan<- ", "noalg."];
    if let Some(rest) = rest.iter().find_map(|start| name.strip_prefix(start)) {
        return package(rest);
    }
    if name.starts_with('[') {
        return package(name.split_once(']')?.1);
    }
    if let Some(map) = name.strip_prefix("map[") {
        let mut depth = 1;
        let end = map.find(|letter| {
            depth += i32::from(letter == '[') - i32::from(letter == ']');
            depth == 0
        })?;
        return package(&map[end + 1..]).or_else(|| package(&map[..end]));
    }
    if ["func(", "struct {", "interface {", "map."].iter().any(|start| name.starts_with(start)) {
        let is_of_name = |letter: char| letter.is_alphanumeric() || "_./%-".contains(letter);
        let within = &name[name.find(['(', '{', '['])? + 1..];
        let mut words = within.split(|letter| !is_of_name(letter));
        return words.find_map(|word| path(word.trim_start_matches('.')));
    }
    path(name)
}

/// The bytes of the types that are kept, by their packages.
fn judged(folder: &Path, kept: &BTreeSet<&str>) -> BTreeMap<String, u64> {
    let format = "{{.ImportPath}}\t{{.Export}}";
    let list = Outcome::of(&mut go(folder, &["list", "-deps", "-export", "-f", format, "."]));
    let list = list.ended(0).stdout;
    let mut symbols: BTreeMap<String, (u64, Vec<&str>)> = BTreeMap::new();
    for (package, object) in list.lines().filter_map(|line| line.split_once('\t')) {
        if object.is_empty() {
            continue;
        }
        let nm = Outcome::of(&mut go(folder, &["tool", "nm", "-size", "-type", object]));
        for line in nm.ended(0).stdout.lines() {
            // An object of several begins its lines with its name.
            let Some((before, name)) = line.split_once(" R type:") else { continue };
            let name = format!("type:{name}");
            let size = before.split_whitespace().next_back().and_then(|size| size.parse().ok());
            let (Some(size), true) = (size, kept.contains(name.as_str())) else { continue };
            let (_, packages) = symbols.entry(name).or_insert((size, Vec::new()));
            packages.push(package);
        }
    }
    let mut sums = BTreeMap::new();
    for (name, (size, definers)) in &symbols {
        let name = &name["type:".len()..];
        let owners = if name.starts_with('.') {
            definers.iter().map(|path| (*path).to_owned()).collect()
        } else {
            let is_of_language = name.chars().all(char::is_alphanumeric);
            let of = package(name).or_else(|| is_of_language.then(|| "runtime".to_owned()));
            Vec::from_iter(of)
        };
        for owner in &owners {
            *sums.entry(owner.clone()).or_default() += size / owners.len() as u64;
        }
    }
    sums
}

/// The bytes that the report says are for types, by their packages.
fn reported(file: &Path) -> BTreeMap<String, u64> {
    let mut call = tool("rgo-symbols");
    call.args(["size", "--format", "json", "--by", "package,symbol"]).arg(file);
    let report: Value =
        serde_json::from_str(&Outcome::of(&mut call).ended(0).stdout).expect("JSON");
    let groups = report["files"][0]["groups"].as_array().expect("groups");
    let of_package = |group: &Value| {
        let symbols = group["groups"].as_array().expect("groups").iter();
        let types = symbols.filter(|symbol| {
            let name = symbol["name"].as_str().expect("a name");
            name.starts_with("type:") && name.ends_with(".*")
        });
        types.map(|symbol| symbol["file_bytes"].as_u64().expect("bytes")).sum()
    };
    let name = |group: &Value| group["name"].as_str().expect("a name").to_owned();
    groups.iter().map(|group| (name(group), of_package(group))).collect()
}

#[test]
fn types_of_go_are_of_the_packages_that_its_linker_says() {
    if !can("go") {
        cannot_test("the packages of Go's types; there is no go on PATH");
        return;
    }
    let folder = scratch("symbols-go-types");
    fs::write(folder.join("go.mod"), "module example.com/types\n\ngo 1.21\n").expect("written");
    fs::write(folder.join("main.go"), SOURCE).expect("written");
    let build = ["build", "-o", "bare", "-ldflags=-s -w -dumpdep", "."];
    let dump = Outcome::of(&mut go(&folder, &build)).ended(0).stderr;
    let judged = judged(&folder, &kept(&dump));
    let reported = reported(&folder.join("bare"));
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for (package, bytes) in judged.iter().filter(|(_, bytes)| **bytes >= FLOOR) {
        compared += 1;
        let ours = reported.get(package).copied().unwrap_or_default();
        println!("{package}: {ours} bytes, by the linker {bytes}");
        if ours.abs_diff(*bytes) * 100 > bytes * TOLERANCE {
            wrong.push(format!("{package}: {ours} bytes, by the linker {bytes}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 4, "only {compared} packages");
}
