//! Crates of a Rust program that carries no list of them, from the source paths in its panic
//! messages and from the names of its symbols. A crate that cannot panic leaves no path, and
//! stripping takes the symbols: what is found here is in the program, what is not may be too.
//!
//! ```text
//! …/registry/src/INDEX/NAME-VERSION/…         cargo's registry, remapped or not
//! …/rust/deps/NAME-VERSION/…                  what the standard library itself is made of
//! …/git/checkouts/REPOSITORY-HASH/REVISION/…  a git dependency: crate in a folder below
//! …/vendor/NAME-VERSION/src/….rs              cargo vendor
//! …/vendor/NAME/src/….rs                      the same, without the version
//! …/NAME-VERSION/src/….rs                     remapped by the user
//! …/crates/NAME/src/….rs                      a workspace's own
//! _RNvCs1234_4NAME…  _ZN4NAME…17h…E           symbols, without a version
//! ```
//!
//! INDEX is the registry's host and a hash. Either separator is met on every system, often both
//! in one path. Strings of a Rust program stand without anything between them, so a path is read
//! from the middle on: where it begins nobody can tell.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::LazyLock;

use semver::Version;
use serde::Serialize;

use crate::image::multi_search::Needles;
use crate::image::regions::{self, Region};
use crate::image::symbol_names;
use crate::recovered::origin::{Language, mangling};
use crate::{Confidence, Evidence, Image};

/// Different crates that are kept.
const KEPT: usize = 20_000;
/// Places in the data that look as if a crate's folder followed, and are looked at.
const LOOKED_AT: usize = 2_000_000;
/// A longer component of a path is no crate's folder.
const LONGEST: usize = 128;
/// How far a path is followed for the extension of its file.
const PATH: usize = 256;
/// How much of a symbol's readable name is looked at.
const SYMBOL: usize = 256;
/// Observations that are kept for one crate.
const OBSERVATIONS: usize = 4;

/// Where a crate's sources came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum CrateSource {
    /// A registry, by the name of cargo's folder for it.
    Registry {
        /// The registry's host and a hash: `index.example.org-1949cf8c6b5b557f`.
        index: String,
    },
    /// A git repository.
    Git {
        /// The last part of its URL.
        repository: String,
        /// The commit, shortened.
        revision: String,
    },
    /// A folder of vendored crates.
    Vendored,
    /// The project that was built, or another that keeps its crates in a folder `crates`.
    Workspace,
    /// The standard library, or what it is made of: every Rust program has these.
    StandardLibrary,
    /// Unknown: a path was remapped, or there is no path.
    Unknown,
}

/// A crate that is in the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecoveredCrate {
    /// Its name; with underscores where only a symbol tells it.
    pub name: String,
    /// Its version; `None` where nothing tells.
    pub version: Option<Version>,
    /// Where it came from.
    pub source: CrateSource,
    /// What tells.
    #[serde(flatten, serialize_with = "crate::evidence::all")]
    pub evidence: Vec<Evidence>,
}

/// What could be recovered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecoveredCrates {
    /// The crates, by name and version.
    pub crates: Vec<RecoveredCrate>,
    /// Always true for a list that is not empty: crates that leave no trace are missing.
    pub partial: bool,
    /// There was more than is looked at or kept.
    pub truncated: bool,
}

/// Recovers the crates of an image. Empty for programs without Rust, and quicker not asked for
/// those.
#[must_use]
pub fn recovered_crates(image: &Image<'_>) -> RecoveredCrates {
    let mut found = Found::default();
    for place in regions::loaded(image) {
        paths(&place, &mut found);
    }
    symbols(image, &mut found);
    found.conclude()
}

/// A crate's name without regard to dashes, and version.
type Key = (String, Option<Version>, CrateSource);

#[derive(Default)]
struct Found {
    crates: BTreeMap<Key, (String, Vec<Evidence>)>,
    looked_at: usize,
    truncated: bool,
}

impl Found {
    /// Takes what an anchor led to; false when enough has been looked at.
    fn look(&mut self, trace: Option<Trace<'_>>, place: &Region<'_>) -> bool {
        self.looked_at += 1;
        self.truncated |= self.looked_at > LOOKED_AT;
        if let Some(trace) = trace {
            self.add(trace, place.name, 1);
        }
        self.looked_at <= LOOKED_AT
    }

