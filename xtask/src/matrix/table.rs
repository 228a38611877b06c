//! The table of what builds, in Markdown.

use std::fmt::Write as _;
use std::fs;

use super::{Case, Outcome, Results, TOOLCHAINS};
use crate::shell::{command, output};

pub(super) fn write(cases: &[Case], results: &Results, path: &str) -> anyhow::Result<()> {
    let date = output(command("date").args(["--utc", "+%Y-%m-%d"]))?;
    let (mut built, mut all) = (0, 0);
    let mut rows = String::new();
    let mut reasons = String::new();
    for case in cases {
        write!(rows, "| {} {} |", case.name, case.version)?;
        let of_case = results.of(case);
        for (toolchain, _) in TOOLCHAINS {
            let outcome = of_case.and_then(|of_case| of_case.get(toolchain));
            let is_asked = case.toolchains.contains(&toolchain);
            all += usize::from(is_asked);
            let word = match outcome {
                _ if !is_asked => "–",
                Some(Outcome::Built) => "built",
                Some(Outcome::Failed { .. }) => "failed",
                None => "not run",
            };
            write!(rows, " {word} |")?;
            match outcome {
                Some(Outcome::Built) => built += 1,
                Some(Outcome::Failed { error, hint, zigbuild }) => {
                    writeln!(reasons, "- {} for {toolchain}: {error}", case.name)?;
                    if let Some(hint) = hint {
                        writeln!(reasons, "  Hint: {hint}")?;
                    }
                    if *zigbuild {
                        writeln!(reasons, "  `cargo zigbuild` builds it.")?;
                    }
                }
                None => {}
            }
        }
        rows.push('\n');
    }
    let mut text = format!(
        "# What builds\n\n\
         Packages with native code or with parts of the system behind them, and published programs, each \
         built by `rgo-build` on linux/amd64 for every toolchain. `cargo xtask matrix` makes this table; \
         `testdata/matrix.toml` has the list. A dash: the package is not for this system, or needs \
         libraries of the host there.\n\n\
         {}: {built} of {all} are built.\n\n| package |",
        date.trim()
    );
    for (toolchain, _) in TOOLCHAINS {
        write!(text, " {toolchain} |")?;
    }
    writeln!(text, "\n|---|{}", "---|".repeat(TOOLCHAINS.len()))?;
    text.push_str(&rows);
    if !reasons.is_empty() {
        write!(text, "\n## What fails, and why\n\n{reasons}")?;
    }
    Ok(fs::write(path, text)?)
}
