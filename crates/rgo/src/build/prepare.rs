//! Everything that is known and decided before cargo is started.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use rgo_binary::system::Os;
use rgo_edit::entitlements::Entitlements;
use rgo_toolchain::cache::{self, Cache, Guard};
use rgo_toolchain::cargo::command::{self, Trim};
use rgo_toolchain::cargo::compiler::{self, Compiler};
use rgo_toolchain::cargo::profile::{ProfileDebug, ProfileStrip};
use rgo_toolchain::cargo::project::{Configuration, Project};
use rgo_toolchain::cargo::request::Request;
use rgo_toolchain::cargo::targets::{self, Wanted};
use rgo_toolchain::cargo_metadata::Metadata;
use rgo_toolchain::exec::Cmd;
use rgo_toolchain::shim::{self, InfoPlist};
use rgo_toolchain::target_spec::{self, Chosen};
use rgo_toolchain::toolchain::{Floor, Toolchain};
use rgo_toolchain::vcs::{self, Absent, Vcs};

use super::environment::{env, warn_of_lost_folders};
use super::lockfile::Lockfiles;
use super::values::{self, Template};
use super::{arguments, floors, property_lists};
use crate::app::error::{Annotate, Usage};
use crate::app::terminal;
use crate::build::args::{BuildArgs, StripArg, VcsArg};
use rgo_toolchain::finish::StripMode;

