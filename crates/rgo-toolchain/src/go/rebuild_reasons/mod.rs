//! Explains why Go compiled or linked each package. Go prints no reasons, but two logs together have
//! them:
//!
//! ```text
//! go build -debug-actiongraph=FILE      what ran, with an ID for each action
//! GODEBUG=gocachehash=1                 what each ID is a hash of, on stderr
//! ```
//!
//! An ID of the first is the base64url of the first 15 bytes of a hash in the second. The inputs of a
//! build are stored ([`Inputs`] as JSON); those of the next build that differ are the reasons.
//!
//! What Go does not hash causes no compilation, and so has no reason here: a header outside of the
//! package's folder, and a library that is named by `-L` and `-l`.

mod actions;
mod difference;
mod input;
mod inputs;
#[cfg(test)]
mod tests;

pub use actions::{Action, read_actions};
pub use inputs::{Collector, Inputs, split};

use crate::cargo::rebuild_reasons::Rebuilt;

/// The reason without former inputs.
const FIRST: &str = "first build";
/// The reason of a package that the former build did not have.
const NEW: &str = "not part of the last build";

/// The packages that a build compiled or linked, by name, with the reasons. `units` counts the
/// compilation and the link of a package. `before` has the inputs of the former build for the same
/// target; `all_again` is `-a`.
#[must_use]
pub fn explain(
    actions: &[Action],
    now: &Inputs,
    before: Option<&Inputs>,
    all_again: bool,
) -> Vec<Rebuilt> {
    let mut rebuilt: Vec<Rebuilt> = Vec::new();
    let ran = |is_link: bool| actions.iter().filter(move |it| it.ran && it.is_link == is_link);
    for action in ran(false).chain(ran(true)) {
        let known = rebuilt.iter().position(|one| one.package == action.package);
        let mut reasons = match (before, all_again) {
            (_, true) => vec!["-a builds all again".to_owned()],
            (None, _) => vec![FIRST.to_owned()],
            (Some(before), _) => of_action(action, now, before),
        };
        let Some(one) = known.and_then(|at| rebuilt.get_mut(at)) else {
            let package = action.package.clone();
            rebuilt.push(Rebuilt { package, reasons, units: 1 });
            continue;
        };
        one.units += 1;
        if action.is_link {
            // A package that was compiled again is linked again.
            reasons.retain(|reason| !difference::is_of_dependency(reason));
        }
        reasons.retain(|reason| !one.reasons.contains(reason));
        one.reasons.extend(reasons);
    }
    rebuilt.sort_by(|a, b| a.package.cmp(&b.package));
    rebuilt
}

fn of_action(action: &Action, now: &Inputs, before: &Inputs) -> Vec<String> {
    let name = action.hash_name();
    let former = before.of(&name);
    if former.is_empty() {
        return vec![NEW.to_owned()];
    }
    if former.iter().any(|one| one.id == action.id) {
        let reason = match action.is_link {
            true => {
                "linked again: its file was gone, or is to have another name (Go keeps no linked file)"
            }
            false => "it was not in Go's cache any more",
        };
        return vec![reason.to_owned()];
    }
    let current = now.of(&name).into_iter().find(|one| one.id == action.id);
    let Some(current) = current else {
        return vec!["Go did not log its inputs".to_owned()];
    };
    // A package may be compiled twice in one build, such as for two profiles.
    let reasons = former.iter().map(|one| difference::reasons(&one.lines, &current.lines));
    reasons.min_by_key(Vec::len).unwrap_or_default()
}
