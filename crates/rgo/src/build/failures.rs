//! Why a target has not what it was to have: cargo's own words, the next step, and where several
//! targets failed together, which of them each error is of.

use anyhow::Result;
use rgo_toolchain::cargo::command::CargoRun;
use rgo_toolchain::cargo::{build_script, failure_hints};

use super::execute::Execution;
use super::report::TargetReport;
use super::settle::Settled;
use crate::app::terminal;

impl Execution<'_> {
    /// Says for each target that lacks something why it does. Errors of one target alone are
    /// known to be its own; where several failed together, each is built once more by itself,
    /// because cargo does not say which target an error is of.
    pub(super) fn explain_failures(
        &self,
        settled: &Settled<'_>,
        reports: Vec<TargetReport>,
    ) -> Result<Vec<(usize, TargetReport)>> {
        let Settled { run, ran, .. } = settled;
        let mut reports: Vec<(usize, TargetReport)> =
            run.targets.iter().copied().zip(reports).collect();
        let lacking =
            reports.iter().filter(|(index, _)| !self.missing(*index, ran).is_empty()).count();
        for (index, report) in &mut reports {
            let missing = self.missing(*index, ran);
            // Where nothing that is wanted lacks and cargo failed all the same, nobody is spared.
            if missing.is_empty() && (ran.code == 0 || lacking > 0) {
                continue;
            }
            let name = &self.plans[*index].toolchain.name;
            if ran.code == 0 {
                let names = missing.join(", ");
                let error = format!("cargo succeeded and made no {names}");
                terminal::failure(&format!("{name}: {error}"));
                let hint = "does it have required-features that are off, or a --cargo-flag that leads elsewhere?";
                terminal::hint(hint);
                report.fail(error, vec![hint.to_owned()]);
                continue;
            }
            terminal::failure(&format!("building for {name}"));
            let again;
            let of_target = if lacking == 1 || run.targets.len() == 1 {
                if run.targets.len() > 1 {
                    ran.errors.iter().for_each(|text| terminal::eprint_raw(text));
                }
                ran
            } else {
                again = self.cargo(&self.only(run, *index), false)?;
                &again
            };
            let text = format!("{}{}", of_target.errors.concat(), of_target.stderr_tail);
            let error = first_error(&of_target.errors, &of_target.stderr_tail);
            let hint = failure_hints::for_failure(&text, name);
            hint.iter().for_each(|hint| terminal::hint(hint));
            report.fail(error, hint.into_iter().collect());
        }
        Ok(reports)
    }

    /// The run narrowed to one of its targets.
    fn only(&self, run: &CargoRun, index: usize) -> CargoRun {
        let mut cmd = run.cmd.clone();
        cmd.args.clear();
        let keep = self.triple(index);
        let mut args = run.cmd.args.iter();
        while let Some(arg) = args.next() {
            if arg == "--target" {
                if let Some(triple) = args.next().filter(|triple| *triple == keep) {
                    cmd.args.extend([arg.clone(), triple.clone()]);
                }
            } else {
                cmd.args.push(arg.clone());
            }
        }
        CargoRun { targets: vec![index], cmd }
    }
}

/// The line that says what went wrong, for the table.
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
        // That the linker failed is known; what it said stands below.
        Some(first) if first.contains(LINKING) => wrong.next().unwrap_or(first),
        Some(first) => first,
        None => "cargo failed".to_owned(),
    }
}

/// How rustc says that a linker failed.
const LINKING: &str = "linking with `";
/// How LLD begins an error, behind its name.
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
