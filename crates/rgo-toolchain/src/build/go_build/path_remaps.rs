//! Lists the folders of this machine whose names must not be in the output, with the names by which
//! Go's `-trimpath` replaces them.

use camino::Utf8Path;

use crate::cache::Cache;
use crate::go::compiler::Go;
use crate::go::packages::GoPackage;
use crate::path_remap::{self, PathRemap};
use crate::request::Request;

/// Adds the folders of the packages' modules, with the names that debug data has for them: the path
/// of a module of the project, else path and version. Without `all`, only those of the project.
pub(super) fn name_modules<'p>(
    remaps: &mut Vec<PathRemap>,
    packages: impl Iterator<Item = &'p GoPackage>,
    all: bool,
) {
    if remaps.is_empty() {
        return;
    }
    for module in packages.filter_map(|package| package.module.as_ref()) {
        let is_wanted = module.main || all;
        if !is_wanted || module.dir.as_str().is_empty() {
            continue;
        }
        let to = match module.version.as_str() {
            "" => module.path.clone(),
            version => format!("{}@{version}", module.path),
        };
        remaps.retain(|known| known.from != module.dir || known.to == to);
        if remaps.iter().all(|known| known.to != to) {
            remaps.push(PathRemap { what: "module", from: module.dir.to_string(), to });
        }
    }
    remaps.sort_by_key(|remap| remap.from.len());
}

/// The folders; none if paths stay.
pub(super) fn path_remaps(
    go: &Go,
    cache: &Cache,
    project: &Utf8Path,
    request: &Request,
) -> Vec<PathRemap> {
    if request.keeps_paths || request.debug {
        return Vec::new();
    }
    let mut folders = vec![
        ("module", project, path_remap::WORKSPACE_NAME),
        ("cache of rgo", cache.root(), "/rgo/cache"),
        ("source of Go", go.root(), "/rgo/go"),
    ];
    let others =
        [("GOMODCACHE", "module cache", "/rgo/mod"), ("GOCACHE", "build cache", "/rgo/build")];
    for (variable, what, name) in others {
        if let Some(folder) = go.setting(variable) {
            folders.push((what, Utf8Path::new(folder), name));
        }
    }
    path_remap::path_remaps(&folders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go::packages::GoModule;

    #[test]
    fn modules_have_the_names_of_debug_data() {
        let package = |path: &str, version: &str, dir: &str| GoPackage {
            module: Some(GoModule {
                path: path.into(),
                version: version.into(),
                main: version.is_empty(),
                dir: dir.into(),
            }),
            ..GoPackage::default()
        };
        let packages = [
            package("a.b/app", "", "/w"),
            package("a.b/app", "", "/w"),
            package("c.d", "v1.2.3", "/m/c"),
        ];
        let named = |all: bool| {
            let own = PathRemap { what: "module", from: "/w".into(), to: "/rgo/src".into() };
            let mut remaps = vec![own];
            name_modules(&mut remaps, packages.iter(), all);
            remaps.into_iter().map(|it| format!("{}={}", it.from, it.to)).collect::<Vec<_>>()
        };
        assert_eq!(named(false), ["/w=a.b/app"]);
        assert_eq!(named(true), ["/w=a.b/app", "/m/c=c.d@v1.2.3"]);
        let mut none = Vec::new();
        name_modules(&mut none, packages.iter(), true);
        assert!(none.is_empty(), "paths stay");
    }
}
