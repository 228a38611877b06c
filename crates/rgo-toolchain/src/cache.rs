//! What rgo keeps between runs, and how several runs share it.
//!
//! ```text
//! <root>/                 RGO_CACHE, or `rgo` in the user's cache folder
//!   in-use.lock           held shared by every running build, exclusively by prune
//!   std/<key>/            standard libraries built from source, each a sysroot of its own
//!   zig/<version>-<host>/ a provisioned zig
//!   zig-cache/<version>/  zig's own cache: C libraries and runtimes it has compiled
//!   shims/<name>/         linkers and C tools that cargo and build scripts are given
//!   darwin-stubs/<hash>/  what stands for Apple's libraries in links
//!   notes/<name>.obj      empty notes, for links that the platform's own linker does
//!   probe/<hash>.json     answers of slow `--version` calls
//!   work/<name>/          what only one running build needs; it goes with the build
//! ```
//!
//! Everything is put in place by rename, so that a reader never meets half a thing, and everything can be deleted: the
//! next build makes it again.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::exec;

/// How a caller tells us the environment: real in a program, a table in a test.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The folder could not be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot use the cache at {path}: {doing}: {source}{}",
    if room(.source).is_empty() { "\nhint: set RGO_CACHE to a folder that can be written to" } else { room(.source) }
)]
pub struct CacheError {
    /// The file or folder in question.
    pub path: Utf8PathBuf,
    /// What was being done.
    pub doing: &'static str,
    /// The system's reason.
    pub source: io::Error,
}

/// The folder of everything that is kept.
#[derive(Debug, Clone)]
pub struct Cache {
    root: Utf8PathBuf,
}

/// Holds a lock for as long as it lives; the system lets go of it also when the process is killed.
#[derive(Debug, Clone)]
pub struct Guard {
    _file: Arc<File>,
}

/// One thing that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `std`, `zig`, `zig-cache`, `shims`, `notes`, `probe`, `work`.
    pub kind: &'static str,
    /// Its name within its kind.
    pub name: String,
    /// Where it is.
    pub path: Utf8PathBuf,
    /// The sum of its files' sizes, in bytes.
    pub bytes: u64,
    /// When it was last used, in seconds since 1970.
    pub last_used: u64,
}

/// What `prune` did or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// What is gone, or would be.
    pub removed: Vec<Entry>,
    /// What stayed although it was old enough, because a process holds it.
    pub held: Vec<Entry>,
}

const KINDS: [&str; 9] = [
    "std",
    "zig",
    "zig-cache",
    "shims",
    "darwin-stubs",
    "import-libraries",
    "notes",
    "probe",
    WORK,
];
/// Folders of single runs: one that is there while nothing runs was left by a process that was killed.
const WORK: &str = "work";
/// Kinds whose files are of no interest one by one.
const WHOLE: [&str; 2] = ["notes", "probe"];
/// Touched at each use of an entry; its time is the entry's last use.
const USED: &str = ".used";

impl Cache {
    /// Opens the cache at `RGO_CACHE`, else in the user's cache folder, and makes it if need be.
    ///
    /// # Errors
    /// When no folder can be named or made.
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
    /// When it can't be made.
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

    /// The folder itself.
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

