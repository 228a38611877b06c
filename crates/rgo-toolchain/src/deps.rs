//! The dependencies of *one* program, with the features it was built with, for its target.
//!
//! `cargo metadata` alone cannot tell: it resolves the whole workspace, every feature that any
//! member turns on, every platform. So its graph is walked from the program's package, and an
//! edge is followed only if the build that just ran took it:
//!
//! - its `cfg` holds for the target (for the host, on the host's side);
//! - if it is optional, one of the features that cargo *reported for this unit* turns it on;
//! - the package at its end was compiled, for the same side.
//!
//! Proc-macros and build scripts live on the host's side; what is reached through them alone
//! took part in the build and is not in the program.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId, TargetKind};
use cargo_platform::Cfg;
use semver::Version;

use crate::cargo_messages::{Side, Unit};

/// A package in a program, or one that helped to build it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Where it comes from.
    pub source: Source,
    /// SHA-256 in hex as the lockfile has it; registries' packages have one.
    pub checksum: Option<String>,
    /// Whether its code is in the program, rather than only in what built it.
    pub in_program: bool,
    /// Indices into the list, sorted.
    pub dependencies: Vec<usize>,
}

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder beside the project.
    Local,
    /// The default registry.
    CratesIo,
    /// Another registry; its index.
    Registry(String),
    /// A git repository, with the commit behind `#`.
    Git(String),
}

/// What is known of the compilation for one triple.
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

/// Lists the dependencies of the program that `root` makes, `root` first, the others by name
/// and version.
#[must_use]
pub fn of_program(
    metadata: &Metadata,
    checksums: &BTreeMap<(String, String), String>,
    root: &PackageId,
    built: &Built<'_>,
) -> Vec<Dependency> {
    let graph = Graph::new(metadata, built);
    let reached = graph.walk(root);

    // One package can be reached on both sides: it is in the program then.
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
    order
        .iter()
        .map(|id| {
            let package = graph.packages[id];
            let (in_program, ends) = &packages[id];
            let mut dependencies: Vec<usize> =
                ends.iter().filter_map(|end| index.get(end).copied()).collect();
            dependencies.sort_unstable();
            let key = (package.name.to_string(), package.version.to_string());
            Dependency {
                name: key.0.clone(),
                version: package.version.clone(),
                source: source(package),
                checksum: checksums.get(&key).cloned(),
                in_program: *in_program,
                dependencies,
            }
        })
        .collect()
}

fn source(package: &Package) -> Source {
    match package.source.as_ref().map(|source| source.repr.as_str()) {
        None => Source::Local,
        Some(_) if package.source.as_ref().is_some_and(cargo_metadata::Source::is_crates_io) => {
            Source::CratesIo
        }
        Some(repr) => match repr.strip_prefix("git+") {
            Some(url) => Source::Git(url.to_owned()),
            None => {
                let url = repr.strip_prefix("registry+").unwrap_or(repr);
                Source::Registry(url.strip_prefix("sparse+").unwrap_or(url).to_owned())
            }
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum OnSide {
    Host,
    Target,
}

type Place<'a> = (&'a PackageId, OnSide);

struct Graph<'a> {
    packages: HashMap<&'a PackageId, &'a Package>,
    nodes: HashMap<&'a PackageId, &'a Node>,
    /// Features of each compiled package on each side; absent means not compiled there.
    features: HashMap<Place<'a>, BTreeSet<&'a str>>,
    built: &'a Built<'a>,
}

impl<'a> Graph<'a> {
    fn new(metadata: &'a Metadata, built: &'a Built<'a>) -> Self {
        let mut features: HashMap<Place<'a>, BTreeSet<&'a str>> = HashMap::new();
        for unit in built.units {
            let side = match &unit.side {
                Side::Host => OnSide::Host,
                Side::Target(triple) if triple == built.triple => OnSide::Target,
                Side::Target(_) => continue,
            };
            // A build script is compiled for the host with the features of its package on the
            // target's side; it says nothing about its package on the host's.
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

    fn walk(&self, root: &'a PackageId) -> BTreeMap<Place<'a>, BTreeSet<Place<'a>>> {
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

    fn edges(&self, (from, side): Place<'a>, dev: bool) -> BTreeSet<Place<'a>> {
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
                // A build dependency's cfg is about the machine that runs the build script.
                let cfg_side =
                    if kind.kind == DependencyKind::Build { OnSide::Host } else { side };
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

    /// Whether the declared dependency of `package` that leads to `end` was active.
    fn is_on(
        &self,
        package: &Package,
        place: Place<'a>,
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
        // The root of a program without a library is compiled only as a bin: its unit has the
        // features too, so the place is there whenever the package was built at all.
        let on = self.features.get(&place);
        declared.any(|dep| {
            let key = dep.rename.as_deref().unwrap_or(&dep.name);
            !dep.optional || on.is_some_and(|on| turned_on(package, on, key))
        })
    }
}

/// Whether one of the features that are on turns the optional dependency `key` on.
fn turned_on(package: &Package, on: &BTreeSet<&str>, key: &str) -> bool {
    on.iter().filter_map(|feature| package.features.get(*feature)).flatten().any(|value| {
        value.strip_prefix("dep:") == Some(key)
            || value.split_once('/').is_some_and(|(dep, _)| dep == key)
    })
}
