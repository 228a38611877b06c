//! Puts the result of an edit in place: over its input, into another file, or into a stream.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::attributes::Attributes;
use crate::atomic_file::{self, Durability};
use crate::error::{Context, Result, WriteError};
use crate::folders::parent;
use crate::output::{self, Output, is_same_file};

/// How a tool puts its results in place.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The prefix of temporary files' names, by which a user recognizes one that a killed process
    /// left behind: `.rgo-strip-`.
    pub prefix: &'static str,
    /// Whether the result keeps the times of the input.
    pub preserve_dates: bool,
}

/// The destination of an edit's result.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    kind: DestinationKind,
    /// The attributes of the input.
    attributes: Attributes,
    options: Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DestinationKind {
    /// The input itself.
    InPlace,
    /// Another file, which may exist.
    File {
        exists: bool,
    },
    /// A stream, which is written into and not replaced.
    Stream,
    Stdout,
}

impl Destination {
    /// Determines the destination for the result of an edit of `input`: in place, unless `output`
    /// names another one.
    ///
    /// # Errors
    /// If the name cannot be followed, or leads to a folder or a terminal.
    pub fn new(input: &Path, output: Option<&Path>, options: Options) -> Result<Self> {
        let attributes = Attributes::of(input)
            .context(|| format!("reading the attributes of {}", input.display()))?;
        let name = output.unwrap_or(input);
        let (path, kind) = if output.is_none_or(|output| is_same_file(input, output)) {
            // A link stays a link: its target is replaced.
            let path = fs::canonicalize(name)
                .context(|| format!("finding out what {} is", name.display()))?;
            (path, DestinationKind::InPlace)
        } else {
            match Output::of(name)? {
                Output::Stdout if io::stdout().is_terminal() => return Err(WriteError::Terminal),
                Output::Stdout => ("stdout".into(), DestinationKind::Stdout),
                Output::Stream(path) => (path, DestinationKind::Stream),
                Output::File { path, exists } => (path, DestinationKind::File { exists }),
            }
        };
        Ok(Self { path, kind, attributes, options })
    }

    /// Fails early if the input will be replaced and is read-only. (A rename needs permission for
    /// the folder only.)
    ///
    /// # Errors
    /// If it is read-only.
    pub fn check_writable(&self) -> Result<()> {
        if self.is_in_place() { check_writable(&self.path) } else { Ok(()) }
    }

