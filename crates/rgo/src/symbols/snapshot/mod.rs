//! Runs `rgo-symbols snapshot FILE`: saves what a later diff needs.

pub mod args;

use std::path::Path;

use anyhow::{Context, Result};
use rgo_debuginfo::diff::Snapshot;

use super::debug_files::{DebugFileOptions, DebugFileRow, with_debug_files};
use super::input::{self, Input};
use crate::app::exit::Exit;
use crate::app::terminal;
use args::SnapshotArgs;

/// Saves a snapshot.
///
/// # Errors
/// If the image cannot be read, or the snapshot not written.
pub(super) fn run(args: &SnapshotArgs) -> Result<Exit> {
    let (snapshot, debug_files) =
        read(&args.file, args.arch.as_deref(), args.debug_files.options())?;
    for row in debug_files.iter().filter(|row| row.unused_because.is_some()) {
        terminal::warning(&format!("{}: {}", args.file.display(), row.text()));
    }
    let bytes = snapshot.to_bytes(concat!("rgo ", env!("CARGO_PKG_VERSION")))?;
    let mut path = args.file.clone().into_os_string();
    path.push(".rgo-snapshot");
    let path = args.output.clone().unwrap_or_else(|| path.into());
    terminal::write_output(&bytes, (path.as_os_str() != "-").then_some(path.as_path()))?;
    Ok(Exit::Done)
}

/// Reads the snapshot in a file, or makes that of the image in it; and returns the files with debug data that were
/// there. `arch` chooses an image of a universal file.
///
/// # Errors
/// If the file is neither, or has several images and none is chosen.
pub(super) fn read(
    path: &Path,
    arch: Option<&str>,
    options: DebugFileOptions<'_>,
) -> Result<(Snapshot, Vec<DebugFileRow>)> {
    let made = || -> Result<_> {
        let file = input::open(path)?;
        if Snapshot::is_likely(&file) {
            return Ok((Snapshot::parse(&file)?, Vec::new()));
        }
        let image = input::image(&file, arch)?;
        let on_disk = matches!(file, Input::Mapped(_)).then_some(path);
        let (snapshot, rows) =
            with_debug_files(on_disk, options, &image, |files| Snapshot::of(&image, files));
        Ok((snapshot?, rows))
    };
    made().with_context(|| path.display().to_string())
}
