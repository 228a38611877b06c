//! The surface of all tools: every flag and every word of policies is in a test, reports come into
//! files, completions and man pages load, and JSON is as its schema says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clap::Arg;
use rgo::app::policy::facts::vocabulary;
use serde_json::Value;

use crate::forgotten::{below, name, texts};
use crate::support::{
    Outcome, at_root, call_words, native, not_tested, root, schemas, scratch, tool,
};

/// What tests call: the words that sources of tests pass on, the calls and policy files of cases, and the
/// commands of the pages that a test runs. What a test expects is no call: help texts name every flag.
fn called() -> String {
    let tests = root().join("tests");
    let sources = texts(&tests, &["rs"]);
    let mut called = vec![call_words::of_source(&sources), texts(&tests, &["txt"])];
    for file in below(&tests.join("cases")).iter().filter(|file| name(file).ends_with(".toml")) {
        let text = fs::read_to_string(tests.join("cases").join(file)).expect("UTF-8");
        called.extend(text.parse().ok().map(|case: toml::Table| calls(&case)));
    }
    let readme = fs::read_to_string(root().join("README.md")).expect("a page");
    let pages = texts(&root().join("docs"), &["md"]) + &readme;
    called.extend(pages.lines().filter(|line| line.starts_with("$ ")).map(str::to_owned));
    called.join("\n")
}

/// The arguments and requirements in a case or a policy file.
fn calls(table: &toml::Table) -> String {
    let texts = |value: &toml::Value| match value {
        toml::Value::Array(items) => {
            items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join("\n")
        }
        value => value.as_str().unwrap_or_default().to_owned(),
    };
    let of = |(key, value): (&String, &toml::Value)| match value {
        toml::Value::Table(inner) => calls(inner),
        value if ["args", "require"].contains(&key.as_str()) => texts(value),
        _ => String::new(),
    };
    table.iter().map(of).collect::<Vec<_>>().join("\n")
}

/// Whether a text has this between characters that are part of no name.
fn has(text: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        !before.ends_with(is_name) && !after.starts_with(|c| is_name(c) && c != '.')
    })
}

#[test]
fn every_flag_is_in_a_test() {
    let called = called();
    let mut missing = BTreeSet::new();
    let mut commands: Vec<clap::Command> =
        rgo::generated::tools().into_iter().map(|(_, command)| command).collect();
    while let Some(mut command) = commands.pop() {
        command.build();
        commands.extend(command.get_subcommands().cloned());
        for arg in command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set())
        {
            if !is_called(arg, &called) {
                missing.insert(format!("{} {}", command.get_name(), arg.get_id()));
            }
        }
    }
    assert!(missing.is_empty(), "no test uses these: {missing:#?}");
}

/// Whether a test uses a flag by one of its names.
fn is_called(arg: &Arg, called: &str) -> bool {
    let long = arg.get_long_and_visible_aliases().unwrap_or_default();
    let short = arg.get_short_and_visible_aliases().unwrap_or_default();
    long.iter().any(|name| has(called, &format!("--{name}")))
        || short.iter().any(|name| has(called, &format!("-{name}")))
}

#[test]
fn every_word_of_policies_is_in_a_test() {
    let called = called();
    let missing: Vec<&str> = vocabulary()
        .words()
        .map(|word| word.name)
        .filter(|name| !has(&called, name.trim_end_matches(':')))
        .collect();
    assert!(missing.is_empty(), "no test asks for these: {missing:#?}");
}

/// The flags of cargo are in the plan as cargo takes them.
#[test]
fn flags_of_cargo_reach_cargo() {
    at_root();
    let mut plan = tool("rgo-build");
    plan.args(["-C", "testdata/sample", "-n", "--target", "linux/amd64/static"]);
    plan.args(["--all-features", "--frozen", "--jobs", "3", "--cargo-flag=--timings"]);
    let plan = Outcome::of(&mut plan).ended(0).stdout;
    for flag in [" --all-features ", " --frozen ", " -j 3 ", " --timings"] {
        assert!(plan.contains(flag), "{flag}: {plan}");
    }
    let mut build = tool("rgo-build");
    let build = Outcome::of(build.args(["-C", "testdata/sample", "--example", "none"]));
    build.ended(2).says("no selected package has the example `none`");
}

