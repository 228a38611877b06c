//! The cache: files that rgo keeps between runs and that several runs can share.
//!
//! ```text
//! <root>/                 RGO_CACHE, or `rgo` in the user's cache folder
//!   in-use.lock           every running build holds it shared, prune holds it exclusively
//!   std/<key>/            standard libraries built from source, each a sysroot of its own
//!   zig/<version>-<host>/ a zig that rgo fetched
//!   zig-cache/<version>/  zig's own cache: the C libraries and runtimes it has compiled
//!   shims/<name>/         the linkers and C tools for cargo and build scripts
//!   darwin-stubs/<hash>/  stubs of Apple's libraries, for links
//!   darwin-headers/<hash>/ C headers of macOS that zig lacks
//!   import-libraries/<hash>/ import libraries of Python and Node, for links for Windows
//!   notes/<name>.obj      empty notes, for links by the platform's own linker
//!   probe/<hash>.json     answers of slow calls, such as `zig env`
//!   work/<name>/          temporary files of one running build, which removes them
//! ```
//!
//! rgo puts each file or folder in place by rename, so that a reader never sees an unfinished one.
//! The user can delete everything; the next build makes it again.

mod kept;

use std::fs::{self, File, TryLockError};
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use rgo_files::atomic_file;

use crate::exec;
pub use kept::{Entry, Pruned};

/// Reads a variable of the environment: the real one in a program, a table in a test.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The cache, or a file in it, is not usable.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the cache at {path}: {doing}")]
pub struct CacheError {
    /// The file or folder.
    pub path: Utf8PathBuf,
    /// The operation that failed.
    pub doing: &'static str,
    /// The system's error.
    pub source: io::Error,
}

impl CacheError {
    /// The next step.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let unusable = || "set RGO_CACHE to a folder that can be written to".to_owned();
        hint_if_full(&self.source).or_else(|| Some(unusable()))
    }
}

/// The cache, by its root folder.
#[derive(Debug, Clone)]
pub struct Cache {
    root: Utf8PathBuf,
}

/// Holds a lock until it is dropped. The system releases the lock also when it kills the process.
#[derive(Debug, Clone)]
pub struct Guard {
    _file: Arc<File>,
}

/// The folders of single runs. A folder without a running build is from a process that was killed.
const WORK: &str = "work";
/// The file in an entry that each use touches; its time is the entry's last use.
const USED: &str = ".used";

impl Cache {
    /// Opens the cache at `RGO_CACHE`, else in the user's cache folder. Creates it if necessary.
    ///
    /// # Errors
    /// If the environment names no folder, or if rgo cannot create it.
    pub fn open(env: Env<'_>) -> Result<Self, CacheError> {
        let root = locate(env, home(env)).ok_or_else(|| CacheError {
            path: "rgo".into(),
            doing: "finding the user's cache folder (neither RGO_CACHE, XDG_CACHE_HOME nor HOME is set)",
            source: io::ErrorKind::NotFound.into(),
        })?;
        Self::at(root)
    }

    /// Opens the cache at this folder.
    ///
    /// # Errors
    /// If rgo cannot create it.
    pub fn at(root: impl Into<Utf8PathBuf>) -> Result<Self, CacheError> {
        let root = root.into();
        let root = match std::path::absolute(&root).and_then(exec::utf8) {
            Ok(absolute) => absolute,
            Err(source) => {
                return Err(CacheError { path: root, doing: "making the path absolute", source });
            }
        };
        make_folder(&root)?;
        Ok(Self { root })
    }

    /// The root folder.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The folder of one kind of entries.
    pub fn folder(&self, kind: &str) -> Utf8PathBuf {
        self.root.join(kind)
    }

    /// zig's own cache, for one version of zig.
    pub fn zig_cache(&self, zig_version: &str) -> Utf8PathBuf {
        self.root.join("zig-cache").join(zig_version)
    }

    /// Makes a folder for one run. Hold [`Self::in_use`] while you use it.
    ///
    /// # Errors
    /// If rgo cannot create it.
    pub fn work_folder(&self) -> Result<tempfile::TempDir, CacheError> {
        let folder = self.folder(WORK);
        make_folder(&folder)?;
        let made = tempfile::Builder::new().prefix("build-").tempdir_in(&folder);
        made.map_err(|source| CacheError { path: folder, doing: "making a working folder", source })
    }

    /// Marks the cache as in use. Hold the guard while you use anything in the cache.
    ///
    /// # Errors
    /// If rgo cannot take the lock.
    pub fn in_use(&self) -> Result<Guard, CacheError> {
        let (file, path) = self.lock_file("in-use.lock")?;
        file.lock_shared().map_err(|source| CacheError { path, doing: "locking", source })?;
        Ok(Guard { _file: Arc::new(file) })
    }

