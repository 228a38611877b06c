//! Lists the packages of an image from any record or trace. This is the only module that converts
//! these into packages.

use auditable_serde::{DependencyKind, Source, VersionInfo};
use rgo_packages::{
    Completeness, Ecosystem, Edge, Edges, Graph, Node, Package, PackageSource, Role,
};

use super::Inspection;
use super::build_record::{BuildRecord, RecordFormat};
use crate::embedded::build_info::{BuildInfo, Module};
use crate::recovered::crates::{CrateSource, RecoveredCrate};
use crate::recovered::go;
use crate::release::{CompilerName, Release};

/// The start of the folder names that cargo gives to the index of crates.io.
const CRATES_IO: [&str; 2] = ["index.crates.io-", "github.com-1ecc6299db9ec823"];

impl Inspection {
    /// The packages in the image: as recorded, otherwise as recovered. For a Go program they
    /// include the standard library, with Go's version.
    #[must_use]
    pub fn packages(&self) -> Graph {
        let completeness = match self.record.known().is_some_and(is_complete) {
            true => Completeness::Full,
            false => Completeness::Partial,
        };
        let mut nodes: Vec<Node> = match self.record.known() {
            Some(BuildRecord { audit: Some(list), format, .. })
                if *format != RecordFormat::GoBuildinfo =>
            {
                return graph(list, completeness);
            }
            Some(record) => record.info.deps.iter().map(|it| linked(it, record.format)).collect(),
            None => self.recovered_packages(),
        };
        // A Go program with cgo may link a Rust library; that library's list is not the graph of
        // the program.
        let list = self.record.known().and_then(|record| record.audit.as_ref());
        let crates = list.into_iter().flat_map(|list| &list.packages);
        let crates = crates.filter(|it| it.kind == DependencyKind::Runtime).map(listed);
        nodes.extend(crates.map(Node::linked));
        nodes.extend(self.go_stdlib().map(Node::linked));
        Graph::list(nodes, completeness)
    }

    fn recovered_packages(&self) -> Vec<Node> {
        let go = self.recovered_go.known().into_iter().flat_map(|go| &go.modules);
        let packages = go.map(recovered_module).chain(self.crates().map(recovered_crate));
        packages.map(Node::linked).collect()
    }

    /// Go's standard library. `None` for sources between two releases: vulnerability databases do
    /// not know their version.
    fn go_stdlib(&self) -> Option<Package> {
        let toolchain = self.toolchain()?;
        let release = toolchain.release().filter(|it| it.compiler == CompilerName::Go)?;
        let package =
            |version: &str, source| Package::new(Ecosystem::Go, "stdlib", Some(version), source);
        Some(match release {
            Release { is_development: false, version, .. } => {
                package(version, PackageSource::Toolchain)
            }
            _ => {
                let name = toolchain.to_string();
                package(&name, PackageSource::Other("development".to_owned()))
            }
        })
    }
}

/// Whether a record lists all packages. Go lists them for modules, but not for its own commands or
/// for other build systems.
fn is_complete(record: &BuildRecord) -> bool {
    let BuildInfo { main, deps, .. } = &record.info;
    record.format != RecordFormat::GoBuildinfo || main.is_some() || !deps.is_empty()
}

/// A dependency of a note or of Go's build information.
fn linked(module: &Module, format: RecordFormat) -> Node {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    if format == RecordFormat::GoBuildinfo {
        let used = module.replace.as_deref().unwrap_or(module);
        // A local folder that replaces a module has no version.
        let source = match used.version.is_empty() {
            true => PackageSource::Local,
            false => PackageSource::Default,
        };
        let version = some(&used.version);
        let package = Package::new(Ecosystem::Go, &used.path, version.as_deref(), source);
        let package = Package { checksum: some(&used.sum), ..package };
        let replaces = Some(&module.path).filter(|path| **path != used.path).cloned();
        return Node { replaces, ..Node::linked(package) };
    }
    let source = match &module.replace {
        Some(origin) => noted_source(&origin.path, &module.sum),
        // Every crate from a registry has a checksum.
        None if module.sum.is_empty() && format == RecordFormat::RgoNote => PackageSource::Local,
        None => PackageSource::Default,
    };
    let version = module.version.strip_prefix('v').unwrap_or(&module.version);
    let version = Some(version).filter(|version| !version.is_empty());
    let package = Package::new(Ecosystem::Cargo, &module.path, version, source);
    Node::linked(Package { checksum: some(&module.sum), ..package })
}