    /// Makes a folder for one run. Hold [`Self::in_use`] as long as it is used.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn work_folder(&self) -> Result<tempfile::TempDir, CacheError> {
        let folder = self.folder(WORK);
        make_folder(&folder)?;
        let made = tempfile::Builder::new().prefix("build-").tempdir_in(&folder);
        made.map_err(|source| CacheError { path: folder, doing: "making a working folder", source })
    }

    /// Says that a build is running; hold it as long as anything of the cache is in use.
    ///
    /// # Errors
    /// When the lock can't be made.
    pub fn in_use(&self) -> Result<Guard, CacheError> {
        let (file, path) = self.lock_file("in-use.lock")?;
        file.lock_shared().map_err(|source| CacheError { path, doing: "locking", source })?;
        Ok(Guard { _file: Arc::new(file) })
    }

    /// Takes the lock `name` for this process alone. `waiting` is called once if another has it.
    ///
    /// # Errors
    /// When the lock can't be made.
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

    /// Writes a file below the root by rename, unless it has this content already (its time stays then).
    ///
    /// # Errors
    /// When it can't be written; then nothing is left behind.
    pub fn put(&self, path: &Utf8Path, content: &[u8]) -> Result<(), CacheError> {
        if fs::read(path).is_ok_and(|old| old == content) {
            return Ok(());
        }
        put(path, content).map_err(|source| CacheError {
            path: path.to_owned(),
            doing: "writing",
            source,
        })
    }

    /// Notes that an entry was used now. A cache that can't be written to is no reason to fail.
    pub fn touch(&self, entry: &Utf8Path) {
        let marker = entry.join(USED);
        if let Ok(file) = File::options().create(true).append(true).open(marker) {
            let _ = file.set_modified(SystemTime::now());
        }
    }

    /// The answer of a slow question about the program at `program`, asked anew only when the file, its time or its
    /// size differ from those of last time. `question` says what was asked and with what else the answer varies.
    ///
    /// # Errors
    /// Those of `ask`. A cache that can't be written to only makes it slow.
    pub fn probe<T: Serialize + DeserializeOwned, E>(
        &self,
        program: &Utf8Path,
        question: &str,
        ask: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        #[derive(Serialize, Deserialize)]
        struct Kept<T> {
            key: String,
            answer: T,
        }
        let Some(key) = stamp(program).map(|stamp| format!("{program}\n{stamp}\n{question}"))
        else {
            return ask();
        };
        let path = self.root.join("probe").join(format!("{}.json", short_hash(&[key.as_bytes()])));
        if let Ok(text) = fs::read(&path)
            && let Ok(kept) = serde_json::from_slice::<Kept<T>>(&text)
            && kept.key == key
        {
            return Ok(kept.answer);
        }
        let kept = Kept { key, answer: ask()? };
        if let Ok(text) = serde_json::to_vec(&kept) {
            let _ = self.put(&path, &text);
        }
        Ok(kept.answer)
    }

    /// Everything that is kept, by kind and name.
    ///
    /// # Errors
    /// When a folder can't be read.
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
        found.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        Ok(found)
    }

    /// Removes what was last used longer ago than `older_than` (everything, if `None`), and what killed builds have
    /// left, but nothing while a build runs.
    /// With `dry_run` it only says what it would remove.
    ///
    /// # Errors
    /// When a folder can't be read or removed.
    pub fn prune(&self, dry_run: bool, older_than: Option<Duration>) -> Result<Pruned, CacheError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let keep_from = older_than.map(|age| now.saturating_sub(age).as_secs());
        let old: Vec<Entry> = self
            .ls()?
            .into_iter()
            .filter(|e| e.kind == WORK || keep_from.is_none_or(|from| e.last_used < from))
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
                remove(&entry.path)?;
            }
        }
        Ok(Pruned { removed: old, held: Vec::new() })
    }
}

/// The user's own folder: as HOME says (on Windows USERPROFILE), else as the system does, which cargo
/// asks too.
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
        // The XDG specification has a relative path ignored.
        set("XDG_CACHE_HOME")
            .filter(|p| p.is_absolute())
            .or_else(|| home.map(|home| home.join(".cache")))
    };
    user.map(|folder| folder.join("rgo"))
}

/// What changes when a file does: time in nanoseconds and size, of the file that a link leads to.
fn stamp(path: &Utf8Path) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    let time = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", time.as_nanos(), meta.len()))
}

/// A name made of content: 16 hexadecimal digits, of parts that can't run into each other.
pub(crate) fn short_hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hex::encode(&hasher.finalize()[..8])
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
    let last_used =
        fs::metadata(path.join(USED)).and_then(|m| m.modified()).map_or(newest, seconds);
    Entry { kind, name: name.to_owned(), path, bytes, last_used }
}

/// The next step for an error that says that there is no room.
pub(crate) fn room(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "\nhint: the disk is full, and nothing half-written was kept; RGO_CACHE names another place"
        }
        _ => "",
    }
}

pub(crate) fn make_folder(path: &Utf8Path) -> Result<(), CacheError> {
    fs::create_dir_all(path).map_err(|source| CacheError {
        path: path.to_owned(),
        doing: "making the folder",
        source,
    })
}

/// Removes a folder or file; that it isn't there is fine.
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

fn put(path: &Utf8Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(folder)?;
    // A named temporary file removes itself on every early return.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
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
        // An answer that was damaged is asked for again.
        for file in fs::read_dir(cache.folder("probe")).unwrap() {
            fs::write(file.unwrap().path(), "{").unwrap();
        }
        assert_eq!(ask("version").unwrap(), 4);
    }

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
        assert_eq!(cache.ls().unwrap()[0].bytes, 100);
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
