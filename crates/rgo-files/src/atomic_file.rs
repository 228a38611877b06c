//! Gives a name new content in one step: writes the bytes to a temporary file beside it, syncs that
//! to the disk, and renames it. No other process ever sees half a file.
//!
//! A file that already has the bytes stays untouched, so a build that changed nothing changes no
//! time. A link of that name is replaced, and so is one of several hard links: a build writes a new
//! file, and the other names keep the old one. [`crate::replace`] edits a file that stays the same
//! file.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let path = camino::Utf8Path::from_path(folder.path()).expect("UTF-8").join("dist/app");
//! assert!(rgo_files::atomic_file::write(&path, b"one", None)?, "the folder was made, too");
//! assert!(!rgo_files::atomic_file::write(&path, b"one", None)?, "it has these bytes already");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::path::Path;

use camino::Utf8Path;
use tempfile::NamedTempFile;

use crate::error::{Context, Result};
use crate::folders::{MadeFolders, parent};

/// Writes `bytes` to `path`; makes its folder if it is missing. The file has the mode of `like`, or
/// 0644. Returns `false` if the bytes were there already.
///
/// # Errors
/// If the folder or the file cannot be written; an existing file then stays unchanged.
pub fn write(path: &Utf8Path, bytes: &[u8], like: Option<&Utf8Path>) -> Result<bool> {
    let permissions = match like {
        Some(like) => Some(fs::metadata(like).context(|| format!("reading {like}"))?.permissions()),
        None => None,
    };
    if has_bytes(path.as_std_path(), bytes) {
        return Ok(false);
    }
    let folder = parent(path.as_std_path());
    let _made = MadeFolders::make(folder)
        .context(|| format!("creating the folder {}", folder.display()))?;
    write_beside(path.as_std_path(), bytes, permissions).context(|| format!("writing {path}"))?;
    Ok(true)
}

fn write_beside(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".rgo-").tempfile_in(parent(path))?;
    file.write_all(bytes)?;
    match permissions {
        Some(permissions) => file.as_file().set_permissions(permissions)?,
        None => make_readable(file.as_file())?,
    }
    rename(file, path, Durability::Synced)
}

/// Whether the bytes of a result are on the disk before the result gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// They are: they replace bytes that exist nowhere else.
    Synced,
    /// They need not be: the input still has them.
    Cached,
}

/// Gives a finished file its name.
pub(crate) fn rename(
    finished: NamedTempFile,
    path: &Path,
    durability: Durability,
) -> io::Result<()> {
    if durability == Durability::Synced {
        finished.as_file().sync_all()?;
    }
    finished.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Lets everyone read a temporary file, which only its owner can read so far.
#[cfg(unix)]
fn make_readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &File) -> io::Result<()> {
    Ok(())
}

/// Whether a readable file has exactly these bytes.
pub(crate) fn has_bytes(path: &Path, bytes: &[u8]) -> bool {
    let Ok(mut file) = File::open(path) else { return false };
    let length = bytes.len() as u64;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == length) {
        return false;
    }
    let mut rest = bytes;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return rest.is_empty(),
            Ok(read) => match (rest.split_at_checked(read), buffer.get(..read)) {
                (Some((head, tail)), Some(found)) if head == found => rest = tail,
                _ => return false,
            },
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_not_written_again() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let folder = Utf8Path::from_path(guard.path()).expect("UTF-8");
        let path = folder.join("a/b");
        assert!(write(&path, b"one", None).expect("writes"));
        assert!(!write(&path, b"one", None).expect("writes"));
        assert!(write(&path, b"two", None).expect("writes"));
        assert_eq!(fs::read(&path).expect("reads"), b"two");
        assert_eq!(fs::read_dir(folder.join("a")).expect("lists").count(), 1);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let folder = Utf8Path::from_path(guard.path()).expect("UTF-8");
        fs::write(folder.join("file"), "x").expect("writes");
        let error = write(&folder.join("file/inside"), b"", None).expect_err("a file is no folder");
        assert!(error.to_string().starts_with("creating the folder"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn a_new_file_leaves_the_other_names_of_the_old_one_alone() {
        let guard = tempfile::tempdir().expect("a temporary folder");
        let folder = Utf8Path::from_path(guard.path()).expect("UTF-8");
        let (path, kept) = (folder.join("app"), folder.join("kept"));
        fs::write(&path, "old").expect("writes");
        fs::hard_link(&path, &kept).expect("links");
        write(&path, b"new", None).expect("writes");
        assert_eq!(fs::read(&kept).expect("reads"), b"old");
    }
}
