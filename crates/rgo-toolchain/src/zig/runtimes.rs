//! Lets all calls of zig share the C libraries and runtimes that zig compiles for a target.
//!
//! zig compiles them for the first link, which takes a minute, and keeps them in its global cache. It finds them
//! there whatever the names in their debug data are, and these reach the programs: the name of its library, of its
//! cache, and of its working folder. So every call that uses the cache has the same three names, wherever rgo's
//! cache is and whatever folder the call runs in:
//!
//! ```text
//! library          /proc/self/fd/250/lib         a link in the folder that the descriptor is open for
//! cache            /proc/self/fd/250/runtimes
//! working folder   /rgo/zig                      an option of clang, by a variable
//! ```
//!
//! A process inherits the descriptor, and so the names lead to the same files in it. Where there is no such
//! descriptor, as on other systems than Linux, or because a parent passes on one with this number, library and cache
//! have their own names, and the cache is another.

use camino::{Utf8Path, Utf8PathBuf};

/// The variable of clang's driver with options to add to those of each call: `#` keeps it from telling them, and `^`
/// puts one before all others, of which a later one wins.
const CLANG_OPTIONS: (&str, &str) = ("CCC_OVERRIDE_OPTIONS", "#^-ffile-compilation-dir=/rgo/zig");

/// zig's library and the cache of what it compiles for links, as all of its calls name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeFolders {
    /// The library.
    pub library: Utf8PathBuf,
    /// The cache.
    pub cache: Utf8PathBuf,
}

impl RuntimeFolders {
    /// The folders of a `library` whose runtimes are kept in `work`, which has a link `lib` to it.
    #[must_use]
    pub fn new(work: &Utf8Path, library: &Utf8Path) -> Self {
        match inherited::name(work).filter(|_| work.join("lib").exists()) {
            Some(name) => Self::within(&name),
            None => Self { library: library.to_owned(), cache: work.join("runtimes-by-path") },
        }
    }

    /// The folders within a folder that the process names in this way.
    #[must_use]
    pub fn within(name: &Utf8Path) -> Self {
        Self { library: name.join("lib"), cache: name.join("runtimes") }
    }

    /// The variables that tell zig. The local cache, for what is no runtime, is the caller's.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 3] {
        let (options, value) = CLANG_OPTIONS;
        [
            ("ZIG_LIB_DIR", self.library.to_string()),
            ("ZIG_GLOBAL_CACHE_DIR", self.cache.to_string()),
            (options, value.to_owned()),
        ]
    }
}

/// Names a folder by a descriptor that the processes which this one starts inherit.
#[cfg(target_os = "linux")]
mod inherited {
    use std::fs::File;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::os::unix::fs::MetadataExt;
    use std::sync::{Mutex, PoisonError};

    use camino::{Utf8Path, Utf8PathBuf};
    use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

    /// The number of the descriptor: below the usual limits, and beyond those that build tools pass on.
    const NUMBER: i32 = 250;

    /// The descriptor, which stays open.
    static OPEN: Mutex<Option<OwnedFd>> = Mutex::new(None);

    pub(super) fn name(folder: &Utf8Path) -> Option<Utf8PathBuf> {
        let name = Utf8PathBuf::from(format!("/proc/self/fd/{NUMBER}"));
        // A parent may have opened it, for the same folder or for something else.
        if name.exists() {
            return is_same(&name, folder).then_some(name);
        }
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let file = fcntl_dupfd_cloexec(File::open(folder).ok()?, NUMBER).ok()?;
        if file.as_raw_fd() == NUMBER {
            fcntl_setfd(&file, FdFlags::empty()).ok()?;
            *open = Some(file);
        }
        is_same(&name, folder).then_some(name)
    }

    fn is_same(one: &Utf8Path, other: &Utf8Path) -> bool {
        let identity = |path: &Utf8Path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.dev(), metadata.ino()))
        };
        identity(one).is_some_and(|one| identity(other) == Some(one))
    }
}

#[cfg(not(target_os = "linux"))]
mod inherited {
    use camino::{Utf8Path, Utf8PathBuf};

    pub(super) fn name(_folder: &Utf8Path) -> Option<Utf8PathBuf> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, because a process has one folder with a descriptor.
    #[test]
    fn a_process_in_another_folder_finds_the_same_files_by_names_that_do_not_tell_where_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let work = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        std::fs::create_dir(work.join("runtimes")).expect("made");
        let of = |work: &Utf8Path| RuntimeFolders::new(work, Utf8Path::new("/z/lib"));
        let own = |work: &Utf8Path| RuntimeFolders {
            library: "/z/lib".into(),
            cache: work.join("runtimes-by-path"),
        };
        assert_eq!(of(&work), own(&work), "there is no link to the library");
        #[cfg(target_os = "linux")]
        {
            std::os::unix::fs::symlink("runtimes", work.join("lib")).expect("linked");
            std::fs::write(work.join("runtimes/file"), "text").expect("written");
            let folders = of(&work);
            assert_eq!(folders, of(&work));
            assert_eq!(of("/".into()), own("/".into()), "the descriptor is another folder's");
            for folder in [folders.library, folders.cache] {
                assert!(!folder.as_str().contains(work.as_str()), "{folder}");
                let read = crate::exec::Cmd::new("cat").arg(folder.join("file")).cwd("/");
                assert_eq!(read.capture().expect("started"), "text", "{folder}");
            }
        }
    }
}
