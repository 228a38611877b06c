//! What a diff needs of an image, small enough to be kept beside each release: [`Snapshot`].
//!
//! A file of one is JSON, compressed by gzip. Names are sorted and parts are columns of numbers, because both
//! compress well that way.

use std::io::{BufWriter, IntoInnerError, Read};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rgo_binary::Image;
use serde::{Deserialize, Serialize};

use super::export::{Export, exports};
use super::parts_file::PartsFile;
use crate::lines::DebugFiles;
use crate::sizes::{Attribution, SizeError, attribute};

/// The schema of a snapshot.
pub const SCHEMA: &str = "rgo.snapshot/1";
/// Largest snapshot, in bytes of JSON.
const MAX_BYTES: u64 = 1 << 30;
/// How a file of gzip begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a diff needs of an image.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Its format: ELF, Mach-O or PE.
    pub format: String,
    /// Its architecture.
    pub arch: String,
    /// Where its bytes went.
    pub sizes: Attribution,
    /// What it offers to other files, sorted.
    pub exports: Vec<Export>,
}

#[derive(Serialize, Deserialize)]
struct SnapshotFile {
    schema: String,
    tool: String,
    format: String,
    arch: String,
    exports: Vec<Export>,
    sizes: PartsFile,
}

/// Why a file is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is not compressed JSON, or not of a snapshot.
    #[error("it is not a snapshot: {0}")]
    Malformed(String),
    /// It is a later version's.
    #[error("it has the schema {0:?}; this rgo reads {SCHEMA}")]
    Schema(String),
    /// It is too large.
    #[error("it has more than {MAX_BYTES} bytes of JSON")]
    TooLarge,
}

impl Snapshot {
    /// Reads an image. `debug` is the image with its debug data.
    ///
    /// # Errors
    /// If its headers or symbol tables are damaged.
    pub fn of(image: &Image<'_>, debug: Option<&DebugFiles<'_>>) -> Result<Self, SizeError> {
        Ok(Self {
            format: image.format().to_string(),
            arch: image.arch().to_string(),
            sizes: attribute(image, debug)?,
            exports: exports(image)?,
        })
    }

    /// Whether a file may be a snapshot.
    #[must_use]
    pub fn is_likely(data: &[u8]) -> bool {
        data.starts_with(&GZIP) && {
            let mut head = [0; 32];
            let length = GzDecoder::new(data).read(&mut head).unwrap_or_default();
            let head = String::from_utf8_lossy(head.get(..length).unwrap_or_default());
            head.starts_with("{\"schema\":\"rgo.snapshot/")
        }
    }

    /// The bytes of its file. The same image gives the same bytes.
    ///
    /// # Errors
    /// None that a snapshot of an image has: its names are text.
    pub fn to_bytes(&self, tool: &str) -> std::io::Result<Vec<u8>> {
        let file = SnapshotFile {
            schema: SCHEMA.to_owned(),
            tool: tool.to_owned(),
            format: self.format.clone(),
            arch: self.arch.clone(),
            exports: self.exports.clone(),
            sizes: PartsFile::of(&self.sizes),
        };
        let encoder = GzEncoder::new(Vec::new(), Compression::default());
        // The encoder clears a whole buffer for each of the small texts that it gets alone.
        let mut writer = BufWriter::with_capacity(1 << 16, encoder);
        serde_json::to_writer(&mut writer, &file)?;
        writer.into_inner().map_err(IntoInnerError::into_error)?.finish()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is no snapshot, one of another schema, or too large.
    pub fn parse(data: &[u8]) -> Result<Self, SnapshotError> {
        let malformed = |why: &dyn std::fmt::Display| SnapshotError::Malformed(why.to_string());
        let mut text = Vec::new();
        let read = GzDecoder::new(data).take(MAX_BYTES + 1).read_to_end(&mut text);
        read.map_err(|why| malformed(&why))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(SnapshotError::TooLarge);
        }
        let read = serde_json::from_slice(&text);
        let file: SnapshotFile =
            read.map_err(|why| other_schema(&text).unwrap_or(malformed(&why)))?;
        if file.schema != SCHEMA {
            return Err(SnapshotError::Schema(file.schema));
        }
        let sizes = file.sizes.attribution().map_err(|why| malformed(&why))?;
        Ok(Self { format: file.format, arch: file.arch, sizes, exports: file.exports })
    }
}

/// The error for a file of another version, which need not have what this one has.
fn other_schema(text: &[u8]) -> Option<SnapshotError> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let Head { schema } = serde_json::from_slice(text).ok()?;
    (schema != SCHEMA).then_some(SnapshotError::Schema(schema))
}
