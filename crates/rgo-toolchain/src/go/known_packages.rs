//! Remembers what `go list` said of a target's packages, so that a build with nothing to do need not ask again: that
//! takes half as long as the build.
//!
//! An answer holds as long as go's settings, the command and the project's own files are the same. Files of the module
//! cache and of Go never change: their versions are in go.mod and in go's settings. The project's are compared by their
//! sizes, times and numbers, as cargo and make do, and each folder too, where files come and go. An answer about files
//! that changed while go read them is not kept.

use std::fs::Metadata;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::compiler::Go;
use super::error::GoError;
use super::packages::{self, GoPackage};
use crate::cache;
use crate::exec::Cmd;

/// An answer of go, with the files that it depends on.
#[derive(Serialize, Deserialize)]
struct Known {
    /// Each with its state; without one if it is not there.
    files: Vec<(Utf8PathBuf, Option<FileState>)>,
    packages: Vec<GoPackage>,
}

/// What changes with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileState {
    size_bytes: u64,
    modified: Duration,
    /// When the file's properties changed, and its number; zero where the system has neither.
    changed: (i64, i64, u64),
}

/// Words by which an answer depends on files that are not known before go reads them: patterns that new folders match, and
/// flags that put other files in the place of the project's.
const UNKNOWN_FILES: [&str; 3] = ["...", "-overlay", "-modfile"];

/// How old a change must be so that a later one has another time: file systems have times in steps of up to 2 s.
const STEP: Duration = Duration::from_secs(2);

/// Reads the packages that a `go list` command reports, as [`packages::read`] does, or as it did before. `folder` is
/// where answers are kept.
///
/// # Errors
/// Those of [`packages::read`].
pub fn read(
    folder: &Utf8Path,
    go: &Go,
    list: &Cmd,
    patterns: &[String],
) -> Result<Vec<GoPackage>, GoError> {
    let (command, settings) = (format!("{list:?} {patterns:?}"), go.settings());
    let has = |word: &str| command.contains(word) || settings.contains(word);
    if UNKNOWN_FILES.iter().any(|word| has(word)) || has_folders_of_others(go) {
        return packages::read(list, patterns);
    }
    let key = cache::short_hash(&[command.as_bytes(), settings.as_bytes()]);
    let file = folder.join(format!("{key}.json"));
    if let Some(packages) = recall(&file) {
        return Ok(packages);
    }
    let start = SystemTime::now();
    let packages = packages::read(list, patterns)?;
    // A build works without it, only slower.
    let _ = remember(&file, go, &packages, start);
    Ok(packages)
}

/// Whether modules in other folders have a say in which versions go takes: those of a workspace, or replacements. A
/// module may do so without a package in the build, and its go.mod would not be among the compared files.
fn has_folders_of_others(go: &Go) -> bool {
    let has_replacement =
        |path: &str| std::fs::read_to_string(path).is_ok_and(|it| it.contains("=>"));
    go.setting("GOWORK").is_some_and(|path| path != "off")
        || go.setting("GOMOD").is_some_and(has_replacement)
}

fn recall(file: &Utf8Path) -> Option<Vec<GoPackage>> {
    let known: Known = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let holds = known.files.iter().all(|(path, then)| state(path) == *then);
    holds.then_some(known.packages)
}

fn remember(
    file: &Utf8Path,
    go: &Go,
    packages: &[GoPackage],
    start: SystemTime,
) -> std::io::Result<()> {
    let mut files = Vec::new();
    for path in own_files(go, packages)? {
        let state = state(&path);
        let is_settled = |state: &FileState| SystemTime::UNIX_EPOCH + state.modified + STEP < start;
        if state.as_ref().is_some_and(|state| !is_settled(state)) {
            return Ok(());
        }
        files.push((path, state));
    }
    let known = Known { files, packages: packages.to_vec() };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_vec(&known)?;
    rgo_files::atomic_file::write(file, &text, None).map(drop).map_err(std::io::Error::other)
}

