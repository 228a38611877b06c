//! The dependencies of *one* program, with the features it was built with, for its target.
//!
//! `cargo metadata` alone does not give them: it resolves the whole workspace, every feature that
//! any member turns on, every platform. So this module walks its graph from the program's package,
//! and follows an edge only if the build that just ran used it:
//!
//! - its `cfg` holds for the target (for the host, on the host's side);
//! - if it is optional, one of the features that cargo *reported for this unit* turns it on;
//! - the package at its end was compiled, for the same side.
//!
//! Proc-macros and build scripts are on the host's side. A package that is reached only through
//! them took part in the build and is not in the program.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cargo_metadata::{DependencyKind, Metadata, PackageId, TargetKind};
use cargo_platform::Cfg;
use rgo_packages::{
    Completeness, Ecosystem, Edge, Edges, Graph, Node, Package, PackageSource, Role,
};

use crate::cargo::messages::{Side, Unit};
use crate::secrets::without_credentials;

/// Facts about the compilation for one triple.
pub struct Built<'a> {
    /// All units of the build that made the program.
    pub units: &'a [Unit],
    /// The triple of the program.
    pub triple: &'a str,
    /// `rustc --print cfg` for that triple.
    pub target_cfg: &'a [Cfg],
    /// The host's triple.
    pub host: &'a str,
    /// `rustc --print cfg` for the host.
    pub host_cfg: &'a [Cfg],
    /// Whether the program is an example, which sees dev-dependencies.
    pub dev: bool,
}

/// The packages of the program that `root` makes: `root` first, the others by name and version.
/// `checksums` holds the lockfile's SHA-256 in hex, by name and version.
#[must_use]
pub fn of_program(
    metadata: &Metadata,
    checksums: &BTreeMap<(String, String), String>,
    root: &PackageId,
    built: &Built<'_>,
) -> Graph {
    let graph = BuildGraph::new(metadata, built);
    let reached = graph.walk(root);

    // A package that is reached on both sides is in the program.
    let mut packages: BTreeMap<&PackageId, (bool, BTreeSet<&PackageId>)> = BTreeMap::new();
    for ((package, side), ends) in &reached {
        let entry = packages.entry(package).or_default();
        entry.0 |= *side == OnSide::Target;
        entry.1.extend(ends.iter().map(|(end, _)| *end));
    }
    let mut order: Vec<&PackageId> =
        packages.keys().copied().filter(|id| graph.packages.contains_key(id)).collect();
    order.sort_by_key(|id| {
        let package = graph.packages[id];
        (*id != root, package.name.to_string(), package.version.clone(), id.repr.clone())
    });
    let index: HashMap<&PackageId, usize> =
        order.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let mut edges = Vec::new();
    let mut nodes = Vec::new();
    for (from, id) in order.iter().enumerate() {
        let (in_program, ends) = &packages[id];
        let ends: BTreeSet<usize> = ends.iter().filter_map(|end| index.get(end).copied()).collect();
        edges.extend(ends.into_iter().map(|to| Edge { from, to }));
        let role = match in_program {
            _ if *id == root => Role::Root,
            true => Role::Linked,
            false => Role::Build,
        };
        let package = package(graph.packages[id], checksums);
        nodes.push(Node { role, ..Node::linked(package) });
    }
    Graph { packages: nodes, edges: Edges::Recorded(edges), completeness: Completeness::Full }
}

fn package(
    package: &cargo_metadata::Package,
    checksums: &BTreeMap<(String, String), String>,
) -> Package {
    let key = (package.name.to_string(), package.version.to_string());
    let checksum = checksums.get(&key).map(|sum| format!("sha256:{sum}"));
    let (name, version) = key;
    Package { checksum, ..Package::new(Ecosystem::Cargo, &name, Some(&version), source(package)) }
}

