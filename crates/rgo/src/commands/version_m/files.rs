//! A file's bytes, for the part that reads files as Go does, without archives.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

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
