//! From the command line to what the libraries take. Nothing is read or run here.

use anyhow::{Context, Result};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use rgo_toolchain::cargo::profile::ProfileDebug;
use rgo_toolchain::cargo::request::Request;
use rgo_toolchain::cargo::targets::{Mode, Selection};
use rgo_toolchain::toolchain::Libc;

use super::values;
use crate::app::args::FormatArg;
use crate::app::error::Usage;
use crate::build::args::{BuildArgs, BuildMode, DebugInfoArg, LibcArg, StripArg};

/// What cargo has to do.
///
/// # Errors
/// For a call that makes no sense.
pub(super) fn request(args: &BuildArgs) -> Result<Request> {
    check(args)?;
    let here = current_folder()?;
    let folder = args.directory.as_ref().map_or_else(|| here.clone(), |dir| clean(&here.join(dir)));
    if !folder.is_dir() {
        return Err(Usage::new(format!("-C {folder}: there is no such folder")).into());
    }
    let env: Result<Vec<_>, Usage> =
        args.env.iter().map(|arg| values::pair("--env", arg)).collect();
    Ok(Request {
        manifest: args.manifest_path.as_ref().map(|path| clean(&folder.join(path))),
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

/// Flags that are right by themselves and make no sense together.
fn check(args: &BuildArgs) -> Result<(), Usage> {
    if args.strip == Some(StripArg::Split) && args.debug_info == Some(DebugInfoArg::None) {
        return Err(Usage::new(
            "--strip split puts debug data into a companion, and --debug-info none makes none",
        ));
    }
    if args.run && args.format != FormatArg::Text {
        return Err(Usage::new(
            "with --run, stdout is the program's: there is no place for a report in --format",
        ));
    }
    if args.dry_run && args.format != FormatArg::Text {
        return Err(Usage::new("-n prints shell: there is no report to put into --format"));
    }
    if args.quiet && args.explain_rebuild && args.format == FormatArg::Text {
        return Err(Usage::new("--explain-rebuild has something to say, and -q says nothing"));
    }
    check_buildmode(args)
}

/// A library for C is one file of a package, and a program is no library.
fn check_buildmode(args: &BuildArgs) -> Result<(), Usage> {
    let programs = [
        (!args.bins.is_empty(), "--bin"),
        (args.all_bins, "--bins"),
        (!args.examples.is_empty(), "--example"),
    ];
    let (mode, others): (_, &[(bool, &str)]) = match args.buildmode {
        None => return Ok(()),
        Some(BuildMode::Exe) => ("exe makes programs", &[(args.lib, "--lib")]),
        Some(BuildMode::CShared) => ("c-shared makes the library", &programs),
        Some(BuildMode::CArchive) => ("c-archive makes the library", &programs),
    };
    match others.iter().find(|(given, _)| *given) {
        Some((_, flag)) => {
            Err(Usage::new(format!("--buildmode {mode}, and {flag} asks for something else"))
                .hint("give one of them"))
        }
        None => Ok(()),
    }
}

/// Debug data that is to be split off has to be made first.
fn debug_info(args: &BuildArgs) -> Option<ProfileDebug> {
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

/// Where the results go, as an absolute path: `dist` of the workspace, wherever in it the build was
/// started. A path that the user gives starts at the project's folder, as `go build -C` has it.
#[must_use]
pub(super) fn output(args: &BuildArgs, folder: &Utf8Path, workspace: &Utf8Path) -> Utf8PathBuf {
    match &args.output {
        Some(output) => clean(&folder.join(output)),
        None => workspace.join("dist"),
    }
}

/// An absolute path without `.` and `..`, so that what is printed of it is as short as can be. The
/// way up from a symbolic link is not the way that led to it: there `..` stays.
fn clean(path: &Utf8Path) -> Utf8PathBuf {
    let mut clean = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir if clean.parent().is_none() => {}
            Utf8Component::ParentDir if clean.file_name().is_some() && !clean.is_symlink() => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

fn current_folder() -> Result<Utf8PathBuf> {
    let here = std::env::current_dir().context("finding the current folder")?;
    Utf8PathBuf::from_path_buf(here)
        .map_err(|path| anyhow::anyhow!("the current folder, {}, is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::args::Build;
    use clap::Parser;

    fn args(words: &[&str]) -> BuildArgs {
        Build::parse_from(["rgo-build"].iter().chain(words)).build
    }

    #[test]
    fn flags_that_exclude_each_other_are_refused() {
        for (words, complaint) in [
            (&["--strip", "split", "--debug-info", "none"][..], Some("--debug-info none")),
            (&["--strip", "split", "--debug-info", "lines"], None),
            (&["--strip", "all", "--debug-info", "none"], None),
            (&["--run", "--format", "json"], Some("--format")),
            (&["--run", "--format", "markdown"], Some("--format")),
            (&["--run", "--format", "text"], None),
            (&["--format", "json"], None),
            (&["-n", "--format", "json"], Some("-n prints shell")),
            (&["-q", "--explain-rebuild"], Some("-q says nothing")),
            (&["-q", "--explain-rebuild", "--format", "json"], None),
            (&["--buildmode", "exe", "--lib"], Some("--lib")),
            (&["--buildmode", "exe", "--bins"], None),
            (&["--buildmode", "c-shared", "--bin", "x"], Some("--bin")),
            (&["--buildmode", "c-archive", "--example", "x"], Some("--example")),
            (&["--buildmode", "c-archive", "--lib"], None),
        ] {
            let said = request(&args(words))
                .err()
                .map(|error| error.downcast_ref::<Usage>().expect("a wrong call").text.clone());
            match complaint {
                Some(part) => assert!(said.as_ref().is_some_and(|s| s.contains(part)), "{said:?}"),
                None => assert_eq!(said, None, "{words:?}"),
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn paths_are_made_short() {
        for (path, expected) in [
            ("/a/b", "/a/b"),
            ("/a/./b/", "/a/b"),
            ("/a/b/../c", "/a/c"),
            ("/a/b/../../c", "/c"),
            ("/../../a", "/a"),
            ("/", "/"),
            ("/a/..", "/"),
        ] {
            assert_eq!(clean(path.into()), expected, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_way_up_from_a_link_is_kept() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let root = guard.path().canonicalize().expect("is there");
        let root = Utf8PathBuf::from_path_buf(root).expect("UTF-8");
        std::fs::create_dir_all(root.join("far/inside")).expect("creates");
        std::os::unix::fs::symlink(root.join("far/inside"), root.join("link")).expect("links");
        let path = clean(&root.join("link/../x/../y"));
        assert_eq!(path, root.join("link/../y"));
    }

    #[cfg(unix)]
    #[test]
    fn outputs_start_at_the_projects_folder() {
        let output =
            |words: &[&str]| output(&args(words), "/project/app".into(), "/project".into());
        assert_eq!(output(&[]), "/project/dist");
        assert_eq!(output(&["-o", "../out"]), "/project/out");
        assert_eq!(output(&["-o", "/elsewhere/./x"]), "/elsewhere/x");
    }
}
