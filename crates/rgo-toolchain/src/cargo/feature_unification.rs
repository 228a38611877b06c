//! Finds targets that may share a cargo invocation without changing each other's programs.
//!
//! Cargo resolves features once for an invocation. A feature that a dependency gets only under
//! `cfg(windows)` is on for every target that is built together with windows:
//!
//! ```text
//! [dependencies]                        one                     one + windows together
//! log = "1"                             linux: log              linux: log + "std"
//! [target.'cfg(windows)'.dependencies]  windows: log + "std"    windows: log + "std"
//! log = { version = "1", features = ["std"] }
//! ```
//!
//! A program must not depend on the other targets of the build, so rgo keeps such targets apart.
//! The result is a superset: every optional dependency counts as on.

use std::collections::{HashMap, HashSet};

use cargo_metadata::{Dependency, DependencyKind, Metadata, Package, PackageId};
use cargo_platform::Cfg;

/// A target: its triple and `rustc --print cfg` for it.
pub type TargetCfg<'a> = (&'a str, &'a [Cfg]);

/// For each pair of targets, whether one may turn on features in the other's programs.
#[must_use]
pub fn conflicts(
    metadata: &Metadata,
    roots: &[&PackageId],
    targets: &[TargetCfg<'_>],
) -> Vec<Vec<bool>> {
    let graph = FeatureGraph::new(metadata);
    let reached: Vec<_> = targets.iter().map(|target| graph.reach(roots, *target)).collect();
    (0..targets.len())
        .map(|a| {
            (0..targets.len())
                .map(|b| {
                    graph.adds(&reached[a], targets[a], &reached[b], targets[b])
                        || graph.adds(&reached[b], targets[b], &reached[a], targets[a])
                })
                .collect()
        })
        .collect()
}

struct FeatureGraph<'a> {
    packages: HashMap<&'a PackageId, &'a Package>,
    /// The packages at the ends of each package's edges, with the names by which it declares them.
    ends: HashMap<&'a PackageId, Vec<(&'a str, &'a PackageId)>>,
}

impl<'a> FeatureGraph<'a> {
    fn new(metadata: &'a Metadata) -> Self {
        let packages: HashMap<_, _> = metadata.packages.iter().map(|p| (&p.id, p)).collect();
        let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let ends = nodes
            .map(|node| {
                let ends = node
                    .deps
                    .iter()
                    .filter_map(|dep| Some((packages.get(&dep.pkg)?.name.as_str(), &dep.pkg)));
                (&node.id, ends.collect())
            })
            .collect();
        Self { packages, ends }
    }

