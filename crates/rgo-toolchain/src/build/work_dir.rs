//! The temporary folder of a build. It holds the recipes of the build's links.

use std::path::PathBuf;

use camino::Utf8PathBuf;

use super::error::BuildError;
use crate::cache::Cache;
use crate::interrupt::Temporary;

/// The shell variable that stands for the folder in a dry run.
pub const VARIABLE: &str = "$WORK";

/// The temporary folder of a build.
pub struct WorkDir {
    /// Its path, or the variable.
    pub folder: Utf8PathBuf,
    /// Removes the folder on drop.
    #[allow(dead_code)]
    guard: Option<Temporary>,
    kept: bool,
}

impl WorkDir {
    /// Makes the folder. It is removed on drop unless `keep` is set, as with Go's `-work`. A dry
    /// run makes none, and names it by [`VARIABLE`].
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(cache: &Cache, keep: bool, dry_run: bool) -> Result<Self, BuildError> {
        if dry_run {
            return Ok(Self { folder: VARIABLE.into(), guard: None, kept: false });
        }
        if keep {
            // A folder that is kept for the user is not in the cache, which rgo manages.
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
