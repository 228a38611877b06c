//! Where a result goes, and how it gets there so that nobody ever sees half of one.
//!
//! ```text
//! in place     temporary file beside ─▶ owner, mode, attributes ─▶ fsync ─▶ rename
//!   links        a symbolic one stays; what it leads to is replaced
//!   two names    a rename would part them: the finished bytes are copied over the file instead,
//!                as GNU's strip does with every file; also where the owner could not be kept
//! -o           temporary file beside ─▶ rename; fsync only where a file was there already
//!   links        stay; the file they lead to is replaced
//!   a stream     the bytes are written into it; see `destination`
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use tempfile::NamedTempFile;

use super::attributes::Attributes;
use super::write::Wait;
use crate::app::destination::{self, Destination, folder};
use crate::app::error::Annotate;

/// What temporary files begin with. One that a kill leaves behind is known by it.
pub(super) const TEMPORARY: &str = ".rgo-strip-";

/// Where a result goes.
#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
    kind: Kind,
    /// Those of the input.
    attributes: Attributes,
    preserve_dates: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The input itself.
    InPlace,
    /// A file, and whether there is one of that name.
    File {
        exists: bool,
    },
    /// Something that takes bytes and is not replaced.
    Stream,
    Stdout,
}

impl Target {
    /// Finds out what is at the place.
    ///
    /// # Errors
    /// If that cannot be found out, or it is a folder.
    pub(super) fn new(input: &Path, output: Option<&Path>, preserve_dates: bool) -> Result<Self> {
        let attributes = Attributes::of(input)
            .with_context(|| format!("reading the attributes of {}", input.display()))?;
        let place = output.unwrap_or(input);
        let (path, kind) = if output.is_none_or(|output| is_same_file(input, output)) {
            // A link stays a link: what it leads to is replaced.
            let path = fs::canonicalize(place)
                .with_context(|| format!("finding out what {} is", place.display()))?;
            (path, Kind::InPlace)
        } else {
            match Destination::of(place)? {
                Destination::Stdout if io::stdout().is_terminal() => {
                    let hint = "redirect it, or name a file after -o";
                    return Err(anyhow!("a terminal shows no programs").hint(hint));
                }
                Destination::Stdout => ("stdout".into(), Kind::Stdout),
                Destination::Stream(path) => (path, Kind::Stream),
                Destination::File { path, exists } => (path, Kind::File { exists }),
            }
        };
        Ok(Self { path, kind, attributes, preserve_dates })
    }

    /// Fails early for an input that is to be replaced and may not be written to.
    ///
    /// # Errors
    /// If it may not be.
    pub(super) fn may_be_written(&self) -> Result<()> {
        if self.is_in_place() { may_write(&self.path) } else { Ok(()) }
    }

    /// Whether the result takes the place of the input.
    pub(super) fn is_in_place(&self) -> bool {
        self.kind == Kind::InPlace
    }

    /// What takes the place of other bytes is on the disk before it does; see `rename`.
    pub(super) fn wait(&self) -> Wait {
        match self.kind {
            Kind::InPlace | Kind::File { exists: true } => Wait::Caller,
            Kind::File { exists: false } | Kind::Stream | Kind::Stdout => Wait::Nobody,
        }
    }

    /// The folder that the result will be in.
    pub(super) fn folder(&self) -> &Path {
        folder(&self.path)
    }

    /// How many names the file has that is replaced.
    pub(super) fn names(&self) -> u64 {
        if self.is_in_place() { self.attributes.names() } else { 1 }
    }

