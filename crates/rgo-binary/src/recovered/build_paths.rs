//! Finds folders of the machine that built an image. Compilers put source paths into messages and
//! debug data. These paths contain names of people, projects and build servers.
//!
//! A path counts if it leads to a source file or contains a folder of a build tool, because many
//! programs use a bare `/tmp/` when they run. Strings of a program may have no separator between
//! them, so a path can begin directly behind a letter.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use memchr::memmem;
use serde::Serialize;

use crate::image::multi_search::Needles;
use crate::image::regions::{self, Region};
use crate::{Confidence, Image};

/// The most different folders kept.
const KEPT: usize = 1000;
/// The most paths examined. Large debug data has some ten thousand.
const LOOKED_AT: usize = 500_000;
/// The longest path examined.
const PATH: usize = 256;
/// How far the search for the start of a longer path goes back.
const BEFORE: usize = 128;
/// The longest component of a path.
const LONGEST: usize = 64;

/// A folder of the machine that built the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct BuildPath {
    /// The folder, up to the name of the user or project.
    pub folder: String,
    /// The number of paths below it.
    pub count: u64,
    /// The section or segment with the most of them.
    pub place: String,
    /// One of the paths.
    pub example: String,
    /// How certain it is that the path is a leak rather than a path that the program uses.
    pub confidence: Confidence,
}

/// The folders that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct BuildPaths {
    /// The folders: most paths first, then by name.
    pub folders: Vec<BuildPath>,
    /// There were more folders or paths than the limits allow.
    pub truncated: bool,
}

/// A folder under which people and servers build.
struct Root {
    /// Its start.
    start: &'static str,
    /// The number of components below it that name the user or project.
    depth: usize,
    /// Whether every path below it is a leak, not only one to a source file.
    private: bool,
}

impl Root {
    fn is_windows(&self) -> bool {
        self.start.starts_with(':')
    }
}

const fn root(start: &'static str, depth: usize, private: bool) -> Root {
    Root { start, depth, private }
}

/// The searched texts: every root begins with one of them.
const STEMS: [&str; 13] = [
    "/home/",
    "/Users/",
    "/root/",
    "/github/",
    "/__w/",
    "/build",
    "/workspace",
    "/tmp/",
    "/private/",
    "/var/lib/",
    "/usr/",
    ":\\Users\\",
    ":\\a\\",
];

/// If two match, the longer one is more specific.
const ROOTS: [Root; 20] = [
    root("/home/runner/work/", 2, true),
    root("/home/", 1, true),
    root("/Users/runner/work/", 2, true),
    root("/Users/", 1, true),
    root("/root/", 0, false),
    root("/github/workspace/", 0, true),
    root("/__w/", 2, true),
    root("/builds/", 2, false),
    root("/build/", 1, false),
    root("/builddir/build/", 2, true),
    root("/workspace/", 1, false),
    root("/workspaces/", 1, false),
    root("/tmp/", 1, false),
    root("/private/tmp/", 1, false),
    root("/private/var/folders/", 2, false),
    root("/var/lib/jenkins/", 2, true),
    root("/usr/src/", 1, false),
    root("/usr/local/cargo/", 0, false),
    root(":\\Users\\", 1, true),
    root(":\\a\\", 2, false),
];

/// File extensions of a program's sources.
const SOURCES: [&str; 23] = [
    "rs", "c", "cc", "cpp", "cxx", "h", "hpp", "hh", "inc", "go", "zig", "swift", "m", "mm", "s",
    "S", "asm", "nim", "o", "pdb", "y", "f90", "pyx",
];

/// Parts of a path that only builds have.
const BUILD_PARTS: [&str; 5] =
    [".cargo/registry/", ".rustup/", "go/pkg/mod/", "node_modules/", "/target/"];

/// Finds the folders of the machine that built an image.
#[must_use]
pub fn build_paths(image: &Image<'_>) -> BuildPaths {
    let mut found = FoundFolders::default();
    for place in regions::all(image) {
        search(&place, &mut found);
    }
    found.conclude()
}

#[derive(Default)]
struct FoundFolders {
    folders: BTreeMap<String, FoundFolder>,
    looked_at: usize,
    truncated: bool,
}

struct FoundFolder {
    places: BTreeMap<String, u64>,
    example: String,
    confidence: Confidence,
}

