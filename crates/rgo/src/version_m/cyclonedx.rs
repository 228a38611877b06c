//! The images as a bill of materials: CycloneDX 1.5 as JSON, which vulnerability scanners read.
//! Each image is a component, its dependencies are components of it, and the edges between them
//! are those that the image records; where it records none, all hang off the image.

use std::collections::{BTreeMap, BTreeSet};

use rgo_binary::embedded::auditable::serde::{DependencyKind, Source, VersionInfo};
use rgo_binary::embedded::build_info::Module;
use rgo_binary::release::{Compiler, Release};
use serde_json::{Value, json};

use super::dossier::Dossier;
use super::said;

/// The document.
pub(super) fn bom(dossiers: &[Dossier]) -> Value {
    let mut components = Vec::new();
    let mut edges = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for dossier in dossiers {
        let name = dossier.name();
        // A file may be named twice, and an archive may have two members of one name.
        let times = names.entry(name.clone()).or_default();
        *times += 1;
        let image = if *times == 1 { name.clone() } else { format!("{name}#{times}") };
        let (parts, mut of_image) = match dossier.said.as_ref().and_then(|said| said.audit.as_ref())
        {
            Some(audit) => crates(&image, audit),
            None => flat(&image, dossier),
        };
        edges.append(&mut of_image);
        let mut component = json!({
            "type": "application",
            "bom-ref": image,
            "name": dossier.package().unwrap_or(&name),
            "properties": properties(dossier),
            "components": parts,
        });
        if let Some(version) = dossier.version() {
            component["version"] = version.into();
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
                "name": "rgo-version-m",
                "version": env!("CARGO_PKG_VERSION"),
            }]},
        },
        "components": components,
        "dependencies": edges,
    })
}

fn properties(dossier: &Dossier) -> Value {
    let facts = [
        ("rgo:file", Some(dossier.name())),
        ("rgo:format", Some(dossier.format.clone())),
        ("rgo:arch", Some(dossier.arch.clone())),
        ("rgo:toolchain", dossier.toolchain()),
        ("rgo:vcs.revision", dossier.setting("vcs.revision").map(str::to_owned)),
        ("rgo:partial", (!dossier.knows_all_dependencies()).then(|| "true".to_owned())),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    facts.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// The packages of a dependency list, with its edges.
fn crates(image: &str, audit: &VersionInfo) -> (Vec<Value>, Vec<Value>) {
    let of = |index: usize| audit.packages.get(index);
    let reference = |index: usize| match of(index) {
        Some(package) if package.root => image.to_owned(),
        Some(package) => format!("{image}#{index}:{}@{}", package.name, package.version),
        None => image.to_owned(),
    };
    let mut parts = Vec::new();
    let mut edges = Vec::new();
    for (index, package) in audit.packages.iter().enumerate() {
        if !package.root {
            let mut part = json!({
                "type": "library",
                "bom-ref": reference(index),
                "name": package.name,
                "version": package.version.to_string(),
                "scope": if package.kind == DependencyKind::Build { "excluded" } else { "required" },
            });
            // What is from nowhere that others can reach has no address.
            if package.source == Source::CratesIo {
                part["purl"] = cargo_purl(&package.name, &package.version.to_string()).into();
            }
            parts.push(part);
        }
        let on: Vec<String> = package.dependencies.iter().map(|on| reference(*on)).collect();
        edges.push(json!({ "ref": reference(index), "dependsOn": on }));
    }
    (parts, edges)
}

/// Dependencies of which no edges are known.
fn flat(image: &str, dossier: &Dossier) -> (Vec<Value>, Vec<Value>) {
    let mut parts = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |name: &str, version: Option<&str>, purl: Option<String>| {
        let reference = format!("{image}#{name}@{}", version.unwrap_or("?"));
        if !seen.insert(reference.clone()) {
            return;
        }
        let mut part = json!({ "type": "library", "bom-ref": reference, "name": name });
        if let Some(version) = version {
            part["version"] = version.into();
        }
        if let Some(purl) = purl {
            part["purl"] = purl.into();
        }
        parts.push(part);
    };
    match &dossier.said {
        Some(said) if said.source == said::Source::GoBuildinfo => {
            for dep in &said.info.deps {
                let used: &Module = dep.replace.as_deref().unwrap_or(dep);
                // A folder that stands in a module's place has no version, and no address.
                let purl = (!used.version.is_empty()).then(|| go_purl(&used.path, &used.version));
                let version = Some(used.version.as_str()).filter(|version| !version.is_empty());
                add(&used.path, version, purl);
            }
        }
        _ => {
            let is_go = dossier.recovered_go.is_some();
            for (name, version) in dossier.dependencies() {
                let version = version.as_deref();
                let purl = version.map(|version| match is_go {
                    true => go_purl(name, &format!("v{version}")),
                    false => cargo_purl(name, version),
                });
                add(name, version, purl);
            }
        }
    }
    let toolchain = dossier.toolchain().unwrap_or_default();
    if let Some(release) = Release::parse(&toolchain).filter(|it| it.compiler == Compiler::Go) {
        // Sources between two releases are no version that others know.
        let version = Some(release.version).filter(|_| !release.is_development);
        let purl = version.map(|version| format!("pkg:golang/stdlib@{}", encoded(version)));
        add("stdlib", Some(version.unwrap_or(&toolchain)), purl);
    }
    let on: Vec<String> = seen.into_iter().collect();
    (parts, vec![json!({ "ref": image, "dependsOn": on })])
}

/// The address of a Go module: lower case, with its slashes.
fn go_purl(path: &str, version: &str) -> String {
    let path: Vec<String> = path.to_lowercase().split('/').map(encoded).collect();
    format!("pkg:golang/{}@{}", path.join("/"), encoded(version))
}

fn cargo_purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{}@{}", encoded(name), encoded(version))
}

/// A part of a package URL: all but what it lets stand is written as `%2B`.
fn encoded(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(cargo_purl("zstd-sys", "2.0.1+zstd.1.5"), "pkg:cargo/zstd-sys@2.0.1%2Bzstd.1.5");
        assert_eq!(
            go_purl("Example.com/A b", "(devel)"),
            "pkg:golang/example.com/a%20b@%28devel%29"
        );
    }
}
