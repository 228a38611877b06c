//! Opens one file, or stdin; recognizes it by its first bytes, and maps it if it is of interest.
//! Most files of a tree are closed again after one read.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::sync::Arc;

use memmap2::Mmap;

use super::budget::Budget;
use super::container::Candidate;
use super::entry::{Entry, Visited};
use super::foreign::disk;
use super::name::Name;
use super::refusal::Refusal;
use super::sniff::{HEAD, Kind, sniff};
use super::visitor::{Body, Visitor, fill};
use super::{Look, Options};

/// Looks into a file and all that is inside it.
pub(super) fn visit<T>(entry: Entry, options: &Options, look: &Look<'_, T>) -> Visited<T> {
    if entry.is_link_elsewhere() {
        return Visited { entry, found: Vec::new(), record: None };
    }
    let source = match &entry.error {
        Some(error) => Source::Unread(error.clone()),
        None if entry.is_stdin() => Source::Stdin,
        None => match open(&entry, options) {
            Ok(Some(source)) => source,
            Ok(None) => return Visited { entry, found: Vec::new(), record: None },
            Err(error) => Source::Unread(error.into()),
        },
    };
    let budget = Budget::new(options.limits);
    let name = Name::new(entry.path.clone());
    let mut visitor = Visitor::new(options, &budget, look, name, entry.named);
    visitor.layer = entry.layout.as_ref().map(|layout| layout.candidate());
    let read = match source {
        Source::Unread(error) => Err(error),
        Source::Stdin => {
            stream(&mut visitor, &mut io::stdin().lock());
            Ok(())
        }
        Source::Pipe(mut pipe) => {
            stream(&mut visitor, &mut pipe);
            Ok(())
        }
        Source::File(start) => start.body(&mut visitor).map_err(Arc::new),
    };
    if let Err(error) = read {
        visitor.refuse(Refusal::Io(error));
    }
    let record = visitor.layer.take().and_then(Candidate::record);
    Visited { found: visitor.found, record, entry }
}

/// Looks into what can be read once only.
pub(super) fn stream<T>(visitor: &mut Visitor<'_, T>, reader: &mut dyn Read) {
    visitor.body(Body::Stream { reader, size: None });
}

/// Where the bytes come from.
enum Source {
    Unread(Arc<io::Error>),
    Stdin,
    /// Can be read once, as stdin: `rgo-version-m <(curl URL)`.
    Pipe(File),
    File(Start),
}

/// A file, by its first bytes.
struct Start {
    file: File,
    kind: Kind,
    is_empty: bool,
}

/// Opens a file; none if it is of no interest.
fn open(entry: &Entry, options: &Options) -> io::Result<Option<Source>> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a pipe");
    // Opening a device can do things. What a walk found is a file already.
    if entry.named && !is_readable(&entry.path.metadata()?) {
        return Err(not_regular());
    }
    let mut file = File::open(&entry.path)?;
    if entry.named {
        let metadata = file.metadata()?;
        if !is_readable(&metadata) {
            return Err(not_regular());
        }
        if !metadata.is_file() {
            return Ok(Some(Source::Pipe(file)));
        }
    }
    let mut head = [0; HEAD];
    let length = fill(&mut file, &mut head)?;
    let head = head.get(..length).unwrap_or_default();
    let mut kind = sniff(head);
    let may_be_disk = match kind {
        Kind::Other => disk::is_possible(head),
        Kind::Bzip2 | Kind::Xz => true,
        _ => false,
    };
    if may_be_disk
        && options.archives
        && let Some(disk) = disk::of_file(&mut file)?
    {
        kind = Kind::Foreign(disk);
    }
    let is_nothing = match kind {
        Kind::Other => true,
        Kind::Foreign(what) => !what.is_program() && !options.archives,
        _ => false,
    };
    let is_wanted = !is_nothing || entry.named;
    let start = Start { file, kind, is_empty: length == 0 };
    Ok(is_wanted.then_some(Source::File(start)))
}

/// Whether this is a file, or a pipe, which waits for whoever writes to it.
fn is_readable(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    let is_pipe = std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type());
    #[cfg(not(unix))]
    let is_pipe = false;
    metadata.is_file() || is_pipe
}

impl Start {
    fn body<T>(mut self, visitor: &mut Visitor<'_, T>) -> io::Result<()> {
        visitor.budget.holds_file(self.file.metadata()?.len());
        match self.kind {
            // An empty file cannot be mapped.
            _ if self.is_empty => visitor.body(Body::Bytes(&[])),
            // Its pages would count as memory until the end, and each is wanted once.
            Kind::Gzip | Kind::Xz | Kind::Zstd | Kind::Bzip2 if visitor.options.archives => {
                self.file.rewind()?;
                stream(visitor, &mut self.file);
            }
            _ => visitor.body(Body::Bytes(&map(&self.file)?)),
        }
        Ok(())
    }
}

fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: nothing keeps a reference into the map beyond the visit of one file. Another
    // process that changes the file meanwhile can make the answer wrong, and one that cuts it
    // short ends this process with SIGBUS, as with every reader that maps its input.
    #[allow(unsafe_code)]
    unsafe {
        Mmap::map(file)
    }
}
