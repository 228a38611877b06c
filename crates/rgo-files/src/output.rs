//! Finds what the name of an output leads to. A pipe, a device or a file that another process holds
//! open must be written into; only a regular file by its own name is replaced.
//!
//! ```text
//! -                                   stdout
//! link ─▶ link ─▶ file                the file is replaced, the links stay
//! /dev/stdout ─▶ /proc/self/fd/1 ─▶…  an open file: written into; stdout, if it is that
//! pipe, device, socket                written into
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Context, Result, WriteError};
use crate::folders::parent;

/// The target of an output's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The stdout of this process.
    Stdout,
    /// A pipe, a device or an open file, which is written into and not replaced.
    Stream(PathBuf),
    /// A file, or the name for one.
    File {
        /// Its path, whose last part is no link.
        path: PathBuf,
        /// Whether the file exists.
        exists: bool,
    },
}

/// Maximum length of a chain of links, as in Linux.
const MAX_LINKS: usize = 40;

impl Output {
    /// Follows a name; `-` is stdout.
    ///
    /// # Errors
    /// If it leads to a folder, or its links cannot be followed.
    pub fn of(name: &Path) -> Result<Self> {
        if name.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        follow(name)
    }

    /// Whether a name leads to stdout.
    #[must_use]
    pub fn is_stdout(name: &Path) -> bool {
        matches!(Self::of(name), Ok(Self::Stdout))
    }
}

fn follow(name: &Path) -> Result<Output> {
    let what = || format!("finding out what {} is", name.display());
    let mut path = name.to_owned();
    for _ in 0..MAX_LINKS {
        let found = match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Output::File { path, exists: false });
            }
            found => found.context(what)?,
        };
        if found.is_dir() {
            return Err(WriteError::Folder(name.to_owned()));
        }
        if !found.is_symlink() {
            return Ok(match found.is_file() {
                true => Output::File { path, exists: true },
                false => stream_or_stdout(name),
            });
        }
        if is_open_file(&path) {
            return Ok(stream_or_stdout(name));
        }
        let target = fs::read_link(&path).context(what)?;
        path = parent(&path).join(target);
    }
    Err(WriteError::LinkCircle(name.to_owned()))
}

fn stream_or_stdout(name: &Path) -> Output {
    if is_own_stdout(name) { Output::Stdout } else { Output::Stream(name.to_owned()) }
}

/// Whether a link is one of the system's own, for an open file of a process.
fn is_open_file(link: &Path) -> bool {
    cfg!(target_os = "linux")
        && parent(link).canonicalize().is_ok_and(|folder| folder.starts_with("/proc"))
}

#[cfg(unix)]
fn is_own_stdout(name: &Path) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let own = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let own = own.and_then(|file| file.metadata()).map(|it| (it.dev(), it.ino()));
    own.is_ok_and(|own| name.metadata().is_ok_and(|it| (it.dev(), it.ino()) == own))
}

#[cfg(not(unix))]
fn is_own_stdout(_: &Path) -> bool {
    false
}

/// Whether two names lead to one file. Opens neither: opening a pipe waits for its other end.
#[cfg(unix)]
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

/// Whether two names lead to one file.
#[cfg(not(unix))]
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    same_file::is_same_file(one, other).unwrap_or(false)
}

/// Writes everything into a stream. A closed pipe is not an error. If nothing reads a pipe yet, this
/// calls `waiting` with a text for the user, and then waits.
///
/// # Errors
/// If it cannot be opened or written to.
pub fn write_into(stream: &Path, bytes: &mut dyn Read, waiting: &dyn Fn(&str)) -> io::Result<()> {
    unless_gone(io::copy(bytes, &mut open(stream, waiting)?))
}

/// Writes everything to stdout. A closed pipe is not an error.
///
/// # Errors
/// If it cannot be written to.
pub fn write_to_stdout(bytes: &mut dyn Read) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    unless_gone(io::copy(bytes, &mut stdout))?;
    unless_gone(stdout.flush().map(|()| 0))
}

fn unless_gone(written: io::Result<u64>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Opens a stream. Waits for a pipe without a reader, as all programs do, but tells the user.
#[cfg(unix)]
pub fn open(stream: &Path, waiting: &dyn Fn(&str)) -> io::Result<File> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    let mut options = OpenOptions::new();
    options.write(true);
    let found = fs::metadata(stream)?.file_type();
    if !found.is_fifo() {
        return options.truncate(found.is_file()).open(stream);
    }
    let at_once = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    match options.clone().custom_flags(at_once).open(stream) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
            waiting(&format!("waiting until something reads {}", stream.display()));
            options.open(stream)
        }
        Err(error) => Err(error),
        Ok(file) => {
            fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
            Ok(file)
        }
    }
}

/// Opens a stream.
#[cfg(not(unix))]
pub fn open(stream: &Path, _waiting: &dyn Fn(&str)) -> io::Result<File> {
    OpenOptions::new().write(true).open(stream)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_lead_to_what_is_replaced_or_written_into() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "old").expect("writes");
        fs::create_dir(path("below")).expect("creates");
        symlink("../file", path("below/link")).expect("links");
        symlink("below/link", path("chain")).expect("links");
        symlink("nothing", path("dangling")).expect("links");
        symlink("loop", path("loop")).expect("links");
        let file = |name: &str, exists| Output::File { path: path(name), exists };
        for (name, expected) in [
            ("file", file("file", true)),
            ("new", file("new", false)),
            ("chain", file("below/../file", true)),
            ("dangling", file("nothing", false)),
        ] {
            assert_eq!(Output::of(&path(name)).expect("is found"), expected, "{name}");
        }
        for (name, why) in [("below", "is a folder"), ("loop", "round in circles")] {
            let error = Output::of(&path(name)).expect_err(name);
            assert!(format!("{error:#}").contains(why), "{error:#}");
        }
        assert_eq!(Output::of(Path::new("-")).expect("is found"), Output::Stdout);
        let null = Path::new("/dev/null");
        // Tests may be run without a stdout.
        assert_ne!(Output::of(null).expect("is found"), file("null", true));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_is_held_open_is_written_into() {
        use std::os::fd::AsRawFd;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        fs::write(&path, "much that was there").expect("writes");
        let held = File::open(&path).expect("opens");
        let name = folder.path().join("link");
        symlink(format!("/proc/self/fd/{}", held.as_raw_fd()), &name).expect("links");
        assert_eq!(Output::of(&name).expect("is found"), Output::Stream(name.clone()));
        write_into(&name, &mut &b"new"[..], &|_| {}).expect("writes");
        let mut seen = String::new();
        (&held).read_to_string(&mut seen).expect("reads");
        assert_eq!((seen.as_str(), name.is_symlink()), ("new", true));
    }
}
