//! The folder for what only one build needs: the recipes of its links.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use camino::Utf8PathBuf;
use rgo_toolchain::cache::Cache;
use rgo_toolchain::interrupt::Temporary;

use crate::app::terminal;

/// The folder of a build where none is made: the shell's variable.
pub(in super::super) const VARIABLE: &str = "$WORK";

/// A folder for what only this run needs.
pub(in super::super) struct WorkDir {
    pub folder: Utf8PathBuf,
    /// Removes the folder when it goes.
    #[allow(dead_code)]
    guard: Option<Temporary>,
    kept: bool,
}

impl WorkDir {
    /// Makes the folder; it goes with the value, unless it is to be kept: then it is named, as
    /// go's `-work` does. A dry run makes none, and names it as a variable.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(in super::super) fn new(cache: &Cache, keep: bool, dry_run: bool) -> Result<Self> {
        if dry_run {
            return Ok(Self { folder: VARIABLE.into(), guard: None, kept: false });
        }
        if keep {
            // What is kept for the user is not in the cache, which is rgo's.
            let made = tempfile::Builder::new().prefix("rgo-build-").tempdir();
            let folder = utf8(made.context("making a working folder")?.keep())?;
            terminal::eprint_line(&format_args!("WORK={folder}"));
            return Ok(Self { folder, guard: None, kept: true });
        }
        let guard = Temporary::new(cache.work_folder()?.keep());
        let folder = utf8(guard.path().to_owned())?;
        Ok(Self { folder, guard: Some(guard), kept: false })
    }

    /// The folder, if it is kept.
    #[must_use]
    pub(in super::super) fn kept(&self) -> Option<Utf8PathBuf> {
        self.kept.then(|| self.folder.clone())
    }
}

fn utf8(folder: PathBuf) -> Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(folder)
        .map_err(|path| anyhow!("the temporary folder {} is not UTF-8", path.display()))
}
