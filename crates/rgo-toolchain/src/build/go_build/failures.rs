//! Explains why a target's files are missing: go's own error and the next step.

use super::GoBuild;
use super::compile::GoAnswer;
use crate::build::compiled::Compiled;
use crate::build::failure_groups::{self, FailureGroup};
use crate::build::outcome::TargetOutcome;
use crate::build::tool_types::BuildTarget;
use crate::event::{Event, Events};
use crate::go::cgo::Cgo;
use crate::go::failure_hints;

impl GoBuild {
    /// Reports for each target with missing files why they are missing. Each target has its own go
    /// command, so every error has its target. Shows each text once.
    pub(super) fn explain(
        &self,
        compiled: &Compiled<Self>,
        outcomes: &mut [TargetOutcome],
        on: Events<'_>,
    ) {
        let mut explained = Vec::new();
        let mut shown: Vec<&str> = Vec::new();
        for (one, outcome) in compiled.targets.iter().zip(outcomes) {
            if one.missing.is_empty() {
                continue;
            }
            let failed =
                |answer: &&GoAnswer| answer.toolchain == one.target.name() && answer.code != 0;
            let answers = compiled.ran.iter().filter(failed);
            let texts: Vec<&str> = answers.map(|answer| answer.stderr.trim_end()).collect();
            for text in &texts {
                if !text.is_empty() && !shown.contains(text) {
                    shown.push(text);
                    on(Event::CompilerOutput(format!("{text}\n")));
                }
            }
            let text = texts.join("\n");
            let toolchain = one.target.toolchain();
            let context = failure_hints::Context {
                toolchain: &toolchain.name,
                cgo: one.target.settings.cgo != Cgo::Off,
                offline: self.context.request.is_offline(),
            };
            let hints = failure_hints::hints(&text, &context);
            outcome.fail_with(first_error(&text), hints);
            explained.push(&*outcome);
        }
        for group in failure_groups::groups(explained) {
            let FailureGroup { toolchains, error, hints } = group;
            on(Event::Failed { text: format!("{toolchains}: {error}"), hints });
        }
    }
}

/// The first error in go's output: the line behind the name of a package.
fn first_error(text: &str) -> String {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let first = lines.find(|line| !line.starts_with("# "));
    first.map_or_else(|| "go build failed without a word".to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_stands_behind_the_package() {
        for (text, expected) in [
            ("# a.b/c\n./m.go:3:1: undefined: x\n./m.go:4:1: y\n", "./m.go:3:1: undefined: x"),
            ("m.go:2:8: no required module\n", "m.go:2:8: no required module"),
            ("# a.b/c\n", "go build failed without a word"),
            ("", "go build failed without a word"),
        ] {
            assert_eq!(first_error(text), expected, "{text}");
        }
    }
}
