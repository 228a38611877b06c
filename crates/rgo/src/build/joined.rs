//! Joins the outcomes of several builders: a target that two of them build for has one outcome.

use rgo_toolchain::build::outcome::TargetOutcome;

/// Adds the outcomes of another builder.
pub(super) fn join(outcomes: &mut Vec<TargetOutcome>, more: Vec<TargetOutcome>) {
    for one in more {
        match outcomes.iter_mut().find(|other| other.toolchain == one.toolchain) {
            Some(other) => join_one(other, one),
            None => outcomes.push(one),
        }
    }
}

fn join_one(outcome: &mut TargetOutcome, more: TargetOutcome) {
    let is_there = |path| outcome.artifacts.iter().any(|artifact| artifact.path == path);
    let twice = more.artifacts.iter().find(|artifact| is_there(artifact.path.clone()));
    let twice = twice.map(|artifact| format!("two builders make {}", artifact.path));
    outcome.error = outcome.error.take().or(more.error).or_else(|| twice.clone());
    outcome.hints.extend(more.hints);
    if twice.is_some() {
        outcome.hints.push("build them one by one, into different folders (-o)".to_owned());
    }
    outcome.artifacts.extend(more.artifacts);
    outcome.not_made.extend(more.not_made);
    outcome.std = outcome.std.take().or(more.std);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rgo_toolchain::toolchain::by_name;

    fn outcome(name: &str, error: Option<&str>) -> TargetOutcome {
        let toolchain = by_name(name).expect("a toolchain");
        TargetOutcome { error: error.map(str::to_owned), ..TargetOutcome::new(toolchain) }
    }

    #[test]
    fn a_target_has_one_outcome() {
        let mut all = vec![outcome("linux-amd64", None), outcome("linux-arm64", Some("a"))];
        let more = vec![
            outcome("linux-amd64", Some("b")),
            outcome("linux-arm64", Some("c")),
            outcome("darwin-arm64", None),
        ];
        join(&mut all, more);
        let errors: Vec<_> = all.iter().map(|it| it.error.as_deref()).collect();
        assert_eq!(errors, [Some("b"), Some("a"), None]);
    }
}
