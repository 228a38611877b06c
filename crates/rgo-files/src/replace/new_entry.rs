//! Creates a file or a folder under a name without replacing an existing entry. It is prepared
//! beside its place, synced to the disk, and then renamed unless the name is taken. rgo-strip puts
//! companions in this way into folders that many builds add to.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use crate::atomic_file::has_bytes;
use crate::folders::{MadeFolders, parent};
use crate::mmap;

/// Number of attempts to make the folder, which another process may remove before something is in
/// it.
const TRIES: usize = 10;

/// A finished file or folder under a temporary name. Drop removes it.
#[derive(Debug)]
pub struct NewEntry {
    made: StagedEntry,
    /// Removed with the entry if they are otherwise empty.
    _folders: MadeFolders,
}

#[derive(Debug)]
enum StagedEntry {
    File(NamedTempFile),
    /// A folder. `file` is the relative path of the file that identifies it.
    Folder {
        folder: TempDir,
        file: PathBuf,
    },
}

/// The result of [`NewEntry::put`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The entry has its name, or an entry with the same bytes already had it.
    Yes,
    /// A different entry has the name, and stays.
    Other,
}

impl NewEntry {
    /// Prepares a file for `path`, and makes its folder if it is missing. `write` fills the file.
    /// Everyone may read it, as far as the process's umask allows. `prefix` starts its temporary
    /// name.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn file(
        path: &Path,
        prefix: &str,
        write: impl FnOnce(&File) -> io::Result<()>,
    ) -> io::Result<Self> {
        let builder = readable_builder(prefix);
        let (folders, file) = make_in(parent(path), |folder| builder.tempfile_in(folder))?;
        write(file.as_file())?;
        file.as_file().sync_all()?;
        Ok(Self { made: StagedEntry::File(file), _folders: folders })
    }

    /// Prepares a folder for `path`. `fill` fills it. `file` is the relative path of the file that
    /// distinguishes such folders.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn folder(
        path: &Path,
        prefix: &str,
        file: PathBuf,
        fill: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<Self> {
        let builder = builder(prefix);
        let (folders, folder) = make_in(parent(path), |folder| builder.tempdir_in(folder))?;
        fill(folder.path())?;
        Ok(Self { made: StagedEntry::Folder { folder, file }, _folders: folders })
    }

    /// The path of its file, under the temporary name.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        match &self.made {
            StagedEntry::File(file) => file.path().to_owned(),
            StagedEntry::Folder { folder, file } => folder.path().join(file),
        }
    }

    /// Renames it to `path`, unless an entry exists there. The name is then on the disk.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn put(self, path: &Path) -> io::Result<Created> {
        let is_there = match self.made {
            StagedEntry::File(file) => put_file(file, path)?,
            StagedEntry::Folder { folder, file } => put_folder(folder, &file, path)?,
        };
        if !is_there {
            return Ok(Created::Other);
        }
        #[cfg(unix)]
        File::open(parent(path))?.sync_all()?;
        Ok(Created::Yes)
    }
}

/// Makes the folder and an entry in it. A failing other process may remove the folder while it is
/// empty: then this starts again.
fn make_in<T>(
    folder: &Path,
    make: impl Fn(&Path) -> io::Result<T>,
) -> io::Result<(MadeFolders, T)> {
    let mut tries = 0..TRIES;
    loop {
        let folders = MadeFolders::make(folder)?;
        match make(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && tries.next().is_some() => {}
            made => return made.map(|made| (folders, made)),
        }
    }
}

/// Whether `path` now has the file, or one with the same bytes.
fn put_file(file: NamedTempFile, path: &Path) -> io::Result<bool> {
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(has_bytes(path, &mmap::map(error.file.path())?))
        }
        Err(error) => Err(error.error),
    }
}

/// Whether `path` now has the folder, or one whose `file` has the same bytes.
fn put_folder(made: TempDir, file: &Path, path: &Path) -> io::Result<bool> {
    if path.symlink_metadata().is_err() {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(made.path(), fs::Permissions::from_mode(0o755))?;
        }
        // If another process put a folder there meanwhile, it is not empty, and the rename fails.
        match fs::rename(made.path(), path) {
            Ok(()) => {
                let _ = made.keep();
                return Ok(true);
            }
            Err(error) if path.symlink_metadata().is_err() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(has_bytes(&path.join(file), &mmap::map(&made.path().join(file))?))
}

fn builder(prefix: &str) -> tempfile::Builder<'_, '_> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    builder
}

/// Only the owner can read a temporary file; this one is for everyone.
#[cfg(unix)]
fn readable_builder(prefix: &str) -> tempfile::Builder<'_, '_> {
    let mut builder = builder(prefix);
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn readable_builder(prefix: &str) -> tempfile::Builder<'_, '_> {
    builder(prefix)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(path: &Path, bytes: &[u8]) -> NewEntry {
        NewEntry::file(path, ".test-", |mut file| file.write_all(bytes)).expect("writes")
    }

    fn folder(path: &Path, bytes: &[u8]) -> NewEntry {
        let fill = |folder: &Path| fs::write(folder.join("inside"), bytes);
        NewEntry::folder(path, ".test-", "inside".into(), fill).expect("writes")
    }

    #[test]
    fn an_entry_that_is_there_stays() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        for (name, make) in [("file", file as fn(&Path, &[u8]) -> NewEntry), ("folder", folder)] {
            let path = guard.path().join("store").join(name);
            let put = |bytes| make(&path, bytes).put(&path).expect("is put");
            assert_eq!(put(b"one"), Created::Yes, "{name}");
            assert_eq!(put(b"one"), Created::Yes, "{name}");
            assert_eq!(put(b"two"), Created::Other, "{name}");
            let content = if path.is_dir() { path.join("inside") } else { path };
            assert_eq!(fs::read(content).expect("reads"), b"one");
        }
        let names = fs::read_dir(guard.path().join("store")).expect("lists").count();
        assert_eq!(names, 2, "nothing temporary is left");
    }

    #[test]
    fn an_entry_that_is_dropped_leaves_no_folder() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        drop(file(&guard.path().join("a/b/file"), b"one"));
        assert_eq!(fs::read_dir(&guard).expect("lists").count(), 0);
    }
}
