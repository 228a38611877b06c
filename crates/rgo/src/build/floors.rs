//! The oldest system for each target of a build: as the user says anywhere, else as the toolchain
//! says. What cannot be is refused here, before cargo or zig is run.
//!
//! ```text
//! glibc   the target's own name (…-gnu.2.28)  or  --glibc
//! macOS   the target's own name (…-macos.12)  or  --macos
//!         else --env, [env] with `force`, the environment, [env]: MACOSX_DEPLOYMENT_TARGET
//! ```

use anyhow::Result;
use rgo_toolchain::cache::Cache;
use rgo_toolchain::cargo::project::Configuration;
use rgo_toolchain::floor::{self, System};
use rgo_toolchain::target_spec::Chosen;
use rgo_toolchain::toolchain::{Floor, Toolchain};
use rgo_toolchain::zig;

use super::environment::env;

use crate::app::error::Usage;
use crate::app::terminal;
use crate::build::args::BuildArgs;

/// The variable in which Apple's own tools, rustc and C compilers take the oldest macOS.
const DEPLOYMENT: &str = "MACOSX_DEPLOYMENT_TARGET";

/// What the user says of the oldest system, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    version: String,
    /// For messages.
    place: String,
    /// Whether rustc and C compilers see this value whatever rgo sets.
    fixed: bool,
}

/// The targets, each with its oldest system.
///
/// # Errors
/// [`Usage`] for a floor that cannot be, and for two that differ.
pub(super) fn settle(
    args: &BuildArgs,
    configuration: &Configuration,
    cache: &Cache,
    chosen: &[Chosen],
) -> Result<Vec<(&'static Toolchain, Option<Floor>)>> {
    let wishes = Wishes {
        glibc: args.glibc.as_ref().map(|version| flag("--glibc", version)),
        macos: args.macos.as_ref().map(|version| flag("--macos", version)),
        deployment: deployment(args, configuration, &env),
    };
    wishes.check_flags()?;
    let mut targets = Vec::new();
    let mut newest = None;
    for Chosen { toolchain, floor, .. } in chosen {
        let wish = wishes.of(toolchain, floor.as_deref())?;
        let settled = toolchain
            .settle_floor(wish.as_ref().map(|wish| wish.version.as_str()))
            .map_err(|error| said_by(wish.as_ref(), &error))?;
        let (Some(settled), wish) = (settled, wish) else {
            targets.push((*toolchain, None));
            continue;
        };
        if let Some(asked) = settled.raised_from.filter(|_| !args.quiet) {
            terminal::warning(&format!(
                "{}: the floor is {}, not {asked}: no older system can be built for",
                toolchain.name, settled.floor
            ));
        }
        // Every zig knows the default.
        if wish.is_some() && settled.floor.system() == System::Glibc {
            let newest = newest.get_or_insert_with(|| zig::newest_glibc(cache, &env));
            if let Some(newest) = newest {
                floor::check_newest(&settled.floor, newest.glibc, &newest.zig)
                    .map_err(|error| said_by(wish.as_ref(), &error))?;
            }
        }
        targets.push((*toolchain, Some(settled.floor)));
    }
    if !args.quiet {
        warn_of_flags_without_effect(args, &targets);
    }
    Ok(targets)
}

/// An error that says first where the version was said.
fn said_by(wish: Option<&Wish>, error: &floor::FloorError) -> Usage {
    let text = match wish {
        Some(wish) => format!("{}: {error}", wish.place),
        None => error.to_string(),
    };
    Usage::new(text).hint_if_any(error.hint())
}

fn flag(name: &str, version: &str) -> Wish {
    Wish { version: version.to_owned(), place: format!("{name} {version}"), fixed: false }
}