/// What a build works with.
pub(super) struct Prepared {
    /// What cargo has to do.
    pub request: Request,
    /// What rgo keeps between runs.
    pub cache: Cache,
    /// Keeps `cache prune` of another process from what this run uses.
    pub _in_use: Guard,
    /// The compiler.
    pub compiler: Compiler,
    /// Cargo with its environment.
    pub cargo: Cmd,
    /// Names of the variables in our environment.
    pub variables: Vec<String>,
    /// The targets, with the oldest system for each.
    pub targets: Vec<(&'static Toolchain, Option<Floor>)>,
    /// Names of those that the user did not name: they came with all the others.
    pub unnamed: BTreeSet<&'static str>,
    /// The user's cargo configuration.
    pub configuration: Configuration,
    /// The project.
    pub project: Project,
    /// What is to be made for every target.
    pub wanted: Vec<Wanted>,
    /// The commit.
    pub vcs: Option<Vcs>,
    /// Seconds since 1970 for everything that wants a time.
    pub epoch: i64,
    /// `-X`, templates filled in.
    pub values: Vec<(String, String)>,
    /// What is stripped.
    pub strip: StripMode,
    /// Folders whose names are replaced in what is built; empty if they stay.
    pub trims: Vec<Trim>,
    /// What is to be the Info.plist of programs for macOS.
    pub info_plist: Option<InfoPlist>,
    /// What their signatures are to vouch for besides.
    pub entitlements: Option<Entitlements>,
    /// Whether hosts of registries and repositories are recorded that not everybody knows.
    pub records_sources: bool,
    /// Where the results go.
    pub output: Utf8PathBuf,
}

/// Finds out what there is, and decides what to do.
///
/// # Errors
/// If the call, the machine or the project does not allow the build.
pub(super) fn prepare(args: &BuildArgs) -> Result<Prepared> {
    let request = arguments::request(args)?;
    let stamps = values::parse(&args.stamp)?;
    let cache = Cache::open(&env)?;
    let in_use = cache.in_use()?;
    let flag = args.cargo.as_ref().map(|path| path.as_str());
    let compiler = compiler::discover(flag, &request.folder, &env, &cache)?;
    let variables: Vec<String> =
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    let mut cargo = compiler.cargo_command(variables.iter().map(String::as_str));
    if env("SOURCE_DATE_EPOCH").is_some_and(|value| value.is_empty()) {
        // An empty one is none, and some compilers refuse it.
        cargo = cargo.env_remove("SOURCE_DATE_EPOCH");
    }
    let configuration = Configuration::load(&request)?;
    let chosen = chosen(args, &configuration, &compiler)?;
    let targets = floors::settle(args, &configuration, &cache, &chosen)?;
    let unnamed = chosen.iter().filter(|one| !one.is_named).map(|one| one.toolchain.name.as_str());
    let triples: Vec<&str> = targets.iter().map(|(t, _)| t.triple.as_str()).collect();
    let near = request.manifest.as_deref().and_then(Utf8Path::parent).unwrap_or(&request.folder);
    let lockfiles = args.dry_run.then(|| Lockfiles::above(near));
    let project = Project::read(&cargo, &request, &triples, &compiler.version.host)?;
    if let Some(lockfiles) = lockfiles {
        lockfiles.restore(&project.metadata.workspace_root)?;
    }
    let is_for_macos = targets.iter().any(|(toolchain, _)| toolchain.is(Os::DARWIN));
    check_for_macos(args, is_for_macos)?;
    if let Some(sdk) = shim::own_sdk(&env) {
        // Compilers run in other folders.
        cargo = cargo.env("SDKROOT", sdk);
    }
    warn_of_lost_folders(targets.iter().any(|(toolchain, _)| toolchain.is(Os::WINDOWS)));
    let info_plist = property_lists::info_plist(args.info_plist.as_ref(), &request.folder)?;
    let entitlements = property_lists::entitlements(args.entitlements.as_ref(), &request.folder)?;
    let output = arguments::output(args, &request.folder, &project.metadata.workspace_root);
    let folder = project.manifest.parent().unwrap_or(&request.folder);
    // After cargo, which may have written Cargo.lock: that would be a change of the work tree.
    let vcs = match args.vcs {
        VcsArg::Off => None,
        wish => {
            let folders = &project.folders;
            let ours = [output.clone(), folders.target.clone(), folders.build.clone()];
            commit_or_not(wish, vcs::read(folder, &ours), args.quiet)?
        }
    };

    let packages = targets::packages(&project.metadata, &project.manifest, &request.selection)?;
    let wanted = targets::wanted(&packages, &request.selection)?;
    let epoch = epoch(vcs.as_ref())?;
    let versions = versions(&wanted, &project);
    let values = fill_templates(&stamps, folder, &versions, vcs.as_ref(), epoch)?;
    let strip = strip(args, &request, &project);
    let trims = if trimmed(args, &request) {
        trims(&compiler, &cache, &project, args.record_sources)
    } else {
        Vec::new()
    };
    Ok(Prepared {
        request,
        cache,
        _in_use: in_use,
        compiler,
        cargo,
        variables,
        targets,
        unnamed: unnamed.collect(),
        configuration,
        project,
        wanted,
        vcs,
        epoch,
        values,
        strip,
        trims,
        info_plist,
        entitlements,
        records_sources: args.record_sources,
        output,
    })
}

fn chosen(
    args: &BuildArgs,
    configuration: &Configuration,
    compiler: &Compiler,
) -> Result<Vec<Chosen>> {
    let configured = configuration.configured_targets();
    let specs = match (args.targets.as_slice(), configured.is_empty()) {
        ([], false) => configured,
        ([], true) => vec!["host".to_owned()],
        (given, _) => given.to_vec(),
    };
    target_spec::resolve(&specs, arguments::libc(args), &compiler.version.host)
        .map_err(|error| Usage::new(error.to_string()).hint_if_any(error.hint()).into())
}

fn commit_or_not(wish: VcsArg, commit: Result<Vcs, Absent>, quiet: bool) -> Result<Option<Vcs>> {
    match commit {
        Ok(vcs) => {
            if vcs.shallow && !quiet {
                terminal::warning(
                    "the git history is shallow, so tags may be missing; `git fetch --unshallow` completes it",
                );
            }
            Ok(Some(vcs))
        }
        Err(absent) if wish == VcsArg::Require => {
            let hint = absent.hint();
            Err(anyhow!(absent).context("--vcs require").hint(hint))
        }
        Err(absent) => {
            if !quiet {
                terminal::warning(&format!("no commit is recorded: {absent}"));
                terminal::hint(&absent.hint());
            }
            Ok(None)
        }
    }
}

/// The versions of the packages whose files are made, each once.
fn versions(wanted: &[Wanted], project: &Project) -> Vec<String> {
    let packages = project.metadata.packages.iter();
    let made = packages.filter(|package| wanted.iter().any(|one| one.package == package.id));
    let versions: BTreeSet<String> = made.map(|package| package.version.to_string()).collect();
    versions.into_iter().collect()
}

/// `SOURCE_DATE_EPOCH`, else the commit's time, else the beginning of time: never the clock,
/// which would make every build another.
fn epoch(vcs: Option<&Vcs>) -> Result<i64> {
    match env("SOURCE_DATE_EPOCH").filter(|value| !value.is_empty()) {
        Some(value) => value.parse().ok().filter(|seconds| *seconds >= 0).with_context(|| {
            format!("SOURCE_DATE_EPOCH={value} is not a number of seconds since 1970")
        }),
        None => Ok(vcs.map_or(0, |vcs| vcs.time)),
    }
}

fn fill_templates(
    stamps: &[(String, String)],
    folder: &Utf8Path,
    versions: &[String],
    vcs: Option<&Vcs>,
    epoch: i64,
) -> Result<Vec<(String, String)>> {
    let mut lookup = |template| match template {
        Template::Version => match versions {
            [version] => Ok(version.clone()),
            _ => Err(anyhow!("{{version}} is not one value: {}", versions.join(", "))
                .hint("build the packages one by one, with -p")),
        },
        Template::GitSha => vcs.map(|vcs| vcs.revision.clone()).ok_or_else(|| {
            anyhow!("{{git.sha}} has no value, because no commit is known")
                .hint("build from a git repository that has a commit, and without --vcs off")
        }),
        Template::GitTag => vcs::tag(folder).map_err(|absent| {
            anyhow!(absent)
                .context("{git.tag} has no value")
                .hint("`git tag v1.0.0`, and in CI fetch with tags")
        }),
        Template::Date => {
            if epoch == 0 {
                let hint = "set SOURCE_DATE_EPOCH, or build from a git repository";
                return Err(anyhow!("{{date}} has no value, because no commit is known").hint(hint));
            }
            Ok(Timestamp::from_second(epoch)?.strftime("%Y-%m-%d").to_string())
        }
    };
    stamps
        .iter()
        .map(|(name, value)| {
            let value =
                values::fill(value, &mut lookup).with_context(|| format!("-X {name}={value}"))?;
            Ok((name.clone(), value))
        })
        .collect()
}

fn strip(args: &BuildArgs, request: &Request, project: &Project) -> StripMode {
    match args.strip {
        Some(StripArg::None) => StripMode::None,
        Some(StripArg::Debug) => StripMode::Debug,
        Some(StripArg::All) => StripMode::All,
        Some(StripArg::Split) => StripMode::Split,
        // Debug data that was asked for by name is not thrown away by a profile's default.
        None if request.debug_info.is_some_and(|debug| debug != ProfileDebug::None) => {
            StripMode::None
        }
        None => match project.profile.strip {
            ProfileStrip::None => StripMode::None,
            ProfileStrip::DebugInfo => StripMode::Debug,
            ProfileStrip::Symbols => StripMode::All,
        },
    }
}

/// Paths stay where a developer debugs: in the dev profile.
fn trimmed(args: &BuildArgs, request: &Request) -> bool {
    !args.no_trimpath && !matches!(request.profile.as_str(), "dev" | "test")
}

fn trims(
    compiler: &Compiler,
    cache: &Cache,
    project: &Project,
    records_sources: bool,
) -> Vec<Trim> {
    let cargo_home = cache::cargo_home(&env);
    let library = compiler.library_source();
    let virtual_library = compiler.virtual_library();
    let mut folders = vec![
        ("workspace", project.metadata.workspace_root.as_path(), command::TRIMMED_WORKSPACE),
        ("target folder", project.folders.target.as_path(), "/rgo/target"),
        ("cache of rgo", cache.root(), "/rgo/cache"),
    ];
    if project.folders.build != project.folders.target {
        folders.push(("build folder", project.folders.build.as_path(), "/rgo/target"));
    }
    if let Some(home) = &cargo_home {
        folders.push(("cargo home", home, "/rgo/cargo"));
    }
    if let Some(library) = &library {
        folders.push(("source of std", library, &virtual_library));
    }
    // Packages beside the workspace, which are used by path.
    let root = &project.metadata.workspace_root;
    let beside: Vec<(Utf8PathBuf, String)> = project
        .metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none())
        .filter_map(|package| Some((package.manifest_path.parent()?, &package.name)))
        .filter(|(folder, _)| !folder.starts_with(root))
        .map(|(folder, name)| (folder.to_owned(), format!("/rgo/path/{name}")))
        .collect();
    folders
        .extend(beside.iter().map(|(from, to)| ("path dependency", from.as_path(), to.as_str())));
    let registries =
        if records_sources { BTreeMap::new() } else { private_registries(&project.metadata) };
    folders.extend(registries.iter().map(|(from, to)| ("registry", from.as_path(), to.as_str())));
    command::trims(&folders)
}

