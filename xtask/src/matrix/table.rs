//! Renders the results as a Markdown table.

use std::fmt::Write as _;
use std::fs;

use super::{Case, Outcome, Results, TOOLCHAINS};
use crate::shell::{command, output};

pub(super) fn write(cases: &[Case], results: &Results, path: &str) -> anyhow::Result<()> {
    let date = output(command("date").args(["--utc", "+%Y-%m-%d"]))?;
    let folders = own_folders()?;
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
                    let error = without_folders(error, &folders);
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

/// Folders of this machine, each with its replacement in the table.
fn own_folders() -> anyhow::Result<[(String, &'static str); 2]> {
    let here = std::env::current_dir()?;
    let home = std::env::var("HOME").unwrap_or_default();
    Ok([(here.to_string_lossy().into_owned(), "."), (home, "~")])
}

/// Replaces this machine's folders, because the table is published.
fn without_folders(text: &str, folders: &[(String, &str)]) -> String {
    let real = folders.iter().filter(|(folder, _)| folder.len() > 1);
    real.fold(text.to_owned(), |text, (folder, name)| text.replace(folder, name))
}

#[cfg(test)]
mod tests {
    use super::without_folders;

    #[test]
    fn the_folders_of_this_machine_are_not_in_the_table() {
        let folders = [("/home/me/rgo".to_owned(), "."), ("/home/me".to_owned(), "~")];
        for (text, expected) in [
            ("\"/home/me/.cache/rgo/cc\" failed", "\"~/.cache/rgo/cc\" failed"),
            ("`/home/me/rgo/target/x` is gone", "`./target/x` is gone"),
        ] {
            assert_eq!(without_folders(text, &folders), expected);
        }
        assert_eq!(without_folders("/a", &[(String::new(), "~")]), "/a");
    }
}
