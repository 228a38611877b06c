//! Determines the version of rustc from the paths in panic messages of the standard library. No
//! strip removes them, and every program that can panic has them.
//!
//! ```text
//! /rustc/<40 hex digits>/library/core/src/…     the Rust project's own builds
//! …/rustc-1.96.0/library/…                      Debian
//! …/rustc-1.88.0-src/library/…                  Fedora
//! …/lib/rustlib/src/rust/library/…              a standard library built by the user
//! ```
//!
//! On Windows, the separators behind the commit are backslashes.

use std::collections::BTreeMap;

use memchr::memmem;
use serde::Serialize;

use super::Findings;
use super::languages::Language;
use super::releases::release;
use crate::image::regions::Region;
use crate::{Confidence, Evidence};

/// The most different toolchains kept for one image.
const KEPT: usize = 8;
/// The longest version.
const LONGEST_VERSION: usize = 32;
const COMMIT: usize = 40;

/// A Rust toolchain that made a part of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RustToolchain {
    /// Its version; `None` if only its commit is known, and no release has that commit.
    pub version: Option<String>,
    /// The commit of its sources: 40 digits, or the first 9 of them.
    pub commit: Option<String>,
    /// The places that name it.
    #[serde(flatten, serialize_with = "crate::evidence::all")]
    #[schemars(schema_with = "crate::evidence::all_schema")]
    pub evidence: Vec<Evidence>,
}

/// The version or commit in a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RustcVersionName {
    Commit(String),
    Version(String),
}

/// Adds the toolchains in paths of the image's data and those with a signature.
pub(super) fn read(places: &[Region<'_>], findings: &mut Findings) {
    let mut found = signed(findings);
    let paths = paths(places);
    for ((place, named), count) in paths.named {
        let confidence = if count > 1 { Confidence::Certain } else { Confidence::Likely };
        let (text, version, commit) = match named {
            RustcVersionName::Commit(commit) => {
                let version = release(&commit).map(str::to_owned);
                (format!("/rustc/{commit}"), version, Some(commit))
            }
            RustcVersionName::Version(version) => (format!("rustc-{version}"), Some(version), None),
        };
        let evidence = Evidence::counted(place, &text, count, confidence);
        findings.language(Language::Rust, evidence.clone());
        add(&mut found, RustToolchain { version, commit, evidence: vec![evidence] });
    }
    if let Some(place) = paths.own_library {
        let evidence = Evidence::new(place, "lib/rustlib/src/rust/library", Confidence::Likely);
        findings.language(Language::Rust, evidence);
    }
    findings.rust = found;
}

/// The toolchains among the signatures, with the commit in parentheses: `(6b00bc388 2025-06-23)`.
pub(super) fn signed(findings: &Findings) -> Vec<RustToolchain> {
    let tools = findings.tools.iter().filter(|tool| tool.name == "rustc");
    let mut found = Vec::new();
    for tool in tools.take(KEPT) {
        let commit = tool.evidence.iter().find_map(|evidence| {
            let (_, rest) = evidence.found.split_once("rustc version ")?;
            let (_, rest) = rest.split_once('(')?;
            let (commit, _) = rest.split_once(' ')?;
            let hex = commit.len() >= 7 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            hex.then(|| commit.to_owned())
        });
        let evidence = tool.evidence.clone();
        add(&mut found, RustToolchain { version: tool.version.clone(), commit, evidence });
    }
    found
}

/// Adds a toolchain, or merges it with the same one: by commit, or by version if one has no commit.
fn add(found: &mut Vec<RustToolchain>, new: RustToolchain) {
    let same = found.iter_mut().find(|known| match (&known.commit, &new.commit) {
        (Some(known), Some(new)) => known.starts_with(new.as_str()) || new.starts_with(known),
        _ => known.version.is_some() && known.version == new.version,
    });
    let Some(known) = same else {
        if found.len() < KEPT {
            found.push(new);
        }
        return;
    };
    if new.commit.as_ref().map(String::len) > known.commit.as_ref().map(String::len) {
        known.commit = new.commit;
    }
    if known.version.is_none() {
        known.version = new.version;
    }
    known.evidence.extend(new.evidence);
}

/// The toolchains in the paths of an image.
#[derive(Default)]
struct Paths<'a> {
    /// The number of paths by place and toolchain.
    named: BTreeMap<(&'a str, RustcVersionName), u64>,
    /// The place of a path into the standard library sources of the user's own toolchain.
    own_library: Option<&'a str>,
}

/// Searches the large regions only once, because all these paths contain one common word.
fn paths<'a>(places: &[Region<'a>]) -> Paths<'a> {
    const WORD: &[u8] = b"rust";
    let mut found = Paths::default();
    for place in places {
        for at in memmem::find_iter(place.data, WORD) {
            let before = place.data.get(..at).unwrap_or_default();
            let after = place.data.get(at + WORD.len()..).unwrap_or_default();
            let named = match after {
                [b'c', b'/', rest @ ..] if before.ends_with(b"/") => commit(rest),
                [b'c', b'-', rest @ ..] => version(rest),
                [b'l', b'i', b'b', rest @ ..] => {
                    if is_own_library(before, rest) {
                        found.own_library = found.own_library.or(Some(place.name));
                    }
                    None
                }
                _ => None,
            };
            let Some(named) = named else { continue };
            let key = (place.name, named);
            if found.named.len() < KEPT || found.named.contains_key(&key) {
                *found.named.entry(key).or_insert(0) += 1;
            }
        }
    }
    found
}

