//! Tests which requirements a tool judges, which it leaves to others, and where each is written.

use crate::facts::{FactSource, Lookup, Platform, PolicyFact, PolicyOs};
use crate::{Subject, samples};

const FOR_ALL_TOOLS: &str = "\
require = ['pie']
[graph]
require = ['!duplicates', '!duplicates?']
[audit]
require = ['!vulnerable']
";

/// What a run over one binary concludes: whether all holds, its problems, its notes.
fn concluded(text: &str) -> (bool, Vec<String>, Vec<String>) {
    let mut policy = samples::policy();
    policy.add_file("p.toml", text).unwrap();
    assert!(!policy.is_empty());
    let judgement = policy.judge(Subject::file("app"), &Pie);
    let outcome = policy.conclude(vec![judgement], Vec::new());
    (outcome.holds, outcome.problems, outcome.notes)
}

/// A program that is a PIE.
struct Pie;

impl FactSource for Pie {
    fn platform(&self) -> Platform {
        Platform { os: PolicyOs::Linux, static_: Some(false) }
    }

    fn get(&self, name: &str, _: &str) -> Lookup {
        assert_eq!(name, "pie", "no other subject's word is asked");
        Ok(PolicyFact::new(true))
    }
}

#[test]
fn a_tool_leaves_the_requirements_of_other_subjects_to_other_tools() {
    let (holds, problems, notes) = concluded(FOR_ALL_TOOLS);
    assert!(holds);
    assert_eq!(problems, [""; 0]);
    assert_eq!(
        notes,
        [
            "2 requirements of a graph are left to grapher",
            "1 requirement of an audit is left to grapher"
        ]
    );
}

#[test]
fn a_file_with_nothing_for_this_tool_does_not_hold() {
    let (holds, problems, notes) = concluded("[diff]\nrequire = ['!grew']\n");
    assert!(!holds);
    assert_eq!(problems, ["p.toml has no requirement for stripper"]);
    assert_eq!(notes, ["1 requirement of a diff is left to inspector"]);
}

#[test]
fn an_option_is_for_this_tool() {
    let error = samples::policy().require("!duplicates").unwrap_err();
    let text = "--require: stripper does not judge `!duplicates`, which is asked of a graph";
    assert_eq!((error.to_string().as_str(), error.hint()), (text, "grapher does"));
}

#[test]
fn a_word_stands_in_the_table_of_its_subject() {
    for (text, message, hint) in [
        ("require = ['!duplicates']", "`!duplicates` is asked of a graph", "[graph]"),
        ("[linux]\nrequire = ['!grew']", "`!grew` is asked of a diff", "[diff]"),
        ("[audit]\nrequire = ['pie']", "`pie` is asked of a binary", "`require` alone"),
        ("[[file]]\nmatch = '*'\nrequire = ['!vulnerable']", "asked of an audit", "[audit]"),
    ] {
        let error = samples::policy().add_file("p.toml", text).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
}
