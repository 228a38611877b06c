//! Writes programs as a bill of materials: CycloneDX 1.5 as JSON, which vulnerability scanners
//! read. Each program is a component, its packages are components of it, and the dependencies come
//! from its graph. If a record has no dependencies, all packages depend directly on the program.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::graph::{Edges, Graph, Node, Role};

/// A program as a component.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name in references: a file, or a member of an archive. Two components may share it.
    pub path: String,
    /// Its name: the main package's, or the path.
    pub name: String,
    /// The main package's version.
    pub version: Option<String>,
    /// Names and values that CycloneDX has no field for.
    pub properties: Vec<(&'static str, String)>,
    /// Its packages.
    pub graph: Graph,
}

/// The document for a tool with this name and version.
#[must_use]
pub fn bom(tool: &str, tool_version: &str, programs: &[Component]) -> Value {
    let mut components = Vec::new();
    let mut edges = Vec::new();
    let mut paths = UniqueNames::default();
    for program in programs {
        let reference = paths.unique(&program.path);
        let (parts, on) = packages(&reference, &program.graph);
        edges.extend(on);
        let mut component = json!({
            "type": "application",
            "bom-ref": reference,
            "name": program.name,
            "properties": properties(&program.properties),
            "components": parts,
        });
        if let Some(version) = &program.version {
            component["version"] = version.as_str().into();
        }
        components.push(component);
    }
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "tools": { "components": [{
                "type": "application",
                "name": tool,
                "version": tool_version,
            }]},
        },
        "components": components,
        "dependencies": edges,
    })
}

/// Gives equal names a number: `a`, `a#2`.
#[derive(Default)]
struct UniqueNames(BTreeMap<String, usize>);

impl UniqueNames {
    fn unique(&mut self, name: &str) -> String {
        let times = self.0.entry(name.to_owned()).or_default();
        *times += 1;
        if *times == 1 { name.to_owned() } else { format!("{name}#{times}") }
    }
}

fn properties(properties: &[(&str, String)]) -> Value {
    properties.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// The components of a program, and the dependencies of the program and of the components.
fn packages(program: &str, graph: &Graph) -> (Vec<Value>, Vec<Value>) {
    let mut names = UniqueNames::default();
    let references: Vec<String> =
        graph.packages.iter().map(|node| reference(program, node, &mut names)).collect();
    let others = || {
        let nodes = graph.packages.iter().zip(&references);
        nodes.filter(|(node, _)| node.role != Role::Root)
    };
    let parts = others().map(|(node, reference)| component(node, reference)).collect();
    let edges = match &graph.edges {
        Edges::Unrecorded => {
            let mut on: Vec<&String> = others().map(|(_, reference)| reference).collect();
            on.sort();
            vec![json!({ "ref": program, "dependsOn": on })]
        }
        Edges::Recorded(edges) => {
            let mut on: Vec<Vec<&String>> = vec![Vec::new(); references.len()];
            for edge in edges {
                if let (Some(on), Some(to)) = (on.get_mut(edge.from), references.get(edge.to)) {
                    on.push(to);
                }
            }
            let all = references.iter().zip(on);
            all.map(|(reference, on)| json!({ "ref": reference, "dependsOn": on })).collect()
        }
    };
    (parts, edges)
}

fn reference(program: &str, node: &Node, names: &mut UniqueNames) -> String {
    if node.role == Role::Root {
        return program.to_owned();
    }
    let version = node.package.version.as_deref().unwrap_or("?");
    names.unique(&format!("{program}#{}@{version}", node.package.name))
}

fn component(node: &Node, reference: &str) -> Value {
    let package = &node.package;
    let mut part = json!({ "type": "library", "bom-ref": reference, "name": package.name });
    if let Some(version) = &package.version {
        part["version"] = version.as_str().into();
    }
    part["scope"] = if node.role == Role::Build { "excluded" } else { "required" }.into();
    if let Some(purl) = package.purl() {
        part["purl"] = purl.into();
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Completeness, Ecosystem, Edge, Package, PackageSource};

    fn program(graph: Graph) -> Component {
        Component {
            path: "app".to_owned(),
            name: "app".to_owned(),
            version: None,
            properties: Vec::new(),
            graph,
        }
    }

    fn package(name: &str) -> Package {
        Package::new(Ecosystem::Cargo, name, Some("1.0.0"), PackageSource::Default)
    }

    #[test]
    fn recorded_edges_are_drawn_and_build_dependencies_are_excluded() {
        let node = |name, role| Node { role, ..Node::linked(package(name)) };
        let graph = Graph {
            packages: vec![
                node("app", Role::Root),
                node("a", Role::Linked),
                node("tool", Role::Build),
            ],
            // An index without a package is ignored.
            edges: Edges::Recorded(vec![
                Edge { from: 0, to: 1 },
                Edge { from: 1, to: 2 },
                Edge { from: 1, to: 9 },
                Edge { from: 9, to: 1 },
            ]),
            completeness: Completeness::Full,
        };
        let bom = bom("t", "1", &[program(graph)]);
        let parts = &bom["components"][0]["components"];
        assert_eq!(parts.as_array().map(Vec::len), Some(2));
        assert_eq!(
            (&parts[0]["scope"], &parts[1]["scope"]),
            (&"required".into(), &"excluded".into())
        );
        assert_eq!(
            bom["dependencies"],
            json!([
                { "ref": "app", "dependsOn": ["app#a@1.0.0"] },
                { "ref": "app#a@1.0.0", "dependsOn": ["app#tool@1.0.0"] },
                { "ref": "app#tool@1.0.0", "dependsOn": [] },
            ])
        );
    }

    #[test]
    fn references_are_unique() {
        let other = Package { source: PackageSource::Local, ..package("a") };
        let nodes = [package("a"), other].map(Node::linked);
        let list = Graph::list(nodes.into(), Completeness::Partial);
        let bom = bom("t", "1", &[program(list.clone()), program(list)]);
        let refs: Vec<_> = ["app", "app#2"].into_iter().map(str::to_owned).collect();
        let of = |index: usize| bom["components"][index]["bom-ref"].as_str().map(str::to_owned);
        assert_eq!([of(0), of(1)].into_iter().flatten().collect::<Vec<_>>(), refs);
        assert_eq!(
            bom["dependencies"],
            json!([
                { "ref": "app", "dependsOn": ["app#a@1.0.0", "app#a@1.0.0#2"] },
                { "ref": "app#2", "dependsOn": ["app#2#a@1.0.0", "app#2#a@1.0.0#2"] },
            ])
        );
    }
}