impl FoundFolders {
    fn add(&mut self, path: &RootedPath<'_>, place: &str) {
        if self.folders.len() >= KEPT && !self.folders.contains_key(path.folder) {
            self.truncated = true;
            return;
        }
        let folder = self.folders.entry(path.folder.to_owned()).or_insert_with(|| FoundFolder {
            places: BTreeMap::new(),
            example: path.whole.to_owned(),
            confidence: path.confidence,
        });
        if path.confidence > folder.confidence {
            folder.confidence = path.confidence;
            path.whole.clone_into(&mut folder.example);
        }
        *folder.places.entry(place.to_owned()).or_insert(0) += 1;
    }

    fn conclude(self) -> BuildPaths {
        let most =
            |places: BTreeMap<String, u64>| places.into_iter().max_by_key(|(_, count)| *count);
        let mut folders: Vec<_> = self
            .folders
            .into_iter()
            .map(|(folder, it)| {
                let count = it.places.values().sum();
                let (place, _) = most(it.places).unwrap_or_default();
                let (example, confidence) = (it.example, it.confidence);
                BuildPath { folder, count, place, example, confidence }
            })
            .collect();
        folders.sort_by(|one, other| {
            other.count.cmp(&one.count).then_with(|| one.folder.cmp(&other.folder))
        });
        BuildPaths { folders, truncated: self.truncated }
    }
}

/// A path below a root.
struct RootedPath<'a> {
    folder: &'a str,
    whole: &'a str,
    confidence: Confidence,
}

static NEEDLES: LazyLock<Needles> =
    LazyLock::new(|| Needles::new(STEMS.iter().map(|stem| stem.as_bytes())));

fn search(place: &Region<'_>, found: &mut FoundFolders) {
    // The end of the last path below each stem.
    let mut ends = [0; STEMS.len()];
    for (which, at) in NEEDLES.find_iter(place.data) {
        let Some(end) = ends.get_mut(which).filter(|end| **end <= at) else { continue };
        let Some(root) = root_at(place.data, at) else { continue };
        found.looked_at += 1;
        if found.looked_at > LOOKED_AT {
            found.truncated = true;
            return;
        }
        // The drive letter stands before the colon.
        let start = if root.is_windows() { at.saturating_sub(1) } else { at };
        let (before, rest) = place.data.split_at_checked(start).unwrap_or_default();
        let text = one_path(path_text(rest));
        *end = start + text.len();
        if let Some(path) = path(before, text, root) {
            found.add(&path, place.name);
        }
    }
}

/// The longest root that matches here.
fn root_at(data: &[u8], at: usize) -> Option<&'static Root> {
    let rest = data.get(at..)?;
    let here = ROOTS.iter().filter(|root| rest.starts_with(root.start.as_bytes()));
    here.max_by_key(|root| root.start.len())
}

/// The longest prefix of `bytes` that consists of path characters.
fn path_text(bytes: &[u8]) -> &str {
    let bytes = bytes.get(..PATH).unwrap_or(bytes);
    let in_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/\\._-+@~:".contains(byte);
    let end = bytes.iter().position(|byte| !in_path(byte)).unwrap_or(bytes.len());
    bytes.get(..end).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
}

fn path<'a>(bytes: &[u8], text: &'a str, root: &Root) -> Option<RootedPath<'a>> {
    let windows = root.is_windows();
    if windows && !text.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let source = leads_to_source(text);
    let confidence = match before(bytes) {
        Before::Path => return None,
        _ if source && root.private => Confidence::Certain,
        Before::Nothing if source => Confidence::Certain,
        Before::Nothing if root.private => Confidence::Guess,
        Before::Word if has_build_part(text) => Confidence::Certain,
        _ => return None,
    };
    let prefix = root.start.len() + usize::from(windows);
    let folder = folder(text, prefix, root.depth)?;
    Some(RootedPath { folder, whole: text, confidence })
}

/// Cuts off the next string, which may follow without a separator: a path ends with its file
/// extension.
fn one_path(text: &str) -> &str {
    let end = text.match_indices('.').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        // `c` is a prefix of `cpp` and of `cargo`, so a new string has to start behind it. No other
        // extension begins with `rs`.
        let starts_text = |next: &str| {
            next.is_empty()
                || next.starts_with(|c: char| c.is_ascii_uppercase() || "/\\:".contains(c))
        };
        let source = SOURCES.iter().filter(|source| {
            rest.strip_prefix(**source).is_some_and(|next| **source == "rs" || starts_text(next))
        });
        source.max_by_key(|source| source.len()).map(|source| at + 1 + source.len())
    });
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

