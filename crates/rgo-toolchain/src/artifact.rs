//! A finished file with all its known properties. Reports show them, and archives and releases are
//! made from them.

use camino::Utf8PathBuf;
use rgo_binary::{DebugLevel, Linkage};
use serde::Serialize;

use crate::checks::Finding;
use crate::checks::leaks::Leak;
use crate::output_kind::OutputKind;

/// A slot of `-X` that got a value.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct StampedSlot {
    /// Its name: `app::VERSION`.
    pub name: String,
    /// The number of slots with this name in the file: two copies of one crate have two.
    pub count: usize,
}

/// A finished file.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Artifact {
    /// Its path.
    #[schemars(with = "String")]
    pub path: Utf8PathBuf,
    /// Its kind.
    pub kind: OutputKind,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Whether this run changed the file.
    pub changed: bool,
    /// Its dependencies and loader; `None` for a static library.
    pub linkage: Option<Linkage>,
    /// How much debug data it has.
    pub debug: Option<DebugLevel>,
    /// Whether it carries `.rgo-bi` and `.dep-v0`.
    pub note: bool,
    /// The slots that got a value.
    pub stamped: Vec<StampedSlot>,
    /// Files beside it: import library, header, debug companion.
    #[schemars(with = "Vec<String>")]
    pub companions: Vec<Utf8PathBuf>,
    /// For a static library: the native libraries to link beside it, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub link_with: Vec<String>,
    /// Paths of this machine in the file or its companions.
    pub leaks: Vec<Leak>,
    /// Differences between the request and the file.
    pub findings: Vec<Finding>,
}
