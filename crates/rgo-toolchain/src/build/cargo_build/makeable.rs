//! Handles targets that can have none of the selected outputs. That is an error if the user named
//! the target. If it came with `all`, the build leaves it out and reports that.

use semver::Version;

use super::CargoBuild;
use crate::build::error::BuildError;
use crate::cargo::makeable::{Makeable, makeable};
use crate::cargo::targets::BuildOutput;
use crate::toolchain::{Floor, Toolchain};

/// A target with the part of the selection that it can have.
pub(super) struct Candidate {
    pub toolchain: &'static Toolchain,
    pub floor: Option<Floor>,
    pub makeable: Makeable,
}

/// The targets, each with the part of the selection that it can have.
///
/// # Errors
/// If a target that the user named can have nothing, or if all can have nothing.
pub(super) fn candidates(build: &CargoBuild) -> Result<Vec<Candidate>, BuildError> {
    let (metadata, selection) = (&build.project.metadata, &build.options.selection);
    let of_target = |toolchain: &Toolchain| match too_old(build, toolchain) {
        Some(_) => Makeable::Nothing,
        None => makeable(metadata, &build.outputs, selection, toolchain),
    };
    let targets = build.context.targets.iter().map(|(toolchain, floor)| Candidate {
        toolchain,
        floor: floor.clone(),
        makeable: of_target(toolchain),
    });
    let all: Vec<Candidate> = targets.collect();
    let is_none = |one: &&Candidate| one.makeable == Makeable::Nothing;
    let none_is_left = all.iter().all(|one| is_none(&one));
    let is_error = |one: &Candidate| {
        none_is_left || !build.context.unnamed.contains(one.toolchain.name.as_str())
    };
    match all.iter().filter(is_none).find(|one| is_error(one)) {
        Some(Candidate { toolchain, .. }) => Err(BuildError::NothingToMake {
            toolchain: toolchain.name.clone(),
            reason: reason(build, toolchain),
            way_out: match too_old(build, toolchain) {
                Some(_) => "name a newer Rust, by rust-toolchain.toml or --cargo",
                None => "build it as a program or with --buildmode c-archive",
            },
        }),
        None => Ok(all),
    }
}

/// The oldest Rust that builds for a target, if the current one is older.
fn too_old<'t>(build: &CargoBuild, toolchain: &'t Toolchain) -> Option<&'t Version> {
    let release = &build.compiler.version.release;
    let release = Version::new(release.major, release.minor, release.patch);
    toolchain.oldest_rust.as_ref().filter(|oldest| release < **oldest)
}

/// Why a target can have nothing.
pub(super) fn reason(build: &CargoBuild, toolchain: &Toolchain) -> String {
    if let Some(oldest) = too_old(build, toolchain) {
        let release = &build.compiler.version.release;
        return format!("it needs Rust {oldest} or newer, and this is {release}");
    }
    let cannot = |one: &&BuildOutput| !toolchain.makes(one.kind.crate_type());
    let what = build.outputs.iter().find(cannot).map_or_else(String::new, |one| {
        format!("{} cannot be a {}: ", one.name, one.kind.crate_type())
    });
    format!("{what}with the C library linked in there is no dynamic linking")
}