    /// Takes the lock `name` exclusively. Calls `waiting` once if another process has it.
    ///
    /// # Errors
    /// If rgo cannot take the lock.
    pub fn lock(&self, name: &str, waiting: &mut dyn FnMut()) -> Result<Guard, CacheError> {
        let (file, path) = self.lock_file(&format!("{name}.lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock().map_err(|source| CacheError { path, doing: "locking", source })?;
            }
            Err(TryLockError::Error(source)) => {
                return Err(CacheError { path, doing: "locking", source });
            }
        }
        Ok(Guard { _file: Arc::new(file) })
    }

    fn lock_file(&self, name: &str) -> Result<(File, Utf8PathBuf), CacheError> {
        let path = self.root.join(name);
        if let Some(parent) = path.parent() {
            make_folder(parent)?;
        }
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        match file {
            Ok(file) => Ok((file, path)),
            Err(source) => Err(CacheError { path, doing: "opening the lock", source }),
        }
    }

    /// Writes a file below the root by rename. A file that already has this content keeps its time.
    ///
    /// # Errors
    /// If rgo cannot write it; then no part of it remains.
    pub fn put(&self, path: &Utf8Path, content: &[u8]) -> Result<(), CacheError> {
        atomic_file::write(path, content, None).map(drop).map_err(|error| CacheError {
            path: path.to_owned(),
            doing: "writing",
            source: error.into_io(),
        })
    }

    /// Makes the folder `place` unless it exists. `fill` writes its content into a temporary folder
    /// beside it, which then takes the place by rename. If two builds do so at once, the first
    /// one's folder stays.
    ///
    /// # Errors
    /// Those of `fill`, and if rgo cannot write the folder.
    pub fn install(
        &self,
        place: &Utf8Path,
        fill: impl FnOnce(&Utf8Path) -> io::Result<()>,
    ) -> Result<(), CacheError> {
        let fail = |source| CacheError { path: place.to_owned(), doing: "making", source };
        if !place.is_dir() {
            let parent = place.parent().unwrap_or(&self.root);
            make_folder(parent)?;
            let staged = tempfile::Builder::new().prefix(".new.").tempdir_in(parent);
            let staged = staged.map_err(fail)?;
            fill(Utf8Path::from_path(staged.path()).unwrap_or(parent)).map_err(fail)?;
            match fs::rename(staged.path(), place) {
                Err(_) if place.is_dir() => {}
                Err(source) => return Err(fail(source)),
                Ok(()) => {
                    // The folder now has its final name and must stay.
                    let _ = staged.keep();
                }
            }
        }
        self.touch(place);
        Ok(())
    }

    /// Records a use of an entry. Ignores a cache that is not writable.
    pub fn touch(&self, entry: &Utf8Path) {
        let marker = entry.join(USED);
        if let Ok(file) = File::options().create(true).append(true).open(marker) {
            let _ = file.set_modified(SystemTime::now());
        }
    }

    /// The cached answer to a slow question about `program`. Calls `ask` again only if the path,
    /// the time or the size of the file has changed. `question` names the question and everything
    /// else on which the answer depends.
    ///
    /// # Errors
    /// Those of `ask`. If the cache is not writable, only speed suffers.
    pub fn probe<T: Serialize + DeserializeOwned, E>(
        &self,
        program: &Utf8Path,
        question: &str,
        ask: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        #[derive(Serialize, Deserialize)]
        struct CachedAnswer<T> {
            key: String,
            answer: T,
        }
        let Some(key) = stamp(program).map(|stamp| format!("{program}\n{stamp}\n{question}"))
        else {
            return ask();
        };
        let path = self.root.join("probe").join(format!("{}.json", short_hash(&[key.as_bytes()])));
        if let Ok(text) = fs::read(&path)
            && let Ok(kept) = serde_json::from_slice::<CachedAnswer<T>>(&text)
            && kept.key == key
        {
            return Ok(kept.answer);
        }
        let kept = CachedAnswer { key, answer: ask()? };
        if let Ok(text) = serde_json::to_vec(&kept) {
            let _ = self.put(&path, &text);
        }
        Ok(kept.answer)
    }
}

/// The user's home folder: from HOME (on Windows USERPROFILE), else from the system, in cargo's
/// way.
pub fn home(env: Env<'_>) -> Option<Utf8PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let said = env(name).filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    said.or_else(|| Utf8PathBuf::from_path_buf(std::env::home_dir()?).ok())
        .filter(|home| !home.as_str().is_empty())
}