/// Folders in which cargo unpacks packages, which it calls after the registry's host, and what to
/// call them instead where that host may be private.
fn private_registries(metadata: &Metadata) -> BTreeMap<Utf8PathBuf, String> {
    // Cargo has called those of crates.io after its index there, and before after that on GitHub.
    let is_public = |host: &str| host.ends_with(".crates.io") || host == "github.com";
    let packages = metadata.packages.iter().filter(|package| package.source.is_some());
    let folders = packages.filter_map(|package| {
        let folder = package.manifest_path.parent()?.parent()?;
        let (host, hash) = folder.file_name()?.rsplit_once('-')?;
        let is_registry = folder.parent()?.ends_with("registry/src");
        let name = format!("/rgo/cargo/registry/src/registry-{hash}");
        (is_registry && !is_public(host)).then(|| (folder.to_owned(), name))
    });
    folders.collect()
}

/// What concerns macOS alone has a target there, and the user's SDK is one.
fn check_for_macos(args: &BuildArgs, is_for_macos: bool) -> Result<()> {
    for (option, is_given) in [
        ("--info-plist", args.info_plist.is_some()),
        ("--entitlements", args.entitlements.is_some()),
    ] {
        if is_given && !is_for_macos {
            return Err(Usage::new(format!("{option} is for darwin, which is no target here"))
                .hint("add --target darwin")
                .into());
        }
    }
    match shim::own_sdk(&env).filter(|sdk| is_for_macos && !sdk.is_dir()) {
        Some(sdk) => Err(Usage::new(format!("SDKROOT names no folder: {sdk}"))
            .hint("unset it: rgo has stubs of Apple's libraries")
            .into()),
        None => Ok(()),
    }
}
