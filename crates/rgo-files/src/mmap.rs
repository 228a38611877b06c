//! Maps files into memory: most of a large file is never read.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::{Mmap, MmapOptions};

/// The bytes of a file.
pub enum Bytes {
    /// Mapped.
    Mapped(Mmap),
    /// An empty file, which cannot be mapped.
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

/// Maps the file at a path.
///
/// # Errors
/// If it cannot be read, or is no regular file.
pub fn map(path: &Path) -> io::Result<Bytes> {
    file(&File::open(path)?)
}

/// Maps an open file.
///
/// # Errors
/// If it is no regular file, or cannot be mapped.
pub fn file(file: &File) -> io::Result<Bytes> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let size = usize::try_from(metadata.len()).map_err(io::Error::other)?;
    if size == 0 {
        return Ok(Bytes::Empty);
    }
    // SAFETY: nothing here keeps a reference into the map beyond the work on one file. Another
    // process that changes the file meanwhile can make the answer wrong, and one that cuts it
    // short ends this process with SIGBUS, as with every reader that maps its input.
    #[allow(unsafe_code)]
    let map = unsafe { MmapOptions::new().len(size).map(file) }?;
    Ok(Bytes::Mapped(map))
}
