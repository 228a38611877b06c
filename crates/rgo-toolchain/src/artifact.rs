//! A file that a build made, with all that is known of it: what reports show, and what archives and
//! releases are made of.

use camino::Utf8PathBuf;
use rgo_binary::{DebugLevel, Linkage};
use serde::Serialize;

use crate::cargo::targets::OutputKind;
use crate::checks::Finding;
use crate::checks::leaks::Leak;

/// A file that was made.
#[derive(Debug, Serialize)]
pub struct Artifact {
    /// Where it is.
    pub path: Utf8PathBuf,
    /// What it is.
    pub kind: OutputKind,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Whether this run changed the file.
    pub changed: bool,
    /// What its loader wants; nothing for a static library.
    pub linkage: Option<Linkage>,
    /// What debug data it has.
    pub debug: Option<DebugLevel>,
    /// Whether it carries `.rgo-bi` and `.dep-v0`.
    pub note: bool,
    /// Values that were written, with the number of slots of that name.
    pub stamped: Vec<(String, usize)>,
    /// Files beside it: import library, header, debug companion.
    pub companions: Vec<Utf8PathBuf>,
    /// A static library: what a linker is to be given beside it, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub link_with: Vec<String>,
    /// Paths of this machine that are still in it, or in a file beside it.
    pub leaks: Vec<Leak>,
    /// What is not as it was asked for.
    pub findings: Vec<Finding>,
}