    fn add(&mut self, new: Trace<'_>, place: &str, count: u64) {
        let key = (new.name.replace('-', "_"), new.version, new.source);
        if self.crates.len() >= KEPT && !self.crates.contains_key(&key) {
            self.truncated = true;
            return;
        }
        let (_, known) =
            self.crates.entry(key).or_insert_with(|| (new.name.to_owned(), Vec::new()));
        // One path stands for all of a place: a crate has hundreds.
        if let Some(known) = known.iter_mut().find(|known| known.place == place) {
            known.count = known.count.saturating_add(count);
        } else if known.len() < OBSERVATIONS {
            known.push(Evidence::counted(place, &new.found, count, new.confidence));
        }
    }

    /// A path whose beginning was lost, and a name alone, add nothing to a crate that another
    /// path tells more of, but that they were seen.
    fn conclude(self) -> RecoveredCrates {
        let mut crates: Vec<RecoveredCrate> = Vec::new();
        let mut known: BTreeMap<(String, Option<Version>), usize> = BTreeMap::new();
        let (vague, told): (Vec<_>, Vec<_>) =
            self.crates.into_iter().partition(|((.., source), _)| *source == CrateSource::Unknown);
        // Versions first: without one, a name is the crate of that name.
        let (named, vague): (Vec<_>, Vec<_>) =
            vague.into_iter().partition(|((_, version, _), _)| version.is_none());
        for ((bare, version, source), (name, evidence)) in
            told.into_iter().chain(vague).chain(named)
        {
            let same = (source == CrateSource::Unknown)
                .then(|| known.get(&(bare.clone(), version.clone())).copied())
                .flatten();
            if let Some(it) = same.and_then(|at| crates.get_mut(at)) {
                if version.is_none() {
                    it.evidence.extend(evidence);
                }
                continue;
            }
            // The standard library's own copy is the last that a symbol would be of.
            let unnamed = known.entry((bare.clone(), None)).or_insert(crates.len());
            if source != CrateSource::StandardLibrary {
                *unnamed = crates.len();
            }
            known.insert((bare, version.clone()), crates.len());
            crates.push(RecoveredCrate { name, version, source, evidence });
        }
        crates.sort_by(|one, other| {
            (&one.name, &one.version, &one.source).cmp(&(
                &other.name,
                &other.version,
                &other.source,
            ))
        });
        RecoveredCrates { partial: !crates.is_empty(), crates, truncated: self.truncated }
    }
}

/// A crate as one path or symbol tells of it.
struct Trace<'t> {
    name: &'t str,
    version: Option<Version>,
    source: CrateSource,
    found: String,
    confidence: Confidence,
}

/// Reads a trace from what stands before and behind an anchor.
type Reader = for<'t> fn(&'t [u8], &'t [u8]) -> Option<Trace<'t>>;

/// Parts of paths beside which crates' folders stand.
const ANCHORS: [(&[u8], Reader); 5] = [
    (b"/src/", sources),
    (b"\\src\\", sources),
    (b"/rust/deps", std_dependency),
    (b"git/checkouts/", git),
    (b"git\\checkouts\\", git),
];

static NEEDLES: LazyLock<Needles> =
    LazyLock::new(|| Needles::new(ANCHORS.iter().map(|(anchor, _)| *anchor)));