/// The flags of go, and the packages, are in the plan as go takes them.
#[test]
fn flags_of_go_reach_go() {
    at_root();
    let Some(go) = rgo_toolchain::exec::find_program("go") else {
        return not_tested("flags of go: there is no go");
    };
    let folder = scratch("surface-go");
    fs::write(folder.join("go.mod"), "module example.com/app\n\ngo 1.21\n").expect("written");
    fs::create_dir(folder.join("cmd")).expect("made");
    fs::write(folder.join("cmd/main.go"), "package main\n\nfunc main() {}\n").expect("written");
    let plan_of = |words: &[&str]| {
        let mut plan = tool("rgo-build");
        plan.arg("-C").arg(&folder).args(["-n", "--builder", "go", "--target", "linux/amd64"]);
        Outcome::of(plan.args(["--go", go.as_str(), "--vcs", "off"]).args(words)).ended(0).stdout
    };
    let words = ["./cmd", "--tags", "one,two", "--race", "--pgo", "off", "--go-flag=-asmflags=-S"];
    let plan = plan_of(&words);
    for part in ["-tags=one,two", " -race ", "-pgo=off", "-asmflags=-S", " -- ./cmd)"] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    let (debug, plain) = (plan_of(&["./cmd", "--debug"]), plan_of(&["./cmd"]));
    assert!(debug.contains("-N -l") && !debug.contains(" -trimpath"), "{debug}");
    assert!(!plain.contains("-N -l") && plain.contains(" -trimpath"), "{plain}");
    let wrong = ["-C", "testdata/sample", "--builder", "cargo", "--race", "-n"];
    Outcome::of(tool("rgo-build").args(wrong)).ended(2).says("--race is for go, and cargo builds");
}

/// A small image for every format.
const SAMPLES: [&str; 3] = ["sample.elf", "sample.macho", "sample.pe"];

fn sample(name: &str) -> String {
    format!("crates/rgo-binary/tests/fixtures/read/{name}")
}

#[test]
fn a_report_comes_into_files_in_every_format() {
    at_root();
    let folder = scratch("surface-reports");
    let file = |format: &str| folder.join(format).display().to_string();
    let formats = ["text", "json", "ndjson", "csv", "markdown", "cyclonedx", "sarif"];
    let mut call = tool("rgo-version-m");
    for format in formats {
        call.arg("--report").arg(format!("{format}={}", file(format)));
    }
    let outcome = Outcome::of(call.args(["--require", "size>=1"]).args(SAMPLES.map(sample)));
    assert!(outcome.ended(0).stdout.contains("policy: "));
    for format in formats {
        let mut alone = tool("rgo-version-m");
        alone.args(["--require", "size>=1", "--format", format]).args(SAMPLES.map(sample));
        let written = fs::read_to_string(file(format)).expect("written");
        assert_eq!(written, Outcome::of(&mut alone).ended(0).stdout, "{format}");
    }
}

#[test]
fn lines_of_json_are_as_their_schema_says() {
    at_root();
    for flags in [&[][..], &["--facts"], &["--facts", "--evidence"]] {
        let mut call = tool("rgo-version-m");
        call.args(["--format", "ndjson"]).args(flags).arg("crates/rgo-binary/tests/fixtures");
        let outcome = Outcome::of(&mut call);
        assert!(outcome.stdout.lines().count() >= 10, "{outcome}");
        for line in outcome.stdout.lines() {
            let value: Value = serde_json::from_str(line).expect("JSON");
            schemas::check_as("rgo.version-m.line/1", &value, line);
        }
        let mut whole = tool("rgo-version-m");
        Outcome::of(whole.args(["--format", "json"]).args(flags).arg("crates/rgo-binary/tests"));
    }
}

