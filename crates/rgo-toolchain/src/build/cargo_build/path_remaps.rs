//! Lists the folders of this machine whose names must not be in the output, with their
//! replacements.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use cargo_metadata::Metadata;

use crate::cache::{self, Cache};
use crate::cargo::compiler::Compiler;
use crate::cargo::project::Project;
use crate::environment::env;
use crate::path_remap::{self, PathRemap};

/// The folders that cargo and rustc read. With `records_sources` the folders of registries keep
/// their names, which contain the registries' hosts.
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
        ("workspace", project.metadata.workspace_root.as_path(), path_remap::WORKSPACE_NAME),
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
    // Path dependencies outside the workspace.
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
    path_remap::path_remaps(&folders)
}

/// Folders in which cargo unpacks a registry's packages, with replacements. Cargo names them after
/// the registry's host, which may be private.
fn private_registries(metadata: &Metadata) -> BTreeMap<Utf8PathBuf, String> {
    // Cargo's name for crates.io contains the host of its index, and earlier that of the index on
    // GitHub.
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
