//! The file of `--log-file`: every message that goes to stderr, without color.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use anstream::StripStream;
use anyhow::{Context, Result};

static LOG: OnceLock<Mutex<StripStream<File>>> = OnceLock::new();

/// Opens the file, which loses what it had.
///
/// # Errors
/// If it cannot be written.
pub(super) fn open(path: &Path) -> Result<()> {
    let create = || fs::create_dir_all(rgo_files::parent(path)).and_then(|()| File::create(path));
    let file = create().with_context(|| format!("writing the log {}", path.display()))?;
    let _ = LOG.set(Mutex::new(StripStream::new(file)));
    Ok(())
}

/// Adds text. A log that cannot be written further does not end the work that it describes.
pub(crate) fn add(text: &[u8]) {
    if let Some(log) = LOG.get() {
        let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(text);
    }
}

/// A stream to stderr and to the log.
#[derive(Debug, Default)]
pub(crate) struct LoggedStderr;

impl Write for LoggedStderr {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let written = io::stderr().write(text)?;
        add(text.get(..written).unwrap_or(text));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
