//! Converts the command line into the libraries' requests. Makes paths absolute.

use std::path::Path;

use anyhow::{Context, Result};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use rgo_toolchain::build::BuildError;
use rgo_toolchain::build::builder::BuilderOptions;
use rgo_toolchain::build::values;
use rgo_toolchain::cargo::options::CargoOptions;
use rgo_toolchain::cargo::targets::{Mode, Selection};
use rgo_toolchain::go::options::{GoMode, GoOptions};
use rgo_toolchain::request::{DebugInfo, Request, StripMode, VcsWish};
use rgo_toolchain::toolchain::Libc;

use super::args::{BuildArgs, BuildMode, BuilderArg, DebugInfoArg, LibcArg, StripArg, VcsArg};
use super::choose_builder;
use crate::app::error::Usage;
use crate::app::progress_arg::{self, ProgressArg};
use crate::app::reports::FormatArg;

/// The user's request, and the options for each builder that is to run. `log_file` is that of the
/// call.
///
/// # Errors
/// If the call is invalid.
pub(super) fn from_args(
    args: &BuildArgs,
    log_file: Option<&Path>,
) -> Result<Vec<(Request, BuilderOptions)>> {
    check(args)?;
    let here = current_folder()?;
    let folder = args.directory.as_ref().map_or_else(|| here.clone(), |dir| clean(&here.join(dir)));
    if !folder.is_dir() {
        return Err(Usage::new(format!("-C {folder}: there is no such folder")).into());
    }
    let env: Result<Vec<_>, BuildError> =
        args.env.iter().map(|arg| values::pair("--env", arg)).collect();
    let builders = choose_builder::builders(args, &folder)?;
    let request = Request {
        targets: args.targets.clone(),
        libc: args.libc.map(|libc| match libc {
            LibcArg::Static => Libc::Static,
            LibcArg::Dynamic => Libc::Dynamic,
        }),
        glibc: args.glibc.clone(),
        macos: args.macos.clone(),
        info_plist: args.info_plist.clone(),
        entitlements: args.entitlements.clone(),
        locked: args.locked,
        frozen: args.frozen,
        offline: args.offline,
        jobs: args.jobs.clone(),
        env: env?,
        values: values::parse(&args.stamp)?,
        debug_info: debug_info(args),
        debug: args.debug,
        strip: args.debug.then_some(StripMode::None).or(args.strip.map(|strip| match strip {
            StripArg::None => StripMode::None,
            StripArg::Debug => StripMode::Debug,
            StripArg::All => StripMode::All,
            StripArg::Split => StripMode::Split,
        })),
        keeps_paths: args.no_trimpath || args.debug,
        records_sources: args.record_sources,
        vcs: match args.vcs {
            VcsArg::Auto => VcsWish::Auto,
            VcsArg::Require => VcsWish::Require,
            VcsArg::Off => VcsWish::Off,
        },
        // As with `go build -C`, a path is relative to the project's folder.
        output: args.output.as_ref().map(|output| clean(&folder.join(output))),
        own_files: own_files(args, &here, log_file),
        dry_run: args.dry_run,
        is_for_others: false,
        verbose: args.verbose,
        quiet: args.quiet || progress_arg::chosen() == ProgressArg::Never,
        explain: args.explain_rebuild,
        folder,
    };
    let of = |builder: &BuilderArg| match builder {
        BuilderArg::Cargo => BuilderOptions::Cargo(cargo_options(args, &request.folder)),
        BuilderArg::Go => BuilderOptions::Go(go_options(args)),
    };
    Ok(builders.iter().map(|builder| (request.clone(), of(builder))).collect())
}

fn go_options(args: &BuildArgs) -> GoOptions {
    GoOptions {
        packages: args.packages_by_word.clone(),
        mode: args.buildmode.map(|mode| match mode {
            BuildMode::Exe => GoMode::Exe,
            BuildMode::Pie => GoMode::Pie,
            BuildMode::CShared => GoMode::CShared,
            BuildMode::CArchive => GoMode::CArchive,
        }),
        tags: args
            .tags
            .iter()
            .flat_map(|tags| tags.split_whitespace())
            .map(str::to_owned)
            .collect(),
        race: args.race,
        pgo: args.pgo.clone(),
        go_flags: args.go_flags.clone(),
        go: args.go.clone(),
    }
}

/// The package specs of cargo for positional words: a folder is named by its URL.
fn cargo_packages(words: &[String], folder: &Utf8Path) -> Vec<String> {
    let spec = |word: &String| {
        let is_folder = word.contains(['/', '\\']) || matches!(word.as_str(), "." | "..");
        if is_folder { format!("file://{}", clean(&folder.join(word))) } else { word.clone() }
    };
    words.iter().filter(|word| !is_all(word)).map(spec).collect()
}

/// Whether a word means all packages, in Go's spelling.
fn is_all(word: &str) -> bool {
    matches!(word, "./..." | "...")
}

