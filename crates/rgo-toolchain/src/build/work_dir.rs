//! The folder for what only one build needs: the recipes of its links.

use std::path::PathBuf;

use camino::Utf8PathBuf;

use super::error::BuildError;
use crate::cache::Cache;
use crate::interrupt::Temporary;

/// The folder of a build where none is made: the shell's variable.
pub const VARIABLE: &str = "$WORK";

/// A folder for what only this run needs.
pub struct WorkDir {
    /// Its path, or the variable.
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
    pub fn new(cache: &Cache, keep: bool, dry_run: bool) -> Result<Self, BuildError> {
        if dry_run {
            return Ok(Self { folder: VARIABLE.into(), guard: None, kept: false });
        }
        if keep {
            // What is kept for the user is not in the cache, which is rgo's.
            let made = tempfile::Builder::new().prefix("rgo-build-").tempdir();
            let folder = utf8(made.map_err(BuildError::io("making a working folder"))?.keep())?;
            return Ok(Self { folder, guard: None, kept: true });
        }
        let guard = Temporary::new(cache.work_folder()?.keep());
        let folder = utf8(guard.path().to_owned())?;
        Ok(Self { folder, guard: Some(guard), kept: false })
    }

    /// The folder, if it is kept.
    #[must_use]
    pub fn kept(&self) -> Option<Utf8PathBuf> {
        self.kept.then(|| self.folder.clone())
    }
}

fn utf8(folder: PathBuf) -> Result<Utf8PathBuf, BuildError> {
    Utf8PathBuf::from_path_buf(folder).map_err(BuildError::NotUtf8)
}
