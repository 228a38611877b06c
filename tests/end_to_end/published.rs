//! What `rgo-version-m` says of programs that others have published, against what is known of them
//! and against readers that are not ours.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::support::corpus::{corpus, corpus_of};
use crate::support::{Outcome, machine, native, readobj, tool};

/// The answers for a file, one per image.
fn asked(file: &Path) -> Vec<Value> {
    let mut command = tool("rgo-version-m");
    let outcome = Outcome::of(command.args(["--facts", "--format", "json"]).arg(file)).ended(0);
    let answer: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    answer["files"].as_array().expect("files").clone()
}

fn language(answer: &Value) -> &str {
    if answer["source"] == "go-buildinfo" || answer.get("recovered_go").is_some() {
        return "go";
    }
    match answer["origin"]["languages"][0]["language"].as_str() {
        Some("Rust") => "rust",
        Some("C++") => "c++",
        Some("Zig") => "zig",
        Some("Swift") => "swift",
        Some(".NET") => ".net",
        Some("Go") => "go",
        _ => "unknown",
    }
}

#[test]
fn every_program_is_known_by_its_language_and_platform() {
    for published in corpus() {
        let answers = asked(&published.file);
        let mut words = published.is.split([' ', ',']);
        let expected = words.next().expect("a language");
        for answer in &answers {
            assert_eq!(language(answer), expected, "{}", published.file.display());
            let (format, arch) = (answer["format"].as_str(), answer["arch"].as_str());
            let (format, arch) = (format.expect("text"), arch.expect("text"));
            assert!(published.is.contains(format), "{}: {format}", published.is);
            let fat = published.is.contains("fat");
            assert!(fat || published.is.contains(arch), "{}: {arch}", published.is);
            assert_eq!(answer.get("problems"), None, "{}", published.file.display());
        }
        assert_eq!(answers.len() > 1, published.is.contains("fat"), "{}", published.is);
    }
}

#[test]
fn what_go_cannot_say_is_recovered() {
    for published in corpus_of("go without build information") {
        let answer = &asked(&published.file)[0];
        let recovered = &answer["recovered_go"];
        assert_eq!(recovered["toolchain"]["value"], "go1.26.5", "{}", published.is);
        let main = &recovered["main_package"]["value"];
        assert_eq!(main, "github.com/evanw/esbuild/cmd/esbuild", "{}", published.is);
        assert!(recovered["packages"].as_array().expect("a list").len() > 20);
    }
}

#[test]
fn lists_are_those_that_cargo_auditable_reads() {
    for published in corpus_of(".dep-v0") {
        let program = machine().must("RGO_TEST_AUDIT_INFO");
        let theirs = Outcome::of(native(program).arg(&published.file)).ended(0).stdout;
        let theirs: Value = serde_json::from_str(&theirs).expect("JSON");
        let names = |list: &Value| -> BTreeSet<(String, String)> {
            let packages = list["packages"].as_array().expect("packages").iter();
            packages.map(|one| (one["name"].to_string(), one["version"].to_string())).collect()
        };
        let answer = &asked(&published.file)[0];
        assert_eq!(names(&answer["dep_v0"]), names(&theirs), "{}", published.file.display());
        assert!(names(&theirs).len() > 1);
    }
}

#[test]
fn floors_and_libraries_are_those_that_llvm_reads() {
    for published in corpus_of("elf") {
        let answer = &asked(&published.file)[0];
        let linkage = &answer["facts"]["linkage"];
        let text = readobj(&["--version-info"], &published.file);
        let versions = text.split("GLIBC_").skip(1).filter_map(|rest| {
            let version = rest.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?;
            let numbers: Vec<u32> = version.split('.').filter_map(|n| n.parse().ok()).collect();
            (!numbers.is_empty()).then_some(numbers)
        });
        let highest = versions
            .max()
            .map(|numbers| numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("."));
        let ours = linkage["glibc_floor"]["version"].as_str().map(str::to_owned);
        assert_eq!(ours, highest, "{}", published.file.display());
        let text = readobj(&["--needed-libs"], &published.file);
        let lines = text.lines().skip_while(|line| !line.starts_with("NeededLibraries")).skip(1);
        let theirs: BTreeSet<&str> =
            lines.take_while(|line| !line.starts_with(']')).map(str::trim).collect();
        let ours = linkage["needed"].as_array().expect("a list").iter();
        let ours: BTreeSet<&str> = ours.filter_map(Value::as_str).collect();
        assert_eq!(ours, theirs, "{}", published.file.display());
    }
}

#[test]
fn an_archive_says_what_its_members_say() {
    for published in corpus_of("go without") {
        let text = |path: &Path| Outcome::of(tool("rgo-version-m").arg(path)).ended(0).stdout;
        let (file, archive) = (text(&published.file), text(&published.archive));
        let without_name = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
        assert_eq!(without_name(&archive), without_name(&file), "{}", published.is);
        assert!(archive.contains(".tgz!package/"), "{archive}");
    }
}

#[test]
fn a_program_behind_its_host_is_told_by_size_and_language() {
    for published in corpus_of("single file") {
        let file = &published.file;
        let answer = &asked(file)[0];
        let appended = &answer["facts"]["appended"];
        assert_eq!(appended["looks_like"], "dotnet-bundle", "{appended}");
        let number = |key: &str| appended[key].as_u64().expect("a number");
        let size = file.metadata().expect("a file").len();
        assert_eq!(number("offset") + number("size_bytes"), size);
        assert!(number("size_bytes") > 100_000_000, "{appended}");
        let gate = |requirement: &str| {
            let mut gate = tool("rgo-version-m");
            Outcome::of(gate.args(["-q", "--require", requirement]).arg(file))
        };
        // There are native libraries in the bundle, which nobody has read.
        for requirement in ["language=dotnet", "appended=dotnet-bundle"] {
            let judged = gate(requirement).ended(3).stdout;
            assert!(judged.contains("not everything could be read"), "{judged}");
            gate(&format!("{requirement}?")).ended(0);
        }
        let judged = gate("!appended").ended(3).stdout;
        assert!(judged.contains("does not hold"), "{judged}");
        let mut short = tool("rgo-version-m");
        let short = Outcome::of(short.arg("--short").arg(file)).ended(0).stdout;
        assert!(short.contains(".NET") && short.contains("data behind the image"), "{short}");
    }
}