fn paths(place: &Region<'_>, found: &mut Found) {
    for (which, at) in NEEDLES.find_iter(place.data) {
        let Some((anchor, read)) = ANCHORS.get(which) else { continue };
        let (before, rest) = place.data.split_at_checked(at).unwrap_or_default();
        let rest = rest.get(anchor.len()..).unwrap_or_default();
        let trace = read(before, rest.get(..PATH).unwrap_or(rest));
        if !found.look(trace, place) {
            return;
        }
    }
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// The component before the next separator, and what follows that.
fn component(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let head = bytes.get(..LONGEST).unwrap_or(bytes);
    let end = head.iter().position(|byte| is_separator(*byte))?;
    let (name, rest) = bytes.split_at_checked(end)?;
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some((name, rest.get(1..)?))
}

/// Takes the name of a crate's folder apart: at the first dash that a version follows, because
/// names have dashes and no dots, and versions have both.
fn name_and_version(folder: &str) -> Option<(&str, Version)> {
    folder.match_indices('-').find_map(|(at, _)| {
        let (name, version) = (folder.get(..at)?, folder.get(at + 1..)?);
        let version = Version::parse(version).ok()?;
        is_crate_name(name).then_some((name, version))
    })
}

fn is_crate_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Behind `src` and a separator: the registry's folder, or the sources of a crate.
fn sources<'t>(before: &'t [u8], rest: &'t [u8]) -> Option<Trace<'t>> {
    if before.ends_with(b"registry") { registry(rest) } else { in_crate(before, rest) }
}

fn registry(rest: &[u8]) -> Option<Trace<'_>> {
    let (index, rest) = component(rest)?;
    let (folder, _) = component(rest)?;
    let (name, version) = name_and_version(folder)?;
    let source = CrateSource::Registry { index: index.to_owned() };
    let found = format!("registry/src/{index}/{folder}");
    Some(Trace { name, version: Some(version), source, found, confidence: Confidence::Certain })
}

/// `…/NAME-VERSION`, `…/vendor/NAME` or `…/crates/NAME` before, the path of a Rust file behind.
fn in_crate<'t>(before: &'t [u8], rest: &'t [u8]) -> Option<Trace<'t>> {
    let near = before.get(before.len().saturating_sub(LONGEST)..)?;
    let in_folder = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(byte);
    let start = near.iter().rposition(|byte| !in_folder(byte))?;
    // Without a separator the folder might be the end of another string.
    if !is_separator(*near.get(start)?) {
        return None;
    }
    let folder = std::str::from_utf8(near.get(start + 1..)?).ok()?;
    let parent = near.get(..start)?;
    rust_file(rest)?;
    let vendored = parent.ends_with(b"vendor");
    if let Some((name, version)) = name_and_version(folder) {
        let source = if vendored { CrateSource::Vendored } else { CrateSource::Unknown };
        let found = format!("{folder}/src");
        let version = Some(version);
        return Some(Trace { name, version, source, found, confidence: Confidence::Likely });
    }
    let (name, source, found, confidence) = if vendored {
        let found = format!("vendor/{folder}/src");
        (without_epoch(folder), CrateSource::Vendored, found, Confidence::Likely)
    } else if parent.ends_with(b"crates") {
        // Most workspaces keep their members there, and call them after their folders.
        (folder, CrateSource::Workspace, format!("crates/{folder}/src"), Confidence::Guess)
    } else {
        return None;
    };
    is_crate_name(name).then_some(Trace { name, version: None, source, found, confidence })
}

/// Chromium and V8 call the folders `NAME-v1`, `NAME-v0_2`.
fn without_epoch(folder: &str) -> &str {
    let split = folder.rsplit_once("-v").filter(|(_, epoch)| {
        let digits = |c: char| c.is_ascii_digit() || c == '_';
        epoch.starts_with(|c: char| c.is_ascii_digit()) && epoch.chars().all(digits)
    });
    split.map_or(folder, |(name, _)| name)
}

fn std_dependency<'t>(_before: &'t [u8], rest: &'t [u8]) -> Option<Trace<'t>> {
    let (first, rest) = rest.split_first()?;
    let (folder, _) = component(rest).filter(|_| is_separator(*first))?;
    let (name, version) = name_and_version(folder)?;
    let source = CrateSource::StandardLibrary;
    let found = format!("/rust/deps/{folder}");
    Some(Trace { name, version: Some(version), source, found, confidence: Confidence::Certain })
}

