//! Explains why a target's files are missing: cargo's own error and the next step. If several
//! targets failed together, assigns each error to its target.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;

use super::CargoBuild;
use crate::build::compiled::{Compiled, CompiledTarget};
use crate::build::error::BuildError;
use crate::build::failure_groups::{self, FailureGroup};
use crate::build::outcome::TargetOutcome;
use crate::build::tool_types::BuildTarget;
use crate::cargo::run::CargoOutcome;
use crate::cargo::{build_script, failure_hints};
use crate::event::{Event, Events};
use crate::show::Show;

impl CargoBuild {
    /// Reports for each target with missing files why they are missing. If one target failed, all
    /// errors are its own. If several failed together, builds each once more alone and without a
    /// word, because cargo does not say which target an error belongs to. Shows each text once.
    pub(super) fn explain(
        &self,
        compiled: &Compiled<Self>,
        outcomes: &mut [TargetOutcome],
        show: Show,
        on: Events<'_>,
    ) -> Result<(), BuildError> {
        let Compiled { run, ran, targets, .. } = compiled;
        let lacking = targets.iter().filter(|it| !it.missing.is_empty()).count();
        let mut explained = Vec::new();
        for (one, outcome) in targets.iter().zip(outcomes) {
            // If cargo failed although no output is missing, all targets of the run count as
            // failed.
            if one.missing.is_empty() && (ran.code == 0 || lacking > 0) {
                continue;
            }
            if ran.code == 0 {
                on(made_none(one, outcome));
                continue;
            }
            let name = one.target.name();
            let of_target = if lacking == 1 || targets.len() == 1 {
                Cow::Borrowed(ran)
            } else {
                on(Event::BuildingAlone { toolchain: name.to_owned() });
                let alone = run.narrowed(|it| it.name == name);
                let quiet = Show { hold_errors: true, output: || Box::new(io::sink()), ..show };
                Cow::Owned(self.run(&alone, quiet)?)
            };
            explain_one(&of_target, name, outcome);
            explained.push((of_target, outcome));
        }
        show_output(compiled, explained.iter().map(|(of_target, _)| &**of_target), on);
        for group in failure_groups::groups(explained.iter().map(|(_, outcome)| &**outcome)) {
            let FailureGroup { toolchains, error, hints } = group;
            on(Event::Failed { text: format!("{toolchains}: {error}"), hints });
        }
        Ok(())
    }
}

/// Shows what the targets' own runs printed and the common run did not: it holds compile errors
/// back, and ends at the first build script that fails.
fn show_output<'r>(
    compiled: &Compiled<CargoBuild>,
    runs: impl Iterator<Item = &'r CargoOutcome>,
    on: Events<'_>,
) {
    let common = &compiled.ran;
    let is_shown_at_once = compiled.targets.len() == 1;
    let mut shown: HashSet<&str> = HashSet::new();
    if is_shown_at_once {
        shown.extend(common.errors.iter().map(String::as_str));
    }
    for ran in runs {
        for text in ran.errors.iter().filter(|text| shown.insert(text)) {
            on(Event::CompilerOutput(text.clone()));
        }
        let script = failed_script(&ran.stderr_tail).map(|script| script.reason);
        if script.is_some_and(|reason| !plain(&common.stderr_tail).contains(&reason)) {
            on(Event::CompilerOutput(ran.stderr_tail.clone()));
        }
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn failed_script(stderr: &str) -> Option<build_script::Failed> {
    build_script::failed(&plain(stderr))
}

/// The error for a target whose outputs cargo did not make although it succeeded.
fn made_none(one: &CompiledTarget<CargoBuild>, outcome: &mut TargetOutcome) -> Event {
    let error = format!("cargo succeeded and made no {}", one.missing.join(", "));
    let hint =
        "does it have required-features that are off, or a --cargo-flag that leads elsewhere?";
    let hints = vec![hint.to_owned()];
    outcome.fail_with(error.clone(), hints.clone());
    Event::Failed { text: format!("{}: {error}", one.target.name()), hints }
}

/// Records why cargo failed for a target, with the next step.
fn explain_one(ran: &CargoOutcome, target: &str, outcome: &mut TargetOutcome) {
    let text = format!("{}{}", ran.errors.concat(), ran.stderr_tail);
    let error = first_error(&ran.errors, &ran.stderr_tail);
    let hint = failure_hints::for_failure(&text, target);
    outcome.fail_with(error, hint.into_iter().collect());
}

/// The line that names the error, with its place in the source.
fn first_error(errors: &[String], stderr: &str) -> String {
    if let Some(script) = failed_script(stderr).filter(|_| errors.is_empty()) {
        return script.to_string();
    }
    if errors.is_empty() {
        return cargos_error(&plain(stderr)).unwrap_or_else(|| "cargo failed".to_owned());
    }
    let lines = errors.iter().flat_map(|text| text.lines()).chain(stderr.lines());
    let plain: Vec<String> = lines.map(|line| plain(line).trim().to_owned()).collect();
    let said = |line: &str| line.strip_prefix("= note:").unwrap_or(line).trim_start().to_owned();
    let mut wrong = plain.iter().enumerate().filter_map(|(at, line)| {
        let line = said(line);
        let is_error = line.starts_with("error") || line.contains(LLD);
        let place = plain.get(at + 1).and_then(|next| next.strip_prefix("--> "));
        is_error.then(|| place.map_or(line.clone(), |place| format!("{place}: {line}")))
    });
    match wrong.next() {
        // The linker's own error follows rustc's and says more.
        Some(first) if first.contains(LINKING) => wrong.next().unwrap_or(first),
        Some(first) => first,
        None => "cargo failed".to_owned(),
    }
}

/// Cargo's own error, with its causes on the next lines.
fn cargos_error(stderr: &str) -> Option<String> {
    const MOST: usize = 20;
    let lines = stderr.lines().skip_while(|line| !line.starts_with("error"));
    let lines = lines.take_while(|line| !line.starts_with("warning")).take(MOST);
    let text = lines.collect::<Vec<_>>().join("\n");
    (!text.is_empty()).then(|| text.trim_end().to_owned())
}

/// The start of rustc's error for a failed linker.
const LINKING: &str = "linking with `";
/// The text between LLD's name and its error.
const LLD: &str = ": error: ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_linkers() {
        let link = "error: linking with `/c/rgo-link` failed: exit status: 1\n  |\n  = note:  \"/c/rgo-link\"\n";
        for (errors, expected) in [
            (
                format!(
                    "{link}  = note: error: after linking /t/a.dll: it exports b\n          hint: do\n\n"
                ),
                "error: after linking /t/a.dll: it exports b",
            ),
            (
                format!("{link}  = note: ld.lld: error: undefined symbol: x\n"),
                "ld.lld: error: undefined symbol: x",
            ),
            (
                format!("{link}  = note: some text\n"),
                "error: linking with `/c/rgo-link` failed: exit status: 1",
            ),
            (
                "error[E0308]: mismatched types\n --> a.rs:1:2\n".to_owned(),
                "a.rs:1:2: error[E0308]: mismatched types",
            ),
            (String::new(), "cargo failed"),
        ] {
            assert_eq!(first_error(&[errors], ""), expected);
        }
        let cargo = "    Blocking x\nerror: no version of `x`\n\nCaused by:\n  none\n";
        assert_eq!(first_error(&[], cargo), "error: no version of `x`\n\nCaused by:\n  none");
        assert_eq!(first_error(&[], ""), "cargo failed");
    }
}
