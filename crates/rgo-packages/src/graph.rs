//! The packages of one program, and what depends on what.

use super::package::{Package, PackageSource};

/// The packages of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The packages, in the order of the record.
    pub packages: Vec<Node>,
    /// What depends on what.
    pub edges: Edges,
    /// Whether a package that is not here is not in the program.
    pub completeness: Completeness,
}

/// A package in a graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// The package.
    pub package: Package,
    /// Its part in the program.
    pub role: Role,
}

/// The part of a package in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The program is its.
    Root,
    /// Its code is in the program.
    Linked,
    /// It helped to build the program, and its code is not in it.
    Build,
}

/// What depends on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edges {
    /// As the builder recorded it.
    Recorded(Vec<Edge>),
    /// The record is a list without edges.
    Unrecorded,
}

/// A package depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Index of the package that depends.
    pub from: usize,
    /// Index of the package that it depends on.
    pub to: usize,
}

/// Whether a graph has every package of its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Completeness {
    /// Its builder recorded all.
    Full,
    /// There may be others.
    Partial,
}

impl Graph {
    /// A list of linked packages without edges. A package that is there twice stands once.
    #[must_use]
    pub fn list(packages: Vec<Package>, completeness: Completeness) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let packages = packages.into_iter().filter(|package| seen.insert(package.clone()));
        let packages = packages.map(|package| Node { package, role: Role::Linked }).collect();
        Self { packages, edges: Edges::Unrecorded, completeness }
    }

    /// Packages whose code is in the program, beside its own and the standard library.
    pub fn dependencies(&self) -> impl Iterator<Item = &Package> {
        let linked = self.packages.iter().filter(|node| node.role == Role::Linked);
        let linked = linked.map(|node| &node.package);
        linked.filter(|package| package.source != PackageSource::Toolchain)
    }

    /// Whether every package of the program is here.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.completeness == Completeness::Full
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ecosystem;

    #[test]
    fn dependencies_are_what_others_wrote_and_the_program_holds() {
        let package = |name, source| Package::new(Ecosystem::Go, name, Some("v1"), source);
        let twice = || package("a", PackageSource::Default);
        let std = package("stdlib", PackageSource::Toolchain);
        let mut graph = Graph::list(vec![twice(), twice(), std], Completeness::Partial);
        for (name, role) in [("tool", Role::Build), ("main", Role::Root)] {
            graph.packages.push(Node { package: package(name, PackageSource::Local), role });
        }
        let names: Vec<_> = graph.dependencies().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["a"]);
        assert!(!graph.is_full());
    }
}