fn git<'t>(_before: &'t [u8], rest: &'t [u8]) -> Option<Trace<'t>> {
    let (checkout, rest) = component(rest)?;
    let (repository, hash) = checkout.rsplit_once('-')?;
    let (revision, rest) = component(rest)?;
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hash.len() != 16 || !hex(hash) || revision.len() < 7 || !hex(revision) {
        return None;
    }
    // The crate is called after the folder with its sources, or after the repository where that
    // is the folder.
    let path: Vec<_> = rust_file(rest)?.split(['/', '\\']).collect();
    let sources = path.iter().position(|folder| *folder == "src")?;
    let folder = sources.checked_sub(1).and_then(|at| path.get(at).copied());
    let name = folder.unwrap_or(repository);
    let found = format!("git/checkouts/{checkout}/{revision}");
    let source =
        CrateSource::Git { repository: repository.to_owned(), revision: revision.to_owned() };
    is_crate_name(name).then_some(Trace {
        name,
        version: None,
        source,
        found,
        confidence: Confidence::Likely,
    })
}

/// A path from here to the end of a Rust file's name, without the extension.
fn rust_file(rest: &[u8]) -> Option<&str> {
    let in_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/\\".contains(byte);
    let end = rest.iter().position(|byte| !in_path(byte))?;
    let (path, extension) = rest.split_at_checked(end)?;
    extension.starts_with(b".rs").then(|| std::str::from_utf8(path).ok()).flatten()
}

/// Crates that every Rust program is made of.
const STANDARD: [&str; 13] = [
    "__rustc",
    "alloc",
    "compiler_builtins",
    "core",
    "panic_abort",
    "panic_unwind",
    "proc_macro",
    "std",
    "std_detect",
    "sysroot",
    "test",
    "unwind",
    "rustc_std_workspace_core",
];

fn symbols(image: &Image<'_>, found: &mut Found) {
    let mut text = Bounded(String::with_capacity(SYMBOL));
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for name in symbol_names::symbols(image) {
        if mangling(name) != Some(Language::Rust) {
            continue;
        }
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let Ok(readable) = rustc_demangle::try_demangle(name) else { continue };
        text.0.clear();
        // Full is no failure: the beginning is what is wanted.
        let _ = write!(text, "{readable}");
        let mut add = |name: &str| {
            if let Some(count) = counts.get_mut(name) {
                *count += 1;
            } else if counts.len() < KEPT {
                counts.insert(name.to_owned(), 1);
            } else {
                found.truncated = true;
            }
        };
        if name.starts_with("_R") {
            v0_crates(&text.0).for_each(&mut add);
        } else {
            legacy_crate(&text.0).into_iter().for_each(&mut add);
        }
    }
    for (name, count) in counts {
        let standard = STANDARD.contains(&name.as_str());
        let source = if standard { CrateSource::StandardLibrary } else { CrateSource::Unknown };
        let found_name = format!("{name}::…");
        let confidence = Confidence::Likely;
        let trace = Trace { name: &name, version: None, source, found: found_name, confidence };
        found.add(trace, "symbols", count);
    }
}

/// The start of a text that may be endless.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = SYMBOL.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.extend(text.chars().take(room / 4));
        Err(fmt::Error)
    }
}

/// Names that a crate's disambiguator in brackets follows: `<regex[1a2b]::Regex as core[3c]::Any>`.
fn v0_crates(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('[').filter_map(|(at, _)| {
        let (before, rest) = (text.get(..at)?, text.get(at + 1..)?);
        let (hash, _) = rest.split_once(']')?;
        let hex = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let in_name = |c: char| c.is_alphanumeric() || c == '_';
        let start = before.rfind(|c: char| !in_name(c)).map_or(0, |last| last + 1);
        let name = before.get(start..)?;
        (hex && hash.len() >= 8 && is_crate_name(name)).then_some(name)
    })
}

