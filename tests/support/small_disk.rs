//! A disk that is soon full.

use std::path::Path;

use super::{cannot_test, native};

/// A small file system in memory, unmounted in the end.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// With this number of bytes. If this user may not mount one, it is said aloud, and there is none.
    pub(crate) fn mount(bytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = native("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"]).arg(folder.path());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        cannot_test("a full disk needs a small tmpfs, which only root may mount");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = native("umount").arg("--lazy").arg(self.0.path()).status();
    }
}
