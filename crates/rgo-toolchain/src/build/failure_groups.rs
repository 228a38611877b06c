//! Groups the targets that failed for one reason, so that people read it once.

use super::outcome::TargetOutcome;

/// Targets that failed for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureGroup {
    /// The toolchains' names, separated by commas.
    pub toolchains: String,
    /// Why they failed.
    pub error: String,
    /// The next steps.
    pub hints: Vec<String>,
}

/// The failed targets by their reasons, in the order of the targets.
#[must_use]
pub fn groups<'o>(outcomes: impl IntoIterator<Item = &'o TargetOutcome>) -> Vec<FailureGroup> {
    let mut groups: Vec<(&str, Vec<&TargetOutcome>)> = Vec::new();
    for outcome in outcomes {
        let Some(error) = outcome.error.as_deref() else { continue };
        match groups.iter_mut().find(|(known, _)| *known == error) {
            Some((_, members)) => members.push(outcome),
            None => groups.push((error, vec![outcome])),
        }
    }
    let group = |(error, members): (&str, Vec<&TargetOutcome>)| {
        let names: Vec<&str> = members.iter().map(|member| member.toolchain.as_str()).collect();
        let toolchains = names.join(", ");
        let hints = hints(&members, &toolchains);
        FailureGroup { toolchains, error: error.to_owned(), hints }
    };
    groups.into_iter().map(group).collect()
}

/// The hints of all members, each once. Hints that differ in the toolchain's name alone are one.
fn hints(members: &[&TargetOutcome], toolchains: &str) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    for member in members {
        for hint in &member.hints {
            let hint = match members {
                [_] => hint.clone(),
                _ => with_names(hint, &member.toolchain, toolchains),
            };
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
    }
    hints
}

/// A hint for several toolchains. A hint in which the name is a part of a longer word stays.
fn with_names(hint: &str, name: &str, toolchains: &str) -> String {
    let is_part = |next: char| next.is_alphanumeric() || matches!(next, '/' | '-' | '.');
    let mut after = hint.match_indices(name).map(|(at, _)| hint[at + name.len()..].chars().next());
    if after.any(|next| next.is_some_and(is_part)) {
        return hint.to_owned();
    }
    // The value of an option has no blanks.
    let (option, values) = ("--target ", toolchains.replace(", ", ","));
    let hint = hint.replace(&format!("{option}{name}"), &format!("{option}{values}"));
    if hint.contains(&values) { hint } else { hint.replace(name, toolchains) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::by_name;

    fn failed(toolchain: &str, error: &str, hint: &str) -> TargetOutcome {
        let mut outcome = TargetOutcome::new(by_name(toolchain).expect("a toolchain"));
        outcome.fail_with(error.to_owned(), vec![hint.to_owned()]);
        outcome
    }

    #[test]
    fn one_reason_is_one_group() {
        let fine = TargetOutcome::new(by_name("linux-arm64").expect("a toolchain"));
        let outcomes = [
            failed("linux-amd64", "no x.h", "x.h is not there for linux-amd64; look"),
            fine,
            failed("darwin-arm64", "other", "do"),
            failed("windows-amd64", "no x.h", "x.h is not there for windows-amd64; look"),
        ];
        let group = |toolchains: &str, error: &str, hint: &str| FailureGroup {
            toolchains: toolchains.into(),
            error: error.into(),
            hints: vec![hint.into()],
        };
        let both = "linux-amd64, windows-amd64";
        let expected = [
            group(both, "no x.h", "x.h is not there for linux-amd64, windows-amd64; look"),
            group("darwin-arm64", "other", "do"),
        ];
        assert_eq!(groups(&outcomes), expected);
    }

    #[test]
    fn a_name_within_a_word_stays() {
        let both = "linux-amd64, darwin-arm64";
        for (hint, expected) in [
            ("not for linux-amd64; look", "not for linux-amd64, darwin-arm64; look"),
            ("or build for linux-amd64/static", "or build for linux-amd64/static"),
            ("as linux-amd64-static", "as linux-amd64-static"),
            (
                "rgo-build doctor --target linux-amd64",
                "rgo-build doctor --target linux-amd64,darwin-arm64",
            ),
            ("nothing", "nothing"),
        ] {
            assert_eq!(with_names(hint, "linux-amd64", both), expected);
        }
    }
}