/// The files and folders of the project that decide what its packages are.
fn own_files(go: &Go, packages: &[GoPackage]) -> std::io::Result<Vec<Utf8PathBuf>> {
    let of_others = [go.setting("GOMODCACHE"), go.setting("GOROOT")];
    let is_own = |dir: &Utf8Path| !of_others.iter().flatten().any(|other| dir.starts_with(other));
    let mut files: Vec<Utf8PathBuf> = Vec::new();
    files.extend(go.setting("GOMOD").map(Utf8PathBuf::from));
    let roots = packages.iter().filter_map(|package| package.module.as_ref());
    let mut roots: Vec<&Utf8Path> =
        roots.map(|module| module.dir.as_path()).filter(|dir| is_own(dir)).collect();
    roots.sort_unstable();
    roots.dedup();
    for root in roots {
        files.extend(["go.mod", "go.sum", "vendor/modules.txt"].map(|name| root.join(name)));
    }
    for package in packages.iter().filter(|package| is_own(&package.dir)) {
        files.push(package.dir.clone());
        for entry in package.dir.read_dir_utf8()? {
            let entry = entry?;
            // Go reads what a link leads to.
            if !entry.file_type()?.is_dir() {
                files.push(entry.into_path());
            }
        }
    }
    Ok(files)
}

fn state(path: &Utf8Path) -> Option<FileState> {
    let metadata = path.metadata().ok()?;
    let modified = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    // The size of a folder means nothing, and differs between file systems.
    let size_bytes = if metadata.is_dir() { 0 } else { metadata.len() };
    Some(FileState { size_bytes, modified, changed: changed(&metadata) })
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> (i64, i64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.ctime(), metadata.ctime_nsec(), metadata.ino())
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> (i64, i64, u64) {
    (0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a file or folder a time before now: two changes at once may get the same time.
    #[cfg(unix)]
    fn age(path: &Utf8Path) {
        let file = std::fs::File::open(path).expect("opened");
        file.set_modified(SystemTime::now() - 10 * STEP).expect("set");
    }

    #[test]
    #[cfg(unix)]
    fn a_state_changes_with_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let file = folder.join("a.go");
        assert_eq!(state(&file), None);
        std::fs::write(&file, "package a").expect("written");
        age(folder);
        let (of_file, of_folder) = (state(&file), state(folder));
        assert!(of_file.is_some() && of_folder.is_some());
        assert_eq!(state(&file), of_file);
        std::fs::write(&file, "package ab").expect("written");
        assert_ne!(state(&file), of_file);
        std::fs::remove_file(&file).expect("removed");
        assert_ne!(state(folder), of_folder);
    }

    #[test]
    #[cfg(unix)]
    fn what_changed_just_now_is_not_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let (dir, target) = (folder.join("p"), folder.join("b.go"));
        std::fs::create_dir(&dir).expect("made");
        std::fs::write(dir.join("a.go"), "package a").expect("written");
        std::fs::write(&target, "package a").expect("written");
        std::os::unix::fs::symlink(&target, dir.join("b.go")).expect("linked");
        let packages =
            [GoPackage { import_path: "p".to_owned(), dir: dir.clone(), ..GoPackage::default() }];
        let (go, file) = (Go::default(), folder.join("lists/x.json"));
        let kept = || {
            remember(&file, &go, &packages, SystemTime::now()).expect("tried");
            recall(&file)
        };
        assert_eq!(kept(), None);
        [&dir, &dir.join("a.go"), &target].into_iter().for_each(|path| age(path));
        assert_eq!(kept().as_deref(), Some(&packages[..]));
        std::fs::write(&target, "package a // linked").expect("written");
        assert_eq!(recall(&file), None);
        age(&target);
        assert_eq!(kept().as_deref(), Some(&packages[..]));
        std::fs::write(dir.join("c.go"), "package a").expect("written");
        assert_eq!(recall(&file), None);
    }
}
