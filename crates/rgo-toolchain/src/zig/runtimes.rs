//! Lets all calls of zig share the C libraries and runtimes that zig compiles for a target.
//!
//! zig compiles them for the first link, which takes a minute, and keeps them in its global cache. It finds them
//! there again only if its library has the same name. And it writes three names into their debug data, which
//! reach the programs: that of its library, that of its cache, and that of its working folder. So every call
//! that links has the same three names, wherever rgo's cache is and whatever folder the call runs in:
//!
//! ```text
//! library          /proc/self/fd/250/lib     a link in the folder that the descriptor is open for
//! cache            /proc/self/fd/250/c
//! working folder   /rgo/zig                  clang's options, by a variable
//! ```
//!
//! A process inherits the descriptor, and so the names lead to the same files in it. On other systems than Linux
//! the library and the cache have the names that they have.

use camino::{Utf8Path, Utf8PathBuf};

/// The variable of clang's driver with options to add to those of each call. A `#` keeps it from telling them.
const CLANG_OPTIONS: (&str, &str) = (
    "CCC_OVERRIDE_OPTIONS",
    "#+-fdebug-compilation-dir=/rgo/zig +-fcoverage-compilation-dir=/rgo/zig",
);

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
            Some(name) => Self { library: name.join("lib"), cache: name.join("c") },
            None => Self { library: library.to_owned(), cache: work.join("c") },
        }
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
    use std::sync::{Mutex, PoisonError};

    use camino::{Utf8Path, Utf8PathBuf};
    use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

    /// The lowest number of a descriptor: below the usual limits, and beyond those that build tools pass on.
    const LOWEST: i32 = 250;

    /// The folders that have a descriptor, which stays open.
    static OPEN: Mutex<Vec<(Utf8PathBuf, OwnedFd)>> = Mutex::new(Vec::new());

    pub(super) fn name(folder: &Utf8Path) -> Option<Utf8PathBuf> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = open.iter().find(|(path, _)| path == folder).map(|(_, file)| file.as_raw_fd());
        let number = match known {
            Some(number) => number,
            None => {
                let file = fcntl_dupfd_cloexec(File::open(folder).ok()?, LOWEST).ok()?;
                fcntl_setfd(&file, FdFlags::empty()).ok()?;
                let number = file.as_raw_fd();
                open.push((folder.to_owned(), file));
                number
            }
        };
        let name = Utf8PathBuf::from(format!("/proc/self/fd/{number}"));
        name.exists().then_some(name)
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

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        std::fs::create_dir(path.join("c")).expect("made");
        (folder, path)
    }

    #[test]
    fn without_the_link_the_library_has_its_own_name() {
        let (_folder, work) = folder();
        let folders = RuntimeFolders::new(&work, Utf8Path::new("/z/lib"));
        assert_eq!((folders.library.as_str(), folders.cache), ("/z/lib", work.join("c")));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn another_process_in_another_folder_finds_the_same_files_by_the_same_names() {
        let (_folder, work) = folder();
        std::os::unix::fs::symlink("c", work.join("lib")).expect("linked");
        std::fs::write(work.join("c/file"), "text").expect("written");
        let folders = RuntimeFolders::new(&work, Utf8Path::new("/z/lib"));
        assert_eq!(folders, RuntimeFolders::new(&work, Utf8Path::new("/z/lib")));
        assert!(!folders.library.as_str().contains(work.as_str()), "{folders:?}");
        for folder in [folders.library, folders.cache] {
            let read = crate::exec::Cmd::new("cat").arg(folder.join("file")).cwd("/");
            assert_eq!(read.capture().expect("started"), "text", "{folder}");
        }
    }
}
