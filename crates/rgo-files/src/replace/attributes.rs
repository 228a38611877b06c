//! Copies the attributes of a file: mode, owner, extended attributes (including access lists and
//! capabilities) and times. A result that replaces its input takes them over.

use std::fs::{File, FileTimes, Metadata};
use std::io;
use std::path::Path;

/// Mode, owner, extended attributes, times and identity of a file.
#[derive(Debug)]
pub(super) struct Attributes {
    metadata: Metadata,
    #[cfg(unix)]
    extended: Vec<(std::ffi::OsString, Vec<u8>)>,
}

/// Attributes with hashes and signatures of the content, which are wrong for a result.
#[cfg(unix)]
const OF_CONTENT: [&str; 2] = ["security.ima", "security.evm"];

impl Attributes {
    /// Reads the attributes of a file.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            metadata: path.metadata()?,
            #[cfg(unix)]
            extended: extended(path)?,
        })
    }

    /// Copies mode, owner and extended attributes to another file. Fails if the user may not: only
    /// root can change the owner.
    #[cfg(unix)]
    pub(super) fn give(&self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, fchown};
        use xattr::FileExt;

        let (old, new) = (&self.metadata, file.metadata()?);
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            fchown(file, Some(old.uid()), Some(old.gid()))?;
        }
        // After the owner: a change of owner clears set-user-id.
        if file.metadata()?.mode() != old.mode() {
            file.set_permissions(old.permissions())?;
        }
        for (name, value) in &self.extended {
            if file.get_xattr(name).ok().flatten().as_ref() != Some(value) {
                file.set_xattr(name, value)?;
            }
        }
        // A folder can have an access list that new files inherit.
        let inherited = "system.posix_acl_access";
        let had = self.extended.iter().any(|(name, _)| name == inherited);
        if !had && file.get_xattr(inherited).is_ok_and(|list| list.is_some()) {
            file.remove_xattr(inherited)?;
            file.set_permissions(old.permissions())?;
        }
        Ok(())
    }

    /// Copies the mode to another file.
    #[cfg(not(unix))]
    pub(super) fn give(&self, file: &File) -> io::Result<()> {
        file.set_permissions(self.metadata.permissions())
    }

    /// Copies the times to another file.
    pub(super) fn give_times(&self, file: &File) -> io::Result<()> {
        let times = FileTimes::new()
            .set_accessed(self.metadata.accessed()?)
            .set_modified(self.metadata.modified()?);
        file.set_times(times)
    }

    /// Whether the file at `path` is still the same, and no process wrote to it since.
    pub(super) fn are_still_of(&self, path: &Path) -> io::Result<bool> {
        let (old, new) = (&self.metadata, path.metadata()?);
        let is_same = old.len() == new.len() && old.modified()? == new.modified()?;
        #[cfg(unix)]
        let is_same = {
            use std::os::unix::fs::MetadataExt;
            is_same && (old.dev(), old.ino()) == (new.dev(), new.ino())
        };
        Ok(is_same)
    }

    /// The number of hard links of the file.
    #[cfg(unix)]
    pub(super) fn hard_links(&self) -> u64 {
        std::os::unix::fs::MetadataExt::nlink(&self.metadata)
    }

    /// The number of hard links of the file, unknown on this system.
    #[cfg(not(unix))]
    pub(super) fn hard_links(&self) -> u64 {
        1
    }

    /// The mode for a new file with the same permissions. It has no set-user-id, because another
    /// user owns that file.
    #[cfg(unix)]
    pub(super) fn plain_permissions(&self) -> std::fs::Permissions {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        std::fs::Permissions::from_mode(self.metadata.mode() & 0o777)
    }
}

#[cfg(unix)]
fn extended(path: &Path) -> io::Result<Vec<(std::ffi::OsString, Vec<u8>)>> {
    let names = match xattr::list(path) {
        // Some file systems have no extended attributes.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(Vec::new()),
        names => names?,
    };
    let mut extended = Vec::new();
    for name in names.filter(|name| !OF_CONTENT.iter().any(|of_content| name == of_content)) {
        if let Some(value) = xattr::get(path, &name)? {
            extended.push((name, value));
        }
    }
    Ok(extended)
}
