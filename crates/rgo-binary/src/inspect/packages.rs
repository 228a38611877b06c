//! The packages of an image, from whichever record or trace has them. All records and traces
//! convert here, and nowhere else.

use auditable_serde::{DependencyKind, Source, VersionInfo};
use rgo_packages::{
    Completeness, Ecosystem, Edge, Edges, Graph, Node, Package, PackageSource, Role,
};

use super::Inspection;
use super::build_record::{BuildRecord, RecordFormat};
use crate::embedded::build_info::{BuildInfo, Module};
use crate::recovered::crates::{CrateSource, RecoveredCrate};
use crate::recovered::go;
use crate::release::{Compiler, Release};

/// Registries of the name that cargo gives the folder of crates.io's.
const CRATES_IO: [&str; 2] = ["index.crates.io-", "github.com-1ecc6299db9ec823"];

impl Inspection {
    /// The packages that it was made of: as recorded, else as recovered. A Go program has the
    /// standard library among them, by its release.
    #[must_use]
    pub fn packages(&self) -> Graph {
        let completeness = match self.record.known().is_some_and(is_complete) {
            true => Completeness::Full,
            false => Completeness::Partial,
        };
        let list = match self.record.known() {
            Some(BuildRecord { audit: Some(list), .. }) => return graph(list, completeness),
            Some(record) => record.info.deps.iter().map(|it| linked(it, record.format)).collect(),
            None => self.recovered_packages(),
        };
        let mut packages: Vec<Package> = list;
        packages.extend(self.go_stdlib());
        Graph::list(packages, completeness)
    }

    fn recovered_packages(&self) -> Vec<Package> {
        let go = self.recovered_go.known().into_iter().flat_map(|go| &go.modules);
        go.map(recovered_module).chain(self.crates().map(recovered_crate)).collect()
    }

    /// Go's standard library. Sources between two releases are no version that others know.
    fn go_stdlib(&self) -> Option<Package> {
        let toolchain = self.toolchain()?;
        let release = toolchain.release().filter(|it| it.compiler == Compiler::Go)?;
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

/// Whether a record lists all packages. Go lists them for what it builds as a module, and nothing
/// for its own commands and for other build systems.
fn is_complete(record: &BuildRecord) -> bool {
    let BuildInfo { main, deps, .. } = &record.info;
    record.format != RecordFormat::GoBuildinfo || main.is_some() || !deps.is_empty()
}

/// A dependency of a note or of Go's build information.
fn linked(module: &Module, format: RecordFormat) -> Package {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    if format == RecordFormat::GoBuildinfo {
        let used = module.replace.as_deref().unwrap_or(module);
        // A folder that stands in a module's place has no version.
        let source = match used.version.is_empty() {
            true => PackageSource::Local,
            false => PackageSource::Default,
        };
        let version = some(&used.version);
        let package = Package::new(Ecosystem::Go, &used.path, version.as_deref(), source);
        return Package { checksum: some(&used.sum), ..package };
    }
    let source = match &module.replace {
        Some(origin) => noted_source(&origin.path),
        // Every crate of a registry has a checksum.
        None if module.sum.is_empty() && format == RecordFormat::RgoNote => PackageSource::Local,
        None => PackageSource::Default,
    };
    let version = module.version.strip_prefix('v').unwrap_or(&module.version);
    let version = Some(version).filter(|version| !version.is_empty());
    let package = Package::new(Ecosystem::Cargo, &module.path, version, source);
    Package { checksum: some(&module.sum), ..package }
}

/// Where a crate comes from, in the words of cargo's package IDs.
fn noted_source(origin: &str) -> PackageSource {
    let origin = origin.to_owned();
    match origin.split_once('+') {
        Some(("git", _)) => PackageSource::Git(origin),
        Some(("registry" | "sparse", _)) => PackageSource::Registry(origin),
        _ => PackageSource::Other(origin),
    }
}

/// cargo-auditable's list, with its edges.
fn graph(list: &VersionInfo, completeness: Completeness) -> Graph {
    let node = |package: &auditable_serde::Package| Node {
        role: match package.kind {
            _ if package.root => Role::Root,
            DependencyKind::Build => Role::Build,
            DependencyKind::Runtime => Role::Linked,
        },
        package: listed(package),
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

fn recovered_module(module: &go::Module) -> Package {
    let source = PackageSource::Default;
    Package::new(Ecosystem::Go, &module.path, module.version.as_deref(), source)
}

/// A crate whose origin does not show is taken for one of crates.io's, as most are.
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
