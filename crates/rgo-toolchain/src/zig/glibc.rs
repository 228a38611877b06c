//! The newest glibc that a zig can link for. If the user asks for a newer one, zig only warns, and
//! links for another version; so rgo must check. zig carries a list of glibc's symbols, `abilists`,
//! whose head lists the versions.
//!
//! ```text
//! u8   number of libraries, then a NUL-terminated name for each
//! u8   number of versions, then for each: u8 major, u8 minor, u8 patch
//! …    lists of targets and symbols
//! ```

use std::fs::File;
use std::io::Read as _;

use camino::Utf8Path;

use super::provision::pin;
use super::{Zig, ZigError, find};
use crate::cache::{Cache, Env};
use crate::floor::SystemVersion;

/// The newest glibc that a zig can link for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestGlibc {
    /// zig's version.
    pub zig: String,
    /// glibc's version.
    pub glibc: SystemVersion,
}

/// The newest glibc of the zig that would link: the zig that rgo finds, else the pinned one. `None`
/// if the zig that the user names does not work, or if its list is unreadable.
pub fn newest_glibc(cache: &Cache, env: Env<'_>) -> Option<NewestGlibc> {
    match find(cache, env) {
        Ok(Some(zig)) => of(&zig),
        Ok(None) | Err(ZigError::TooOld { named: false, .. }) => {
            let pin = pin();
            let glibc = pin.glibc.parse().ok()?;
            Some(NewestGlibc { zig: pin.version.to_string(), glibc })
        }
        Err(_) => None,
    }
}

fn of(zig: &Zig) -> Option<NewestGlibc> {
    let head = head(&zig.lib_dir.join("libc/glibc/abilists")).ok()?;
    Some(NewestGlibc { zig: zig.version.to_string(), glibc: newest(&head)? })
}

/// Reads the names and versions, which take about 200 bytes.
fn head(path: &Utf8Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut head)?;
    Ok(head)
}

fn newest(abilists: &[u8]) -> Option<SystemVersion> {
    let (libraries, mut rest) = abilists.split_first()?;
    for _ in 0..*libraries {
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest = rest.get(end + 1..)?;
    }
    let (count, rest) = rest.split_first()?;
    let versions = rest.get(..usize::from(*count) * 3)?.chunks_exact(3);
    versions.map(|v| SystemVersion::new(v[0].into(), v[1].into(), v[2].into())).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_newest_version_is_in_the_head_of_the_list() {
        let list = b"\x02m\0pthread\0\x03\x02\x00\x00\x02\x2a\x00\x02\x11\x00more";
        assert_eq!(newest(list), Some(SystemVersion::new(2, 42, 0)));
        for cut in 0..list.len() - 4 {
            assert_eq!(newest(&list[..cut]), None, "{cut}");
        }
        assert_eq!(newest(b"\x00\x00"), None);
    }

    #[test]
    fn a_zig_without_a_list_knows_no_newest() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let mut zig = super::super::provision::Place::new(&Cache::at(root).unwrap()).zig();
        zig.lib_dir = root.to_owned();
        assert_eq!(of(&zig), None);
        std::fs::create_dir_all(root.join("libc/glibc")).unwrap();
        std::fs::write(root.join("libc/glibc/abilists"), b"\x00\x01\x02\x27\x00").unwrap();
        assert_eq!(of(&zig).unwrap().glibc, SystemVersion::new(2, 39, 0));
        // This cache contains nothing, and the environment names no zig that works.
        let named = |name: &str| (name == "RGO_ZIG").then(|| "/no/zig".to_owned());
        assert_eq!(newest_glibc(&Cache::at(root.join("c")).unwrap(), &named), None);
    }

    proptest! {
        #[test]
        fn no_list_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = newest(&bytes);
        }
    }
}
