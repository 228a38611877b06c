//! Reads the user's project before the build: its packages, its cargo configuration, its profile.
//! Each fact comes from the tool that owns it.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::Metadata;
use cargo_platform::Cfg;
use toml::Table;

use crate::cache::Cache;
use crate::cargo::compiler::Compiler;
pub use crate::cargo::configuration::Configuration;
use crate::cargo::configuration::cli_tables;
use crate::cargo::messages::Folders;
use crate::cargo::options::CargoOptions;
use crate::cargo::profile::{self, ProfileFacts};
pub use crate::cargo::project_error::ProjectError;
use crate::cargo::project_error::{UnknownFeature, table};
use crate::exec::Cmd;
use crate::request::Request;
use crate::toolchain::Toolchain;

/// The project as cargo sees it.
#[derive(Debug)]
pub struct Project {
    /// Packages and their graph.
    pub metadata: Metadata,
    /// The manifest of the build: the given one, else that of the nearest folder, else the
    /// workspace's.
    pub manifest: Utf8PathBuf,
    /// The folders that cargo writes to.
    pub folders: Folders,
    /// The lockfile's checksums, by name and version.
    pub checksums: BTreeMap<(String, String), String>,
    /// The profile's strip and debug settings.
    pub profile: ProfileFacts,
}

impl Project {
    /// Reads the project for these triples and for the host, whose build scripts are part of every
    /// build.
    ///
    /// # Errors
    /// [`ProjectError`], with cargo's own text where cargo fails.
    pub fn read(
        base: &Cmd,
        request: &Request,
        options: &CargoOptions,
        triples: &[&str],
        host: &str,
    ) -> Result<Self, ProjectError> {
        let output = question(base, request, options, triples, host).output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let unknown = UnknownFeature::read(&said);
            return Err(match unknown.and_then(|it| no_feature(base, request, options, &it)) {
                Some(error) => error,
                None => ProjectError::Metadata { said },
            });
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
        Ok(Self {
            manifest: manifest(request, options, &metadata),
            folders: Folders {
                target: metadata.target_directory.clone(),
                build: metadata
                    .build_directory
                    .clone()
                    .unwrap_or(metadata.target_directory.clone()),
            },
            checksums: checksums(&metadata.workspace_root)?,
            profile: read_profile(request, options, &metadata)?,
            metadata,
        })
    }
}

/// The `cargo metadata` command. Cargo leaves out dependencies that none of the named platforms
/// has.
fn question(
    base: &Cmd,
    request: &Request,
    options: &CargoOptions,
    triples: &[&str],
    host: &str,
) -> Cmd {
    let mut cmd = base.clone().cwd(&request.folder);
    cmd = cmd.args(["metadata", "--format-version", "1"]).args(options.resolution_flags(request));
    let triples: BTreeSet<&str> = triples.iter().copied().chain([host]).collect();
    for triple in triples {
        cmd = cmd.args(["--filter-platform", triple]);
    }
    cmd
}

/// The error for an unknown feature, with those there are. `None` if cargo cannot list them.
fn no_feature(
    base: &Cmd,
    request: &Request,
    options: &CargoOptions,
    unknown: &UnknownFeature<'_>,
) -> Option<ProjectError> {
    let mut cmd = base.clone().cwd(&request.folder);
    cmd = cmd.args(["metadata", "--format-version", "1", "--no-deps"]);
    if let Some(manifest) = &options.manifest {
        cmd = cmd.args(["--manifest-path", manifest.as_str()]);
    }
    let metadata: Metadata = serde_json::from_slice(&cmd.output().ok()?.stdout).ok()?;
    let is_meant = |name: &str| unknown.package.is_none_or(|package| package == name);
    let packages = metadata.packages.iter().filter(|package| is_meant(&package.name));
    let known: BTreeSet<&String> = packages.flat_map(|package| package.features.keys()).collect();
    Some(ProjectError::NoFeature {
        package: unknown.package.map(str::to_owned),
        feature: unknown.feature.to_owned(),
        known: known.into_iter().cloned().collect(),
    })
}

fn manifest(request: &Request, options: &CargoOptions, metadata: &Metadata) -> Utf8PathBuf {
    if let Some(manifest) = &options.manifest {
        return manifest.clone();
    }
    // Cargo searches upwards from the folder.
    let found = request.folder.ancestors().map(|dir| dir.join("Cargo.toml")).find(|m| m.is_file());
    found.unwrap_or_else(|| metadata.workspace_root.join("Cargo.toml"))
}