/// The folder in which cargo keeps packages.
pub fn cargo_home(env: Env<'_>) -> Option<Utf8PathBuf> {
    let said = env("CARGO_HOME").filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    said.or_else(|| home(env).map(|home| home.join(".cargo")))
}

fn locate(env: Env<'_>, home: Option<Utf8PathBuf>) -> Option<Utf8PathBuf> {
    let set = |name: &str| env(name).filter(|v| !v.is_empty()).map(Utf8PathBuf::from);
    if let Some(own) = set("RGO_CACHE") {
        return Some(own);
    }
    let user = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Caches"))
    } else {
        // The XDG specification says to ignore a relative path.
        set("XDG_CACHE_HOME")
            .filter(|p| p.is_absolute())
            .or_else(|| home.map(|home| home.join(".cache")))
    };
    user.map(|folder| folder.join("rgo"))
}

/// A text that changes with a file: its time in nanoseconds and its size. Follows links.
fn stamp(path: &Utf8Path) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    let time = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", time.as_nanos(), meta.len()))
}

/// A name for content: 16 hexadecimal digits. Hashes the length of each part, so parts cannot run
/// together.
pub(crate) fn short_hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hex::encode(&hasher.finalize()[..8])
}

/// The next step for an error that reports a full disk.
pub(crate) fn hint_if_full(error: &io::Error) -> Option<String> {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded).then(|| {
        "the disk is full, and nothing half-written was kept; RGO_CACHE names another place"
            .to_owned()
    })
}

pub(crate) fn make_folder(path: &Utf8Path) -> Result<(), CacheError> {
    fs::create_dir_all(path).map_err(|source| CacheError {
        path: path.to_owned(),
        doing: "making the folder",
        source,
    })
}

/// Removes a folder or file. It is no error if there is none.
pub(crate) fn remove(path: &Utf8Path) -> Result<(), CacheError> {
    let result = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(e) => Err(e),
    };
    match result {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CacheError { path: path.to_owned(), doing: "removing", source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    pub(super) fn cache() -> (tempfile::TempDir, Cache) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(Utf8Path::from_path(dir.path()).unwrap().join("a b/ü")).unwrap();
        (dir, cache)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_folder_is_where_the_user_says() {
        let table = [
            (vec![("RGO_CACHE", "/c"), ("HOME", "/h")], Some("/c")),
            (vec![("XDG_CACHE_HOME", "/x"), ("HOME", "/h")], Some("/x/rgo")),
            (vec![("XDG_CACHE_HOME", "x"), ("HOME", "/h")], Some("/h/.cache/rgo")),
            (vec![("RGO_CACHE", ""), ("HOME", "/h")], Some("/h/.cache/rgo")),
            (vec![], None),
        ];
        let home = |vars: &[(&str, &str)]| {
            vars.iter().find(|(name, _)| *name == "HOME").map(|(_, home)| (*home).into())
        };
        for (vars, expected) in table {
            let env =
                |name: &str| vars.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(
                locate(&env, home(&vars)).as_deref().map(Utf8Path::as_str),
                expected,
                "{vars:?}"
            );
        }
    }

    #[test]
    fn a_probe_is_asked_again_only_when_the_program_changes() {
        let (_dir, cache) = cache();
        let program = cache.root().join("prog");
        fs::write(&program, "1").unwrap();
        let mut asked = 0;
        let mut ask = |question: &str| {
            cache.probe(&program, question, || -> Result<u32, io::Error> {
                asked += 1;
                Ok(asked)
            })
        };
        assert_eq!(ask("version").unwrap(), 1);
        assert_eq!(ask("version").unwrap(), 1);
        assert_eq!(ask("sysroot").unwrap(), 2);
        fs::write(&program, "22").unwrap();
        assert_eq!(ask("version").unwrap(), 3);
        // A damaged answer makes rgo ask again.
        for file in fs::read_dir(cache.folder("probe")).unwrap() {
            fs::write(file.unwrap().path(), "{").unwrap();
        }
        assert_eq!(ask("version").unwrap(), 4);
    }

    #[test]
    fn a_lock_is_one_process_at_a_time() {
        let (_dir, cache) = cache();
        let first = cache.lock("std/x", &mut || panic!("nobody has it")).unwrap();
        let (send, receive) = std::sync::mpsc::channel();
        let other = cache.clone();
        let thread = std::thread::spawn(move || {
            let _second = other.lock("std/x", &mut || send.send("waiting").unwrap()).unwrap();
            send.send("has it").unwrap();
        });
        assert_eq!(receive.recv().unwrap(), "waiting");
        assert!(receive.recv_timeout(Duration::from_millis(50)).is_err());
        drop(first);
        assert_eq!(receive.recv().unwrap(), "has it");
        thread.join().unwrap();
    }
}
