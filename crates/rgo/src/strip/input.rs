//! Opens and maps a file to strip.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use rgo_files::mmap::{self, Bytes};

use crate::app::error::Annotate;

/// A file to strip.
pub(super) struct Input {
    pub file: File,
    pub bytes: Bytes,
    /// Its file name, after links are resolved.
    pub name: String,
    pub path: PathBuf,
}

impl Input {
    pub(super) fn open(path: &Path) -> Result<Self> {
        // Opening a pipe waits for its writer, so check the file's type first.
        let metadata = path.metadata()?;
        if metadata.is_dir() {
            let hint = "name the files in it: find DIR -type f -exec rgo-strip {} +";
            return Err(anyhow!("it is a folder").hint(hint));
        }
        if !metadata.is_file() {
            let hint = "save what it gives to a file, and strip that";
            return Err(anyhow!("it is no regular file").hint(hint));
        }
        let file = File::open(path)?;
        let bytes = mmap::file(&file)?;
        let real = path.canonicalize()?;
        let name = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { file, bytes, name, path: path.to_owned() })
    }
}
