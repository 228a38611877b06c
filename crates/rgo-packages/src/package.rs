//! One package and its package URL.

use packageurl::PackageUrl;
use serde::Serialize;

/// The community that names packages, with its default registry.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Ecosystem {
    /// Rust: crates.io.
    Cargo,
    /// Go: modules, by the path from which they are downloaded.
    Go,
}

/// The source of a package's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "from")]
pub enum PackageSource {
    /// The ecosystem's own registry, or a mirror of it.
    Default,
    /// Another registry; its index in the builder's spelling.
    Registry(String),
    /// A git repository: its URL, with the commit behind `#` if it is known.
    Git(String),
    /// A folder on the machine that built the program.
    Local,
    /// The toolchain: the package is part of the standard library.
    Toolchain,
    /// Another source, in the words of the record.
    Other(String),
}

/// A package: a crate or a Go module.
///
/// ```
/// use rgo_packages::{Ecosystem, Package, PackageSource};
///
/// let serde = Package::new(Ecosystem::Cargo, "serde", Some("1.0.200+x"), PackageSource::Default);
/// assert_eq!(serde.purl().as_deref(), Some("pkg:cargo/serde@1.0.200%2Bx"));
/// let local = Package { source: PackageSource::Local, ..serde };
/// assert_eq!(local.purl(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
pub struct Package {
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its name; for a Go module, its path.
    pub name: String,
    /// Its version in the ecosystem's spelling: `1.2.3` for a crate, `v1.2.3` for a Go module.
    /// `None` if it is unknown.
    pub version: Option<String>,
    /// Its source.
    pub source: PackageSource,
    /// A checksum of its source code in the ecosystem's spelling: `sha256:` and hexadecimal digits
    /// for a crate, `h1:` and base64 for a Go module.
    pub checksum: Option<String>,
    /// Its license as an SPDX expression. Programs do not record it.
    pub license: Option<String>,
}

impl Package {
    /// A package without checksum and license.
    #[must_use]
    pub fn new(
        ecosystem: Ecosystem,
        name: &str,
        version: Option<&str>,
        source: PackageSource,
    ) -> Self {
        Self {
            ecosystem,
            name: name.to_owned(),
            version: version.map(str::to_owned),
            source,
            checksum: None,
            license: None,
        }
    }

    /// Its version without Go's leading `v`.
    #[must_use]
    pub fn version_number(&self) -> Option<&str> {
        let version = self.version.as_deref()?;
        Some(match self.ecosystem {
            Ecosystem::Cargo => version,
            Ecosystem::Go => version.trim_start_matches('v'),
        })
    }

    /// Its package URL: `pkg:cargo/serde@1.0.200`. `None` without a version, and for a package that
    /// nobody can download by name and version.
    #[must_use]
    pub fn purl(&self) -> Option<String> {
        let version = self.version.as_deref()?;
        match (&self.source, self.ecosystem) {
            (PackageSource::Default, _) | (PackageSource::Toolchain, Ecosystem::Go) => {}
            _ => return None,
        }
        let url = match self.ecosystem {
            Ecosystem::Cargo => purl("cargo", None, &self.name, version),
            Ecosystem::Go => {
                // purl requires lower case for the type golang.
                let path = self.name.to_lowercase();
                match path.rsplit_once('/') {
                    Some((namespace, name)) => purl("golang", Some(namespace), name, version),
                    None => purl("golang", None, &path, version),
                }
            }
        };
        url.ok()
    }
}

fn purl(
    kind: &str,
    namespace: Option<&str>,
    name: &str,
    version: &str,
) -> packageurl::Result<String> {
    let mut url = PackageUrl::new(kind.to_owned(), name.to_owned())?;
    if let Some(namespace) = namespace {
        url.with_namespace(namespace.to_owned())?;
    }
    url.with_version(version.to_owned())?;
    Ok(url.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purl_of(ecosystem: Ecosystem, name: &str, version: &str) -> Option<String> {
        Package::new(ecosystem, name, Some(version), PackageSource::Default).purl()
    }

    #[test]
    fn addresses_are_encoded() {
        for (ecosystem, name, version, expected) in [
            (Ecosystem::Cargo, "zstd-sys", "2.0.1+zstd.1.5", "pkg:cargo/zstd-sys@2.0.1%2Bzstd.1.5"),
            (Ecosystem::Go, "golang.org/x/sys", "v0.1.0", "pkg:golang/golang.org/x/sys@v0.1.0"),
            (Ecosystem::Go, "Example.com/A b", "v1", "pkg:golang/example.com/a%20b@v1"),
            (Ecosystem::Go, "stdlib", "1.22.3", "pkg:golang/stdlib@1.22.3"),
        ] {
            assert_eq!(purl_of(ecosystem, name, version).as_deref(), Some(expected));
        }
    }

    /// A program's record may be hostile: no name or version may break out of its part.
    #[test]
    fn no_text_breaks_out_of_its_part() {
        for text in ["a@b", "a?b=c", "a#b", "a%2Fb", "a\nb", "é", "..", "", "/", "//"] {
            if let Some(purl) = purl_of(Ecosystem::Cargo, text, "1") {
                assert_eq!(purl.matches(['@', '?', '#', '\n']).count(), 1, "{text:?}: {purl}");
                assert!(purl.starts_with("pkg:cargo/") && purl.ends_with("@1"), "{purl}");
            }
            if let Some(purl) = purl_of(Ecosystem::Go, "a/b", text) {
                assert_eq!(purl.matches(['?', '#', '\n']).count(), 0, "{text:?}: {purl}");
            }
        }
    }

    #[test]
    fn only_what_others_can_fetch_has_an_address() {
        for source in [
            PackageSource::Local,
            PackageSource::Toolchain,
            PackageSource::Git("git+https://host/x#1".to_owned()),
            PackageSource::Registry("sparse+https://host/".to_owned()),
            PackageSource::Other("elsewhere".to_owned()),
        ] {
            assert_eq!(Package::new(Ecosystem::Cargo, "a", Some("1"), source).purl(), None);
        }
        let unknown = Package::new(Ecosystem::Go, "a", None, PackageSource::Default);
        assert_eq!(unknown.purl(), None);
    }

    #[test]
    fn numbers_of_versions_have_no_letter_in_front() {
        let of = |ecosystem| Package::new(ecosystem, "a", Some("v1.2"), PackageSource::Default);
        assert_eq!(of(Ecosystem::Go).version_number(), Some("1.2"));
        assert_eq!(of(Ecosystem::Cargo).version_number(), Some("v1.2"));
    }
}
