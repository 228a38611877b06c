//! What a program is told about itself: the dependency list of the build turned into the two
//! forms that it is found in later, `.rgo-bi` (Go's grammar) and `.dep-v0` (cargo-auditable's).

use crate::cargo::deps::{Dependency, Source};
use crate::secrets::is_public;
use rgo_binary::embedded::auditable;
use rgo_binary::embedded::auditable::serde::{
    DependencyKind, Package, Source as AuditSource, VersionInfo,
};
use rgo_binary::embedded::build_info::{BuildInfo, Module};

/// What the note says beside the dependencies.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The compiler: `rustc 1.96.0 (…)`.
    pub compiler: &'a str,
    /// Name of the program or library.
    pub name: &'a str,
    /// `build` lines, in this order.
    pub settings: Vec<(String, String)>,
    /// Whether hosts are named that not everybody knows.
    pub records_sources: bool,
}

/// The note's text for the program whose dependencies these are (its own package first).
#[must_use]
pub fn text(about: &About<'_>, dependencies: &[Dependency]) -> String {
    let module = |dep| module(dep, about.records_sources);
    let (main, others) = match dependencies.split_first() {
        Some((main, others)) => (Some(main), others),
        None => (None, dependencies),
    };
    let package = main.map_or("", |main| main.name.as_str());
    let mut settings = about.settings.clone();
    let tools: Vec<String> = others
        .iter()
        .filter(|dep| !dep.in_program)
        .map(|dep| format!("{}@{}", dep.name, dep.version))
        .collect();
    if !tools.is_empty() {
        // Build scripts, proc-macros and what they use: they made the program, and are not in it.
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
        deps: others.iter().filter(|dep| dep.in_program).map(module).collect(),
        settings,
    }
    .to_string()
}

/// A `dep` line. A shipped program tells no stranger what an intranet's hosts are called: a source
/// that may be private is named by its kind alone, a repository with its commit.
fn module(dep: &Dependency, records_sources: bool) -> Module {
    let is_named = |url: &str| records_sources || is_public(url);
    let origin = match &dep.source {
        Source::Local | Source::CratesIo => None,
        Source::Registry(url) | Source::Git(url) if is_named(url) => Some(url.clone()),
        Source::Registry(_) => Some("registry".to_owned()),
        Source::Git(url) => Some(
            url.split_once('#').map_or("git".to_owned(), |(_, commit)| format!("git#{commit}")),
        ),
    };
    Module {
        path: dep.name.clone(),
        version: format!("v{}", dep.version),
        sum: dep.checksum.as_ref().map(|sum| format!("sha256:{sum}")).unwrap_or_default(),
        // What does not come from the default registry says where it comes from, in the place
        // where Go says what replaced a module.
        replace: origin.map(|path| {
            Box::new(Module { path, version: format!("v{}", dep.version), ..Module::default() })
        }),
    }
}

/// The compressed list for `.dep-v0`.
///
/// # Errors
/// If it cannot be compressed.
pub fn audit_data(dependencies: &[Dependency]) -> Result<Vec<u8>, rgo_binary::Error> {
    let packages = dependencies
        .iter()
        .enumerate()
        .map(|(index, dep)| Package {
            name: dep.name.clone(),
            version: dep.version.clone(),
            source: match dep.source {
                Source::Local => AuditSource::Local,
                Source::CratesIo => AuditSource::CratesIo,
                Source::Registry(_) => AuditSource::Registry,
                Source::Git(_) => AuditSource::Git,
            },
            kind: if dep.in_program { DependencyKind::Runtime } else { DependencyKind::Build },
            dependencies: dep.dependencies.clone(),
            root: index == 0,
        })
        .collect();
    // Format 1: proc-macros and what they use are build dependencies.
    auditable::write(&VersionInfo { packages, format: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rgo_binary::Limits;

    fn dep(name: &str, source: Source, in_program: bool, dependencies: &[usize]) -> Dependency {
        Dependency {
            name: name.to_owned(),
            version: "1.2.3".parse().expect("a version"),
            checksum: (source == Source::CratesIo).then(|| "ab".repeat(32)),
            source,
            in_program,
            dependencies: dependencies.to_vec(),
        }
    }

    fn sample() -> Vec<Dependency> {
        vec![
            dep("app", Source::Local, true, &[1, 2, 3]),
            dep("cc", Source::CratesIo, false, &[]),
            dep("git-one", Source::Git("https://example.com/x#abc".into()), true, &[]),
            dep("log", Source::CratesIo, true, &[]),
        ]
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
            (Source::Git("https://git.corp.example/x#abc".into()), false, "git#abc"),
            (Source::Git("https://git.corp.example/x".into()), false, "git"),
            (
                Source::Git("https://git.corp.example/x#abc".into()),
                true,
                "https://git.corp.example/x#abc",
            ),
            (Source::Git("https://github.com/a/b#abc".into()), false, "https://github.com/a/b#abc"),
            (Source::Registry("https://crates.corp.example/".into()), false, "registry"),
            (
                Source::Registry("https://crates.corp.example/".into()),
                true,
                "https://crates.corp.example/",
            ),
        ] {
            let module = module(&dep("x", source, true, &[]), records_sources);
            assert_eq!(module.replace.map(|replace| replace.path).as_deref(), Some(origin));
        }
    }

    #[test]
    fn the_audit_data_reads_back() {
        let data = audit_data(&sample()).expect("writes");
        let read = auditable::read(&data, &Limits::default()).expect("reads").expect("is there");
        assert_eq!(read.packages.len(), 4);
        assert!(read.packages[0].root);
        assert_eq!(read.packages[1].kind, DependencyKind::Build);
        assert_eq!(read.packages[2].source, AuditSource::Git);
    }
}
