//! Settles the floor of each target, which is the oldest system that it must run on: the user's,
//! else the toolchain's default. Refuses impossible floors here, before cargo or zig runs.
//!
//! ```text
//! glibc   the target's own name (…-gnu.2.28)  or  --glibc
//! macOS   the target's own name (…-macos.12)  or  --macos
//!         else --env, [env] with `force`, the environment, [env]: MACOSX_DEPLOYMENT_TARGET
//! ```

use super::error::BuildError;
use crate::cache::Cache;
use crate::environment::env;
use crate::event::{Event, Events};
use crate::floor::{self, FloorError, System};
use crate::request::Request;
use crate::target_spec::Chosen;
use crate::toolchain::{Floor, Toolchain};
use crate::zig;

/// The variable from which Apple's own tools, rustc and C compilers take the oldest macOS.
const DEPLOYMENT: &str = "MACOSX_DEPLOYMENT_TARGET";

/// A floor that the user sets, and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    version: String,
    /// The place, for messages.
    place: String,
    /// Whether rustc and C compilers see this value even if rgo sets another.
    fixed: bool,
}

/// The targets, each with its floor. `configured` gives a variable of the builder's configuration,
/// and whether it overrides the environment.
///
/// # Errors
/// [`BuildError::Floor`] for an impossible floor, [`BuildError::Usage`] for two that differ.
pub(super) fn settle(
    request: &Request,
    configured: &dyn Fn(&str) -> Option<(String, bool)>,
    cache: &Cache,
    chosen: &[Chosen],
    on: Events<'_>,
) -> Result<Vec<(&'static Toolchain, Option<Floor>)>, BuildError> {
    let wishes = Wishes {
        glibc: request.glibc.as_ref().map(|version| flag("--glibc", version)),
        macos: request.macos.as_ref().map(|version| flag("--macos", version)),
        deployment: deployment(request, configured, &env),
    };
    wishes.check_flags()?;
    let mut targets = Vec::new();
    let mut newest = None;
    for Chosen { toolchain, floor, .. } in chosen {
        let wish = wishes.of(toolchain, floor.as_deref())?;
        let settled = toolchain
            .settle_floor(wish.as_ref().map(|wish| wish.version.as_str()))
            .map_err(|error| said_by(wish.as_ref(), error))?;
        let (Some(settled), wish) = (settled, wish) else {
            targets.push((*toolchain, None));
            continue;
        };
        if let Some(asked) = settled.raised_from {
            on(Event::warning(format!(
                "{}: the floor is {}, not {asked}: no older system can be built for",
                toolchain.name, settled.floor
            )));
        }
        // The default needs no check: every zig supports it.
        if wish.is_some() && settled.floor.system() == System::Glibc {
            let newest = newest.get_or_insert_with(|| zig::newest_glibc(cache, &env));
            if let Some(newest) = newest {
                floor::check_newest(&settled.floor, newest.glibc, &newest.zig)
                    .map_err(|error| said_by(wish.as_ref(), error))?;
            }
        }
        targets.push((*toolchain, Some(settled.floor)));
    }
    warn_of_flags_without_effect(request, &targets, on);
    Ok(targets)
}

/// An error that begins with the place of the version.
fn said_by(wish: Option<&Wish>, error: FloorError) -> BuildError {
    BuildError::Floor { place: wish.map(|wish| wish.place.clone()), error }
}

fn flag(name: &str, version: &str) -> Wish {
    Wish { version: version.to_owned(), place: format!("{name} {version}"), fixed: false }
}

