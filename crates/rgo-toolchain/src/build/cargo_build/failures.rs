//! Explains why a target's files are missing: cargo's own error and the next step. If several
//! targets failed together, assigns each error to its target.

use super::CargoBuild;
use crate::build::compiled::{Compiled, CompiledTarget};
use crate::build::error::BuildError;
use crate::build::outcome::TargetOutcome;
use crate::cargo::run::{CargoOutcome, Show};
use crate::cargo::{build_script, failure_hints};
use crate::event::{Event, Events};

impl CargoBuild {
    /// Reports for each target with missing files why they are missing. If one target failed, all
    /// errors are its own. If several failed together, builds each once more alone, because cargo
    /// does not say which target an error belongs to.
    pub(in crate::build) fn explain_failures(
        &self,
        compiled: &Compiled,
        outcomes: &mut [TargetOutcome],
        show: Show,
        on: Events<'_>,
    ) -> Result<(), BuildError> {
        let Compiled { run, ran, targets } = compiled;
        let lacking = targets.iter().filter(|it| !it.missing.is_empty()).count();
        for (one, outcome) in targets.iter().zip(outcomes) {
            // If cargo failed although no output is missing, all targets of the run count as
            // failed.
            if one.missing.is_empty() && (ran.code == 0 || lacking > 0) {
                continue;
            }
            let name = one.target.name();
            if ran.code == 0 {
                on(made_none(one, outcome));
                continue;
            }
            on(Event::Failed { text: format!("building for {name}"), hints: Vec::new() });
            let again;
            let of_target = if lacking == 1 || targets.len() == 1 {
                if targets.len() > 1 {
                    ran.errors.iter().for_each(|text| on(Event::CompilerOutput(text.clone())));
                }
                ran
            } else {
                let alone = run.narrowed(|it| it.name == name);
                again = self.run(&alone, Show { hold_errors: false, ..show })?;
                &again
            };
            explain(of_target, name, outcome, on);
        }
        Ok(())
    }
}

/// The error for a target whose outputs cargo did not make although it succeeded.
fn made_none(one: &CompiledTarget, outcome: &mut TargetOutcome) -> Event {
    let error = format!("cargo succeeded and made no {}", one.missing.join(", "));
    let hint =
        "does it have required-features that are off, or a --cargo-flag that leads elsewhere?";
    let hints = vec![hint.to_owned()];
    outcome.fail_with(error.clone(), hints.clone());
    Event::Failed { text: format!("{}: {error}", one.target.name()), hints }
}

/// Records why cargo failed for a target, with the next step.
fn explain(ran: &CargoOutcome, target: &str, outcome: &mut TargetOutcome, on: Events<'_>) {
    let text = format!("{}{}", ran.errors.concat(), ran.stderr_tail);
    let error = first_error(&ran.errors, &ran.stderr_tail);
    let hint = failure_hints::for_failure(&text, target);
    hint.iter().for_each(|hint| on(Event::Hint(hint.clone())));
    outcome.fail_with(error, hint.into_iter().collect());
}

/// The line that names the error, for the table of targets.
fn first_error(errors: &[String], stderr: &str) -> String {
    let script = build_script::failed(&anstream::adapter::strip_str(stderr).to_string());
    if let Some(script) = script.filter(|_| errors.is_empty()) {
        return script.to_string();
    }
    let lines = errors.iter().flat_map(|text| text.lines()).chain(stderr.lines());
    let plain = lines.map(|line| anstream::adapter::strip_str(line).to_string());
    let mut wrong = plain.filter_map(|line| {
        let line = line.trim();
        let line = line.strip_prefix("= note:").unwrap_or(line).trim_start();
        let is_error = line.starts_with("error") || line.contains(LLD);
        is_error.then(|| line.to_owned())
    });
    match wrong.next() {
        // The linker's own error follows rustc's and says more.
        Some(first) if first.contains(LINKING) => wrong.next().unwrap_or(first),
        Some(first) => first,
        None => "cargo failed".to_owned(),
    }
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
                "error[E0308]: mismatched types\n --> a.rs\n".to_owned(),
                "error[E0308]: mismatched types",
            ),
            (String::new(), "cargo failed"),
        ] {
            assert_eq!(first_error(&[errors], ""), expected);
        }
    }
}
