//! `rgo-strip` on programs that others have published: every result is sound, says what it is as
//! before, and does what it did.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::corpus::{corpus, not_fetched};
use crate::support::stripping::{MODES, Subject, same_behaviour, size, sound_in_every_mode, told};
use crate::support::{Outcome, native, tool};

/// The smaller ones in every mode, so that all this takes little time; of the two that are over
/// 100 MB it is enough to see that they run.
pub(crate) const LARGE: u64 = 100 << 20;

pub(crate) fn subjects() -> Vec<Subject> {
    let files = corpus().into_iter();
    files
        .map(|published| {
            let is = |word: &str| published.is.contains(word);
            let format = ["elf", "macho", "pe"].into_iter().find(|format| is(format));
            let format = format.expect("a format");
            let platform = match (format, is("arm64")) {
                ("elf", false) => "linux-amd64",
                ("elf", true) => "linux-arm64",
                ("macho", false) => "darwin-amd64",
                ("macho", true) => "darwin-arm64",
                (_, false) => "windows-amd64",
                (_, true) => "windows-arm64",
            };
            let name = published.file.file_name().expect("a name").to_string_lossy();
            let args = match &*name {
                // It starts another program, which lies beside it.
                "uvx" => None,
                "zig" => Some(vec!["version".to_owned()]),
                _ => (!is("library")).then(|| vec!["--version".to_owned()]),
            };
            Subject {
                name: format!("{name} {format} {platform}"),
                file: published.file.clone(),
                format,
                platform,
                args,
                is_signed: is("signed"),
                tells_by_symbols: is("symbols"),
                tells_by_debug_data: is("debug data"),
            }
        })
        .collect()
}

#[test]
fn published_programs_are_sound_and_the_same_when_stripped() {
    for subject in subjects().iter().filter(|subject| size(&subject.file) < LARGE) {
        let sign = subject.voids_signature();
        let folder = subject.folder("corpus");
        let results = sound_in_every_mode(subject, sign, &folder);
        let before = told(&subject.file);
        for (mode, result) in MODES.iter().zip(&results) {
            let (mut before, mut after) = (before.clone(), told(result));
            if !sign.is_empty() {
                for answer in before.iter_mut().chain(&mut after) {
                    answer["facts"]["signature"].take();
                }
            }
            if subject.tells_by_debug_data {
                for answer in before.iter_mut().chain(&mut after) {
                    answer["origin"].take();
                }
            }
            if subject.tells_by_symbols {
                // The same languages, in whatever order; and no crate that was not there.
                before.iter_mut().chain(&mut after).for_each(sort_languages);
                let (all, left) = (take_crates(&mut before), take_crates(&mut after));
                assert!(!left.is_empty() && left.is_subset(&all), "{} {mode}", subject.name);
            }
            assert_eq!(before, after, "{} {mode}", subject.name);
        }
        same_behaviour(subject, &results);
    }
}

fn sort_languages(answer: &mut Value) {
    let languages = answer["origin"]["languages"].as_array_mut().expect("languages");
    languages.sort_by_key(|it| it["language"].as_str().map(str::to_owned));
}

/// The names of the crates that were recovered, which are gone from the answers then.
fn take_crates(answers: &mut [Value]) -> BTreeSet<String> {
    let lists = answers.iter_mut().map(|it| it["recovered_crates"]["crates"].take());
    let crates = lists.flat_map(|list| list.as_array().cloned().unwrap_or_default());
    crates.map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn published_programs_that_are_large_run_as_before() {
    for subject in subjects().iter().filter(|subject| size(&subject.file) >= LARGE) {
        let folder = subject.folder("large");
        let result = folder.place("all", subject.file_name());
        subject.strip(&[], &result).ended(0);
        assert!(size(&result) <= size(&subject.file), "{}", subject.name);
        same_behaviour(subject, &[result]);
    }
}

/// A signature that only its owner can make again is not voided unasked: the file stays as it is
/// where nothing goes, and else it is refused.
#[test]
fn the_signature_of_a_publisher_is_not_voided() {
    for subject in subjects().iter().filter(|subject| subject.is_signed) {
        let folder = subject.folder("signed");
        for mode in MODES {
            let output = folder.place(mode, subject.file_name());
            let outcome = subject.strip(&[mode], &output);
            if subject.format == "macho" {
                let signer = "signed by an identity (team 2DC432GLL2)";
                outcome.ended(1).says(signer).says("strip before you sign");
                assert!(!output.exists(), "{} {mode}", subject.name);
            } else {
                outcome.ended(0);
                let same =
                    fs::read(&output).expect("read") == fs::read(&subject.file).expect("read");
                assert!(same, "{} {mode}", subject.name);
            }
        }
    }
}

/// A library of node, loaded by node itself, which has been stripped too.
#[test]
fn a_stripped_library_is_loaded_by_a_stripped_program() {
    let subjects = subjects();
    let find = |name: &str| subjects.iter().find(|one| one.name == name);
    let (Some(node), Some(library)) =
        (find("node elf linux-amd64"), find("swc.linux-x64-gnu.node elf linux-amd64"))
    else {
        return not_fetched("node and a library of it");
    };
    if !crate::support::runs_here(node.platform) {
        return;
    }
    let list = "console.log(Object.keys(require(process.argv[1])).sort().join())";
    let listed = |node: &std::path::Path, library: &std::path::Path| {
        Outcome::of(native(node).args(["-e", list]).arg(library)).ended(0).stdout
    };
    let before = listed(&node.file, &library.file);
    assert!(before.contains("transform"), "{before}");
    let folder = library.folder("loaded");
    let stripped_node = folder.place("node", "node");
    node.strip(&[], &stripped_node).ended(0);
    for mode in MODES {
        let stripped = folder.place(mode, library.file_name());
        library.strip(&[mode], &stripped).ended(0);
        assert_eq!(listed(&stripped_node, &stripped), before, "{mode}");
    }
}

/// In place, as builds have it: the mode of the file and its name stay.
#[test]
fn a_published_program_is_stripped_in_place() {
    for subject in subjects().iter().filter(|one| one.file_name() == "shfmt") {
        let folder = subject.folder("in-place");
        let (place, other) = (folder.place("in", "shfmt"), folder.place("out", "shfmt"));
        fs::copy(&subject.file, &place).expect("copied");
        Outcome::of(tool("rgo-strip").arg(&place)).ended(0);
        subject.strip(&[], &other).ended(0);
        assert!(fs::read(&place).expect("read") == fs::read(&other).expect("read"));
        same_behaviour(subject, &[place]);
    }
}