fn checksums(root: &Utf8Path) -> Result<BTreeMap<(String, String), String>, ProjectError> {
    let path = root.join("Cargo.lock");
    let lockfile = cargo_lock::Lockfile::load(&path)
        .map_err(|error| ProjectError::File { path, why: error.to_string() })?;
    let packages = lockfile.packages.into_iter();
    Ok(packages
        .filter_map(|package| {
            let checksum = package.checksum?.to_string();
            Some(((package.name.to_string(), package.version.to_string()), checksum))
        })
        .collect())
}

fn read_profile(
    request: &Request,
    options: &CargoOptions,
    metadata: &Metadata,
) -> Result<ProfileFacts, ProjectError> {
    let manifest = table(&metadata.workspace_root.join("Cargo.toml"))?;
    let mut files = Vec::new();
    for path in cargo_config2::Walk::new(request.folder.as_std_path()) {
        if let Ok(path) = Utf8PathBuf::from_path_buf(path) {
            files.push(table(&path)?);
        }
    }
    // The strongest first.
    let cli: Vec<Table> = cli_tables(&request.folder, &options.config)?.into_iter().rev().collect();
    let env = |name: &str| std::env::var(name).ok();
    let sources = profile::Sources { cli: &cli, files: &files, env: &env, manifest: &manifest };
    Ok(profile::resolve(&options.profile, &sources))
}

/// `rustc --print cfg` for a toolchain, or for the host. The cache remembers it, because in a build
/// with nothing to do, starting a compiler takes longer than everything else.
///
/// # Errors
/// If the compiler cannot be run.
pub fn cfg(
    compiler: &Compiler,
    cache: &Cache,
    toolchain: Option<&Toolchain>,
) -> Result<Vec<Cfg>, ProjectError> {
    let mut args = vec!["--print".to_owned(), "cfg".to_owned()];
    if let Some(toolchain) = toolchain {
        args.extend(["--target".to_owned(), toolchain.triple.clone()]);
        args.extend(toolchain.rustflags.iter().cloned());
    }
    let question = format!("rustc {}", args.join(" "));
    let said: String = cache.probe(&compiler.rustc, &question, || {
        Cmd::new(&compiler.rustc).args(args.iter().cloned()).capture()
    })?;
    // A key that this version of the crate cannot parse cannot be in a manifest's `cfg` either.
    Ok(said.lines().filter_map(|line| line.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_always_among_the_platforms() {
        let request = Request { folder: "/p".into(), ..Request::default() };
        for (triples, expected) in [
            (&["b"][..], "--filter-platform b --filter-platform host"),
            (&["host"], "--filter-platform host"),
            (&["z", "b"], "--filter-platform b --filter-platform host --filter-platform z"),
        ] {
            let cmd =
                question(&Cmd::new("cargo"), &request, &CargoOptions::default(), triples, "host");
            let cmd = cmd.to_string();
            let rest = cmd.split_once("--format-version 1 ").map(|(_, rest)| rest);
            assert_eq!(rest, Some(expected), "{cmd}");
        }
    }

    #[test]
    fn build_dependencies_do_not_depend_on_the_targets() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Utf8PathBuf::from_path_buf(dir.path().to_owned()).expect("UTF-8");
        for (package, rest) in [
            ("app", "[target.'cfg(unix)'.build-dependencies]\nhelp = { path = '../help' }\n"),
            ("help", ""),
        ] {
            let src = folder.join(package).join("src");
            std::fs::create_dir_all(&src).expect("a folder");
            std::fs::write(src.join("lib.rs"), "").expect("a file");
            let manifest = format!(
                "[package]\nname = '{package}'\nversion = '1.0.0'\nedition = '2024'\n{rest}"
            );
            std::fs::write(folder.join(package).join("Cargo.toml"), manifest).expect("a file");
        }
        let request = Request { folder: folder.join("app"), offline: true, ..Request::default() };
        let options = CargoOptions { profile: "release".into(), ..CargoOptions::default() };
        let edges = |host: &str| {
            let triples = ["x86_64-pc-windows-gnullvm"];
            let read = Project::read(&Cmd::new("cargo"), &request, &options, &triples, host);
            let resolve = read.expect("reads").metadata.resolve.expect("a graph");
            resolve.nodes.iter().map(|node| node.deps.len()).sum::<usize>()
        };
        assert_eq!(edges("x86_64-unknown-linux-gnu"), 1);
        assert_eq!(edges("x86_64-pc-windows-gnullvm"), 0);
    }
}
