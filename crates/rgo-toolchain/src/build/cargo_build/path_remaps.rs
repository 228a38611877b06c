//! The folders of this machine whose names must not be in what is built, with what takes their place.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use cargo_metadata::Metadata;

use crate::cache::{self, Cache};
use crate::cargo::command::{self, PathRemap};
use crate::cargo::compiler::Compiler;
use crate::cargo::project::Project;
use crate::environment::env;

/// The folders that a build for cargo reads. With `records_sources` the folders of registries keep
/// their names, which are those of the hosts.
pub(super) fn path_remaps(
    compiler: &Compiler,
    cache: &Cache,
    project: &Project,
    records_sources: bool,
) -> Vec<PathRemap> {
    let cargo_home = cache::cargo_home(&env);
    let library = compiler.library_source();
    let virtual_library = compiler.virtual_library();
    let mut folders = vec![
        ("workspace", project.metadata.workspace_root.as_path(), command::WORKSPACE_NAME),
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
    command::path_remaps(&folders)
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
