//! Turns the dependency list of the build into the two forms in which a program carries it:
//! `.rgo-bi` (Go's grammar) and `.dep-v0` (cargo-auditable's).

use rgo_binary::embedded::auditable;
use rgo_binary::embedded::auditable::serde::{DependencyKind, Source, VersionInfo};
use rgo_binary::embedded::build_info::{BuildInfo, Module};
use rgo_packages::{Edges, Graph, Package, PackageSource, Role};

use crate::secrets::is_public;

/// The note's content beside the dependencies.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The compiler: `rustc 1.96.0 (…)`.
    pub compiler: &'a str,
    /// Name of the program or library.
    pub name: &'a str,
    /// `build` lines, in this order.
    pub settings: Vec<(String, String)>,
    /// Whether to name hosts that may be private.
    pub records_sources: bool,
}

/// The note's text for a program with these packages.
#[must_use]
pub fn text(about: &About<'_>, graph: &Graph) -> String {
    let of = |role| graph.packages.iter().filter(move |it| it.role == role).map(|it| &it.package);
    let module = |package| module(package, about.records_sources);
    let main = of(Role::Root).next();
    let package = main.map_or("", |main| main.name.as_str());
    let mut settings = about.settings.clone();
    let tools: Vec<String> =
        of(Role::Build).map(|tool| format!("{}@{}", tool.name, version(tool))).collect();
    if !tools.is_empty() {
        // Build scripts, proc-macros and their dependencies: they made the program, and are not in
        // it.
        settings.push(("build-deps".to_owned(), tools.join(",")));
    }
    BuildInfo {
        toolchain: about.compiler.to_owned(),
        rgo: Some(env!("CARGO_PKG_VERSION").to_owned()),
        path: if package == about.name || package.is_empty() {
            about.name.to_owned()
        } else {
            format!("{package}/{}", about.name)
        },
        main: main.map(module),
        deps: of(Role::Linked).map(module).collect(),
        settings,
    }
    .to_string()
}

/// A `dep` line. A shipped program should not reveal the names of an intranet's hosts, so a source
/// that may be private is named by its kind only, and a repository by its kind and commit.
fn module(package: &Package, records_sources: bool) -> Module {
    let is_named = |url: &str| records_sources || is_public(url);
    let origin = match &package.source {
        PackageSource::Local | PackageSource::Default | PackageSource::Toolchain => None,
        PackageSource::Registry(from) | PackageSource::Git(from) | PackageSource::Other(from)
            if is_named(from) =>
        {
            Some(from.clone())
        }
        PackageSource::Registry(_) => Some("registry".to_owned()),
        PackageSource::Git(url) => Some(
            url.split_once('#').map_or("git".to_owned(), |(_, commit)| format!("git#{commit}")),
        ),
        PackageSource::Other(_) => Some("other".to_owned()),
    };
    let version = format!("v{}", version(package));
    Module {
        path: package.name.clone(),
        version: version.clone(),
        sum: package.checksum.clone().unwrap_or_default(),
        // A package from elsewhere than the default registry names its source in the field in which
        // Go names a module's replacement.
        replace: origin.map(|path| Box::new(Module { path, version, ..Module::default() })),
    }
}

/// The version; cargo's packages all have one.
fn version(package: &Package) -> &str {
    package.version.as_deref().unwrap_or_default()
}