fn leads_to_source(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| SOURCES.contains(&extension)) || has_build_part(path)
}

fn has_build_part(path: &str) -> bool {
    let slashes = path.contains('\\').then(|| path.replace('\\', "/"));
    let path = slashes.as_deref().unwrap_or(path);
    BUILD_PARTS.iter().any(|part| path.contains(part))
}

/// The root and `depth` components; `None` if the path has no more components than that.
fn folder(path: &str, prefix: usize, depth: usize) -> Option<&str> {
    let mut end = prefix.checked_sub(1)?;
    for _ in 0..depth {
        let rest = path.get(end + 1..)?;
        let length = rest.find(['/', '\\'])?;
        if length == 0 || length > LONGEST {
            return None;
        }
        end += 1 + length;
    }
    path.get(..end)
}

/// The text before a root.
enum Before {
    /// Nothing that belongs to a path.
    Nothing,
    /// A word: the end of another string, or the first folder of a path without a root.
    Word,
    /// A longer path or a web address, of which the root is a part.
    Path,
}

fn before(bytes: &[u8]) -> Before {
    let near = bytes.get(bytes.len().saturating_sub(BEFORE)..).unwrap_or_default();
    let in_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/\\.:_-+@~%=?&#$".contains(byte);
    let start = near.iter().rposition(|byte| !in_path(byte)).map_or(0, |last| last + 1);
    let text = near.get(start..).unwrap_or_default();
    // Rust's strings have no separator; the path of another file ends with `.rs`.
    let text = match memmem::rfind(text, b".rs") {
        Some(at) => text.get(at + 3..).unwrap_or_default(),
        None => text,
    };
    if text.is_empty() {
        return Before::Nothing;
    }
    let longer = text.iter().any(|byte| matches!(byte, b'/' | b'\\'));
    if longer { Before::Path } else { Before::Word }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, u64, Confidence)> {
        let mut found = FoundFolders::default();
        search(&Region { name: ".rodata", data: text.as_bytes() }, &mut found);
        let folders = found.conclude().folders.into_iter();
        folders.map(|it| (it.folder, it.count, it.confidence)).collect()
    }

    #[test]
    fn every_root_is_searched_for() {
        for root in &ROOTS {
            assert!(STEMS.iter().any(|stem| root.start.starts_with(stem)), "{}", root.start);
        }
    }

    #[test]
    fn folders_are_told_from_paths_that_programs_use() {
        let certain = |folder: &str, count| vec![(folder.to_owned(), count, Confidence::Certain)];
        let guess = |folder: &str| vec![(folder.to_owned(), 1, Confidence::Guess)];
        let cases = [
            ("/home/alice/x/main.c\0", certain("/home/alice", 1)),
            ("Error/home/alice/x/lib.rsNext/home/alice/y/mod.rs", certain("/home/alice", 2)),
            ("/home/runner/work/uv/uv/crates/a.rs", certain("/home/runner/work/uv/uv", 1)),
            ("/Users/bob/go/pkg/mod/x@v1/y", certain("/Users/bob", 1)),
            ("/root/.cargo/registry/src/i/memchr-2.7.4/src/a.rs", certain("/root", 1)),
            ("C:\\Users\\carol\\x\\main.rs", certain("C:\\Users\\carol", 1)),
            ("D:\\a\\ruff\\ruff\\crates\\x.rs", certain("D:\\a\\ruff\\ruff", 1)),
            ("/tmp/build123/a.c", certain("/tmp/build123", 1)),
            ("/build/rustc-abc/lib.rs", certain("/build/rustc-abc", 1)),
            ("/usr/src/rustc-1.96.0/compiler/a.rs", certain("/usr/src/rustc-1.96.0", 1)),
            (" /home/user/.config", guess("/home/user")),
            ("/tmp/socket", vec![]),
            ("/root/.ssh/id", vec![]),
            ("https://example.org/home/alice/main.c", vec![]),
            ("/home/", vec![]),
            ("/private/tmp/b1/a.c", certain("/private/tmp/b1", 1)),
            ("/github/workspace/a.c", certain("/github/workspace", 1)),
            ("/builds/group/name/a.c", certain("/builds/group/name", 1)),
            ("/home/runner/.cargo/registry/x", certain("/home/runner", 1)),
            ("/home//main.c", vec![]),
            ("word/home/user/.config", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
