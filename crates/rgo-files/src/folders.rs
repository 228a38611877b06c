//! Manages the folders of results: makes missing ones, removes them again if they stay empty, and
//! replaces a folder as a whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use camino::Utf8Path;

use crate::error::{Context, Result};

/// The folder that contains a path; `.` for a name without one.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Folders made for a result. Drop removes those that are empty.
#[derive(Debug)]
pub struct MadeFolders {
    /// The innermost first.
    paths: Vec<PathBuf>,
}

impl MadeFolders {
    /// Makes a folder and its missing parents.
    ///
    /// # Errors
    /// If one cannot be made; the others are then removed again.
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

/// Checks that files can be put into `folder`, before the long work that makes them. Removes the
/// folders that it made: a build that fails leaves none.
///
/// # Errors
/// If the folder cannot be made, or nothing can be written into it.
pub fn check_writable(folder: &Utf8Path) -> Result<()> {
    // Another build may put a file there before the end, and the folder then stays.
    let _made = MadeFolders::make(folder.as_std_path())
        .context(|| format!("creating the folder {folder}"))?;
    let file = tempfile::Builder::new().prefix(".rgo-").tempfile_in(folder);
    file.map(drop).context(|| format!("the folder {folder} cannot be written to"))
}

/// Replaces the folder `path` by one that was made beside it. One rename cannot replace a folder,
/// so the old one is first moved aside; it moves back if the new one cannot take its place.
///
/// # Errors
/// If a rename fails.
pub fn replace_dir(path: &Utf8Path, made: &Utf8Path) -> Result<()> {
    if !path.exists() {
        return fs::rename(made, path).context(|| format!("placing {path}"));
    }
    let aside = tempfile::Builder::new()
        .prefix(".rgo-")
        .tempdir_in(parent(path.as_std_path()))
        .context(|| format!("replacing {path}"))?;
    let old = aside.path().join("old");
    fs::rename(path, &old).context(|| format!("replacing {path}"))?;
    fs::rename(made, path)
        .or_else(|error| {
            fs::rename(&old, path)?;
            Err(error)
        })
        .context(|| format!("placing {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WriteError;
    use camino::Utf8PathBuf;

    fn text(error: &WriteError) -> String {
        let source = std::error::Error::source(error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    }

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        (folder, path)
    }

    #[test]
    fn a_check_leaves_nothing() {
        let (_guard, folder) = folder();
        let output = folder.join("dist/linux-amd64");
        check_writable(&output).expect("can be written");
        assert_eq!(fs::read_dir(&folder).expect("lists").count(), 0);
        fs::create_dir_all(&output).expect("creates");
        check_writable(&output).expect("can be written");
        assert!(output.is_dir(), "it was there before");
        fs::write(output.join("file"), "x").expect("writes");
        let error = check_writable(&output.join("file")).expect_err("a file is no folder");
        assert!(text(&error).contains("creating the folder"), "{error}");
    }

    // Root can write everywhere except into pseudo file systems.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_check_finds_a_folder_that_is_there_and_takes_no_file() {
        let error = check_writable("/proc/self".into()).expect_err("no file can be made there");
        assert!(text(&error).contains("/proc/self cannot be written to"), "{error}");
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
}
