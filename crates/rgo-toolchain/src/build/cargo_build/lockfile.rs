//! A dry run leaves the project as it was, but cargo writes a Cargo.lock that is missing or out of
//! date whenever it is asked about a project.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use crate::build::error::BuildError;

/// The lockfiles that a project below a folder may have, as they were.
pub(super) struct Lockfiles(Vec<(Utf8PathBuf, Option<Vec<u8>>)>);

impl Lockfiles {
    /// Those of the folder and of all above it: which of them is the workspace, cargo says later.
    pub(super) fn above(folder: &Utf8Path) -> Self {
        let paths = folder.ancestors().map(|above| above.join("Cargo.lock"));
        Self(paths.map(|path| (path.clone(), fs::read(path).ok())).collect())
    }

    /// Makes that of the workspace what it was.
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