/// The first name, where a path begins with it: `<&regex::Regex as core::Any>::get`.
fn legacy_crate(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['<', '&', '*', '(', '[']);
    let text = text.strip_prefix("mut ").or_else(|| text.strip_prefix("const ")).unwrap_or(text);
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let (name, rest) = text.split_at_checked(end)?;
    (rest.starts_with("::") && is_crate_name(name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> Vec<(String, Option<String>, CrateSource)> {
        let mut found = Found::default();
        paths(&Region { name: ".rodata", data: text }, &mut found);
        let crates = found.conclude().crates.into_iter();
        crates
            .map(|it| (it.name, it.version.map(|version| version.to_string()), it.source))
            .collect()
    }

    #[test]
    fn folders_are_taken_apart_where_the_version_begins() {
        let cases = [
            ("aho-corasick-1.1.3", Some(("aho-corasick", "1.1.3"))),
            ("zstd-sys-2.0.15+zstd.1.5.7", Some(("zstd-sys", "2.0.15+zstd.1.5.7"))),
            ("rand_core-0.10.0-rc-2", Some(("rand_core", "0.10.0-rc-2"))),
            ("sha-1-0.10.1", Some(("sha-1", "0.10.1"))),
            ("a-1.0.0-2.0.0", Some(("a", "1.0.0-2.0.0"))),
            ("base64", None),
            ("base64-0.22", None),
            ("-1.0.0", None),
            ("rustc-1.96.0-src", Some(("rustc", "1.96.0-src"))),
            ("x y-1.0.0", None),
        ];
        for (folder, expected) in cases {
            let found = name_and_version(folder).map(|(name, it)| (name, it.to_string()));
            let found = found.as_ref().map(|(name, version)| (*name, version.as_str()));
            assert_eq!(found, expected, "{folder}");
        }
    }

    #[test]
    fn every_kind_of_path_is_read_from_the_middle_of_text() {
        let text = b"asser/root/.cargo/registry/src/index.example.org-1949cf8c6b5b557f/memchr-2.7.4/src/a.rsErr\
            C:\\Users\\r\\.cargo\\registry\\src\\example.com-1ecc6299db9ec823\\log-0.4.22\\src\\lib.rs\
            /rust/deps\\hashbrown-0.15.2\\src/raw.rs\
            /x/git/checkouts/pubgrub-0123456789abcdef/1a2b3c4/src/lib.rs\
            /x/git/checkouts/tokio-0123456789abcdef/1a2b3c4/tokio-util/src/lib.rs\
            /b/vendor/itoa-1.0.1/src/lib.rs\0vendor\\ryu\\src\\d2s.rs\
            /remapped/serde_json-1.0.128/src/de.rs";
        let registry = |index: &str| CrateSource::Registry { index: index.to_owned() };
        let git = |repository: &str| CrateSource::Git {
            repository: repository.to_owned(),
            revision: "1a2b3c4".to_owned(),
        };
        let expected = [
            ("hashbrown", Some("0.15.2"), CrateSource::StandardLibrary),
            ("itoa", Some("1.0.1"), CrateSource::Vendored),
            ("log", Some("0.4.22"), registry("example.com-1ecc6299db9ec823")),
            ("memchr", Some("2.7.4"), registry("index.example.org-1949cf8c6b5b557f")),
            ("pubgrub", None, git("pubgrub")),
            ("ryu", None, CrateSource::Vendored),
            ("serde_json", Some("1.0.128"), CrateSource::Unknown),
            ("tokio-util", None, git("tokio")),
        ];
        let expected = expected
            .map(|(name, version, source)| (name.to_owned(), version.map(str::to_owned), source));
        assert_eq!(of(text), expected);
    }

    #[test]
    fn paths_of_other_programs_are_none_of_these() {
        for text in [
            "/build/openssl-3.0.1/src/x.c",
            "/usr/src/rustc-1.96.0/compiler/a.rs",
            "vendor/golang.org/x/net/http.go",
            "registry/src/",
            "registry/src/a/b/c",
            "tailaho-1.0.0/src/lib.rs",
            "git/checkouts/a-1/2/src/lib.rs",
        ] {
            assert_eq!(of(text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn symbols_name_crates() {
        let v0 =
            "<regex[0123456789abcdef]::Regex as core[fedcba9876543210]::any::Any>::f::<[u8; 4]>";
        assert_eq!(v0_crates(v0).collect::<Vec<_>>(), ["regex", "core"]);
        for (text, name) in [
            ("core::fmt::write::h0123456789abcdef", Some("core")),
            ("<&mut regex::Regex as core::any::Any>::f", Some("regex")),
            ("<T as core::any::Any>::type_id::h12", None),
            ("main", None),
        ] {
            assert_eq!(legacy_crate(text), name, "{text}");
        }
    }
}
