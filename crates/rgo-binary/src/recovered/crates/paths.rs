//! Finds crates in the paths of source files.

use std::sync::LazyLock;

use semver::Version;

use super::{CrateSource, Trace, Traces};
use crate::Confidence;
use crate::image::multi_search::Needles;
use crate::image::regions::Region;

/// The longest name of a crate's folder.
const LONGEST: usize = 128;
/// How far the search for the file extension goes.
const PATH: usize = 256;

/// Reads a trace from the bytes before and behind an anchor.
type TraceReader = for<'t> fn(&'t [u8], &'t [u8]) -> Option<Trace<'t>>;

/// Parts of paths that stand next to a crate's folder.
const ANCHORS: [(&[u8], TraceReader); 5] = [
    (b"/src/", sources),
    (b"\\src\\", sources),
    (b"/rust/deps", std_dependency),
    (b"git/checkouts/", git),
    (b"git\\checkouts\\", git),
];

static NEEDLES: LazyLock<Needles> =
    LazyLock::new(|| Needles::new(ANCHORS.iter().map(|(anchor, _)| *anchor)));

/// Adds the crates whose paths are in a region.
pub(super) fn read(place: &Region<'_>, found: &mut Traces) {
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

/// The component before the next separator, and the rest of the path.
fn component(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let head = bytes.get(..LONGEST).unwrap_or(bytes);
    let end = head.iter().position(|byte| is_separator(*byte))?;
    let (name, rest) = bytes.split_at_checked(end)?;
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some((name, rest.get(1..)?))
}

/// Splits the name of a crate's folder at the first dash before a version: names have dashes but no
/// dots, versions have both.
pub(super) fn name_and_version(folder: &str) -> Option<(&str, Version)> {
    folder.match_indices('-').find_map(|(at, _)| {
        let (name, version) = (folder.get(..at)?, folder.get(at + 1..)?);
        let version = Version::parse(version).ok()?;
        is_crate_name(name).then_some((name, version))
    })
}

pub(super) fn is_crate_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Reads the path behind `src` and a separator: a registry's folder, or the sources of a crate.
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

/// `…/NAME-VERSION`, `…/vendor/NAME` or `…/crates/NAME` stands before, the path of a Rust file
/// behind.
fn in_crate<'t>(before: &'t [u8], rest: &'t [u8]) -> Option<Trace<'t>> {
    let near = before.get(before.len().saturating_sub(LONGEST)..)?;
    let in_folder = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(byte);
    let start = near.iter().rposition(|byte| !in_folder(byte))?;
    // Without a separator, the folder might be the end of another string.
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
        // Most workspaces keep their members there, in folders with the crates' names.
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
    // The crate's name is the folder with its sources, or the repository if the sources are in its
    // root.
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