    /// An empty file, from which the result can take its place.
    ///
    /// # Errors
    /// If none can be made.
    pub(super) fn temporary(&self) -> Result<NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY);
        #[cfg(unix)]
        if !self.is_in_place() {
            builder.permissions(self.attributes.plain_permissions());
        }
        let file = match self.kind {
            Kind::Stream | Kind::Stdout => builder.tempfile(),
            _ => builder.tempfile_in(folder(&self.path)),
        };
        file.with_context(|| format!("making a file beside {}", self.path.display()))
    }

    /// Puts a finished file in its place.
    ///
    /// # Errors
    /// If it cannot be. What was there is then as before; where that is not so, it is said.
    /// `waiting` is told if nothing reads the pipe yet that the result goes into.
    pub(super) fn put(&self, temporary: NamedTempFile, waiting: &dyn Fn(&str)) -> Result<()> {
        match self.kind {
            Kind::Stream => File::open(temporary.path())
                .and_then(|mut bytes| destination::write_into(&self.path, &mut bytes, waiting))
                .map_err(Into::into),
            Kind::Stdout => File::open(temporary.path())
                .and_then(|mut bytes| destination::write_to_stdout(&mut bytes))
                .map_err(Into::into),
            Kind::File { .. } => self.rename(temporary),
            Kind::InPlace if !self.attributes.are_still_of(&self.path)? => {
                Err(anyhow!("it was changed while it was stripped, and is left so"))
            }
            Kind::InPlace if self.names() > 1 => self.copy_over(temporary),
            Kind::InPlace => match self.attributes.give(temporary.as_file()) {
                Ok(()) => self.rename(temporary),
                Err(_) => self.copy_over(temporary),
            },
        }
        .with_context(|| format!("writing {}", self.path.display()))
    }

    /// Gives the finished file the name. If the machine stops meanwhile, bytes under a new name
    /// are still in the input; those that take the place of others would be nowhere, and are on
    /// the disk first.
    fn rename(&self, temporary: NamedTempFile) -> Result<()> {
        if self.preserve_dates {
            self.attributes.give_times(temporary.as_file())?;
        }
        if self.wait() == Wait::Caller {
            temporary.as_file().sync_all()?;
        }
        temporary.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Writes the finished bytes over the file, which keeps its names and its owner. No system
    /// call does that at once: the finished file is on the disk before, and stays if this fails.
    fn copy_over(&self, temporary: NamedTempFile) -> Result<()> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        temporary.as_file().sync_all()?;
        let mut finished = File::open(temporary.path())?;
        let copied = io::copy(&mut finished, &mut file).and_then(|size| {
            file.set_len(size)?;
            file.sync_all()
        });
        if let Err(error) = copied {
            let (_, kept) = temporary.keep().map_err(|error| error.error)?;
            let hint = format!("it is damaged now; what it was to be is in {}", kept.display());
            return Err(anyhow!(error).hint(hint));
        }
        // Writing takes set-user-id and capabilities away.
        self.attributes
            .give(&file)
            .context("it is stripped, but its mode or attributes could not be restored")?;
        if self.preserve_dates {
            self.attributes.give_times(&file)?;
        }
        Ok(())
    }
}

/// Whether two names are one file. Neither is opened: a pipe would be waited for.
#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

#[cfg(not(unix))]
fn is_same_file(one: &Path, other: &Path) -> bool {
    same_file::is_same_file(one, other).unwrap_or(false)
}

/// A rename asks the folder alone; a file that is not to be written to says so itself.
#[cfg(unix)]
fn may_write(path: &Path) -> Result<()> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK)
        .map_err(io::Error::from)
        .with_context(|| format!("writing {}", path.display()))
}

#[cfg(not(unix))]
fn may_write(path: &Path) -> Result<()> {
    if path.metadata()?.permissions().readonly() {
        return Err(anyhow!("{} is read-only", path.display()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_meanwhile_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("file");
        for names in 1..=2 {
            fs::write(&path, "input").expect("writes");
            let target = Target::new(&path, None, false).expect("is there");
            let result = target.temporary().expect("makes a file");
            fs::write(result.path(), "result").expect("writes");
            fs::write(&path, "changed meanwhile").expect("writes");
            let error = target.put(result, &|_| {}).expect_err("is another file");
            assert!(format!("{error:#}").contains("changed"), "{error:#}");
            assert_eq!(fs::read(&path).expect("reads"), b"changed meanwhile");
            assert_eq!(fs::read_dir(&folder).expect("reads").count(), names);
            // The second time it has two names.
            fs::hard_link(&path, folder.path().join(format!("link{names}"))).expect("links");
        }
    }
}
