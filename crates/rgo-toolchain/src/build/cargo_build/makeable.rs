//! Handles targets that can have none of the selected outputs. That is an error if the user named
//! the target. If it came with `all`, the build leaves it out and reports that.

use std::collections::BTreeSet;

use semver::Version;

use super::CargoBuild;
use crate::build::context::LeftOut;
use crate::build::error::BuildError;
use crate::cargo::makeable::{Makeable, makeable};
use crate::cargo::targets::BuildOutput;
use crate::toolchain::{Floor, Toolchain};

/// A target with the part of the selection that it can have.
#[derive(Clone)]
pub(super) struct Candidate {
    pub toolchain: &'static Toolchain,
    pub floor: Option<Floor>,
    pub makeable: Makeable,
}

/// Splits the targets into those that can have something, and those that the build leaves out with
/// the reason. `unnamed` are the names of targets that came with a pattern rather than by name.
///
/// # Errors
/// If a target that the user named can have nothing, or if all can have nothing.
pub(super) fn candidates(
    build: &CargoBuild,
    unnamed: &BTreeSet<&'static str>,
) -> Result<(Vec<Candidate>, Vec<LeftOut>), BuildError> {
    let (nothing, candidates): (Vec<Candidate>, _) =
        all(build).into_iter().partition(|one| one.makeable == Makeable::Nothing);
    let is_error =
        |one: &&Candidate| candidates.is_empty() || !unnamed.contains(one.toolchain.name.as_str());
    if let Some(Candidate { toolchain, .. }) = nothing.iter().find(is_error) {
        return Err(BuildError::NothingToMake {
            toolchain: toolchain.name.clone(),
            reason: reason(build, toolchain),
            way_out: if too_old(build, toolchain).is_some() {
                "name a newer Rust, by rust-toolchain.toml or --cargo"
            } else if is_mixed(build, toolchain) {
                "build the packages one by one, with -p"
            } else {
                "build it as a program or with --buildmode c-archive"
            },
        });
    }
    let left_out = nothing
        .iter()
        .map(|one| LeftOut { toolchain: one.toolchain, reason: reason(build, one.toolchain) });
    Ok((candidates, left_out.collect()))
}

/// All targets. If another program runs cargo, that program makes the selection, so every target
/// counts as able to have it.
fn all(build: &CargoBuild) -> Vec<Candidate> {
    let (metadata, selection) = (&build.project.metadata, &build.options.selection);
    let of_target = |toolchain: &Toolchain| match too_old(build, toolchain) {
        _ if build.context.request.is_for_others => Makeable::AsSelected,
        Some(_) => Makeable::Nothing,
        None => makeable(metadata, &build.outputs, selection, toolchain),
    };
    let targets = build.context.targets.iter().map(|(toolchain, floor)| Candidate {
        toolchain,
        floor: floor.clone(),
        makeable: of_target(toolchain),
    });
    targets.collect()
}

/// The oldest Rust that builds for a target, if the current one is older.
fn too_old<'t>(build: &CargoBuild, toolchain: &'t Toolchain) -> Option<&'t Version> {
    let release = &build.compiler.version.release;
    let release = Version::new(release.major, release.minor, release.patch);
    toolchain.oldest_rust.as_ref().filter(|oldest| release < **oldest)
}

/// Why a target can have nothing.
fn reason(build: &CargoBuild, toolchain: &Toolchain) -> String {
    if let Some(oldest) = too_old(build, toolchain) {
        let release = &build.compiler.version.release;
        return format!("it needs Rust {oldest} or newer, and this is {release}");
    }
    if is_mixed(build, toolchain) {
        return "cargo has no flags for the library of one package and the programs of another"
            .to_owned();
    }
    let cannot = |one: &&BuildOutput| !toolchain.makes(one.kind.crate_type());
    let what = build.outputs.iter().find(cannot).map_or_else(String::new, |one| {
        format!("{} cannot be a {}: ", one.name, one.kind.crate_type())
    });
    format!("{what}with the C library linked in there is no dynamic linking")
}

/// Whether a target can have all that the user named, but in a mix that cargo cannot select.
fn is_mixed(build: &CargoBuild, toolchain: &Toolchain) -> bool {
    let can = |one: &BuildOutput| toolchain.makes(one.kind.crate_type());
    build.outputs.iter().any(can) && !build.outputs.iter().any(|one| one.explicit && !can(one))
}
