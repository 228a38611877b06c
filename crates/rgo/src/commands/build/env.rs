//! `rgo-build env`: the variables by which another program that runs cargo (maturin, napi's command
//! line) compiles and links for a target as rgo does.
//!
//! Such a build has no note, and nothing is finished after the link; what the link shim mends and
//! checks it does there too.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use rgo_report::{Document, Report};
use rgo_toolchain::exec;
use rgo_toolchain::shim;
use serde::Serialize;

use super::{Said, link, prepare};
use crate::cli::build::{BuildArgs, VcsArg};
use crate::exit::{Exit, Hint};
use crate::output;

/// Variables that replace all flags that a target has of its own.
const REPLACING: [&str; 2] = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"];

#[derive(Serialize)]
struct Variables {
    variables: BTreeMap<String, String>,
}

impl Report for Variables {
    const SCHEMA: &'static str = "rgo.env/1";

    fn document(&self) -> Document {
        self.variables.iter().fold(Document::new(), |document, (name, value)| {
            document.line(format!("export {}", exec::assignment(name, value)))
        })
    }
}

/// Prints the variables.
///
/// # Errors
/// If a target cannot be built for, or two of them cannot share one environment.
pub(super) fn run(args: BuildArgs) -> Result<Exit> {
    // No commit is recorded in what others build.
    let args = BuildArgs { vcs: VcsArg::Off, ..args };
    let prepared = prepare::prepare(&args)?;
    if let Some(name) = REPLACING.iter().find(|name| prepare::env(name).is_some()) {
        return Err(anyhow!("{name} is set, and cargo leaves out a target's own flags then")
            .context(Hint(format!(
                "unset {name}, and set CARGO_TARGET_<TRIPLE>_RUSTFLAGS instead"
            ))));
    }
    let said = Said { quiet: args.quiet, trace: false };
    let work = link::Work::new(&prepared.cache, false, false)?;
    let linker = link::Linker::new(&prepared, &work, false)?;
    let mut variables = BTreeMap::new();
    for (toolchain, floor) in &prepared.targets {
        let linking = linker.prepare(toolchain, floor.as_ref(), &mut |event| said.event(&event))?;
        let mut env = linking.env;
        // The recipe of this run goes with it; the cache's stays.
        env.extend(linker.lasting(toolchain, floor.as_ref())?);
        env.extend(linker.python_library(toolchain));
        env.remove(shim::TRIM);
        let name = format!("CARGO_TARGET_{}_RUSTFLAGS", toolchain.env_triple());
        env.insert(name.clone(), flags(prepare::env(&name), &linking.rustflags)?);
        for (name, value) in env {
            if variables.insert(name.clone(), value.clone()).is_some_and(|other| other != value) {
                return Err(anyhow!("{name} has another value for each of these targets")
                    .context(Hint("ask for one target at a time".into())));
            }
        }
    }
    output::print(&Variables { variables }, args.format)?;
    Ok(Exit::Done)
}

/// The user's flags and ours, as cargo reads them: with a space between them.
fn flags(of_user: Option<String>, ours: &[String]) -> Result<String> {
    if let Some(flag) = ours.iter().find(|flag| flag.contains(char::is_whitespace)) {
        return Err(anyhow!("cargo would split this flag at its spaces: {flag}")
            .context(Hint("set RGO_CACHE to a folder without spaces in its path".into())));
    }
    let of_user = of_user.filter(|flags| !flags.trim().is_empty());
    Ok(of_user.into_iter().chain(ours.iter().cloned()).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_user_go_first_and_none_is_split() {
        let ours = ["-Clinker=/c/rgo-link".to_owned()];
        assert_eq!(flags(None, &ours).unwrap(), "-Clinker=/c/rgo-link");
        assert_eq!(flags(Some(" ".into()), &ours).unwrap(), "-Clinker=/c/rgo-link");
        assert_eq!(flags(Some("-Ca -Cb".into()), &ours).unwrap(), "-Ca -Cb -Clinker=/c/rgo-link");
        assert!(flags(None, &["-Clinker=/c d/rgo-link".to_owned()]).is_err());
    }
}
