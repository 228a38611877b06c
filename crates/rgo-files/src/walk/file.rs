//! Opens one file, or stdin; recognizes it by its first bytes, and maps it if it is of interest.
//! Most files of a tree are closed again after one read.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::sync::Arc;

use super::budget::Budget;
use super::container::{LayerCandidate, Record};
use super::folders::WalkEntry;
use super::foreign::disk;
use super::name::Name;
use super::reading::{HEAD, fill};
use super::skip_reason::SkipReason;
use super::sniff::{ContentKind, sniff};
use super::visitor::{Body, Visitor};
use super::{Found, Inspect, Options};
use crate::mmap;

/// The result of a file's visit.
pub(super) struct Visited<T> {
    pub(super) entry: WalkEntry,
    pub(super) found: Vec<Found<T>>,
    /// Its record, if it is a layer of a folder of container images.
    pub(super) record: Option<Record>,
}

/// Visits a file and everything inside it.
pub(super) fn visit_file<T>(
    entry: WalkEntry,
    options: &Options,
    inspect: &Inspect<'_, T>,
) -> Visited<T> {
    if entry.is_link_elsewhere() {
        return Visited { entry, found: Vec::new(), record: None };
    }
    let source = match &entry.error {
        Some(error) => FileSource::Unread(error.clone()),
        None if entry.is_stdin() => FileSource::Stdin,
        None => match open(&entry, options) {
            Ok(Some(source)) => source,
            Ok(None) => return Visited { entry, found: Vec::new(), record: None },
            Err(error) => FileSource::Unread(error.into()),
        },
    };
    let budget = Budget::new(options.limits);
    let name = Name::new(entry.path.clone());
    let mut visitor = Visitor::new(options, &budget, inspect, name, entry.named);
    visitor.layer = entry.layout.as_ref().map(|layout| layout.candidate());
    let read = match source {
        FileSource::Unread(error) => Err(error),
        FileSource::Stdin => {
            visit_stream(&mut visitor, &mut io::stdin().lock());
            Ok(())
        }
        FileSource::Pipe(mut pipe) => {
            visit_stream(&mut visitor, &mut pipe);
            Ok(())
        }
        FileSource::File(start) => start.body(&mut visitor).map_err(Arc::new),
    };
    if let Err(error) = read {
        visitor.skip(SkipReason::Io(error));
    }
    let record = visitor.layer.take().and_then(LayerCandidate::record);
    Visited { found: visitor.found, record, entry }
}

/// Visits a stream that can be read only once.
pub(super) fn visit_stream<T>(visitor: &mut Visitor<'_, T>, reader: &mut dyn Read) {
    visitor.body(Body::Stream { reader, size: None });
}

/// The source of the bytes.
enum FileSource {
    Unread(Arc<io::Error>),
    Stdin,
    /// Can be read only once, like stdin: `rgo-version-m <(curl URL)`.
    Pipe(File),
    File(Start),
}

/// A file and its first bytes.
struct Start {
    file: File,
    kind: ContentKind,
}

/// Opens a file; `None` if it is of no interest.
fn open(entry: &WalkEntry, options: &Options) -> io::Result<Option<FileSource>> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a pipe");
    // Opening a device can have effects. The walk itself finds only files.
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
            return Ok(Some(FileSource::Pipe(file)));
        }
    }
    let mut head = [0; HEAD];
    let length = fill(&mut file, &mut head)?;
    let head = head.get(..length).unwrap_or_default();
    let mut kind = sniff(head);
    let may_be_disk = match kind {
        ContentKind::Other => disk::is_possible(head),
        ContentKind::Bzip2 | ContentKind::Xz => true,
        _ => false,
    };
    if may_be_disk
        && options.archives
        && let Some(disk) = disk::of_file(&mut file)?
    {
        kind = ContentKind::Foreign(disk);
    }
    let is_nothing = match kind {
        ContentKind::Other => true,
        ContentKind::Foreign(what) => !what.is_program() && !options.archives,
        _ => false,
    };
    let is_wanted = !is_nothing || entry.named;
    let start = Start { file, kind };
    Ok(is_wanted.then_some(FileSource::File(start)))
}

/// Whether this is a file, or a pipe, whose reader waits for the writer.
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
            // Mapped pages would count as memory until the end, and each is needed only once.
            ContentKind::Gzip | ContentKind::Xz | ContentKind::Zstd | ContentKind::Bzip2
                if visitor.options.archives =>
            {
                self.file.rewind()?;
                visit_stream(visitor, &mut self.file);
            }
            _ => visitor.body(Body::Bytes(&mmap::file(&self.file)?)),
        }
        Ok(())
    }
}