fn commit(rest: &[u8]) -> Option<RustcVersionName> {
    let (commit, rest) = rest.split_at_checked(COMMIT)?;
    if !is_library(rest) {
        return None;
    }
    let hex = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let text = commit.iter().all(hex).then(|| String::from_utf8_lossy(commit).into_owned());
    text.map(RustcVersionName::Commit)
}

fn version(rest: &[u8]) -> Option<RustcVersionName> {
    let head = rest.get(..LONGEST_VERSION).unwrap_or(rest);
    let end = head.iter().position(|byte| matches!(byte, b'/' | b'\\'))?;
    if !is_library(rest.get(end..)?) {
        return None;
    }
    let text = std::str::from_utf8(head.get(..end)?).ok()?;
    let text = text.strip_suffix("-src").unwrap_or(text);
    semver::Version::parse(text).ok().map(|version| RustcVersionName::Version(version.to_string()))
}

/// Whether a path continues into the sources of the standard library or the compiler.
fn is_library(rest: &[u8]) -> bool {
    rest.split_first().is_some_and(|(separator, rest)| {
        matches!(separator, b'/' | b'\\')
            && [&b"library"[..], b"compiler", b"src", b"vendor"]
                .iter()
                .any(|folder| rest.starts_with(folder))
    })
}

/// Whether a path contains `lib/rustlib/src/rust/library/`, with either separator.
fn is_own_library(before: &[u8], after: &[u8]) -> bool {
    let through = |lib: &[u8], rest: &[u8]| before.ends_with(lib) && after.starts_with(rest);
    through(b"/lib/", b"/src/rust/library/") || through(b"\\lib\\", b"\\src\\rust\\library\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(data: &[u8]) -> Vec<(RustcVersionName, u64)> {
        let counts = paths(&[Region { name: ".rodata", data }]).named;
        counts.into_iter().map(|((_, named), count)| (named, count)).collect()
    }

    #[test]
    fn paths_name_toolchains() {
        let hash = "eeb90cda1969383f56a2637cbd3037bdf598841c";
        let text = format!(
            "x/rustc/{hash}/library/core/src/a.rsy/rustc/{hash}\\library\\std\\src\\b.rs\
             /rustc/{hash}x/library/rustc/{}/library",
            hash.to_uppercase()
        );
        assert_eq!(of(text.as_bytes()), [(RustcVersionName::Commit(hash.to_owned()), 2)]);
        assert_eq!(
            of(b"/usr/src/rustc-1.96.0/library/core"),
            [(RustcVersionName::Version("1.96.0".to_owned()), 1)]
        );
        assert_eq!(
            of(b"BUILD/rustc-1.88.0-src/library/"),
            [(RustcVersionName::Version("1.88.0".to_owned()), 1)]
        );
        for none in ["/rustc/", "/rustc/abc/library", "rustc-demangle-0.1.2/library/x", "rustc-"] {
            assert_eq!(of(none.as_bytes()), [], "{none}");
        }
    }

    #[test]
    fn a_library_of_the_users_own_is_known_by_its_folder() {
        for (data, own) in [
            (&b"/home/me/.rustup/x/lib/rustlib/src/rust/library/core/src/a.rs"[..], true),
            (b"C:\\x\\lib\\rustlib\\src\\rust\\library\\std", true),
            (b"/x/rustlib/src/rust/library/", false),
            (b"/lib/rustlib/etc", false),
        ] {
            let found = paths(&[Region { name: ".rodata", data }]).own_library;
            assert_eq!(found.is_some(), own, "{}", String::from_utf8_lossy(data));
        }
    }

    #[test]
    fn a_signature_and_a_path_of_one_toolchain_are_one() {
        let toolchain = |version: Option<&str>, commit: &str| RustToolchain {
            version: version.map(str::to_owned),
            commit: Some(commit.to_owned()),
            evidence: Vec::new(),
        };
        let mut found = vec![toolchain(Some("1.96.0-nightly"), "f5eca4fcf")];
        add(&mut found, toolchain(None, "f5eca4fcfa908d1e038afd19c6e746f075859130"));
        add(&mut found, toolchain(None, "0123456789012345678901234567890123456789"));
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].version.as_deref(), Some("1.96.0-nightly"));
        assert_eq!(found[0].commit.as_ref().map(String::len), Some(40));
    }
}
