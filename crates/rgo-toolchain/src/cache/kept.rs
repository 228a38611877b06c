//! Lists the cache's entries and removes them, for `cache ls` and `cache prune`.

use std::fs::{self, TryLockError};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use super::{Cache, CacheError, USED, WORK, remove};

/// An entry of the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Entry {
    /// The folder of the cache that contains it, such as `std` or `zig`.
    pub kind: &'static str,
    /// Its name within its kind.
    pub name: String,
    /// The path of the entry.
    #[schemars(with = "String")]
    pub path: Utf8PathBuf,
    /// The sum of its files' sizes, in bytes.
    pub size_bytes: u64,
    /// The time of its last use, in seconds since 1970.
    pub last_used_epoch_seconds: u64,
}

/// The result of `prune`; with `dry_run`, the result that it would have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Pruned {
    /// The entries removed.
    pub removed: Vec<Entry>,
    /// The entries that are old enough, but stay because a process uses the cache.
    pub held: Vec<Entry>,
}

/// Folders of the cache that hold entries.
const KINDS: [&str; 11] = [
    "std",
    "zig",
    "zig-cache",
    "go",
    "shims",
    "darwin-stubs",
    "darwin-headers",
    "import-libraries",
    "notes",
    "probe",
    WORK,
];
/// Kinds that count as one entry, because their files are small and many.
const WHOLE: [&str; 2] = ["notes", "probe"];

impl Cache {
    /// All entries, the largest first.
    ///
    /// # Errors
    /// If a folder is unreadable.
    pub fn ls(&self) -> Result<Vec<Entry>, CacheError> {
        let mut found = Vec::new();
        for kind in KINDS {
            let folder = self.folder(kind);
            if WHOLE.contains(&kind) {
                if folder.exists() {
                    found.push(entry(kind, "all", folder));
                }
                continue;
            }
            let reader = match folder.read_dir_utf8() {
                Ok(reader) => reader,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(CacheError { path: folder, doing: "reading", source }),
            };
            for item in reader.flatten() {
                if item.file_type().is_ok_and(|t| t.is_dir()) {
                    found.push(entry(kind, item.file_name(), item.path().to_owned()));
                }
            }
        }
        found.sort_by(|a, b| {
            let by_size = b.size_bytes.cmp(&a.size_bytes);
            by_size.then_with(|| (a.kind, &a.name).cmp(&(b.kind, &b.name)))
        });
        Ok(found)
    }

    /// The size of everything in the folder that is no entry, in bytes: locks, and files of others.
    #[must_use]
    pub fn other_bytes(&self, entries: &[Entry]) -> u64 {
        let whole = entry("", "", self.root().to_owned()).size_bytes;
        whole.saturating_sub(entries.iter().map(|entry| entry.size_bytes).sum())
    }

    /// Removes the entries whose last use is longer ago than `older_than` (all, if `None`), and the
    /// folders that killed builds have left. Removes nothing while a build runs. With `dry_run` it
    /// only reports the entries.
    ///
    /// # Errors
    /// If it cannot read or remove a folder.
    pub fn prune(&self, dry_run: bool, older_than: Option<Duration>) -> Result<Pruned, CacheError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let keep_from = older_than.map(|age| now.saturating_sub(age).as_secs());
        let old: Vec<Entry> = self
            .ls()?
            .into_iter()
            .filter(|e| {
                e.kind == WORK || keep_from.is_none_or(|from| e.last_used_epoch_seconds < from)
            })
            .collect();
        let (file, path) = self.lock_file("in-use.lock")?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Pruned { removed: Vec::new(), held: old }),
            Err(TryLockError::Error(source)) => {
                return Err(CacheError { path, doing: "locking", source });
            }
        }
        if !dry_run {
            for entry in &old {
                self.remove_whole(&entry.path)?;
            }
        }
        Ok(Pruned { removed: old, held: Vec::new() })
    }
}

impl Cache {
    /// Removes an entry so that an interruption leaves no half of it in its place: it first moves
    /// the entry into the folder of unfinished work, which every `prune` empties.
    fn remove_whole(&self, path: &Utf8Path) -> Result<(), CacheError> {
        let work = self.folder(WORK);
        if path.starts_with(&work) {
            return remove(path);
        }
        let fail = |source| CacheError { path: path.to_owned(), doing: "removing", source };
        fs::create_dir_all(&work).map_err(fail)?;
        let gone = tempfile::Builder::new().prefix("pruned.").tempdir_in(&work).map_err(fail)?;
        let name = path.file_name().unwrap_or_default();
        match fs::rename(path, gone.path().join(name)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(fail(source)),
            _ => gone.close().map_err(fail),
        }
    }
}

fn entry(kind: &'static str, name: &str, path: Utf8PathBuf) -> Entry {
    let mut bytes = 0;
    let mut newest = 0;
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    for item in walkdir::WalkDir::new(&path).into_iter().flatten() {
        if let Ok(meta) = item.metadata() {
            if meta.is_file() {
                bytes += meta.len();
            }
            newest = newest.max(meta.modified().map_or(0, seconds));
        }
    }
    let last_used_epoch_seconds =
        fs::metadata(path.join(USED)).and_then(|m| m.modified()).map_or(newest, seconds);
    Entry { kind, name: name.to_owned(), path, size_bytes: bytes, last_used_epoch_seconds }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::tests::cache;
    use super::*;

    #[test]
    fn prune_leaves_what_is_young_and_everything_while_a_build_runs() {
        let (_dir, cache) = cache();
        for (name, age) in [("old", 1_000_000), ("new", 10)] {
            let folder = cache.folder("std").join(name);
            cache.put(&folder.join("lib/libstd.rlib"), &[7; 100]).unwrap();
            cache.touch(&folder);
            let time = SystemTime::now() - Duration::from_secs(age);
            File::options()
                .append(true)
                .open(folder.join(USED))
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
        let names = |entries: &[Entry]| entries.iter().map(|e| e.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&cache.ls().unwrap()), ["new", "old"]);
        assert_eq!(cache.ls().unwrap()[0].size_bytes, 100);
        cache.put(&cache.folder("std").join("larger/lib"), &[7; 101]).unwrap();
        cache.put(&cache.folder("of-another").join("file"), &[7; 7]).unwrap();
        let entries = cache.ls().unwrap();
        assert_eq!(
            (names(&entries), cache.other_bytes(&entries)),
            (vec!["larger".into(), "new".into(), "old".into()], 7)
        );
        fs::remove_dir_all(cache.folder("std").join("larger")).unwrap();
        let day = Some(Duration::from_secs(86_400));
        let building = cache.in_use().unwrap();
        let also_building = cache.in_use().unwrap();
        assert_eq!(names(&cache.prune(false, day).unwrap().held), ["old"]);
        drop((building, also_building));
        assert_eq!(names(&cache.prune(true, day).unwrap().removed), ["old"]);
        assert_eq!(cache.ls().unwrap().len(), 2);
        assert_eq!(names(&cache.prune(false, day).unwrap().removed), ["old"]);
        assert_eq!(names(&cache.ls().unwrap()), ["new"]);
        assert_eq!(names(&cache.prune(false, None).unwrap().removed), ["new"]);
    }
}