/// The compressed list for `.dep-v0`.
///
/// # Errors
/// If a version is not cargo's, or the list cannot be compressed.
pub fn audit_data(graph: &Graph) -> Result<Vec<u8>, rgo_binary::Error> {
    let mut packages = Vec::new();
    for (index, node) in graph.packages.iter().enumerate() {
        let package = &node.package;
        let bad = |why| rgo_binary::Error::unsupported("this dependency list", why);
        let dependencies = match &graph.edges {
            Edges::Recorded(edges) => {
                edges.iter().filter(|edge| edge.from == index).map(|edge| edge.to).collect()
            }
            Edges::Unrecorded => Vec::new(),
        };
        packages.push(auditable::serde::Package {
            name: package.name.clone(),
            version: version(package).parse().map_err(bad)?,
            source: match package.source {
                PackageSource::Local => Source::Local,
                PackageSource::Default => Source::CratesIo,
                PackageSource::Registry(_) => Source::Registry,
                PackageSource::Git(_) => Source::Git,
                PackageSource::Toolchain => Source::from("toolchain"),
                PackageSource::Other(_) => Source::from("other"),
            },
            kind: match node.role {
                Role::Root | Role::Linked => DependencyKind::Runtime,
                Role::Build => DependencyKind::Build,
            },
            dependencies,
            root: node.role == Role::Root,
        });
    }
    // Format 1: proc-macros and their dependencies are build dependencies.
    auditable::write(&VersionInfo { packages, format: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rgo_binary::Limits;
    use rgo_packages::{Completeness, Ecosystem, Edge, Node};

    fn package(name: &str, source: PackageSource) -> Package {
        let checksum =
            (source == PackageSource::Default).then(|| format!("sha256:{}", "ab".repeat(32)));
        Package { checksum, ..Package::new(Ecosystem::Cargo, name, Some("1.2.3"), source) }
    }

    fn sample() -> Graph {
        let git = PackageSource::Git("https://example.com/x#abc".into());
        let packages = [
            ("app", PackageSource::Local, Role::Root),
            ("cc", PackageSource::Default, Role::Build),
            ("git-one", git, Role::Linked),
            ("log", PackageSource::Default, Role::Linked),
        ];
        let node = |(name, source, role)| Node { role, ..Node::linked(package(name, source)) };
        Graph {
            packages: packages.map(node).to_vec(),
            edges: Edges::Recorded([1, 2, 3].map(|to| Edge { from: 0, to }).to_vec()),
            completeness: Completeness::Full,
        }
    }

    #[test]
    fn the_text_reads_back() {
        let about = About {
            compiler: "rustc 1.96.0",
            name: "tool",
            settings: vec![("profile".into(), "release".into())],
            records_sources: true,
        };
        let info = BuildInfo::parse(&text(&about, &sample())).expect("parses");
        assert_eq!(info.path, "app/tool");
        assert_eq!(info.toolchain, "rustc 1.96.0");
        let deps: Vec<_> = info.deps.iter().map(|d| d.path.as_str()).collect();
        assert_eq!(deps, ["git-one", "log"]);
        assert!(info.deps[0].replace.as_ref().is_some_and(|r| r.path.ends_with("#abc")));
        assert_eq!(info.deps[1].sum, format!("sha256:{}", "ab".repeat(32)));
        assert_eq!(info.setting("build-deps"), Some("cc@1.2.3"));
    }

    #[test]
    fn a_host_is_named_if_everybody_knows_it_or_if_asked() {
        for (source, records_sources, origin) in [
            (PackageSource::Git("https://git.corp.example/x#abc".into()), false, "git#abc"),
            (PackageSource::Git("https://git.corp.example/x".into()), false, "git"),
            (
                PackageSource::Git("https://git.corp.example/x#abc".into()),
                true,
                "https://git.corp.example/x#abc",
            ),
            (
                PackageSource::Git("https://github.com/a/b#abc".into()),
                false,
                "https://github.com/a/b#abc",
            ),
            (PackageSource::Registry("https://crates.corp.example/".into()), false, "registry"),
            (
                PackageSource::Registry("https://crates.corp.example/".into()),
                true,
                "https://crates.corp.example/",
            ),
        ] {
            let module = module(&package("x", source), records_sources);
            assert_eq!(module.replace.map(|replace| replace.path).as_deref(), Some(origin));
        }
    }

    #[test]
    fn the_audit_data_reads_back() {
        let data = audit_data(&sample()).expect("writes");
        let read = auditable::read(&data, &Limits::default()).expect("reads").expect("is there");
        assert_eq!(read.packages.len(), 4);
        assert!(read.packages[0].root);
        assert_eq!(read.packages[0].dependencies, [1, 2, 3]);
        assert_eq!(read.packages[1].kind, DependencyKind::Build);
        assert_eq!(read.packages[2].source, Source::Git);
    }
}