/// The source of a package, without credentials from its URL.
fn source(package: &cargo_metadata::Package) -> PackageSource {
    match package.source.as_ref().map(|source| source.repr.as_str()) {
        None => PackageSource::Local,
        Some(_) if package.source.as_ref().is_some_and(cargo_metadata::Source::is_crates_io) => {
            PackageSource::Default
        }
        Some(repr) => match repr.strip_prefix("git+") {
            Some(url) => PackageSource::Git(without_credentials(url)),
            None => {
                let url = repr.strip_prefix("registry+").unwrap_or(repr);
                PackageSource::Registry(without_credentials(
                    url.strip_prefix("sparse+").unwrap_or(url),
                ))
            }
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum OnSide {
    Host,
    Target,
}

type CompiledPackage<'a> = (&'a PackageId, OnSide);

struct BuildGraph<'a> {
    packages: HashMap<&'a PackageId, &'a cargo_metadata::Package>,
    nodes: HashMap<&'a PackageId, &'a cargo_metadata::Node>,
    /// Features of each compiled package on each side. A package without an entry was not compiled
    /// on that side.
    features: HashMap<CompiledPackage<'a>, BTreeSet<&'a str>>,
    built: &'a Built<'a>,
}

impl<'a> BuildGraph<'a> {
    fn new(metadata: &'a Metadata, built: &'a Built<'a>) -> Self {
        let mut features: HashMap<CompiledPackage<'a>, BTreeSet<&'a str>> = HashMap::new();
        for unit in built.units {
            let side = match &unit.side {
                Side::Host => OnSide::Host,
                Side::Target(triple) if triple == built.triple => OnSide::Target,
                Side::Target(_) => continue,
            };
            // A build script is compiled for the host, but with its package's features on the
            // target's side. It tells nothing about its package on the host's side.
            if unit.kinds.contains(&TargetKind::CustomBuild) {
                continue;
            }
            let place = features.entry((&unit.package, side)).or_default();
            place.extend(unit.features.iter().map(String::as_str));
        }
        Self {
            packages: metadata.packages.iter().map(|package| (&package.id, package)).collect(),
            nodes: metadata
                .resolve
                .iter()
                .flat_map(|resolve| &resolve.nodes)
                .map(|node| (&node.id, node))
                .collect(),
            features,
            built,
        }
    }

    fn walk(
        &self,
        root: &'a PackageId,
    ) -> BTreeMap<CompiledPackage<'a>, BTreeSet<CompiledPackage<'a>>> {
        let mut reached = BTreeMap::new();
        let mut queue = vec![(root, OnSide::Target)];
        while let Some(place) = queue.pop() {
            if reached.contains_key(&place) {
                continue;
            }
            let ends = self.edges(place, place.0 == root && self.built.dev);
            queue.extend(ends.iter().copied());
            reached.insert(place, ends);
        }
        reached
    }

    fn edges(&self, (from, side): CompiledPackage<'a>, dev: bool) -> BTreeSet<CompiledPackage<'a>> {
        let (Some(node), Some(package)) = (self.nodes.get(from), self.packages.get(from)) else {
            return BTreeSet::new();
        };
        let mut ends = BTreeSet::new();
        for dep in &node.deps {
            for kind in &dep.dep_kinds {
                let end_side = match kind.kind {
                    DependencyKind::Build => OnSide::Host,
                    DependencyKind::Development if !dev => continue,
                    _ if self.is_proc_macro(&dep.pkg) => OnSide::Host,
                    _ => side,
                };
                // The `cfg` of a build dependency applies to the machine that runs the build
                // script.
                let cfg_side = if kind.kind == DependencyKind::Build { OnSide::Host } else { side };
                let end = (&dep.pkg, end_side);
                if self.cfg_holds(kind.target.as_ref(), cfg_side)
                    && self.features.contains_key(&end)
                    && self.is_on(package, (from, side), &dep.pkg, kind.kind)
                {
                    ends.insert(end);
                }
            }
        }
        ends
    }

    fn is_proc_macro(&self, id: &PackageId) -> bool {
        self.packages.get(id).is_some_and(|package| {
            package.targets.iter().any(|t| t.kind.contains(&TargetKind::ProcMacro))
        })
    }

    fn cfg_holds(&self, platform: Option<&cargo_platform::Platform>, side: OnSide) -> bool {
        let (triple, cfg) = match side {
            OnSide::Host => (self.built.host, self.built.host_cfg),
            OnSide::Target => (self.built.triple, self.built.target_cfg),
        };
        platform.is_none_or(|platform| platform.matches(triple, cfg))
    }

    /// Whether the build used the dependency that `package` declares on `end`.
    fn is_on(
        &self,
        package: &cargo_metadata::Package,
        place: CompiledPackage<'a>,
        end: &PackageId,
        kind: DependencyKind,
    ) -> bool {
        let Some(end_name) = self.packages.get(end).map(|package| &package.name) else {
            return false;
        };
        let mut declared = package
            .dependencies
            .iter()
            .filter(|dep| dep.name == end_name.as_str() && dep.kind == kind)
            .peekable();
        if declared.peek().is_none() {
            return true;
        }
        // A package without a library is compiled only as a bin. The bin's unit has the features
        // too, so there is an entry whenever the package was built at all.
        let on = self.features.get(&place);
        declared.any(|dep| {
            let key = dep.rename.as_deref().unwrap_or(&dep.name);
            !dep.optional || on.is_some_and(|on| turned_on(package, on, key))
        })
    }
}

/// Whether an active feature turns the optional dependency `key` on.
fn turned_on(package: &cargo_metadata::Package, on: &BTreeSet<&str>, key: &str) -> bool {
    on.iter().filter_map(|feature| package.features.get(*feature)).flatten().any(|value| {
        value.strip_prefix("dep:") == Some(key)
            || value.split_once('/').is_some_and(|(dep, _)| dep == key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TRIPLE: &str = "x86_64-pc-windows-gnullvm";
    const HOST: &str = "x86_64-unknown-linux-gnu";

    /// A package of the graph: its kind of library, its features, its declared dependencies as
    /// (name, kind, cfg, optional).
    type Declared<'a> = (&'a str, Option<&'a str>, Option<&'a str>, bool);

    fn id(name: &str) -> PackageId {
        PackageId { repr: format!("registry+index#{name}@1.0.0") }
    }

    fn package(name: &str, lib: &str, features: Value, deps: &[Declared<'_>]) -> (Value, Value) {
        let declared: Vec<Value> = deps
            .iter()
            .map(|(name, kind, target, optional)| {
                json!({"name": name, "req": "*", "kind": kind, "optional": optional,
                    "uses_default_features": true, "features": [], "target": target})
            })
            .collect();
        let edges: Vec<Value> = deps
            .iter()
            .map(|(name, kind, target, _)| {
                json!({"name": name, "pkg": id(name).repr,
                    "dep_kinds": [{"kind": kind, "target": target}]})
            })
            .collect();
        let package = json!({"name": name, "version": "1.0.0", "id": id(name).repr,
            "source": "registry+https://github.com/rust-lang/crates.io-index",
            "dependencies": declared, "features": features, "manifest_path": "/x/Cargo.toml",
            "targets": [{"name": name, "kind": [lib], "crate_types": [lib], "src_path": "/x/l.rs"}]});
        (package, json!({"id": id(name).repr, "dependencies": [], "deps": edges, "features": []}))
    }

    fn unit(name: &str, target: bool, kind: TargetKind, features: &[&str]) -> Unit {
        Unit {
            package: id(name),
            side: if target { Side::Target(TRIPLE.into()) } else { Side::Host },
            name: name.into(),
            kinds: vec![kind],
            features: features.iter().map(|f| (*f).to_owned()).collect(),
            files: Vec::new(),
            executable: None,
            fresh: true,
            debuginfo: 0,
        }
    }

    fn list(packages: Vec<(Value, Value)>, units: &[Unit], dev: bool) -> Vec<String> {
        let (packages, nodes): (Vec<_>, Vec<_>) = packages.into_iter().unzip();
        let metadata: Metadata = serde_json::from_value(json!({
            "packages": packages, "workspace_members": [id("app").repr], "workspace_root": "/x",
            "resolve": {"nodes": nodes, "root": id("app").repr}, "target_directory": "/x/target",
            "version": 1,
        }))
        .expect("metadata");
        let cfg = |text: &str| text.parse::<Cfg>().expect("a cfg");
        let (windows, unix) = ([cfg("windows")], [cfg("unix")]);
        let built =
            Built { units, triple: TRIPLE, target_cfg: &windows, host: HOST, host_cfg: &unix, dev };
        let graph = of_program(&metadata, &BTreeMap::new(), &id("app"), &built);
        let word = |node: &Node| {
            let role = if node.role == Role::Build { " (build)" } else { "" };
            format!("{}{role}", node.package.name)
        };
        graph.packages.iter().map(word).collect()
    }

    #[test]
    fn only_what_this_build_took_is_listed() {
        let none = json!({});
        let plain: &[Declared<'_>] = &[];
        let packages = vec![
            package(
                "app",
                "bin",
                json!({"tls": ["dep:ring"], "log": ["dep:log"]}),
                &[
                    ("ring", None, None, true),
                    ("log", None, None, true),
                    ("winapi", None, Some("cfg(windows)"), false),
                    ("nix", None, Some("cfg(unix)"), false),
                    ("cc", Some("build"), None, false),
                    ("derive", None, None, false),
                    ("insta", Some("dev"), None, false),
                ],
            ),
            package("ring", "lib", none.clone(), plain),
            package("log", "lib", none.clone(), plain),
            package("winapi", "lib", none.clone(), plain),
            package("nix", "lib", none.clone(), plain),
            package("cc", "lib", none.clone(), &[("nix", None, Some("cfg(unix)"), false)]),
            package("derive", "proc-macro", none.clone(), &[("syn", None, None, false)]),
            package("syn", "lib", none.clone(), plain),
            package("insta", "lib", none, plain),
        ];
        let units = [
            unit("app", true, TargetKind::Bin, &["tls"]),
            unit("app", false, TargetKind::CustomBuild, &["tls"]),
            unit("ring", true, TargetKind::Lib, &[]),
            // Compiled for another program of the same invocation.
            unit("log", true, TargetKind::Lib, &[]),
            unit("winapi", true, TargetKind::Lib, &[]),
            unit("cc", false, TargetKind::Lib, &[]),
            unit("nix", false, TargetKind::Lib, &[]),
            unit("derive", false, TargetKind::ProcMacro, &[]),
            unit("syn", false, TargetKind::Lib, &[]),
            unit("insta", true, TargetKind::Lib, &[]),
        ];
        let expected =
            ["app", "cc (build)", "derive (build)", "nix (build)", "ring", "syn (build)", "winapi"];
        assert_eq!(list(packages.clone(), &units, false), expected);
        assert!(list(packages, &units, true).contains(&"insta".to_owned()));
    }

    #[test]
    fn a_package_on_both_sides_is_in_the_program() {
        let packages = vec![
            package(
                "app",
                "bin",
                json!({}),
                &[("both", None, None, false), ("both", Some("build"), None, false)],
            ),
            package("both", "lib", json!({}), &[]),
        ];
        let units = [
            unit("app", true, TargetKind::Bin, &[]),
            unit("both", true, TargetKind::Lib, &[]),
            unit("both", false, TargetKind::Lib, &[]),
        ];
        assert_eq!(list(packages, &units, false), ["app", "both"]);
    }
}