/// `MACOSX_DEPLOYMENT_TARGET`, from the strongest place that sets it. As for Apple's tools, an
/// empty value means none.
fn deployment(
    request: &Request,
    configured: &dyn Fn(&str) -> Option<(String, bool)>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<Wish> {
    let wish = |version: String, place: &str, fixed| Wish {
        place: format!("{DEPLOYMENT}={version}{place}"),
        version,
        fixed,
    };
    let argument = request.env.iter().rev().find_map(|(name, value)| {
        (name == DEPLOYMENT).then(|| wish(value.clone(), " (--env)", true))
    });
    let configured = configured(DEPLOYMENT)
        .map(|(version, force)| wish(version, " ([env] of cargo's configuration)", force));
    let forced = configured.clone().filter(|wish| wish.fixed);
    let environment = || env(DEPLOYMENT).map(|version| wish(version, "", false));
    argument
        .or(forced)
        .or_else(|| environment().filter(|wish| !wish.version.is_empty()))
        .or(configured)
        .filter(|wish| !wish.version.is_empty())
}

/// All floors that the user sets.
struct Wishes {
    glibc: Option<Wish>,
    macos: Option<Wish>,
    deployment: Option<Wish>,
}

impl Wishes {
    /// Checks that flags are versions, whatever the targets are.
    fn check_flags(&self) -> Result<(), BuildError> {
        for (system, wish) in [(System::Glibc, &self.glibc), (System::Macos, &self.macos)] {
            if let Some(wish) = wish {
                floor::read(system, &wish.version).map_err(|error| said_by(Some(wish), error))?;
            }
        }
        Ok(())
    }

    /// The user's floor for one target. The target's name and the flag may not differ, and neither
    /// may differ from a value that the compilers see in any case.
    fn of(&self, toolchain: &Toolchain, own: Option<&str>) -> Result<Option<Wish>, BuildError> {
        let Some(system) = toolchain.floor.as_ref().map(Floor::system) else { return Ok(None) };
        let own = own.map(|version| Wish {
            version: version.to_owned(),
            place: format!("{} with {system} {version}", toolchain.name),
            fixed: false,
        });
        let (flag, deployment) = match system {
            System::Glibc => (self.glibc.clone(), None),
            System::Macos => (self.macos.clone(), self.deployment.clone()),
        };
        let fixed = deployment.clone().filter(|wish| wish.fixed);
        let given: Vec<Wish> = own.into_iter().chain(flag).chain(fixed).collect();
        if let [first, rest @ ..] = &given[..] {
            for other in rest {
                let read = |wish: &Wish| {
                    floor::read(system, &wish.version).map_err(|error| said_by(Some(wish), error))
                };
                if read(first)? != read(other)? {
                    let text = format!("`{}` and `{}` differ", first.place, other.place);
                    return Err(BuildError::usage(text, "leave one of them out"));
                }
            }
        }
        Ok(given.into_iter().next().or(deployment))
    }
}

/// Warns of a floor that none of the targets has. It is no error, so that a script may pass it for
/// all targets.
fn warn_of_flags_without_effect(
    request: &Request,
    targets: &[(&'static Toolchain, Option<Floor>)],
    on: Events<'_>,
) {
    for (given, system, flag) in [
        (request.glibc.is_some(), System::Glibc, "--glibc"),
        (request.macos.is_some(), System::Macos, "--macos"),
    ] {
        let mut floors = targets.iter().filter_map(|(_, floor)| floor.as_ref());
        if given && !floors.any(|floor| floor.system() == system) {
            on(Event::warning(format!("{flag} has no effect: no target has a {system} floor")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::by_name;

    #[test]
    fn the_strongest_place_names_the_macos() {
        let free = Some(("13", false));
        let forced = Some(("13", true));
        let ours = Some("14");
        for (argument, configured, environment, expected) in [
            (None, None, None, None),
            (None, None, Some("12"), Some("12")),
            (None, free, None, Some("13")),
            (None, free, Some("12"), Some("12")),
            (None, free, Some(""), Some("13")),
            (None, forced, Some("12"), Some("13")),
            (ours, forced, Some("12"), Some("14")),
            (ours, None, None, Some("14")),
        ] {
            let pair = |version: &str| (DEPLOYMENT.to_owned(), version.to_owned());
            let request =
                Request { env: argument.map(pair).into_iter().collect(), ..Request::default() };
            let in_configuration =
                |_: &str| configured.map(|(version, force)| (version.to_owned(), force));
            let env = |_: &str| environment.map(str::to_owned);
            let found = deployment(&request, &in_configuration, &env);
            let version = found.as_ref().map(|wish| wish.version.as_str());
            assert_eq!(version, expected, "{argument:?} {configured:?} {environment:?}");
        }
    }

    #[test]
    fn two_floors_of_one_target_have_to_be_the_same() {
        let fixed = |version: &str| Wish { fixed: true, ..flag("--env", version) };
        for (toolchain, own, flags, deployment, expected) in [
            ("linux-amd64", None, ("2.28", "13"), None, Ok(Some("2.28"))),
            ("linux-amd64", Some("2.30"), ("2.28", "13"), None, Err("differ")),
            ("linux-amd64", Some("2.28.0"), ("2.28", "13"), None, Ok(Some("2.28.0"))),
            ("linux-amd64", Some("x"), ("2.28", "13"), None, Err("not a version")),
            ("darwin-arm64", None, ("2.28", "13"), None, Ok(Some("13"))),
            ("darwin-arm64", None, ("2.28", "13"), Some(flag("", "12")), Ok(Some("13"))),
            ("darwin-arm64", None, ("2.28", "13"), Some(fixed("13.0")), Ok(Some("13"))),
            ("darwin-arm64", None, ("2.28", "13"), Some(fixed("12")), Err("differ")),
            ("windows-amd64", None, ("2.28", "13"), Some(fixed("12")), Ok(None)),
        ] {
            let wishes = Wishes {
                glibc: Some(flag("--glibc", flags.0)),
                macos: Some(flag("--macos", flags.1)),
                deployment,
            };
            match (wishes.of(by_name(toolchain).expect("a toolchain"), own), expected) {
                (Ok(wish), Ok(expected)) => {
                    assert_eq!(wish.as_ref().map(|wish| wish.version.as_str()), expected);
                }
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, _) => panic!("{toolchain} {own:?}: {found:?}"),
            }
        }
    }
}