/// `MACOSX_DEPLOYMENT_TARGET`, from the strongest place that sets it. An empty one is none, as it
/// is for Apple's tools.
fn deployment(
    args: &BuildArgs,
    configuration: &Configuration,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<Wish> {
    let wish = |version: String, place: &str, fixed| Wish {
        place: format!("{DEPLOYMENT}={version}{place}"),
        version,
        fixed,
    };
    let argument = args.env.iter().rev().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name == DEPLOYMENT).then(|| wish(value.to_owned(), " (--env)", true))
    });
    let configured = configuration.variable(DEPLOYMENT).map(|(version, force)| {
        wish(version.to_owned(), " ([env] of cargo's configuration)", force)
    });
    let forced = configured.clone().filter(|wish| wish.fixed);
    let environment = || env(DEPLOYMENT).map(|version| wish(version, "", false));
    argument
        .or(forced)
        .or_else(|| environment().filter(|wish| !wish.version.is_empty()))
        .or(configured)
        .filter(|wish| !wish.version.is_empty())
}

/// All that a call says of floors.
struct Wishes {
    glibc: Option<Wish>,
    macos: Option<Wish>,
    deployment: Option<Wish>,
}

impl Wishes {
    /// Flags have to be versions, whatever the targets are.
    fn check_flags(&self) -> Result<(), Usage> {
        for (system, wish) in [(System::Glibc, &self.glibc), (System::Macos, &self.macos)] {
            if let Some(wish) = wish {
                floor::read(system, &wish.version).map_err(|error| said_by(Some(wish), &error))?;
            }
        }
        Ok(())
    }

    /// What is said of one target's floor. Its name and the flag may not differ, and neither may
    /// differ from what the compilers will see in any case.
    fn of(&self, toolchain: &Toolchain, own: Option<&str>) -> Result<Option<Wish>, Usage> {
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
                    floor::read(system, &wish.version).map_err(|error| said_by(Some(wish), &error))
                };
                if read(first)? != read(other)? {
                    return Err(Usage::new(format!(
                        "`{}` and `{}` differ",
                        first.place, other.place
                    ))
                    .hint("leave one of them out"));
                }
            }
        }
        Ok(given.into_iter().next().or(deployment))
    }
}

/// A floor that none of the targets has is no error, so that a script may give it for all.
fn warn_of_flags_without_effect(args: &BuildArgs, targets: &[(&'static Toolchain, Option<Floor>)]) {
    for (given, system, flag) in [
        (args.glibc.is_some(), System::Glibc, "--glibc"),
        (args.macos.is_some(), System::Macos, "--macos"),
    ] {
        let mut floors = targets.iter().filter_map(|(_, floor)| floor.as_ref());
        if given && !floors.any(|floor| floor.system() == system) {
            terminal::warning(&format!("{flag} has no effect: no target has a {system} floor"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::args::Build;
    use clap::Parser;
    use rgo_toolchain::cargo::request::Request;
    use rgo_toolchain::toolchain::by_name;

    fn args(words: &[&str]) -> BuildArgs {
        Build::parse_from(["rgo-build"].iter().chain(words)).build
    }

    #[test]
    fn the_strongest_place_names_the_macos() {
        const FREE: &str = "env.MACOSX_DEPLOYMENT_TARGET='13'";
        const FORCED: &str = "env.MACOSX_DEPLOYMENT_TARGET={value='13',force=true}";
        let ours = ["--env", "MACOSX_DEPLOYMENT_TARGET=14"];
        for (words, config, environment, expected) in [
            (&[][..], None, None, None),
            (&[], None, Some("12"), Some("12")),
            (&[], Some(FREE), None, Some("13")),
            (&[], Some(FREE), Some("12"), Some("12")),
            (&[], Some(FREE), Some(""), Some("13")),
            (&[], Some(FORCED), Some("12"), Some("13")),
            (&ours, Some(FORCED), Some("12"), Some("14")),
            (&ours, None, None, Some("14")),
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let request = Request {
                folder: folder.path().to_owned().try_into().expect("UTF-8"),
                config: config.map(str::to_owned).into_iter().collect(),
                ..Request::default()
            };
            let configuration = Configuration::load(&request).expect("reads");
            let env = |_: &str| environment.map(str::to_owned);
            let found = deployment(&args(words), &configuration, &env);
            let version = found.as_ref().map(|wish| wish.version.as_str());
            assert_eq!(version, expected, "{words:?} {config:?} {environment:?}");
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
                (Err(error), Err(words)) => assert!(error.text.contains(words), "{error}"),
                (found, _) => panic!("{toolchain} {own:?}: {found:?}"),
            }
        }
    }
}
