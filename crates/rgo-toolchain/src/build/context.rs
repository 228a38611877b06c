//! The part of a build that does not depend on the builder: the targets, the commit, the values for
//! slots, and how to finish the linked files.

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use rgo_binary::system::Os;
use rgo_edit::entitlements::Entitlements;

use super::error::BuildError;
use super::template::{Template, ValueError};
use super::{earlier_outputs, property_lists, values};
use crate::cache::{Cache, Guard};
use crate::dsymutil;
use crate::environment::{self, env};
use crate::event::{Event, Events};
use crate::finish;
use crate::path_remap::PathRemap;
use crate::request::{Request, StripMode, VcsWish};
use crate::shim::{self, InfoPlist};
use crate::target_spec::{self, Chosen};
use crate::toolchain::{Floor, Toolchain};
use crate::vcs::{self, Absent, OwnWrites, Vcs};

/// The part of a build that does not depend on the builder.
pub struct Context {
    /// The user's request.
    pub request: Request,
    /// The cache that rgo keeps between runs.
    pub cache: Cache,
    /// Stops `cache prune` of another process from removing files that this run uses.
    pub(super) _in_use: Guard,
    /// The targets, with the floor of each.
    pub targets: Vec<(&'static Toolchain, Option<Floor>)>,
    /// Targets that the build leaves out, with the reason.
    pub left_out: Vec<LeftOut>,
    /// The commit.
    pub vcs: Option<Vcs>,
    /// Time stamp for all files, in seconds since 1970.
    pub epoch: i64,
    /// Values for slots, with their templates filled in.
    pub values: Vec<(String, String)>,
    /// What to strip.
    pub strip: StripMode,
    /// Folders to replace in the output; empty if they stay.
    pub path_remaps: Vec<PathRemap>,
    /// The Info.plist of programs for macOS.
    pub info_plist: Option<InfoPlist>,
    /// The entitlements of their signatures.
    pub entitlements: Option<Entitlements>,
    /// The dsymutil that splits off the debug data of darwin programs, if that is to be done and
    /// there is one.
    pub dsymutil: Option<Utf8PathBuf>,
    /// The folder for the results.
    pub output: Utf8PathBuf,
}

/// A target that the build leaves out.
pub struct LeftOut {
    /// The target.
    pub toolchain: &'static Toolchain,
    /// Why it can have nothing.
    pub reason: String,
}

/// The toolchains to build for: those that the user names, else those of the builder's
/// configuration, else this machine's.
pub(super) fn chosen(
    request: &Request,
    configured: Vec<String>,
    host: &str,
) -> Result<Vec<Chosen>, BuildError> {
    let specs = match (request.targets.as_slice(), configured.is_empty()) {
        ([], false) => configured,
        ([], true) => vec!["host".to_owned()],
        (given, _) => given.to_vec(),
    };
    Ok(target_spec::resolve(&specs, request.libc, host)?)
}

/// Checks that a flag for one system has a target with that system, and that an SDK of the user's
/// exists.
pub(super) fn check_systems(
    request: &Request,
    targets: &[(&'static Toolchain, Option<Floor>)],
    on: Events<'_>,
) -> Result<(), BuildError> {
    let is_for = |os| targets.iter().any(|(toolchain, _)| toolchain.is(os));
    for (option, is_given) in [
        ("--info-plist", request.info_plist.is_some()),
        ("--entitlements", request.entitlements.is_some()),
    ] {
        if is_given && !is_for(Os::Darwin) {
            let text = format!("{option} is for darwin, which is no target here");
            return Err(BuildError::usage(text, "add --target darwin"));
        }
    }
    if let Some(sdk) = shim::own_sdk(&env).filter(|sdk| is_for(Os::Darwin) && !sdk.is_dir()) {
        let text = format!("SDKROOT names no folder: {sdk}");
        return Err(BuildError::usage(text, "unset it: rgo has stubs of Apple's libraries"));
    }
    // For build scripts, rgo puts its resource compilers for Windows on the PATH.
    if is_for(Os::Windows) && !environment::path_is_whole() {
        on(Event::warning(
            "PATH has folders whose names are not UTF-8: build scripts for Windows do not see them",
        ));
    }
    Ok(())
}

/// The dsymutil, if debug data of a darwin program is to be split off.
pub(super) fn dsymutil(
    strip: StripMode,
    targets: &[(&'static Toolchain, Option<Floor>)],
) -> Option<Utf8PathBuf> {
    let splits = targets.iter().any(|(it, _)| finish::splits_with_dsymutil(strip, it));
    if splits { dsymutil::find() } else { None }
}

/// Reads the property lists that the user gives for programs for macOS.
pub(super) fn property_lists(
    request: &Request,
) -> Result<(Option<InfoPlist>, Option<Entitlements>), BuildError> {
    let path = |file: &Utf8PathBuf| request.folder.join(file);
    let info_plist = request.info_plist.as_ref().map(path);
    let entitlements = request.entitlements.as_ref().map(path);
    Ok((
        info_plist.map(|path| property_lists::info_plist(&path)).transpose()?,
        entitlements.map(|path| property_lists::entitlements(&path)).transpose()?,
    ))
}

/// The folder for the results: by default `dist` of the project. If it is another one, the request gets
/// the folders with earlier results there.
pub(super) fn output(request: &mut Request, project: &Utf8Path) -> Utf8PathBuf {
    let default = project.join("dist");
    let output = request.output.clone().unwrap_or_else(|| default.clone());
    request.own_files.extend(earlier_outputs::folders(&default, &output));
    output
}

/// The commit of the project in a folder.
fn commit(
    wish: VcsWish,
    folder: &Utf8Path,
    own: OwnWrites<'_>,
    on: Events<'_>,
) -> Result<Option<Vcs>, BuildError> {
    if wish == VcsWish::Off {
        return Ok(None);
    }
    match vcs::read(folder, own) {
        Ok(vcs) => {
            if vcs.shallow {
                on(Event::warning(
                    "the git history is shallow, so tags may be missing; \
                     `git fetch --unshallow` completes it",
                ));
            }
            Ok(Some(vcs))
        }
        Err(absent) if wish == VcsWish::Require => Err(BuildError::NoCommit(absent)),
        Err(absent) => {
            on(no_commit(&absent));
            Ok(None)
        }
    }
}

fn no_commit(absent: &Absent) -> Event {
    Event::Warning { text: format!("no commit is recorded: {absent}"), hint: Some(absent.hint()) }
}

/// `SOURCE_DATE_EPOCH`, else the commit's time, else 1970. Never the clock, which would make every
/// build different.
fn epoch(vcs: Option<&Vcs>) -> Result<i64, BuildError> {
    match env("SOURCE_DATE_EPOCH").filter(|value| !value.is_empty()) {
        Some(value) => {
            let seconds = value.parse().ok().filter(|seconds| *seconds >= 0);
            seconds.ok_or(BuildError::Epoch(value))
        }
        None => Ok(vcs.map_or(0, |vcs| vcs.time)),
    }
}

/// The commit, with what depends on it.
pub(super) struct Revision {
    /// The commit.
    pub vcs: Option<Vcs>,
    /// Time stamp for all files, in seconds since 1970.
    pub epoch: i64,
    /// Values for slots, with their templates filled in.
    pub values: Vec<(String, String)>,
    /// Variables for the build, with their templates filled in.
    pub env: Vec<(String, String)>,
}

impl Revision {
    /// Finds the commit of the project in `folder`. Results in `own_folders` are no changes.
    /// `versions` are those of the packages that make outputs.
    ///
    /// # Errors
    /// If there is no commit and one is required, or a template has no value.
    pub(super) fn read(
        request: &Request,
        folder: &Utf8Path,
        own_folders: &[Utf8PathBuf],
        versions: &[String],
        on: Events<'_>,
    ) -> Result<Self, BuildError> {
        let own = OwnWrites { folders: own_folders, files: &request.own_files };
        let vcs = commit(request.vcs, folder, own, on)?;
        let epoch = epoch(vcs.as_ref())?;
        let templates = Templates { folder, versions, vcs: vcs.as_ref(), epoch };
        let values = templates.fill(&request.values)?;
        let env = templates.fill_variables(&request.env)?;
        Ok(Self { vcs, epoch, values, env })
    }
}

/// The values that templates stand for.
struct Templates<'a> {
    /// The project's folder.
    pub folder: &'a Utf8Path,
    /// The versions of the packages that make outputs, each once; none if the tag names it.
    pub versions: &'a [String],
    /// The commit.
    pub vcs: Option<&'a Vcs>,
    /// The build's time, in seconds since 1970; 0 if it has none.
    pub epoch: i64,
}

impl Templates<'_> {
    /// Fills the templates of values.
    ///
    /// # Errors
    /// [`BuildError::Value`] for a template that has no value here.
    fn fill(&self, values: &[(String, String)]) -> Result<Vec<(String, String)>, BuildError> {
        values::fill_all(values, |template| self.value(template))
    }

    /// Fills the templates of the variables of `--env`.
    ///
    /// # Errors
    /// [`BuildError::Value`] for a template that has no value here.
    fn fill_variables(
        &self,
        env: &[(String, String)],
    ) -> Result<Vec<(String, String)>, BuildError> {
        values::fill_known("--env", env, |template| self.value(template))
    }

    fn value(&self, template: Template) -> Result<String, ValueError> {
        let tag = || vcs::tag(self.folder).map_err(|absent| ValueError::NoTag(template, absent));
        match template {
            Template::Version => match self.versions {
                [version] => Ok(version.clone()),
                // A Go module has no version but the tag's.
                [] => {
                    let tag = tag()?;
                    Ok(tag.strip_prefix('v').map_or_else(|| tag.clone(), str::to_owned))
                }
                several => Err(ValueError::SeveralVersions(several.to_vec())),
            },
            Template::GitSha => {
                let revision = self.vcs.map(|vcs| vcs.revision.clone());
                revision.ok_or(ValueError::NoCommit(template))
            }
            Template::GitTag => tag(),
            Template::Date if self.epoch == 0 => Err(ValueError::NoCommit(template)),
            Template::Date => {
                Ok(Timestamp::from_second(self.epoch)?.strftime("%Y-%m-%d").to_string())
            }
        }
    }
}
