//! Collects the names that crates declare, in blocks like
//! `#[link(name = "Security", kind = "framework")] extern "C" { … }`, and the Objective-C classes
//! of objc2's crates.

mod attributes;
mod conditions;
mod declared;
mod modules;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use walkdir::WalkDir;

use self::declared::Declared;
use super::{Claim, Source};
use crate::shell::{self, output};

const MANIFEST: &str = "xtask/darwin-names/Cargo.toml";

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
    #[serde(default)]
    metadata: serde_json::Value,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

pub(super) fn claims() -> anyhow::Result<Vec<Claim>> {
    let mut cargo = shell::cargo();
    cargo.args(["metadata", "--locked", "--format-version=1", "--manifest-path", MANIFEST]);
    let metadata: Metadata = serde_json::from_str(&output(&mut cargo)?)?;
    let mut claims = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.is_for_macos()) {
        let source = Source {
            name: format!("{} {}", package.name, package.version),
            license: package.license.clone().unwrap_or_else(|| "unknown".to_owned()),
        };
        claims.extend(package.declared()?.into_iter().map(|one| Claim {
            library: one.library,
            name: one.name,
            source: source.clone(),
        }));
    }
    Ok(claims)
}

impl Package {
    /// Whether its documentation includes macOS, if its metadata lists Apple's systems at all.
    /// objc2's crates for frameworks of other systems list only those.
    fn is_for_macos(&self) -> bool {
        let of_docs = &self.metadata["docs"]["rs"];
        let targets = of_docs["targets"].as_array().into_iter().flatten();
        let targets: Vec<&str> = targets
            .chain(of_docs.get("default-target"))
            .filter_map(serde_json::Value::as_str)
            .filter(|target| target.contains("-apple-"))
            .collect();
        targets.is_empty() || targets.iter().any(|target| target.ends_with("-apple-darwin"))
    }

    /// The names that its library declares.
    fn declared(&self) -> anyhow::Result<Vec<Declared>> {
        let folder = self.manifest_path.parent().context("a package without a folder")?;
        let library = self.targets.iter().find(|target| target.kind.iter().any(|it| it == "lib"));
        match library {
            Some(library) if links(folder)? => {
                Ok(declared::of_crate(&library.src_path, self.is_of_bindings()))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Whether it contains only bindings. In a crate that compiles C code, declared names may
    /// belong to that code.
    fn is_of_bindings(&self) -> bool {
        let name = self.name.as_str();
        let is_named_so =
            name.ends_with("-sys") || name.starts_with("objc2-") || name == "core-services";
        let compiles_c = |it: &Dependency| it.kind.as_deref() == Some("build") && it.name == "cc";
        is_named_so && !self.dependencies.iter().any(compiles_c)
    }
}

/// Whether any file of a package may link a library. Most do not, and are then skipped.
fn links(folder: &Path) -> anyhow::Result<bool> {
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        let is_source = entry.path().extension().is_some_and(|extension| extension == "rs");
        if is_source && fs::read_to_string(entry.path()).is_ok_and(|text| text.contains("link(")) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_say_for_which_systems_they_are() {
        let is_for_macos = |targets: &[&str]| {
            let package = serde_json::json!({
                "name": "objc2-a", "version": "1", "license": null, "manifest_path": "Cargo.toml",
                "targets": [], "dependencies": [],
                "metadata": { "docs": { "rs": { "targets": targets } } },
            });
            serde_json::from_value::<Package>(package).unwrap().is_for_macos()
        };
        assert!(is_for_macos(&["aarch64-apple-ios", "x86_64-apple-darwin"]));
        assert!(is_for_macos(&["x86_64-unknown-linux-gnu"]));
        assert!(is_for_macos(&[]));
        assert!(!is_for_macos(&["aarch64-apple-ios", "aarch64-apple-ios-macabi"]));
    }
}
