//! Targets that cannot have what is asked for: an error if the user named them; if they came with
//! all the others, they are named and left out.

use anyhow::{Result, anyhow};
use rgo_toolchain::cargo::makeable::{Makeable, makeable};
use rgo_toolchain::cargo::targets::Wanted;
use rgo_toolchain::toolchain::Toolchain;
use semver::Version;

use super::Said;
use super::prepare::Prepared;
use super::report::TargetReport;
use crate::app::error::Annotate;

/// What each target can have, in the order of the targets.
///
/// # Errors
/// If one that the user named can have nothing, or none can.
pub(super) fn of_targets(prepared: &Prepared) -> Result<Vec<Makeable>> {
    let (metadata, selection) = (&prepared.project.metadata, &prepared.request.selection);
    let toolchains = || prepared.targets.iter().map(|(toolchain, _)| *toolchain);
    let of_target = |toolchain: &Toolchain| match too_old(prepared, toolchain) {
        Some(_) => Makeable::Nothing,
        None => makeable(metadata, &prepared.wanted, selection, toolchain),
    };
    let all: Vec<Makeable> = toolchains().map(of_target).collect();
    let is_none = |makeable: &Makeable| *makeable == Makeable::Nothing;
    let none_is_left = all.iter().all(is_none);
    let mut lacking = toolchains().zip(&all).filter(|(_, makeable)| is_none(makeable));
    let is_error =
        |toolchain: &Toolchain| none_is_left || !prepared.unnamed.contains(toolchain.name.as_str());
    match lacking.find(|(toolchain, _)| is_error(toolchain)) {
        Some((toolchain, _)) => {
            let way_out = match too_old(prepared, toolchain) {
                Some(_) => "name a newer Rust, by rust-toolchain.toml or --cargo",
                None => "build it as a program or with --buildmode c-archive",
            };
            let hint = format!("leave {} out of --target, or {way_out}", toolchain.name);
            Err(anyhow!("{}: {}", toolchain.name, reason(prepared, toolchain)).hint(hint))
        }
        None => Ok(all),
    }
}

/// The reports of the targets that are left out; `None` for the others. Says so.
pub(super) fn left_out(
    prepared: &Prepared,
    makeable: &[Makeable],
    said: &Said,
) -> Vec<Option<TargetReport>> {
    let targets = prepared.targets.iter().zip(makeable);
    let report = |((toolchain, _), makeable): (&(&'static Toolchain, _), &Makeable)| {
        if *makeable != Makeable::Nothing {
            return None;
        }
        let reason = reason(prepared, toolchain);
        said.note(&format!("{} is left out: {reason}", toolchain.name));
        Some(TargetReport {
            toolchain: toolchain.name.clone(),
            triple: toolchain.triple.clone(),
            std: None,
            error: None,
            hints: Vec::new(),
            artifacts: Vec::new(),
            not_made: vec![format!("left out: {reason}")],
        })
    };
    targets.map(report).collect()
}

/// The oldest Rust that builds for a target, if that in use is older.
fn too_old<'t>(prepared: &Prepared, toolchain: &'t Toolchain) -> Option<&'t Version> {
    let release = &prepared.compiler.version.release;
    let release = Version::new(release.major, release.minor, release.patch);
    toolchain.oldest_rust.as_ref().filter(|oldest| release < **oldest)
}

/// Why a target can have nothing.
fn reason(prepared: &Prepared, toolchain: &Toolchain) -> String {
    if let Some(oldest) = too_old(prepared, toolchain) {
        let release = &prepared.compiler.version.release;
        return format!("it needs Rust {oldest} or newer, and this is {release}");
    }
    let cannot = |one: &&Wanted| !toolchain.makes(one.kind.crate_type());
    let what = prepared.wanted.iter().find(cannot).map_or_else(String::new, |one| {
        format!("{} cannot be a {}: ", one.name, one.kind.crate_type())
    });
    format!("{what}with the C library linked in there is no dynamic linking")
}