/// The settings of a profile for a debugger.
fn debug_settings(profile: &str) -> Vec<String> {
    let settings = ["opt-level=0", "debug=2", "lto=\"off\"", "strip=\"none\""];
    settings.map(|setting| format!("profile.{profile}.{setting}")).into()
}

/// The files that this process writes beside the results.
fn own_files(args: &BuildArgs, here: &Utf8Path, log_file: Option<&Path>) -> Vec<Utf8PathBuf> {
    let paths = args.report.to_files.paths().chain(log_file.map(Path::to_owned));
    paths
        .filter_map(|path| Utf8PathBuf::from_path_buf(path).ok())
        .map(|path| clean(&here.join(path)))
        .collect()
}

fn cargo_options(args: &BuildArgs, folder: &Utf8Path) -> CargoOptions {
    CargoOptions {
        manifest: args.manifest_path.as_ref().map(|path| clean(&folder.join(path))),
        selection: Selection {
            packages: args
                .packages
                .iter()
                .cloned()
                .chain(cargo_packages(&args.packages_by_word, folder))
                .collect(),
            workspace: args.workspace || args.packages_by_word.iter().any(|word| is_all(word)),
            bins: args.bins.clone(),
            all_bins: args.all_bins,
            examples: args.examples.clone(),
            lib: args.lib,
            mode: args.buildmode.map(|mode| match mode {
                BuildMode::Exe | BuildMode::Pie => Mode::Exe,
                BuildMode::CShared => Mode::CShared,
                BuildMode::CArchive => Mode::CArchive,
            }),
        },
        profile: args.profile.clone(),
        features: args.features.clone(),
        all_features: args.all_features,
        no_default_features: args.no_default_features,
        config: args
            .config
            .iter()
            .cloned()
            .chain(if args.debug { debug_settings(&args.profile) } else { Vec::new() })
            .collect(),
        cargo_flags: args.cargo_flags.clone(),
        rustc_flags: args.rustc_flags.clone(),
        cargo: args.cargo.clone(),
    }
}

/// Checks combinations of flags.
fn check(args: &BuildArgs) -> Result<(), Usage> {
    if args.strip == Some(StripArg::Split) && args.debug_info == Some(DebugInfoArg::None) {
        return Err(Usage::new(
            "--strip split puts debug data into a companion, and --debug-info none makes none",
        ));
    }
    if args.run && args.report.format != FormatArg::Text {
        return Err(Usage::new(
            "with --run, stdout is the program's: there is no place for a report in --format",
        ));
    }
    if args.dry_run && args.report.format != FormatArg::Text {
        return Err(Usage::new("-n prints shell: there is no report to put into --format"));
    }
    if args.dry_run && !args.report.to_files.files.is_empty() {
        return Err(Usage::new("-n makes nothing: there is no report to put into --report"));
    }
    if args.quiet && args.explain_rebuild && !args.has_report() {
        return Err(Usage::new("--explain-rebuild has something to say, and -q says nothing"));
    }
    check_buildmode(args)
}

/// Checks `--buildmode`: a C library is the library of a package, so flags that select programs
/// contradict it.
fn check_buildmode(args: &BuildArgs) -> Result<(), Usage> {
    let programs = [
        (!args.bins.is_empty(), "--bin"),
        (args.all_bins, "--bins"),
        (!args.examples.is_empty(), "--example"),
    ];
    let (mode, others): (_, &[(bool, &str)]) = match args.buildmode {
        None => return Ok(()),
        Some(BuildMode::Exe) => ("exe makes programs", &[(args.lib, "--lib")]),
        Some(BuildMode::Pie) => ("pie makes programs", &[(args.lib, "--lib")]),
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

/// How much debug data to make. `--strip split` needs debug data, so it implies full.
fn debug_info(args: &BuildArgs) -> Option<DebugInfo> {
    match args.debug_info {
        Some(DebugInfoArg::None) => Some(DebugInfo::None),
        Some(DebugInfoArg::Lines) => Some(DebugInfo::Lines),
        Some(DebugInfoArg::Full) => Some(DebugInfo::Full),
        None if args.debug || args.strip == Some(StripArg::Split) => Some(DebugInfo::Full),
        None => None,
    }
}

/// Removes `.` and `..` from an absolute path, so that the printed path is short. A `..` after a
/// symbolic link stays, because it leads to the parent of the link's target.
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
            let said = from_args(&args(words), None)
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

    #[test]
    fn outputs_start_at_the_projects_folder() {
        let here = current_folder().expect("is there");
        let output = |words: &[&str]| {
            from_args(&args(words), None).expect("a right call").remove(0).0.output
        };
        assert_eq!(output(&[]), None);
        assert_eq!(output(&["-C", "src", "-o", "../out"]), Some(here.join("out")));
        let elsewhere = clean(&here.join("/elsewhere/x"));
        assert_eq!(output(&["-o", "/elsewhere/./x"]), Some(elsewhere));
    }
}
