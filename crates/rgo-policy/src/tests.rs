//! Tests the whole gate on binaries that are tables: which requirements apply to which binary, what
//! passes, what fails a run, and how each format renders it.

use super::run::Keep;
use std::collections::BTreeMap;

use proptest::prelude::*;
use rgo_report::Document;
use serde::Serialize;

use super::sarif::Ended;
use super::vocabulary::FactDef;
use super::*;

/// A binary with its answers in a table.
struct Table {
    platform: Platform,
    answers: BTreeMap<&'static str, Lookup>,
}

impl FactSource for Table {
    fn platform(&self) -> Platform {
        self.platform
    }

    fn get(&self, name: &str, _: &str) -> Lookup {
        let none = || Err(NoAnswer::unknown("it does not say"));
        self.answers.get(name).cloned().unwrap_or_else(none)
    }
}

fn binary<const N: usize>(
    os: PolicyOs,
    static_: Option<bool>,
    answers: [(&'static str, Lookup); N],
) -> Table {
    Table { platform: Platform { os, static_ }, answers: answers.into() }
}

fn dynamic() -> Table {
    let floor = PolicyFact::new("2.34").because("pthread_create needs GLIBC_2.34");
    binary(
        PolicyOs::Linux,
        Some(false),
        [("glibc", Ok(floor)), ("static", Ok(PolicyFact::new(false)))],
    )
}

fn static_() -> Table {
    let glibc = Err(NoAnswer::not_applicable("it is static and needs no glibc"));
    binary(PolicyOs::Linux, Some(true), [("glibc", glibc), ("static", Ok(PolicyFact::new(true)))])
}

fn windows() -> Table {
    let glibc = Err(NoAnswer::not_applicable("it is a Windows program"));
    binary(
        PolicyOs::Windows,
        Some(false),
        [("glibc", glibc), ("static", Ok(PolicyFact::new(false)))],
    )
}

fn policy(requires: &[&str], file: &str) -> Policy {
    let mut policy = samples::policy();
    for expression in requires {
        policy.require(expression).unwrap_or_else(|error| panic!("{error}"));
    }
    if !file.is_empty() {
        policy.add_file("p.toml", file).unwrap_or_else(|error| panic!("{error}"));
    }
    policy
}

fn outcome(policy: &Policy, binaries: &[(&str, Table)]) -> Outcome {
    let judge = |(name, table): &(&str, Table)| policy.judge(Subject::file(*name), table);
    policy.conclude(binaries.iter().map(judge).collect(), Vec::new())
}

/// Every finding as `binary: finding`, with a mark on failures.
fn lines(outcome: &Outcome) -> Vec<String> {
    let line = |judgement: &Judgement| {
        let name = judgement.subject.to_string();
        let line = |finding: &JudgedRequirement| {
            let mark = if finding.passed { "" } else { "! " };
            format!("{mark}{name}: {finding}")
        };
        judgement.findings.iter().map(line).collect::<Vec<_>>()
    };
    outcome.judgements.iter().flat_map(line).collect()
}

#[test]
fn there_are_three_answers_and_a_reason_for_each() {
    let policy = policy(&["glibc<=2.28", "glibc<=2.28?", "!vcs.modified", "vcs.time?"], "");
    let outcome = outcome(&policy, &[("a", dynamic()), ("b", static_())]);
    assert_eq!(
        lines(&outcome),
        [
            "! a: glibc<=2.28 does not hold: expected at most 2.28, found 2.34 (pthread_create needs GLIBC_2.34)",
            "! a: glibc<=2.28? does not hold: expected at most 2.28, found 2.34 (pthread_create needs GLIBC_2.34)",
            "! a: !vcs.modified is unknown: expected no (it does not say)",
            "a: vcs.time? is unknown: expected any (it does not say)",
            "! b: glibc<=2.28 is not applicable: expected at most 2.28 (it is static and needs no glibc)",
            "! b: glibc<=2.28? is not applicable: expected at most 2.28 (it is static and needs no glibc)",
            "! b: !vcs.modified is unknown: expected no (it does not say)",
            "b: vcs.time? is unknown: expected any (it does not say)",
        ]
    );
    assert!(!outcome.holds);
    assert_eq!(
        outcome.summary(),
        "policy: 8 checks on 2 binaries: 6 failed (2 do not hold, 2 unknown, 2 not applicable)"
    );
    assert!(outcome.hint().is_some_and(|hint| hint.contains("[linux.dynamic]")));
}

#[test]
fn what_a_file_says_at_length_is_cut_in_messages() {
    let long = "é".repeat(5000);
    let answer = PolicyFact::new(vec![long.clone()]).because(long);
    let table = binary(PolicyOs::Linux, None, [("rpath", Ok(answer))]);
    let outcome = outcome(&policy(&["!rpath"], ""), &[("a", table)]);
    assert!(annotate::annotations(&outcome).chars().count() < 1000);
    assert!(rendered(outcome.document(Document::new(), true)).chars().count() < 1000);
    let found = outcome.failures().next().and_then(|(_, finding)| finding.found.as_deref());
    assert_eq!(found.map(|found| found.chars().count()), Some(5000));
}

#[test]
fn one_file_serves_a_folder_of_all_platforms() {
    let text = "
[linux.dynamic]
require = [\"glibc<=2.34\"]
[linux.static]
require = [\"static\"]
[windows]
require = [\"cf-guard\"]
allow-unknown = true
[darwin]
require = [\"signed\"]
[[file]]
match = \"*.dll\"
require = [\"!static\"]
[[file]]
match = \"*.dylib\"
require = [\"signed\"]
";
    let binaries = [("a", dynamic()), ("b", static_()), ("bin/c.dll", windows())];
    let outcome = outcome(&policy(&[], text), &binaries);
    assert_eq!(
        lines(&outcome),
        [
            "a: glibc<=2.34 holds: expected at most 2.34, found 2.34 (pthread_create needs GLIBC_2.34)",
            "b: static holds: expected yes, found yes",
            "bin/c.dll: cf-guard is unknown: expected yes (it does not say)",
            "bin/c.dll: !static holds: expected no, found no",
        ]
    );
    assert!(outcome.holds);
    assert_eq!(
        outcome.summary(),
        "policy: 4 checks on 3 binaries: all passed (1 unknown, as allowed)"
    );
    assert_eq!(outcome.notes, ["p.toml:16: no binary matched `*.dylib`"]);
    assert_eq!(outcome.hint(), None);
}

#[test]
fn a_run_that_asked_nothing_fails() {
    let only_darwin = policy(&["static"], "[darwin]\nrequire = [\"signed\"]");
    let asked = outcome(&only_darwin, &[("b", static_())]);
    assert_eq!(
        asked.problems,
        ["no binary matched: p.toml has no requirement for the 1 binary given"]
    );
    assert!(!asked.holds);
    assert_eq!(
        asked.summary(),
        "policy: 1 check on 1 binary: failed, because a policy file matched nothing"
    );
    let nothing = outcome(&only_darwin, &[]);
    assert_eq!(nothing.problems, ["no binary matched: none of the files is one"]);
    assert!(!nothing.holds);
    assert_eq!(
        nothing.summary(),
        "policy: 0 checks on 0 binaries: failed, because nothing was checked"
    );
    assert!(outcome(&samples::policy(), &[]).holds, "without a gate there is nothing to fail");
}

#[test]
fn object_files_are_neither_static_nor_dynamic_and_other_systems_have_no_table() {
    let text = "require = [\"static?\"]\n[linux.static]\nrequire = [\"pie\"]\n[linux.dynamic]\nrequire = [\"pie\"]\n[windows]\nrequire = [\"pie\"]";
    let policy = policy(&[], text);
    for platform in [binary(PolicyOs::Linux, None, []), binary(PolicyOs::Other, Some(true), [])] {
        let judged = policy.judge(Subject::file("a.o"), &platform);
        assert_eq!(judged.findings.len(), 1);
    }
}

#[test]
fn patterns_are_about_what_is_inside_an_archive() {
    let member = |path: &str| Subject {
        file: "x.so/app.tgz".to_owned(),
        member: Some(path.to_owned()),
        slice: Some("arm64".to_owned()),
        ..Subject::default()
    };
    let policy = policy(&[], "[[file]]\nmatch = \"lib/*.so\"\nrequire = [\"pie\"]");
    let asked = |subject| policy.judge(subject, &dynamic()).findings.len();
    assert_eq!(asked(member("inner.tar!lib/b.so")), 1);
    assert_eq!(asked(member("lib/b.so!b")), 0);
    assert_eq!(asked(member("b")), 0);
    assert_eq!(asked(Subject::file("a!lib/b.so")), 0);
    assert_eq!(member("a!b").to_string(), "x.so/app.tgz!a!b (arm64)");
}

#[test]
fn a_bad_expression_is_a_wrong_call() {
    let error = samples::policy().require("glibx").expect_err("unknown");
    assert_eq!(error.to_string(), "--require: there is no fact `glibx`\n  glibx\n  ^^^^^");
}

#[test]
fn annotations_are_escaped_as_github_reads_them() {
    let evil = PolicyFact::new("2.34").because("100%\r\n::error::x\u{1b}[31m");
    let table = binary(PolicyOs::Linux, Some(false), [("glibc", Ok(evil))]);
    let policy = policy(&["glibc<=2.28", "glibc<=2.34"], "");
    let mut outcome = outcome(&policy, &[("dist\\a:b,c%", table)]);
    outcome.problems.push("no, none:\nat all".to_owned());
    assert_eq!(
        annotate::annotations(&outcome),
        "::error file=dist/a%3Ab%2Cc%25,title=glibc<=2.28 does not hold::dist\\a:b,c%25: glibc<=2.28 \
         does not hold: expected at most 2.28, found 2.34 (100%25%0D%0A::error::x\\u{1b}[31m) [--require]\n\
         ::error title=policy::no, none:%0Aat all\n"
    );
    assert!(annotate::wanted(true, None) && annotate::wanted(false, Some("true")));
    assert!(!annotate::wanted(false, None) && !annotate::wanted(false, Some("")));
}

/// A document as text.
fn rendered(document: Document) -> String {
    #[derive(Serialize)]
    struct Shown {
        #[serde(skip)]
        document: Document,
    }
    impl rgo_report::Report for Shown {
        const SCHEMA: &'static str = "rgo.test/1";
        fn document(&self) -> Document {
            self.document.clone()
        }
    }
    let style = rgo_report::Style::default();
    rgo_report::render(&Shown { document }, rgo_report::Rendering::Text, style).expect("renders")
}

#[test]
fn the_help_has_a_line_for_each_fact_and_the_strongest_value_of_each_level() {
    let words = samples::vocabulary();
    let help = rendered(words.help());
    for (kind, title) in [
        (SubjectKind::Binary, "Asked of a binary, by inspector, stripper"),
        (SubjectKind::Diff, "Asked of a diff, by inspector"),
        (SubjectKind::Graph, "Asked of a graph, by grapher"),
        (SubjectKind::Audit, "Asked of an audit, by grapher"),
    ] {
        let (_, table) = help.split_once(&format!("{title}\n")).expect(title);
        let mut lines = table.lines().skip_while(|line| line.is_empty());
        assert!(lines.next().is_some_and(|line| line.starts_with("fact")));
        for word in words.words().filter(|word| word.subject == kind) {
            assert!(lines.next().is_some_and(|line| line.starts_with(word.name)), "{}", word.name);
        }
    }
    let (_, levels) = help.split_once("Words with several values\n").expect("a second table");
    let levels = levels.trim_start().split("\n\n").next().expect("a table");
    let levels: Vec<String> =
        levels.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        levels,
        [
            "word alone it asks for other values",
            "relro full relro=none, relro=partial",
            "signed identity or authenticode signed=none, signed=broken, signed=adhoc",
        ]
    );
    let (_, others) = help.split_once(HELP).expect("the rest");
    let diffs = "The requirements of a diff are `require` in [diff]; judged by inspector.";
    assert_eq!(others.lines().next(), Some(diffs));
    assert_eq!(others.lines().count(), 3);
    assert!(HELP.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn the_document_names_what_did_not_simply_hold() {
    let outcome = outcome(&policy(&["static", "vcs?"], ""), &[("a", dynamic()), ("b", static_())]);
    let text = |all| rendered(outcome.document(Document::new(), all));
    assert_eq!(
        text(false),
        "\
binary  requirement  answer         expected  found  from       because
a       static       does not hold  yes       no     --require
a       vcs?         unknown        any              --require  it does not say
b       vcs?         unknown        any              --require  it does not say

policy: 4 checks on 2 binaries: 1 failed
"
    );
    assert_eq!(text(true).lines().count(), text(false).lines().count() + 1);
    let json = serde_json::to_value(&outcome).expect("serialises");
    assert_eq!(json["holds"], false);
    assert_eq!(json["judgements"][0]["file"], "a");
    assert_eq!(json["judgements"][0]["findings"][0]["answer"], "does-not-hold");
    assert_eq!(json["judgements"][0]["findings"][0]["source"], "--require");
}

/// The schema of SARIF 2.1.0 for the parts that this crate writes.
/// A log with failures of two binaries and a problem.
fn sarif_log() -> serde_json::Value {
    let evidence = "see [x](y) {0}";
    let glibc = || [("glibc", Ok(PolicyFact::new("2.34").because(evidence)))];
    let policy = policy(&["glibc<=2.28", "glibc <= 2.28 ?", "vcs", "glibc<=2.34"], "");
    let subject = |member: Option<&str>| Subject {
        file: "./dist/a b.tgz".to_owned(),
        member: member.map(str::to_owned),
        ..Subject::default()
    };
    let judge = |member| policy.judge(subject(member), &binary(PolicyOs::Linux, None, glibc()));
    let mut outcome = policy.conclude(vec![judge(None), judge(Some("bin/a"))], Vec::new());
    outcome.problems.push("no binary matched".to_owned());
    let ended = Ended { code: 3, is_successful: true };
    serde_json::to_value(sarif::log("rgo-version-m", "0.1.0", &outcome, ended)).expect("JSON")
}

#[test]
fn the_sarif_log_has_a_result_for_each_failure() {
    let log = sarif_log();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let ids: Vec<_> = rules.iter().filter_map(|rule| rule["id"].as_str()).collect();
    assert_eq!(ids, ["glibc<=2.28", "glibc <= 2.28 ?", "vcs", "glibc<=2.34"]);
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 6);
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("index");
        assert_eq!(rules[usize::try_from(index).expect("small")]["id"], result["ruleId"]);
        assert_eq!(result["level"], "error");
        let place = &result["locations"][0];
        assert_eq!(place["physicalLocation"]["artifactLocation"]["uri"], "dist/a%20b.tgz");
        assert_eq!(place["physicalLocation"]["region"]["startLine"], 1);
        let prints = result["partialFingerprints"].as_object().expect("fingerprints");
        assert_eq!(prints["rgoRequirement/v1"].as_str().map(str::len), Some(64));
        assert!(
            prints["primaryLocationLineHash"].as_str().is_some_and(|hash| hash.ends_with(":1"))
        );
        fingerprints.extend(prints.values().map(ToString::to_string));
    }
    assert_eq!(fingerprints.len(), 12, "each result is another one");
    assert_eq!(
        results[0]["message"]["text"],
        "./dist/a b.tgz: glibc<=2.28 does not hold: expected at most 2.28, found 2.34 (see [x] (y) {{0}})"
    );
    let logical = &results[3]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"];
    assert_eq!(logical, "./dist/a b.tgz!bin/a");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["exitCode"], 3);
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "no binary matched");
}

#[test]
fn the_sarif_log_has_the_names_of_its_schema() {
    let log = sarif_log();
    // Every object of the schema is closed: these are its names for the parts that this crate
    // writes.
    let closed = [
        ("", "$schema runs version"),
        ("/runs/0", "columnKind invocations results tool"),
        ("/runs/0/tool", "driver"),
        ("/runs/0/tool/driver", "informationUri name rules semanticVersion"),
        (
            "/runs/0/tool/driver/rules/0",
            "defaultConfiguration fullDescription help id shortDescription",
        ),
        ("/runs/0/tool/driver/rules/0/defaultConfiguration", "level"),
        ("/runs/0/tool/driver/rules/0/help", "text"),
        ("/runs/0/tool/driver/rules/0/shortDescription", "text"),
        ("/runs/0/invocations/0", "executionSuccessful exitCode toolExecutionNotifications"),
        ("/runs/0/invocations/0/toolExecutionNotifications/0", "level message"),
        ("/runs/0/results/0", "level locations message partialFingerprints ruleId ruleIndex"),
        ("/runs/0/results/0/message", "text"),
        ("/runs/0/results/0/locations/0", "logicalLocations physicalLocation"),
        ("/runs/0/results/0/locations/0/physicalLocation", "artifactLocation region"),
        ("/runs/0/results/0/locations/0/physicalLocation/artifactLocation", "uri"),
        ("/runs/0/results/0/locations/0/physicalLocation/region", "startLine"),
        ("/runs/0/results/0/locations/0/logicalLocations/0", "fullyQualifiedName"),
    ];
    for (place, expected) in closed {
        let object = log.pointer(place).and_then(serde_json::Value::as_object).expect(place);
        let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names.join(" "), expected, "{place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any facts of a binary and any name of a file give a verdict and a rendering.
    #[test]
    fn hostile_answers_are_answered(name in ".{0,30}", text: String, list: Vec<String>, number: u64) {
        let mut policy = samples::policy();
        let of_binaries = |word: &&FactDef| word.subject == SubjectKind::Binary;
        for word in samples::vocabulary().words().filter(of_binaries) {
            policy.require(word.example).expect(word.example);
        }
        policy.add_file("p", "[[file]]\nmatch = \"**/a*b*/*\"\nrequire = [\"size<1\"]").expect("valid");
        for value in [FactValue::Text(text), FactValue::List(list), FactValue::Number(number), FactValue::Flag(true)] {
            struct Same(FactValue);
            impl FactSource for Same {
                fn platform(&self) -> Platform {
                    Platform { os: PolicyOs::Linux, static_: None }
                }
                fn get(&self, _: &str, _: &str) -> Lookup {
                    Ok(PolicyFact::new(self.0.clone()).because(format!("{:?}", self.0)))
                }
            }
            let judged = policy.judge(Subject::file(name.clone()), &Same(value));
            let outcome = policy.conclude(vec![judged], Vec::new());
            let lines = annotate::annotations(&outcome);
            prop_assert!(lines.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")));
            let log = sarif::log("t", "1.0.0", &outcome, Ended { code: 3, is_successful: true });
            prop_assert!(serde_json::to_string(&log).is_ok());
        }
    }
}

#[test]
fn what_could_not_be_looked_into_is_unknown() {
    let concluded = |expression: &str| {
        let policy = policy(&[expression], "");
        let judged = policy.judge(Subject::file("a"), &static_());
        policy.conclude(vec![judged], vec!["b.zip!c: encrypted".to_owned()])
    };
    let strict = concluded("static");
    assert!(!strict.holds);
    assert_eq!(
        strict.problems,
        ["1 file or member could not be read: binaries in there are unchecked"]
    );
    assert_eq!(
        strict.summary(),
        "policy: 1 check on 1 binary: failed, because not everything could be read"
    );
    assert!(annotate::annotations(&strict).contains("::b.zip!c: encrypted"));
    let log = sarif::log("t", "1.0.0", &strict, Ended { code: 1, is_successful: false });
    let log = serde_json::to_value(log).expect("JSON");
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(
        (&invocation["exitCode"], &invocation["executionSuccessful"]),
        (&1.into(), &false.into())
    );
    assert!(concluded("static?").holds);
}

#[test]
fn a_binary_that_nothing_is_required_of_is_mentioned() {
    let policy = policy(&[], "[linux]\nrequire = [\"static\"]");
    let outcome = outcome(&policy, &[("a", static_()), ("b.exe", windows()), ("c.exe", windows())]);
    assert!(outcome.holds);
    assert_eq!(outcome.notes, ["b.exe and 1 more: no requirement applies to them"]);
}

#[test]
fn a_run_keeps_what_its_verdict_needs() {
    let policy =
        policy(&["glibc<=2.99", "glibc<=2.28", "vcs.time?"], "[windows]\nrequire = [\"static\"]");
    let mut runs = [Keep::All, Keep::NotHolding].map(|keep| policy.run(keep));
    for number in 0..100 {
        let table = if number == 50 { windows() } else { dynamic() };
        for run in &mut runs {
            run.add(policy.judge(Subject::file(number.to_string()), &table));
        }
    }
    let [all, few] = runs.map(|run| run.conclude(Vec::new()));
    let failed = |outcome: &Outcome| -> Vec<String> {
        outcome.failures().map(|(subject, finding)| format!("{subject}: {finding}")).collect()
    };
    assert!(!failed(&all).is_empty());
    assert_eq!(failed(&all), failed(&few));
    assert_eq!((all.holds, all.summary()), (few.holds, few.summary()));
    assert_eq!((&all.problems, &all.notes), (&few.problems, &few.notes));
    let kept = |outcome: &Outcome| outcome.judgements.iter().map(|it| it.findings.len()).sum();
    let held: usize = kept(&few);
    assert!(
        few.judgements.iter().flat_map(|it| &it.findings).all(|it| it.answer != Verdict::Holds)
    );
    assert!(held < kept(&all));
}
