//! Undoes cargo's changes to Cargo.lock after a dry run. A dry run must not change the project, but
//! cargo writes a Cargo.lock that is missing or out of date even if rgo only asks for metadata.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use crate::build::error::BuildError;

/// The contents of all lockfiles that a project may use.
pub(super) struct Lockfiles(Vec<(Utf8PathBuf, Option<Vec<u8>>)>);

impl Lockfiles {
    /// Reads the lockfiles of the folder and of all above it: only later cargo reports which of
    /// them is the workspace.
    pub(super) fn above(folder: &Utf8Path) -> Self {
        let paths = folder.ancestors().map(|above| above.join("Cargo.lock"));
        Self(paths.map(|path| (path.clone(), fs::read(path).ok())).collect())
    }

    /// Restores the lockfile of the workspace.
    ///
    /// # Errors
    /// If it cannot be written or removed.
    pub(super) fn restore(self, workspace: &Utf8Path) -> Result<(), BuildError> {
        let ours = self.0.into_iter().find(|(path, _)| path.parent() == Some(workspace));
        let Some((path, before)) = ours else { return Ok(()) };
        let now = fs::read(&path).ok();
        match before {
            same if same == now => Ok(()),
            Some(before) => fs::write(&path, before),
            None => fs::remove_file(&path),
        }
        .map_err(BuildError::io(format!("making {path} what it was")))
    }
}
