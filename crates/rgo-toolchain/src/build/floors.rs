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
use crate::floor::{self, FloorError, SettledFloor, System};
use crate::request::Request;
use crate::target_spec::Chosen;
use crate::toolchain::{Floor, Toolchain};
use crate::zig;

/// The variable from which Apple's own tools, rustc and C compilers take the oldest macOS.
pub(super) const DEPLOYMENT: &str = "MACOSX_DEPLOYMENT_TARGET";

/// A floor that the user sets, and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    version: String,
    /// The place, for messages.
    place: String,
    /// Whether rustc and C compilers see this value even if rgo sets another.
    fixed: bool,
    /// Which targets it is for, if the user gives it in this call.
    scope: Option<Scope>,
}

/// The targets that a floor in a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The one target that the user names with it.
    One,
    /// All targets of its system.
    System,
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
    let settled = settle_each(&wishes, chosen)?;
    check_oldest(&settled)?;
    let mut targets = Vec::new();
    let mut newest = None;
    for (toolchain, wish, settled) in settled {
        let Some(settled) = settled else {
            targets.push((toolchain, None));
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
        targets.push((toolchain, Some(settled.floor)));
    }
    warn_of_flags_without_effect(request, &targets, on);
    Ok(targets)
}

/// A target with the user's floor and the one that it can have.
type Settled = (&'static Toolchain, Option<Wish>, Option<SettledFloor>);

fn settle_each(wishes: &Wishes, chosen: &[Chosen]) -> Result<Vec<Settled>, BuildError> {
    let settle = |chosen: &Chosen| {
        let wish = wishes.of(chosen)?;
        let version = wish.as_ref().map(|wish| wish.version.as_str());
        let settled = chosen.toolchain.settle_floor(version);
        let settled = settled.map_err(|error| said_by(wish.as_ref(), error))?;
        Ok((chosen.toolchain, wish, settled))
    };
    chosen.iter().map(settle).collect()
}

/// Refuses a floor of the call that is older than the oldest possible one: for the target that it
/// is for, or for all targets of its system. If another processor of the system can have it, it is
/// raised for this one.
fn check_oldest(targets: &[Settled]) -> Result<(), BuildError> {
    let asked = |(_, wish, settled): &Settled| {
        let settled = settled.clone()?;
        Some((wish.clone()?, settled.raised_from, settled.floor))
    };
    let asked: Vec<_> = targets.iter().filter_map(asked).collect();
    for (wish, raised_from, floor) in &asked {
        let (Some(_), Some(scope)) = (raised_from, wish.scope) else { continue };
        let of_system = asked.iter().filter(|(_, _, other)| other.system() == floor.system());
        let is_kept = of_system
            .clone()
            .any(|(other, raised, _)| raised.is_none() && other.version == wish.version);
        if scope == Scope::System && is_kept {
            continue;
        }
        let refusal = FloorError::TooOld { oldest: floor.clone() };
        return Err(said_by(Some(wish), refusal));
    }
    Ok(())
}

/// An error that begins with the place of the version.
fn said_by(wish: Option<&Wish>, error: FloorError) -> BuildError {
    BuildError::Floor { place: wish.map(|wish| wish.place.clone()), error }
}

fn flag(name: &str, version: &str) -> Wish {
    Wish {
        version: version.to_owned(),
        place: format!("{name} {version}"),
        fixed: false,
        scope: Some(Scope::System),
    }
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
        scope: None,
    };
    let argument = request.env.iter().rev().find(|(name, _)| name == DEPLOYMENT);
    let argument = argument.map(|(_, value)| Wish {
        scope: Some(Scope::System),
        ..wish(value.clone(), " (--env)", true)
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
    fn of(&self, chosen: &Chosen) -> Result<Option<Wish>, BuildError> {
        let toolchain = chosen.toolchain;
        let Some(system) = toolchain.floor.as_ref().map(Floor::system) else { return Ok(None) };
        let own = chosen.floor.as_ref().map(|version| Wish {
            version: version.clone(),
            place: format!("{} with {system} {version}", toolchain.name),
            fixed: false,
            scope: Some(if chosen.names_arch { Scope::One } else { Scope::System }),
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

    fn chosen(toolchain: &str, own: Option<&str>, names_arch: bool) -> Chosen {
        let toolchain = by_name(toolchain).expect("a toolchain");
        Chosen { toolchain, floor: own.map(str::to_owned), is_named: true, names_arch }
    }

    #[test]
    fn a_floor_of_the_call_that_no_target_can_have_is_refused() {
        let linux = || vec![chosen("linux-amd64", None, true), chosen("linux-arm64", None, true)];
        let mac = || vec![chosen("darwin-amd64", None, true), chosen("darwin-arm64", None, true)];
        let own = |names_arch, version| {
            let of = |toolchain| chosen(toolchain, Some(version), names_arch);
            vec![of("darwin-amd64"), of("darwin-arm64")]
        };
        let macos = |version| (None, Some(flag("--macos", version)), None);
        let set = |scope| (None, None, Some(Wish { scope, ..flag(DEPLOYMENT, "10.9") }));
        let glibc = |version| (Some(flag("--glibc", version)), None, None);
        for (targets, (glibc, macos, deployment), expected) in [
            (linux(), glibc("2.17"), None),
            (linux(), glibc("2.12"), Some("2.17")),
            (linux(), glibc("2.16.9"), Some("2.17")),
            (vec![chosen("linux-arm64", Some("2.12"), true)], (None, None, None), Some("2.17")),
            (mac(), macos("10.12"), None),
            (mac(), macos("10.9"), Some("10.12")),
            (mac()[1..].to_vec(), macos("10.15"), Some("11.0")),
            (own(false, "10.15"), (None, None, None), None),
            (own(true, "10.15"), (None, None, None), Some("11.0")),
            (mac(), set(Some(Scope::System)), Some("10.12")),
            (mac(), set(None), None),
            (vec![chosen("windows-amd64", None, true)], glibc("2.12"), None),
        ] {
            let asked = format!("{glibc:?} {macos:?} {deployment:?}");
            let wishes = Wishes { glibc, macos, deployment };
            let settled = settle_each(&wishes, &targets).expect("versions");
            let oldest = match check_oldest(&settled) {
                Err(BuildError::Floor { error: FloorError::TooOld { oldest }, .. }) => Some(oldest),
                other => other.map(|()| None).expect("no other error"),
            };
            assert_eq!(oldest.as_ref().map(Floor::version), expected, "{asked} {targets:?}");
        }
    }

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
            let chosen = chosen(toolchain, own, true);
            match (wishes.of(&chosen), expected) {
                (Ok(wish), Ok(expected)) => {
                    assert_eq!(wish.as_ref().map(|wish| wish.version.as_str()), expected);
                }
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (found, _) => panic!("{toolchain} {own:?}: {found:?}"),
            }
        }
    }
}
