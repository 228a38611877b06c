//! Puts finished files where they belong, so that nobody ever sees half of one: the bytes go to
//! a temporary file beside the place, to the disk, and take the name by one rename. A file that
//! has the bytes already is left alone, so a build that changed nothing changes no time stamp.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use camino::Utf8Path;

/// Why a file or folder cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct WriteError {
    /// What was done, to which path.
    what: String,
    source: io::Error,
}

type Result<T, E = WriteError> = std::result::Result<T, E>;

/// Says what was done where it failed.
trait Context<T> {
    fn with_context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn with_context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| WriteError { what: what(), source })
    }
}

/// Writes `bytes` to `path` with the mode of `like`; `false` if they were there already.
///
/// # Errors
/// If the folder or the file cannot be written; the file that was there is then as before.
pub fn write(path: &Utf8Path, bytes: &[u8], like: Option<&Utf8Path>) -> Result<bool> {
    let permissions = match like {
        Some(like) => {
            Some(fs::metadata(like).with_context(|| format!("reading {like}"))?.permissions())
        }
        None => None,
    };
    if same(path, bytes) {
        return Ok(false);
    }
    let folder = path.parent().filter(|p| !p.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let _made = MadeFolders::make(folder.as_std_path())
        .with_context(|| format!("creating the folder {folder}"))?;
    write_beside(folder, path, bytes, permissions).with_context(|| format!("writing {path}"))?;
    Ok(true)
}

/// Finds out whether results can be put into `folder`, before the long work that makes them.
/// Folders that this takes are gone afterwards: a build that fails leaves none.
///
/// # Errors
/// If it cannot be created, or nothing can be written into it.
pub fn check_writable(folder: &Utf8Path) -> Result<()> {
    // Another build may have put something there by the end, which keeps it.
    let _made = MadeFolders::make(folder.as_std_path())
        .with_context(|| format!("creating the folder {folder}"))?;
    let file = tempfile::Builder::new().prefix(".rgo-").tempfile_in(folder);
    file.map(drop).with_context(|| format!("the folder {folder} cannot be written to"))
}

/// Folders that were made for something. Those of them that are empty when this is dropped are
/// taken away again.
#[derive(Debug)]
pub struct MadeFolders {
    /// The innermost first.
    paths: Vec<PathBuf>,
}

impl MadeFolders {
    /// Makes a folder, and those that it lies in, where they are missing.
    ///
    /// # Errors
    /// If one cannot be made; then none is.
    pub fn make(folder: &Path) -> io::Result<Self> {
        let missing =
            folder.ancestors().take_while(|it| !it.as_os_str().is_empty() && !it.exists());
        let made = Self { paths: missing.map(Path::to_owned).collect() };
        fs::create_dir_all(folder)?;
        Ok(made)
    }
}

impl Drop for MadeFolders {
    fn drop(&mut self) {
        for path in &self.paths {
            let _ = fs::remove_dir(path);
        }
    }
}

/// Puts a folder that was made beside `path` in its place. One rename cannot replace a folder, so
/// the old one is first moved aside; it comes back if the new one cannot take its place.
///
/// # Errors
/// If a rename fails.
pub fn replace_dir(path: &Utf8Path, made: &Utf8Path) -> Result<()> {
    if !path.exists() {
        return fs::rename(made, path).with_context(|| format!("placing {path}"));
    }
    let folder = path.parent().filter(|p| !p.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let aside = tempfile::Builder::new()
        .prefix(".rgo-")
        .tempdir_in(folder)
        .with_context(|| format!("replacing {path}"))?;
    let old = aside.path().join("old");
    fs::rename(path, &old).with_context(|| format!("replacing {path}"))?;
    fs::rename(made, path)
        .or_else(|error| {
            fs::rename(&old, path)?;
            Err(error)
        })
        .with_context(|| format!("placing {path}"))
}

fn write_beside(
    folder: &Utf8Path,
    path: &Utf8Path,
    bytes: &[u8],
    permissions: Option<Permissions>,
) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".rgo-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    match permissions {
        Some(permissions) => file.as_file().set_permissions(permissions)?,
        None => readable(file.as_file())?,
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file is its owner's alone; what is shipped is not.
#[cfg(unix)]
fn readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &File) -> std::io::Result<()> {
    Ok(())
}

fn same(path: &Utf8Path, bytes: &[u8]) -> bool {
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
    use camino::Utf8PathBuf;

    fn shown(error: &WriteError) -> String {
        format!("{error}: {}", error.source)
    }

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        (folder, path)
    }

    #[test]
    fn the_same_bytes_are_not_written_again() {
        let (_guard, folder) = folder();
        let path = folder.join("a/b");
        assert!(write(&path, b"one", None).expect("writes"));
        assert!(!write(&path, b"one", None).expect("writes"));
        assert!(write(&path, b"two", None).expect("writes"));
        assert_eq!(fs::read(&path).expect("reads"), b"two");
        assert_eq!(fs::read_dir(folder.join("a")).expect("lists").count(), 1);
    }

    #[test]
    fn a_probe_leaves_nothing() {
        let (_guard, folder) = folder();
        let output = folder.join("dist/linux-amd64");
        check_writable(&output).expect("can be written");
        assert_eq!(fs::read_dir(&folder).expect("lists").count(), 0);
        fs::create_dir_all(&output).expect("creates");
        check_writable(&output).expect("can be written");
        assert!(output.is_dir(), "it was there before");
        fs::write(output.join("file"), "x").expect("writes");
        let error = check_writable(&output.join("file")).expect_err("a file is no folder");
        assert!(shown(&error).contains("creating the folder"), "{error}");
    }

    // Root writes where it likes, except into what no one can write to.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_probe_finds_a_folder_that_is_there_and_takes_no_file() {
        let error = check_writable("/proc/self".into()).expect_err("no file can be made there");
        assert!(shown(&error).contains("/proc/self cannot be written to"), "{error}");
    }

    #[test]
    fn a_folder_takes_the_place_of_another() {
        let (_guard, folder) = folder();
        let path = folder.join("x.dSYM");
        for round in ["one", "two"] {
            let made = folder.join("made");
            fs::create_dir(&made).expect("creates");
            fs::write(made.join(round), round).expect("writes");
            replace_dir(&path, &made).expect("is placed");
            let names: Vec<_> = path.read_dir_utf8().expect("lists").flatten().collect();
            assert_eq!(names.len(), 1);
            assert_eq!(names[0].file_name(), round);
        }
        assert_eq!(fs::read_dir(&folder).expect("lists").count(), 1, "nothing is left aside");
    }

    #[test]
    fn the_old_folder_stays_if_there_is_no_new_one() {
        let (_guard, folder) = folder();
        let path = folder.join("x.dSYM");
        fs::create_dir(&path).expect("creates");
        replace_dir(&path, &folder.join("absent")).expect_err("there is nothing to place");
        assert!(path.is_dir());
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let (_guard, folder) = folder();
        fs::write(folder.join("file"), "x").expect("writes");
        let error = write(&folder.join("file/inside"), b"", None).expect_err("a file is no folder");
        assert!(shown(&error).contains("creating the folder"), "{error}");
    }
}
