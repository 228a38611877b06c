//! Paths in a container: from its root, without `.`, `..` and empty parts. There can be a million,
//! so records store short keys instead.
//!
//! ```text
//! key of the root        16 zeros
//! key of folder/name     the first 16 bytes of SHA-256(key of folder, name)
//! ```
//!
//! Two paths with one key are infeasible to find, so a key identifies its path.

use sha2::{Digest, Sha256};

/// The longest path that a kernel accepts, in bytes.
pub(super) const MAX_LENGTH: usize = 4096;
/// Maximum number of parts of a path. Real images stay far below.
const MAX_PARTS: usize = 256;

/// Identifies a path.
pub(super) type PathKey = [u8; 16];

pub(super) const ROOT: PathKey = [0; 16];

/// A path from the root, without a leading `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Path(Vec<u8>);

impl Path {
    /// Parses a path of a tar; `None` if it is longer or deeper than any real one.
    pub(super) fn new(name: &[u8]) -> Option<Self> {
        let mut path: Vec<u8> = Vec::with_capacity(name.len().min(MAX_LENGTH));
        let mut parts = 0;
        for part in name.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => {}
                b".." => {
                    let folder = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                    path.truncate(folder);
                }
                part => {
                    parts += 1;
                    if parts > MAX_PARTS || path.len() + part.len() >= MAX_LENGTH {
                        return None;
                    }
                    if !path.is_empty() {
                        path.push(b'/');
                    }
                    path.extend_from_slice(part);
                }
            }
        }
        Some(Self(path))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|part| !part.is_empty())
    }
}

/// The keys of a path and of all folders above it.
#[derive(Debug)]
pub(super) struct Keys {
    /// The path itself.
    pub(super) here: PathKey,
    /// The folders above it, the root first.
    pub(super) above: Vec<PathKey>,
}

impl Keys {
    pub(super) fn of(path: &Path) -> Self {
        let mut above = vec![ROOT];
        for part in path.parts() {
            above.push(key(above.last().unwrap_or(&ROOT), part));
        }
        let here = if above.len() > 1 { above.pop() } else { None };
        Self { here: here.unwrap_or(ROOT), above }
    }
}

/// The key of a name in a folder.
pub(super) fn key(folder: &PathKey, name: &[u8]) -> PathKey {
    let hash: [u8; 32] = Sha256::new().chain_update(folder).chain_update(name).finalize().into();
    let mut key = ROOT;
    key.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        let cases = [
            ("./usr/bin/app", "usr/bin/app"),
            ("/usr//bin/./app/", "usr/bin/app"),
            ("a/../../b", "b"),
            ("a/b/../c", "a/c"),
            ("./", ""),
            ("..", ""),
        ];
        for (name, path) in cases {
            assert_eq!(Path::new(name.as_bytes()).unwrap().bytes(), path.as_bytes(), "{name}");
        }
        assert!(Path::new("n/".repeat(MAX_PARTS).as_bytes()).is_some());
        assert!(Path::new("n/".repeat(MAX_PARTS + 1).as_bytes()).is_none());
        assert!(Path::new(&[b'n'; MAX_LENGTH]).is_none());
    }

    #[test]
    fn keys_are_those_of_the_folders_above() {
        let keys = |path: &str| Keys::of(&Path::new(path.as_bytes()).unwrap());
        let deep = keys("a/b/c");
        assert_eq!(deep.above, [ROOT, keys("a").here, keys("a/b").here]);
        assert_ne!(keys("ab/c").here, keys("a/bc").here);
        assert_eq!((keys("").here, keys("").above.len()), (ROOT, 1));
    }
}
