//! Passes rgo's rustflags to the compiler without losing the user's.
//!
//! Cargo takes rustflags from exactly one of four places, the first that is set:
//!
//! ```text
//! CARGO_ENCODED_RUSTFLAGS  >  RUSTFLAGS  >  target.<triple|cfg>.rustflags  >  build.rustflags
//! ```
//!
//! The first two apply to all targets and replace everything else, even if they are empty. Flags
//! for one triple, such as rgo's, make cargo ignore `build.rustflags`. Cargo splits
//! `CARGO_TARGET_<TRIPLE>_RUSTFLAGS` on spaces and adds it to the triple's flags from files. So:
//!
//! - usually all targets share one invocation. Each has its own variable, which includes
//!   `build.rustflags` if cargo would have used them;
//! - where the environment replaces everything, or a flag contains a space, each target has its own
//!   invocation with the whole list encoded.

use std::collections::BTreeMap;

/// The flags for one triple.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetFlags {
    /// The triple.
    pub triple: String,
    /// The user's flags as cargo resolves them for this triple.
    pub user: Vec<String>,
    /// Those of them that come from `build.rustflags`.
    pub user_build: Vec<String>,
    /// The user's value of `CARGO_TARGET_<TRIPLE>_RUSTFLAGS`.
    pub user_variable: Option<String>,
    /// rgo's own flags.
    pub ours: Vec<String>,
}

/// Targets that one cargo invocation builds, and the variables with their flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Indices into the list of all targets.
    pub targets: Vec<usize>,
    /// The variables.
    pub env: BTreeMap<String, String>,
}

/// Distributes the targets over as few invocations as their flags and features allow. `replaced`:
/// the user's environment replaces all other rustflags. `conflict`: two targets would change each
/// other's programs (see [`crate::cargo::feature_unification`]).
#[must_use]
pub fn invocations(
    targets: &[TargetFlags],
    replaced: bool,
    conflict: &dyn Fn(usize, usize) -> bool,
) -> Vec<Invocation> {
    let spaced = |flags: &[String]| flags.iter().any(|flag| flag.contains(char::is_whitespace));
    if replaced || targets.iter().any(|t| spaced(&t.ours) || spaced(&t.user_build)) {
        return (0..targets.len()).map(|index| alone(targets, index)).collect();
    }
    let mut shared: Vec<Invocation> = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        // Two toolchains with one triple differ in their flags only, and cargo has one variable for
        // both.
        let free = shared.iter_mut().find(|invocation| {
            invocation
                .targets
                .iter()
                .all(|other| targets[*other].triple != target.triple && !conflict(*other, index))
        });
        let invocation = match free {
            Some(invocation) => invocation,
            None => {
                shared.push(Invocation { targets: Vec::new(), env: BTreeMap::new() });
                let last = shared.len() - 1;
                &mut shared[last]
            }
        };
        invocation.targets.push(index);
        invocation.env.insert(variable(&target.triple), joined(target));
    }
    shared
}

/// The variable from which cargo takes a triple's rustflags.
#[must_use]
pub fn variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_RUSTFLAGS", triple.to_uppercase().replace(['-', '.'], "_"))
}

fn joined(target: &TargetFlags) -> String {
    let mut flags: Vec<&str> = target.user_variable.iter().map(String::as_str).collect();
    flags.extend(target.user_build.iter().chain(&target.ours).map(String::as_str));
    flags.join(" ")
}

fn alone(targets: &[TargetFlags], index: usize) -> Invocation {
    let target = &targets[index];
    let flags: Vec<&str> = target.user.iter().chain(&target.ours).map(String::as_str).collect();
    let env = [("CARGO_ENCODED_RUSTFLAGS".to_owned(), flags.join("\u{1f}"))].into();
    Invocation { targets: vec![index], env }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(triple: &str, user_build: &[&str], ours: &[&str]) -> TargetFlags {
        let owned = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect();
        TargetFlags {
            triple: triple.to_owned(),
            user: owned(user_build),
            user_build: owned(user_build),
            user_variable: None,
            ours: owned(ours),
        }
    }

    #[test]
    fn targets_share_an_invocation() {
        let targets = [
            target("a-b-c", &["--cfg=x"], &["-Cone"]),
            target("d-e.f", &[], &["-Ctwo", "-Cthree"]),
        ];
        let found = invocations(&targets, false, &|_, _| false);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].targets, [0, 1]);
        assert_eq!(found[0].env["CARGO_TARGET_A_B_C_RUSTFLAGS"], "--cfg=x -Cone");
        assert_eq!(found[0].env["CARGO_TARGET_D_E_F_RUSTFLAGS"], "-Ctwo -Cthree");
    }

    #[test]
    fn the_users_variable_is_kept() {
        let mut t = target("a", &[], &["-Cone"]);
        t.user_variable = Some("-Cuser".into());
        assert_eq!(
            invocations(&[t], false, &|_, _| false)[0].env["CARGO_TARGET_A_RUSTFLAGS"],
            "-Cuser -Cone"
        );
    }

    #[test]
    fn spaces_and_the_environment_part_them() {
        let spaced = [target("a", &["-Cu"], &["--sysroot=/x y"]), target("b", &[], &["-Cb"])];
        let replaced = [target("a", &["-Cu"], &["--sysroot=/x y"]), target("b", &[], &["-Cb"])];
        for found in [
            invocations(&spaced, false, &|_, _| false),
            invocations(&replaced, true, &|_, _| false),
        ] {
            assert_eq!(found.len(), 2);
            assert_eq!(found[0].env["CARGO_ENCODED_RUSTFLAGS"], "-Cu\u{1f}--sysroot=/x y");
            assert_eq!(found[1].env["CARGO_ENCODED_RUSTFLAGS"], "-Cb");
        }
    }

    #[test]
    fn targets_that_change_each_other_are_parted() {
        let targets = [target("a", &[], &[]), target("b", &[], &[]), target("c", &[], &[])];
        let found = invocations(&targets, false, &|a, b| a + b == 1);
        assert_eq!(
            found.iter().map(|i| i.targets.clone()).collect::<Vec<_>>(),
            [vec![0, 2], vec![1]]
        );
    }

    #[test]
    fn two_toolchains_of_one_triple_are_parted() {
        let targets =
            [target("a", &[], &["-C1"]), target("b", &[], &[]), target("a", &[], &["-C2"])];
        let found = invocations(&targets, false, &|_, _| false);
        assert_eq!(
            found.iter().map(|i| i.targets.clone()).collect::<Vec<_>>(),
            [vec![0, 1], vec![2]]
        );
    }
}
