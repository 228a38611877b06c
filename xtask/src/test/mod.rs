//! Runs all checks that a change has to pass, those that fail soonest first, or only the fast ones.

mod failed_cases;
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use serde_json::Value;

use crate::setup::Setup;
use crate::shell::{self, cargo};
use crate::{ci, generate, tidy};
use failed_cases::FailedCases;
use report::Report;

/// Tests that take foreign programs, set-up and minutes.
const SLOW: [&str; 3] = ["end_to_end::", "go_exact::", "self_build::"];

/// Runs the checks, and then prints how long they took; the output of failed tests is above that.
///
/// # Errors
/// If a check fails.
pub(crate) fn run(fast: bool, args: &[String]) -> anyhow::Result<()> {
    let mut report = Report::begin()?;
    let outcome = match fast {
        true => fast_checks(&mut report, args),
        false => all_checks(&mut report, args),
    };
    report.print();
    outcome
}

fn all_checks(report: &mut Report, args: &[String]) -> anyhow::Result<()> {
    style(report)?;
    let mut setup = report.phase("packages", Setup::begin)?;
    // What set-up fetches comes while this machine compiles.
    let (fetched, built) = thread::scope(|scope| {
        let fetching = scope.spawn(|| setup.fetch());
        let built = clippy(report).and_then(|()| build(report, &["--workspace"], args));
        let fetched =
            report.phase("set-up", || fetching.join().expect("set-up returns its errors"));
        (fetched, built)
    });
    let programs = built?;
    fetched?;
    let program = |name: &str| programs.get(name).map(PathBuf::as_path);
    report.phase("workflows", ci::lint)?;
    let root = std::env::current_dir()?;
    report.phase("generated files", || generate::check(&root, program("rgo")))?;
    let setup = report.phase("wine", || setup.finish(program("rgo-build")))?;
    let mut test = cargo_test(&["--workspace"], args);
    test.env("RGO_TEST_TIMES", report.times());
    let mut failed = FailedCases::default();
    let outcome = report.phase("tests", || failed.run(setup.apply(&mut test)));
    failed.print();
    outcome
}

/// What needs no foreign program, no network and no set-up.
fn fast_checks(report: &mut Report, args: &[String]) -> anyhow::Result<()> {
    style(report)?;
    clippy(report)?;
    let targets = ["--workspace", "--lib", "--bins", "--test", "main"];
    build(report, &targets, args)?;
    let mut test = cargo_test(&targets, args);
    if !args.iter().any(|arg| arg == "--") {
        test.arg("--");
    }
    test.args(SLOW.iter().flat_map(|name| ["--skip", name]));
    test.env("CARGO_NET_OFFLINE", "true").env("RGO_TEST_TIMES", report.times());
    report.phase("tests", || shell::run(&mut test))
}

fn style(report: &mut Report) -> anyhow::Result<()> {
    report.phase("fmt", || shell::run(cargo().args(["fmt", "--all", "--check"])))?;
    report.phase("tidy", || tidy::run(&std::env::current_dir()?))
}

fn clippy(report: &mut Report) -> anyhow::Result<()> {
    let mut clippy = cargo();
    clippy.args(once());
    clippy.args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-Dwarnings"]);
    report.phase("clippy", || shell::run(&mut clippy))
}

/// Builds the tests; returns the programs of rgo that they start, by name.
fn build(
    report: &mut Report,
    targets: &[&str],
    args: &[String],
) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    // What is behind `--` is for the tests themselves.
    let args: Vec<String> = args.iter().take_while(|arg| *arg != "--").cloned().collect();
    let mut build = cargo_test(targets, &args);
    build.args(["--no-run", "--message-format", "json-render-diagnostics"]);
    let messages = report.phase("build", || shell::output(&mut build))?;
    Ok(messages.lines().filter_map(program).collect())
}

/// The name and the file of a program, if cargo's message says that it is built.
fn program(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let file = message["executable"].as_str().filter(|_| target["kind"][0] == "bin")?;
    // The tests in a program's source are a program too.
    let name = target["name"].as_str().filter(|_| message["profile"]["test"] == false)?;
    Some((name.to_owned(), file.into()))
}

fn cargo_test(targets: &[&str], args: &[String]) -> Command {
    let mut test = cargo();
    test.args(once()).arg("test").args(targets).args(args);
    test
}

/// Options for a machine that builds only once, like those of CI systems, which all set `CI`: data
/// that makes the next build faster takes gigabytes.
fn once() -> Vec<&'static str> {
    match std::env::var_os("CI") {
        Some(_) => vec!["--config", "profile.dev.incremental=false"],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_read_from_cargos_messages() {
        let message = |name: &str, kind: &str, test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"{name}","kind":["{kind}"]}},"profile":{{"test":{test}}},"executable":{executable}}}"#
            )
        };
        let found = program(&message("rgo-build", "bin", false, r#""/t/rgo-build""#));
        assert_eq!(found, Some(("rgo-build".into(), "/t/rgo-build".into())));
        for other in [
            message("rgo-build", "bin", true, r#""/t/deps/rgo_build-0""#),
            message("rgo-build", "lib", false, "null"),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
            "running 1 test".to_owned(),
        ] {
            assert_eq!(program(&other), None, "{other}");
        }
    }
}
