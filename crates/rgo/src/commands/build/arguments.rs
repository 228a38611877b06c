//! From the command line to what the libraries take. Nothing is read or run here.

use anyhow::{Context, Result};
use camino::{Utf8Path, Utf8PathBuf};
use rgo_toolchain::profile::ProfileDebug;
use rgo_toolchain::request::Request;
use rgo_toolchain::selection::{Mode, Selection};
use rgo_toolchain::target::Libc;

use super::values;
use crate::cli::build::{BuildArgs, BuildMode, DebugInfoArg, LibcArg};
use crate::exit::Usage;

/// What cargo has to do.
///
/// # Errors
/// For a call that makes no sense.
pub(super) fn request(args: &BuildArgs) -> Result<Request> {
    let here = current_folder()?;
    let folder = args.directory.as_ref().map_or_else(|| here.clone(), |dir| here.join(dir));
    if !folder.is_dir() {
        return Err(Usage(format!("-C {folder}: there is no such folder")).into());
    }
    let env: Result<Vec<_>, Usage> =
        args.env.iter().map(|arg| values::pair("--env", arg)).collect();
    Ok(Request {
        manifest: args.manifest_path.as_ref().map(|path| folder.join(path)),
        folder,
        selection: Selection {
            packages: args.packages.clone(),
            workspace: args.workspace,
            bins: args.bins.clone(),
            all_bins: args.all_bins,
            examples: args.examples.clone(),
            lib: args.lib,
            mode: args.buildmode.map(|mode| match mode {
                BuildMode::Exe => Mode::Exe,
                BuildMode::CShared => Mode::CShared,
                BuildMode::CArchive => Mode::CArchive,
            }),
        },
        profile: args.profile.clone(),
        features: args.features.clone(),
        all_features: args.all_features,
        no_default_features: args.no_default_features,
        locked: args.locked,
        frozen: args.frozen,
        offline: args.offline,
        jobs: args.jobs.clone(),
        config: args.config.clone(),
        cargo_flags: args.cargo_flags.clone(),
        rustc_flags: args.rustc_flags.clone(),
        env: env?,
        debug_info: debug_info(args),
        verbose: args.verbose,
        quiet: args.quiet,
        explain: args.explain_rebuild,
    })
}

/// Debug data that is to be split off has to be made first.
fn debug_info(args: &BuildArgs) -> Option<ProfileDebug> {
    use crate::cli::build::StripArg;
    match args.debug_info {
        Some(DebugInfoArg::None) => Some(ProfileDebug::None),
        Some(DebugInfoArg::Lines) => Some(ProfileDebug::Lines),
        Some(DebugInfoArg::Full) => Some(ProfileDebug::Full),
        None if args.strip == Some(StripArg::Split) => Some(ProfileDebug::Full),
        None => None,
    }
}

/// `--libc`.
#[must_use]
pub(super) fn libc(args: &BuildArgs) -> Option<Libc> {
    args.libc.map(|libc| match libc {
        LibcArg::Static => Libc::Static,
        LibcArg::Dynamic => Libc::Dynamic,
    })
}

/// Where the results go, as an absolute path; a relative one starts at the project's folder, as
/// `go build -C` has it.
#[must_use]
pub(super) fn output(args: &BuildArgs, folder: &Utf8Path) -> Utf8PathBuf {
    folder.join(&args.output)
}

fn current_folder() -> Result<Utf8PathBuf> {
    let here = std::env::current_dir().context("finding the current folder")?;
    Utf8PathBuf::from_path_buf(here)
        .map_err(|path| anyhow::anyhow!("the current folder, {}, is not UTF-8", path.display()))
}