#[test]
fn json_of_the_documents_is_as_its_schema_says() {
    let mut checked = 0;
    for file in below(&root().join("docs")) {
        let page = fs::read_to_string(root().join("docs").join(&file)).expect("UTF-8");
        for block in page.split("```json\n").skip(1) {
            let json = block.split("```").next().expect("it ends");
            if json.starts_with("{\n  \"schema\"") {
                schemas::check(json, name(&file));
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "{checked} blocks are reports");
}

#[test]
fn a_schema_refuses_what_the_report_is_not() {
    let schema = rgo::schemas::of("rgo.version-m/1").expect("a schema");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let good = serde_json::json!({"schema": "rgo.version-m/1", "files": []});
    assert!(validator.is_valid(&good));
    for wrong in [
        serde_json::json!({"schema": "rgo.version-m/2", "files": []}),
        serde_json::json!({"files": []}),
        serde_json::json!({"schema": "rgo.version-m/1", "files": [{"file": 1}]}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
    }
}

#[test]
fn messages_go_to_the_log_without_color() {
    at_root();
    let log = scratch("surface-log").join("log");
    let mut call = tool("rgo-version-m");
    call.args(["--color", "always", "--log-file"]).arg(&log).arg("no-such-file");
    let outcome = Outcome::of(&mut call).ended(1);
    assert!(outcome.stderr.contains('\u{1b}'));
    let logged = fs::read_to_string(log).expect("written");
    assert!(logged.starts_with("error: no-such-file: "), "{logged}");
    assert!(!logged.contains('\u{1b}'));
}

#[test]
fn a_report_takes_no_place_of_an_input_and_none_that_cannot_be_written() {
    at_root();
    let folder = scratch("surface-outputs");
    let file = |name: &str| folder.join(name).display().to_string();
    for name in ["app", "Cargo.toml"] {
        fs::write(file(name), "[package]\n").expect("written");
    }
    let (app, report, log) = (file("app"), format!("json={}", file("app")), file("Cargo.toml"));
    let below = format!("json={}/report", file("app"));
    let (new, on_new) = (file("new-app"), format!("json={}", file("new-app")));
    let project = folder.display().to_string();
    for (program, words, code, text) in [
        ("rgo-version-m", vec!["--report", &report, &app], 2, "so no report or log"),
        ("rgo-strip", vec!["--report", &report, &app], 2, "so no report or log"),
        ("rgo-strip", vec!["-o", &new, "--report", &on_new, &app], 2, "so no report or log"),
        ("rgo-strip", vec!["--log-file", &app, &app], 2, "so no report or log"),
        ("rgo-build", vec!["stamp", &app, "--report", &report], 2, "so no report or log"),
        ("rgo-build", vec!["-C", &project, "--log-file", &log], 2, "so no report or log"),
        ("rgo-build", vec!["-C", &project, "--report", &below], 1, "app/report"),
        ("rgo-build", vec!["targets", "--report", &below], 1, "app/report"),
    ] {
        Outcome::of(tool(program).args(words)).ended(code).says(text);
    }
    for name in ["app", "Cargo.toml"] {
        assert_eq!(fs::read_to_string(file(name)).expect("is there"), "[package]\n");
    }
    let report = format!("json={}", file("new/folder/report"));
    Outcome::of(tool("rgo-build").args(["targets", "--report", &report])).ended(0);
}

/// A program that reads messages as JSON gets no text in between, whatever is wrong.
#[test]
fn an_error_in_the_call_is_a_message_for_programs_too() {
    at_root();
    let json = ["--progress", "json"];
    for (program, words) in [
        ("rgo-strip", &["--no-such-flag"][..]),
        ("rgo-symbols", &["--no-such-flag"][..]),
        ("rgo-version-m", &["--format", "jsn", "x"]),
        ("rgo-build", &["env", "@Cargo.toml"]),
    ] {
        let outcome = Outcome::of(tool(program).args(json).args(words)).ended(2);
        let first: Value =
            serde_json::from_str(outcome.stderr.lines().next().expect("a line")).expect("JSON");
        assert_eq!(first["kind"], "error", "{outcome}");
        assert_eq!(outcome.stdout, if program == "rgo-build" { "false\n" } else { "" });
    }
}

#[test]
fn progress_is_shown_as_the_call_says() {
    at_root();
    let said = |how: &str| {
        let mut call = tool("rgo-version-m");
        Outcome::of(call.args(["--progress", how]).arg(sample("sample.elf"))).ended(0).stderr
    };
    for silent in ["auto", "never", "plain"] {
        assert_eq!(said(silent), "", "{silent}: the work is short, and stderr is no terminal");
    }
    let mut strip = tool("rgo-strip");
    strip.args(["-n", "--progress", "json"]).arg(sample("sample.elf"));
    for said in [said("json"), Outcome::of(&mut strip).ended(0).stderr] {
        let line: Value = serde_json::from_str(said.trim_end()).expect("JSON");
        assert_eq!((&line["kind"], &line["number"]), (&"file".into(), &1.into()));
    }
}

#[test]
fn a_stripped_file_is_judged_where_it_was_written() {
    at_root();
    let output = scratch("surface-strip").join("stripped");
    for (expression, code) in [("stripped", 0), ("!stripped", 3)] {
        let mut call = tool("rgo-strip");
        call.args(["--require", expression, "-o"]).arg(&output).arg(sample("sample.elf"));
        let outcome = Outcome::of(&mut call).ended(code);
        assert_eq!(outcome.stderr.contains("policy: 1 check on 1 binary: 1 failed"), code == 3);
    }
}

/// Runs a script of a shell that is set up for the tests.
fn shell(name: &str, script: &str) -> Option<String> {
    if rgo_toolchain::exec::find_program(name).is_none() {
        not_tested(format!("completions in {name}: it is not here"));
        return None;
    }
    let mut command = native(name);
    if name == "zsh" {
        command.arg("-f");
    }
    Some(Outcome::of(command.arg("-c").arg(script)).ended(0).stdout)
}

fn completions(shell: &str) -> String {
    let file = scratch(&format!("surface-completions-{shell}")).join(shell);
    let text = Outcome::of(tool("rgo").args(["completions", shell])).ended(0).stdout;
    fs::write(&file, text).expect("written");
    file.display().to_string()
}

#[test]
fn completions_load_in_the_shells() {
    let script = completions("bash");
    for (words, expected) in [
        ("rgo-build --tar", "--target"),
        ("rgo-build env --tar", "--target"),
        ("rgo-build cache prune --old", "--older-than"),
        ("rgo build cache prune --old", "--older-than"),
        ("rgo-strip --keep-sec", "--keep-section"),
        ("rgo-version-m --summ", "--summary"),
    ] {
        let last = words.split(' ').count() - 1;
        let (program, typed) = words.split_once(' ').expect("two words");
        let typed = typed.rsplit(' ').next().unwrap_or_default();
        let function = format!("_{}", program.replace('-', "__"));
        let bash = format!(
            "source {script} && COMP_WORDS=({words}) && COMP_CWORD={last} && \
             {function} {program} {typed} {program} && echo ${{COMPREPLY[@]}}"
        );
        let found = shell("bash", &bash).expect("bash is everywhere");
        assert_eq!(found.trim(), expected, "{words}");
    }
    let zsh = completions("zsh");
    let zsh =
        format!("autoload -U compinit && compinit -D && source {zsh} && whence -w _rgo-strip");
    if let Some(found) = shell("zsh", &zsh) {
        assert_eq!(found.trim(), "_rgo-strip: function");
    }
    let fish = format!("source {} && complete -C'rgo-build --tar'", completions("fish"));
    if let Some(found) = shell("fish", &fish) {
        assert!(found.starts_with("--target"), "{found}");
    }
}

#[test]
fn man_pages_load() {
    let folder = scratch("surface-man");
    Outcome::of(tool("rgo").arg("man").arg(&folder)).ended(0);
    let pages: Vec<_> =
        fs::read_dir(&folder).expect("pages").map(|it| it.expect("a page").path()).collect();
    assert!(pages.len() > 10, "{pages:?}");
    if rgo_toolchain::exec::find_program("man").is_none() {
        return not_tested("man pages: there is no man here");
    }
    for page in pages {
        let mut man = native("man");
        man.args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"]).arg(&page);
        let outcome = Outcome::of(&mut man).ended(0);
        assert_eq!(outcome.stderr, "", "{}", page.display());
    }
    let page = |name: &str| Path::new(&folder).join(name).is_file();
    assert!(page("rgo.1") && page("rgo-build-stamp.1") && page("rgo-version-m.1"));
}
