//! What rgo reads in Go source before a build with `-X`, beside Go's own parser and type checker
//! (testdata/go-declared), on packages of Go itself.

use std::collections::BTreeMap;

use rgo_toolchain::go::source::{Computed, Package, Reason};

use crate::support::{Outcome, can, cannot_test, native};

/// Their dependencies are in Go's cache soon, and they have every kind of declaration.
const PACKAGES: [&str; 5] = ["fmt", "net/http", "os", "crypto/...", "cmd/go/internal/..."];

/// What Go says: the files of each package, and the class of each of its names.
#[derive(Default)]
struct Judged {
    files: BTreeMap<String, Vec<(String, String)>>,
    names: Vec<(String, String, String)>,
}

fn by_go() -> Option<Judged> {
    if !can("go") {
        cannot_test("the reader of Go source, for there is no go");
        return None;
    }
    let mut go = native("go");
    go.args(["run", "."]).args(PACKAGES).current_dir("testdata/go-declared");
    go.env("GOTOOLCHAIN", "local").env("GOFLAGS", "").env("CGO_ENABLED", "0");
    let mut judged = Judged::default();
    for line in Outcome::of(&mut go).ended(0).stdout.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["file", package, path] => {
                let text = std::fs::read_to_string(path).expect("Go's own source");
                let files = judged.files.entry(package.to_owned()).or_default();
                files.push((path.to_owned(), text));
            }
            ["name", package, name, class] => {
                judged.names.push((package.to_owned(), name.to_owned(), class.to_owned()));
            }
            _ => panic!("{line}"),
        }
    }
    Some(judged)
}

fn by_rgo(package: &Package, name: &str) -> &'static str {
    match package.lookup(name).map_err(|error| error.reason) {
        Ok(_) => "set",
        Err(Reason::Missing(_)) => "missing",
        Err(Reason::Constant) => "constant",
        Err(Reason::Function) => "function",
        Err(Reason::Type) => "typename",
        Err(Reason::OtherType(_)) => "type",
        Err(Reason::Computed(Computed::OtherPackage(_))) => "of another package",
        Err(Reason::Computed(_)) => "computed",
    }
}

#[test]
fn names_are_judged_as_go_judges_them() {
    let Some(judged) = by_go() else { return };
    let read = |files: &Vec<(String, String)>| {
        Package::read(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    };
    let packages: BTreeMap<&str, Package> =
        judged.files.iter().map(|(package, files)| (package.as_str(), read(files))).collect();
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (package, name, go) in &judged.names {
        let rgo = by_rgo(&packages[package.as_str()], name);
        // rgo does not infer the types of calls, and does not look into other packages.
        let agrees = match (go.as_str(), rgo) {
            ("type", "computed") | ("set" | "computed" | "type", "of another package") => true,
            (go, rgo) => go == rgo,
        };
        assert!(agrees, "{package}.{name}: Go says {go}, rgo {rgo}");
        *counts.entry((go.as_str(), rgo)).or_default() += 1;
    }
    for (package, read) in &packages {
        assert_eq!(read.unreadable(), None, "{package}");
    }
    eprintln!("Go's classes of names, and rgo's: {counts:?}");
    assert!(packages.len() > 100 && counts[&("set", "set")] > 40, "{counts:?}");
}
