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

/// A file of the walk that has been opened, if it is of interest.
pub(super) struct Opened {
    entry: WalkEntry,
    source: Option<FileSource>,
}

impl Opened {
    /// Opens a file, and recognizes it.
    pub(super) fn new(entry: WalkEntry, options: &Options) -> Self {
        let source = match &entry.error {
            _ if entry.is_link_elsewhere() => None,
            Some(error) => Some(FileSource::Unread(error.clone())),
            None if entry.is_stdin() => Some(FileSource::Stdin),
            None => match open(&entry, options) {
                Ok(source) => source,
                Err(error) => Some(FileSource::Unread(error.into())),
            },
        };
        Self { entry, source }
    }

    /// Bytes of the file; 0 if it is of no interest, or if that is not known.
    pub(super) fn size(&self) -> u64 {
        match &self.source {
            Some(FileSource::File(start)) => start.size,
            _ => 0,
        }
    }

    /// Visits the file and everything inside it.
    pub(super) fn visit<T>(self, options: &Options, inspect: &Inspect<'_, T>) -> Visited<T> {
        let Self { entry, source } = self;
        let Some(source) = source else {
            return Visited { entry, found: Vec::new(), record: None };
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
    /// In bytes.
    size: u64,
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
        ContentKind::Image | ContentKind::Prefix => false,
        ContentKind::Tar
        | ContentKind::Zip
        | ContentKind::Ar
        | ContentKind::Gzip
        | ContentKind::Xz
        | ContentKind::Zstd
        | ContentKind::Bzip2 => !options.archives,
    };
    if is_nothing && !entry.named {
        return Ok(None);
    }
    let size = file.metadata()?.len();
    Ok(Some(FileSource::File(Start { file, kind, size })))
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
        visitor.budget.holds_file(self.size);
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
