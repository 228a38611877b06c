//! Writes output piece by piece, for output that may be too large for memory: to stdout, into a
//! stream, or to a file, which replaces the old one only when everything is written.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use camino::Utf8Path;
use rgo_files::output::{self, Output};
use rgo_files::{atomic_file, mmap};

use crate::app::terminal;

/// The destination of the bytes.
pub(crate) enum OutputWriter {
    Stdout,
    Stream(PathBuf, File),
    /// The final path, and a temporary file without a name.
    File(PathBuf, BufWriter<File>),
}

impl OutputWriter {
    /// Opens a file, or stdout if there is none.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Ok(Self::Stdout) };
        let context = || format!("writing {}", file.display());
        Ok(match Output::of(file)? {
            Output::Stdout => Self::Stdout,
            Output::Stream(path) => {
                let stream = output::open(&path, &terminal::status).with_context(context)?;
                Self::Stream(path, stream)
            }
            Output::File { path, .. } => {
                let temporary = tempfile::tempfile().with_context(context)?;
                Self::File(path, BufWriter::new(temporary))
            }
        })
    }

    /// Writes data. Returns `false` if the reader closed the pipe, as `head` does once it has its
    /// lines.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&mut self, data: &[u8]) -> Result<bool> {
        let written = match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(data).and_then(|()| stdout.flush())
            }
            Self::Stream(_, stream) => stream.write_all(data),
            Self::File(_, file) => file.write_all(data),
        };
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error).with_context(|| format!("writing {}", self.name())),
        }
    }

    /// Puts a file in place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn finish(self) -> Result<()> {
        let Self::File(path, file) = self else { return Ok(()) };
        let context = || format!("writing {}", path.display());
        let file = file.into_inner().map_err(io::IntoInnerError::into_error);
        let bytes = file.and_then(|file| mmap::file(&file)).with_context(context)?;
        let path = Utf8Path::from_path(&path)
            .with_context(|| format!("the path {} is not UTF-8", path.display()))?;
        atomic_file::write(path, &bytes, None)?;
        Ok(())
    }

    fn name(&self) -> String {
        match self {
            Self::Stdout => "stdout".to_owned(),
            Self::Stream(path, _) | Self::File(path, _) => path.display().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_when_all_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        std::fs::write(&path, "old").expect("writes");
        let mut output = OutputWriter::open(Some(&path)).expect("opens");
        for part in ["a\n", "b\n"] {
            assert!(output.write(part.as_bytes()).expect("writes"));
            assert_eq!(std::fs::read(&path).expect("reads"), b"old");
        }
        output.finish().expect("is replaced");
        assert_eq!(std::fs::read(&path).expect("reads"), b"a\nb\n");
        OutputWriter::open(Some(&path)).expect("opens").finish().expect("is empty");
        assert_eq!(std::fs::read(&path).expect("reads"), b"");
    }
}
