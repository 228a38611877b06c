//! Which files are meant, and their bytes.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use walkdir::WalkDir;

/// A file to look into.
#[derive(Debug)]
pub(super) struct Found {
    /// Its path, as the user or the walk spelled it.
    pub(super) path: PathBuf,
    /// Whether the user named it: then silence would be a wrong answer.
    pub(super) named: bool,
    /// Why the walk could not get at it.
    pub(super) error: Option<io::Error>,
}

/// A named file, or the files below a named folder in sorted order.
pub(super) fn find(path: &Path) -> Vec<Found> {
    if !path.is_dir() {
        return vec![Found { path: path.to_owned(), named: true, error: None }];
    }
    WalkDir::new(path)
        .sort_by_file_name()
        .into_iter()
        .filter_map(|entry| match entry {
            // A link counts as what it leads to; one to a folder is not followed, it may be a
            // circle.
            Ok(entry) => entry.path().metadata().is_ok_and(|is| is.is_file()).then(|| Found {
                path: plain(entry.path()),
                named: false,
                error: None,
            }),
            Err(error) => Some(Found {
                path: error.path().unwrap_or(path).to_owned(),
                named: false,
                error: Some(error.into()),
            }),
        })
        .collect()
}

/// Without the `./` that stands before everything found in `.`.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// A file's bytes, mapped: most of a large file is never looked at.
pub(super) enum Bytes {
    Mapped(Mmap),
    Empty,
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Empty => &[],
        }
    }
}

/// Maps a file.
pub(super) fn map(path: &Path) -> io::Result<Bytes> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if metadata.len() == 0 {
        return Ok(Bytes::Empty);
    }
    // SAFETY: nothing here keeps a reference into the map beyond the reading of one file. Another
    // process that changes the file meanwhile can make the answer wrong, and one that cuts it
    // short ends this process with SIGBUS, as with every reader that maps its input.
    #[allow(unsafe_code)]
    let map = unsafe { Mmap::map(&file) }?;
    Ok(Bytes::Mapped(map))
}
