//! The packages of one program, and the dependencies between them.

use super::package::{Package, PackageSource};

/// The packages of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The packages, in the order of the record.
    pub packages: Vec<Node>,
    /// The dependencies.
    pub edges: Edges,
    /// Whether the packages are complete.
    pub completeness: Completeness,
}

/// A package in a graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// The package.
    pub package: Package,
    /// Its role in the program.
    pub role: Role,
    /// The name that other packages depend on, if this package replaces one with another name.
    pub replaces: Option<String>,
}

impl Node {
    /// A package whose code is in the program.
    #[must_use]
    pub fn linked(package: Package) -> Self {
        Self { package, role: Role::Linked, replaces: None }
    }

    /// Its name, and the name that it replaces.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.package.name.as_str()).chain(self.replaces.as_deref())
    }
}

/// The role of a package in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The package of the program itself.
    Root,
    /// Its code is in the program.
    Linked,
    /// It helped to build the program, but its code is not in it.
    Build,
}

/// The dependencies between packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edges {
    /// As the builder recorded it.
    Recorded(Vec<Edge>),
    /// The record is a list without edges.
    Unrecorded,
}

/// One package's dependency on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// Index of the dependent package.
    pub from: usize,
    /// Index of its dependency.
    pub to: usize,
}

/// Whether a graph has every package of its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Completeness {
    /// The builder recorded all packages.
    Full,
    /// There may be more packages.
    Partial,
}

impl Graph {
    /// A list of packages without edges. Repeated packages are removed.
    #[must_use]
    pub fn list(nodes: Vec<Node>, completeness: Completeness) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let packages = nodes.into_iter().filter(|node| seen.insert(node.clone())).collect();
        Self { packages, edges: Edges::Unrecorded, completeness }
    }

    /// Packages whose code is in the program, except its own and the standard library.
    pub fn dependencies(&self) -> impl Iterator<Item = &Node> {
        let linked = self.packages.iter().filter(|node| node.role == Role::Linked);
        linked.filter(|node| node.package.source != PackageSource::Toolchain)
    }

    /// Whether the graph has every package of the program.
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
        let node = |name, source, role| {
            let package = Package::new(Ecosystem::Go, name, Some("v1"), source);
            Node { role, ..Node::linked(package) }
        };
        let graph = Graph::list(
            vec![
                node("main", PackageSource::Local, Role::Root),
                node("a", PackageSource::Default, Role::Linked),
                node("a", PackageSource::Default, Role::Linked),
                node("stdlib", PackageSource::Toolchain, Role::Linked),
                node("tool", PackageSource::Default, Role::Build),
            ],
            Completeness::Partial,
        );
        let names: Vec<_> = graph.dependencies().flat_map(Node::names).collect();
        assert_eq!(names, ["a"]);
        assert!(!graph.is_full());
    }
}