/// The source of a crate from the note's text: a URL, or only the kind if the host may be private.
/// Only crates from a registry have a checksum, so a URL without one is a git repository.
fn noted_source(origin: &str, checksum: &str) -> PackageSource {
    let words = origin.to_owned();
    match origin.split('#').next().unwrap_or(origin) {
        "registry" => PackageSource::Registry(words),
        "git" => PackageSource::Git(words),
        url if url.contains("://") && checksum.is_empty() => PackageSource::Git(words),
        url if url.contains("://") => PackageSource::Registry(words),
        _ => PackageSource::Other(words),
    }
}

/// Converts cargo-auditable's list, with its edges.
fn graph(list: &VersionInfo, completeness: Completeness) -> Graph {
    let node = |package: &auditable_serde::Package| Node {
        role: match package.kind {
            _ if package.root => Role::Root,
            DependencyKind::Build => Role::Build,
            DependencyKind::Runtime => Role::Linked,
        },
        ..Node::linked(listed(package))
    };
    let from = list.packages.iter().enumerate();
    let edges = from.flat_map(|(from, package)| {
        package.dependencies.iter().map(move |to| Edge { from, to: *to })
    });
    Graph {
        packages: list.packages.iter().map(node).collect(),
        edges: Edges::Recorded(edges.collect()),
        completeness,
    }
}

/// A package of cargo-auditable's list.
fn listed(package: &auditable_serde::Package) -> Package {
    let source = match &package.source {
        Source::CratesIo => PackageSource::Default,
        Source::Git => PackageSource::Git(String::new()),
        Source::Local => PackageSource::Local,
        Source::Registry => PackageSource::Registry(String::new()),
        other => PackageSource::Other(String::from(other.clone())),
    };
    let version = package.version.to_string();
    Package::new(Ecosystem::Cargo, &package.name, Some(&version), source)
}

fn recovered_module(module: &go::RecoveredModule) -> Package {
    let source = PackageSource::Default;
    Package::new(Ecosystem::Go, &module.path, module.version.as_deref(), source)
}

/// Converts a recovered crate. If its source is unknown, it counts as one from crates.io, as most
/// are.
fn recovered_crate(one: &RecoveredCrate) -> Package {
    let source = match &one.source {
        CrateSource::Registry { index } if CRATES_IO.iter().any(|it| index.starts_with(it)) => {
            PackageSource::Default
        }
        CrateSource::Registry { index } => PackageSource::Registry(index.clone()),
        CrateSource::Git { repository, revision } => {
            PackageSource::Git(format!("{repository}#{revision}"))
        }
        CrateSource::Vendored | CrateSource::Unknown => PackageSource::Default,
        CrateSource::Workspace => PackageSource::Local,
        CrateSource::StandardLibrary => PackageSource::Toolchain,
    };
    let version = one.version.as_ref().map(ToString::to_string);
    Package::new(Ecosystem::Cargo, &one.name, version.as_deref(), source)
}

#[cfg(test)]
mod tests {
    use super::super::{Detail, Fact, Inspection, inspect};
    use super::*;
    use crate::{Limits, slices};

    const SAMPLE: &[u8] = include_bytes!("../../tests/fixtures/read/sample.elf");

    /// An image with this record.
    fn recorded(format: RecordFormat, info: BuildInfo, audit: Option<&str>) -> Inspection {
        let image = slices(SAMPLE, &Limits::default()).expect("an image").remove(0).image;
        let mut inspection = inspect(&image, Detail::Record);
        let audit = audit.map(|json| json.parse().expect("a list"));
        inspection.record = Fact::Known(BuildRecord { format, info, audit, others: Vec::new() });
        inspection
    }

    /// `name@version`, with the package URL if there is one.
    fn words(package: &Package) -> String {
        let version = package.version.as_deref().unwrap_or("?");
        let purl = package.purl().map(|purl| format!(" {purl}")).unwrap_or_default();
        format!("{}@{version}{purl}", package.name)
    }

    fn dependencies(inspection: &Inspection) -> Vec<String> {
        inspection.packages().packages.iter().map(|node| words(&node.package)).collect()
    }

