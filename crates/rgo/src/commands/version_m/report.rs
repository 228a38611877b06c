//! The answer of `rgo-version-m`, and its layout as text: that of `go version -m`.

use std::path::Path;

use rgo_binary::Image;
use rgo_binary::audit::serde::VersionInfo;
use rgo_binary::modinfo::BuildInfo;
use rgo_report::{Document, Report};
use serde::Serialize;

use super::facts::{Also, Facts, Source};

/// What the files say, in the order they were named or walked.
#[derive(Debug, Serialize)]
pub(super) struct VersionReport {
    pub(super) files: Vec<File>,
}

/// What a file, or one architecture of it, says.
#[derive(Debug, Serialize)]
pub(super) struct File {
    /// The path.
    file: String,
    /// The architecture, if the file has several.
    slice: Option<String>,
    /// `elf`, `macho` or `pe`.
    format: String,
    /// The instruction set.
    arch: String,
    /// Where the facts are from.
    source: Source,
    #[serde(flatten)]
    info: BuildInfo,
    /// The dependency list as cargo-auditable defines it, whatever `source` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    dep_v0: Option<VersionInfo>,
    /// Other sources in the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Also>,
}

impl File {
    pub(super) fn new(path: &Path, slice: Option<String>, image: &Image<'_>, facts: Facts) -> Self {
        let Facts { info, source, audit, also } = facts;
        Self {
            file: path.to_string_lossy().into_owned(),
            slice,
            format: image.format().to_string(),
            arch: image.arch().to_string(),
            source,
            info,
            dep_v0: audit,
            also,
        }
    }

    /// `path: toolchain`, then the lines of the build information behind a tab each.
    fn text(&self) -> String {
        let mut text = self.file.clone();
        if let Some(slice) = &self.slice {
            text += &format!(" ({slice})");
        }
        let toolchain = match self.info.toolchain.as_str() {
            "" => "(unknown compiler)",
            named => named,
        };
        text += &format!(": {toolchain}\n");
        for line in self.info.to_string().lines() {
            text += &format!("\t{line}\n");
        }
        for Also { what, holds } in &self.also {
            text += &format!("\talso\t{what}\t{holds}\n");
        }
        text
    }
}

impl Report for VersionReport {
    const SCHEMA: &'static str = "rgo.version-m/1";

    fn document(&self) -> Document {
        match self.files.as_slice() {
            [] => Document::new(),
            files => Document::new().raw(files.iter().map(File::text).collect::<String>()),
        }
    }
}