    /// The declared dependencies of a package that become part of programs, with their packages.
    fn declared(&self, id: &PackageId) -> impl Iterator<Item = (&'a Dependency, &'a PackageId)> {
        let ends: &[(&str, &PackageId)] = self.ends.get(id).map_or(&[], Vec::as_slice);
        let declared = self.packages.get(id).into_iter().flat_map(|package| &package.dependencies);
        declared
            .filter(|dep| dep.kind == DependencyKind::Normal)
            .flat_map(move |dep| {
                ends.iter()
                    .filter(move |(name, _)| *name == dep.name)
                    .map(move |(_, id)| (dep, *id))
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn reach(&self, roots: &[&'a PackageId], target: TargetCfg<'_>) -> HashSet<&'a PackageId> {
        let mut reached = HashSet::new();
        let mut queue: Vec<&PackageId> = roots.to_vec();
        while let Some(id) = queue.pop() {
            if reached.insert(id) {
                let next = self.declared(id).filter(|(dep, _)| holds(dep, target));
                queue.extend(next.map(|(_, end)| end));
            }
        }
        reached
    }

    /// Whether a dependency that only `a` has may turn on features of a package that `b` has too.
    fn adds(
        &self,
        reached_a: &HashSet<&'a PackageId>,
        a: TargetCfg<'_>,
        reached_b: &HashSet<&'a PackageId>,
        b: TargetCfg<'_>,
    ) -> bool {
        reached_a.iter().any(|id| {
            self.declared(id).any(|(dep, end)| {
                let only_a = holds(dep, a) && !(holds(dep, b) && reached_b.contains(id));
                only_a
                    && reached_b.contains(end)
                    && (!dep.features.is_empty()
                        || dep.uses_default_features && !self.has_defaults(end, reached_b, b))
            })
        })
    }

    /// Whether a package has its default features on in any case.
    fn has_defaults(
        &self,
        package: &PackageId,
        reached: &HashSet<&'a PackageId>,
        target: TargetCfg<'_>,
    ) -> bool {
        reached.iter().any(|id| {
            self.declared(id).any(|(dep, end)| {
                end == package && dep.uses_default_features && !dep.optional && holds(dep, target)
            })
        })
    }
}

fn holds(dep: &Dependency, (triple, cfg): TargetCfg<'_>) -> bool {
    dep.target.as_ref().is_none_or(|platform| platform.matches(triple, cfg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn id(name: &str) -> String {
        format!("registry+index#{name}@1.0.0")
    }

    /// A package with (dependency, cfg, features, default features).
    fn package(name: &str, deps: &[(&str, Option<&str>, &[&str], bool)]) -> (Value, Value) {
        let declared: Vec<Value> = deps
            .iter()
            .map(|(name, target, features, default)| {
                json!({"name": name, "req": "*", "kind": null, "optional": false, "target": target,
                    "uses_default_features": default, "features": features})
            })
            .collect();
        let edges: Vec<Value> = deps
            .iter()
            .map(|(name, target, ..)| {
                json!({"name": name, "pkg": id(name), "dep_kinds": [{"kind": null, "target": target}]})
            })
            .collect();
        (
            json!({"name": name, "version": "1.0.0", "id": id(name), "dependencies": declared,
                "features": {}, "manifest_path": "/x/Cargo.toml", "targets": []}),
            json!({"id": id(name), "dependencies": [], "deps": edges, "features": []}),
        )
    }

    fn conflict(packages: Vec<(Value, Value)>) -> bool {
        let (packages, nodes): (Vec<_>, Vec<_>) = packages.into_iter().unzip();
        let metadata: Metadata = serde_json::from_value(json!({
            "packages": packages, "workspace_members": [id("app")], "workspace_root": "/x",
            "resolve": {"nodes": nodes, "root": id("app")}, "target_directory": "/t", "version": 1,
        }))
        .expect("metadata");
        let cfg = |text: &str| vec![text.parse::<Cfg>().expect("a cfg")];
        let (unix, windows) = (cfg("unix"), cfg("windows"));
        let root = PackageId { repr: id("app") };
        let targets: [TargetCfg<'_>; 2] = [("linux", &unix), ("windows", &windows)];
        let found = conflicts(&metadata, &[&root], &targets);
        assert_eq!(found[0][1], found[1][0]);
        assert!(!found[0][0]);
        found[0][1]
    }

    #[test]
    fn a_feature_of_one_platform_parts_the_targets() {
        let windows = Some("cfg(windows)");
        let log = || package("log", &[]);
        for (deps, expected) in [
            (vec![("log", None, &[][..], true), ("log", windows, &["std"][..], true)], true),
            (vec![("log", None, &[], true), ("log", windows, &[], true)], false),
            (vec![("log", None, &[], false), ("log", windows, &[], true)], true),
            (vec![("log", windows, &["std"], true)], false),
            (vec![("log", None, &["std"], true)], false),
        ] {
            assert_eq!(conflict(vec![package("app", &deps), log()]), expected, "{deps:?}");
        }
    }

    #[test]
    fn what_only_one_target_reaches_counts_too() {
        // app -> winio (windows only) -> log with a feature; app -> log plainly.
        let packages = vec![
            package("app", &[("winio", Some("cfg(windows)"), &[], true), ("log", None, &[], true)]),
            package("winio", &[("log", None, &["std"], true)]),
            package("log", &[]),
        ];
        assert!(conflict(packages));
    }
}