    /// Whether the result replaces the input.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        self.kind == DestinationKind::InPlace
    }

    /// Whether the result goes to stdout.
    #[must_use]
    pub fn is_stdout(&self) -> bool {
        self.kind == DestinationKind::Stdout
    }

    /// Whether the bytes are on the disk before they replace others. If the machine stops, bytes
    /// under a new name are still in the input.
    #[must_use]
    pub fn durability(&self) -> Durability {
        match self.kind {
            DestinationKind::InPlace | DestinationKind::File { exists: true } => Durability::Synced,
            DestinationKind::File { exists: false }
            | DestinationKind::Stream
            | DestinationKind::Stdout => Durability::Cached,
        }
    }

    /// The folder of the result.
    #[must_use]
    pub fn folder(&self) -> &Path {
        parent(&self.path)
    }

    /// The number of hard links of the replaced file; 1 for a result that goes elsewhere.
    #[must_use]
    pub fn hard_links(&self) -> u64 {
        if self.is_in_place() { self.attributes.hard_links() } else { 1 }
    }

    /// Makes an empty file for [`Self::put`].
    ///
    /// # Errors
    /// If no file can be made in the folder.
    pub fn temporary(&self) -> Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(self.options.prefix);
        #[cfg(unix)]
        if !self.is_in_place() {
            builder.permissions(self.attributes.plain_permissions());
        }
        let file = match self.kind {
            DestinationKind::Stream | DestinationKind::Stdout => builder.tempfile(),
            _ => builder.tempfile_in(self.folder()),
        };
        file.context(|| format!("making a file beside {}", self.path.display()))
    }

    /// Writes finished bytes. A file that already has them stays untouched. Returns whether it
    /// wrote any. `waiting` gets a text for the user if the result goes into a pipe that nothing
    /// reads yet.
    ///
    /// # Errors
    /// Those of [`Self::put`].
    pub fn write(&self, bytes: &[u8], waiting: &dyn Fn(&str)) -> Result<bool> {
        let is_file = matches!(self.kind, DestinationKind::InPlace | DestinationKind::File { .. });
        if is_file && atomic_file::has_bytes(&self.path, bytes) {
            return Ok(false);
        }
        let mut temporary = self.temporary()?;
        temporary.write_all(bytes).context(|| format!("writing {}", self.path.display()))?;
        self.put(temporary, waiting)?;
        Ok(true)
    }

    /// Puts a finished file in place. `waiting` gets a text for the user if the result goes into a
    /// pipe that nothing reads yet.
    ///
    /// # Errors
    /// If it cannot be put there. The old content stays unchanged, except after
    /// [`WriteError::Damaged`].
    pub fn put(&self, finished: NamedTempFile, waiting: &dyn Fn(&str)) -> Result<()> {
        let what = || format!("writing {}", self.path.display());
        match self.kind {
            DestinationKind::Stream => File::open(finished.path())
                .and_then(|mut bytes| output::write_into(&self.path, &mut bytes, waiting))
                .context(what),
            DestinationKind::Stdout => File::open(finished.path())
                .and_then(|mut bytes| output::write_to_stdout(&mut bytes))
                .context(what),
            DestinationKind::File { .. } => self.rename(finished).context(what),
            DestinationKind::InPlace
                if !self.attributes.are_still_of(&self.path).context(what)? =>
            {
                Err(WriteError::Changed(self.path.clone()))
            }
            DestinationKind::InPlace if self.hard_links() > 1 => self.copy_over(finished),
            DestinationKind::InPlace => match self.attributes.give(finished.as_file()) {
                Ok(()) => self.rename(finished).context(what),
                Err(_) => self.copy_over(finished),
            },
        }
    }

    fn rename(&self, finished: NamedTempFile) -> io::Result<()> {
        if self.options.preserve_dates {
            self.attributes.give_times(finished.as_file())?;
        }
        atomic_file::rename(finished, &self.path, self.durability())
    }

    /// Writes the finished bytes over the file, which keeps its names and its owner. No system call
    /// does that in one step: the finished file is on the disk before, and stays if this fails.
    fn copy_over(&self, finished: NamedTempFile) -> Result<()> {
        let what = || format!("writing {}", self.path.display());
        let mut file = OpenOptions::new().write(true).open(&self.path).context(what)?;
        finished.as_file().sync_all().context(what)?;
        let mut bytes = File::open(finished.path()).context(what)?;
        let copied = io::copy(&mut bytes, &mut file).and_then(|size| {
            file.set_len(size)?;
            file.sync_all()
        });
        if let Err(source) = copied {
            let (_, kept) = finished.keep().map_err(|error| error.error).context(what)?;
            return Err(WriteError::Damaged { path: self.path.clone(), kept, source });
        }
        // A write clears set-user-id and capabilities.
        self.attributes.give(&file).context(|| {
            format!("{}: it is written, but its mode or attributes could not be restored", what())
        })?;
        if self.options.preserve_dates {
            self.attributes.give_times(&file).context(what)?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn check_writable(path: &Path) -> Result<()> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK)
        .map_err(io::Error::from)
        .context(|| format!("writing {}", path.display()))
}

#[cfg(not(unix))]
fn check_writable(path: &Path) -> Result<()> {
    let metadata = path.metadata().context(|| format!("writing {}", path.display()))?;
    if metadata.permissions().readonly() {
        return Err(WriteError::ReadOnly(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Options = Options { prefix: ".test-", preserve_dates: false };

    #[test]
    fn a_file_that_changed_meanwhile_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        for names in 1..=2 {
            fs::write(&path, "input").expect("writes");
            let destination = Destination::new(&path, None, OPTIONS).expect("is there");
            let result = destination.temporary().expect("makes a file");
            fs::write(result.path(), "result").expect("writes");
            fs::write(&path, "changed meanwhile").expect("writes");
            let error = destination.put(result, &|_| {}).expect_err("is another file");
            assert!(matches!(error, WriteError::Changed(_)), "{error:#}");
            assert_eq!(fs::read(&path).expect("reads"), b"changed meanwhile");
            assert_eq!(fs::read_dir(&folder).expect("reads").count(), names);
            // In the second round the file has two names.
            fs::hard_link(&path, folder.path().join(format!("link{names}"))).expect("links");
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_edit_keeps_hard_links_mode_and_attributes() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&path, "input").expect("writes");
        fs::hard_link(&path, &link).expect("links");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o4750)).expect("is ours");
        // Some file systems have no extended attributes.
        let has_attributes = xattr::set(&path, "user.test", b"kept").is_ok();
        let write = |bytes: &[u8]| {
            let destination = Destination::new(&path, None, OPTIONS).expect("is there");
            destination.write(bytes, &|_| {}).expect("writes")
        };
        assert!(write(b"result, longer"));
        assert!(!write(b"result, longer"), "the bytes are there already");
        assert_eq!(fs::read(&link).expect("reads"), b"result, longer");
        let metadata = path.metadata().expect("is there");
        assert_eq!((metadata.mode() & 0o7777, metadata.nlink()), (0o4750, 2));
        if has_attributes {
            let value = xattr::get(&path, "user.test").expect("reads");
            assert_eq!(value.as_deref(), Some(&b"kept"[..]));
        }
    }
}