    const LIST: &str = r#"{"packages":[
        {"name":"app","version":"1.0.0","source":"local","root":true,"dependencies":[1]},
        {"name":"log","version":"0.4.22","source":"crates.io","dependencies":[2]},
        {"name":"tool","version":"1.1.0","source":"git","kind":"build"}]}"#;

    #[test]
    fn a_list_of_crates_is_a_graph() {
        let graph = recorded(RecordFormat::RgoNote, BuildInfo::default(), Some(LIST)).packages();
        let roles: Vec<Role> = graph.packages.iter().map(|node| node.role).collect();
        assert_eq!(roles, [Role::Root, Role::Linked, Role::Build]);
        let edges = [(0, 1), (1, 2)].map(|(from, to)| Edge { from, to });
        assert_eq!(graph.edges, Edges::Recorded(edges.to_vec()));
        assert!(graph.is_full());
    }

    #[test]
    fn a_note_has_the_sources_of_its_crates() {
        let text = "path\tapp\n\
            dep\tlog\tv0.4.22\tsha256:00\n\
            dep\tbeside\tv0.1.0\t\n\
            dep\tforked\tv0.2.0\t\n=>\thttps://host/forked#1\tv0.2.0\t\n\
            dep\thidden\tv0.2.0\t\n=>\tgit#1\tv0.2.0\t\n\
            dep\tinner\tv0.3.0\tsha256:11\n=>\thttps://host/index\tv0.3.0\t\n\
            dep\tprivate\tv0.3.0\tsha256:22\n=>\tregistry\tv0.3.0\t\n\
            dep\tstrange\tv0.3.0\t\n=>\tother\tv0.3.0\t\n";
        let info = BuildInfo::parse(text).expect("a note");
        let inspection = recorded(RecordFormat::RgoNote, info, None);
        let sources = inspection.packages().packages.into_iter().map(|node| node.package.source);
        let text = |text: &str| text.to_owned();
        assert_eq!(
            sources.collect::<Vec<_>>(),
            [
                PackageSource::Default,
                PackageSource::Local,
                PackageSource::Git(text("https://host/forked#1")),
                PackageSource::Git(text("git#1")),
                PackageSource::Registry(text("https://host/index")),
                PackageSource::Registry(text("registry")),
                PackageSource::Other(text("other")),
            ]
        );
        assert_eq!(dependencies(&inspection)[0], "log@0.4.22 pkg:cargo/log@0.4.22");
        assert_eq!(dependencies(&inspection)[2], "forked@0.2.0");
    }

    #[test]
    fn a_go_program_has_its_modules_its_library_and_the_crates_that_it_links() {
        let text = "path\tx/app\nmod\tx/app\tv1.0.0\t\n\
            dep\tx/a\tv1.2.3\th1:abc=\n\
            dep\tx/b\tv1.0.0\t\n=>\t../b\t\t\n\
            dep\tx/c\tv1.0.0\t\n=>\tx/d\tv2.0.0\th1:def=\n";
        let info = BuildInfo::parse(text).expect("build information");
        let info = BuildInfo { toolchain: "go1.26.8-X:nodwarf5".to_owned(), ..info };
        let inspection = recorded(RecordFormat::GoBuildinfo, info, Some(LIST));
        assert_eq!(
            dependencies(&inspection),
            [
                "x/a@v1.2.3 pkg:golang/x/a@v1.2.3",
                "../b@?",
                "x/d@v2.0.0 pkg:golang/x/d@v2.0.0",
                "app@1.0.0",
                "log@0.4.22 pkg:cargo/log@0.4.22",
                "stdlib@1.26.8 pkg:golang/stdlib@1.26.8",
            ]
        );
        let graph = inspection.packages();
        assert!(graph.is_full());
        let replaced: Vec<&str> = graph.packages[2].names().collect();
        assert_eq!(replaced, ["x/d", "x/c"]);
    }

    #[test]
    fn go_lists_no_packages_of_what_is_no_module() {
        let info = BuildInfo { toolchain: "go1.26.8".to_owned(), ..BuildInfo::default() };
        let graph = recorded(RecordFormat::GoBuildinfo, info, None).packages();
        assert!(!graph.is_full());
        assert_eq!(graph.dependencies().count(), 0);
    }
}
