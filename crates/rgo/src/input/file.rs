//! One file of the system, or stdin: opened, told by its first bytes, and mapped if it is worth
//! it. Most files of a tree are closed again after one read.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::sync::Arc;

use memmap2::Mmap;

use super::budget::Budget;
use super::name::Name;
use super::refusal::Refusal;
use super::sniff::{HEAD, Kind, sniff};
use super::visitor::{Body, Visitor, fill};
use super::walk::Entry;
use super::{Found, Look, Options};

/// Looks into a file and all that is inside it.
pub(super) fn visit<T>(entry: &Entry, options: &Options, look: &Look<'_, T>) -> Vec<Found<T>> {
    let source = match &entry.error {
        Some(error) => Source::Unread(error.clone()),
        None if entry.is_stdin() => Source::Stdin,
        None => match open(entry, options) {
            Ok(Some(start)) => Source::File(start),
            Ok(None) => return Vec::new(),
            Err(error) => Source::Unread(error.into()),
        },
    };
    let budget = Budget::new(options.limits);
    let name = Name::new(entry.path.clone());
    let mut visitor = Visitor::new(options, &budget, look, name, entry.named);
    let read = match source {
        Source::Unread(error) => Err(error),
        Source::Stdin => {
            stream(&mut visitor, &mut io::stdin().lock());
            Ok(())
        }
        Source::File(start) => start.body(&mut visitor).map_err(Arc::new),
    };
    if let Err(error) = read {
        visitor.refuse(Refusal::Io(error));
    }
    visitor.found
}

/// Looks into what can be read once only.
pub(super) fn stream<T>(visitor: &mut Visitor<'_, T>, reader: &mut dyn Read) {
    visitor.body(Body::Stream { reader, size: None });
}

/// Where the bytes come from.
enum Source {
    Unread(Arc<io::Error>),
    Stdin,
    File(Start),
}

/// A file, by its first bytes.
struct Start {
    file: File,
    kind: Kind,
    is_empty: bool,
}

/// Opens a file; none if it is of no interest.
fn open(entry: &Entry, options: &Options) -> io::Result<Option<Start>> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    // Opening a pipe waits for whoever writes to it. What a walk found is a file already.
    if entry.named && !entry.path.metadata()?.is_file() {
        return Err(not_regular());
    }
    let mut file = File::open(&entry.path)?;
    if entry.named && !file.metadata()?.is_file() {
        return Err(not_regular());
    }
    let mut head = [0; HEAD];
    let length = fill(&mut file, &mut head)?;
    let kind = sniff(head.get(..length).unwrap_or_default());
    let is_nothing = kind == Kind::Other || matches!(kind, Kind::Foreign(_)) && !options.archives;
    let is_wanted = !is_nothing || entry.named;
    Ok(is_wanted.then_some(Start { file, kind, is_empty: length == 0 }))
}

impl Start {
    fn body<T>(mut self, visitor: &mut Visitor<'_, T>) -> io::Result<()> {
        visitor.budget.holds_file(self.file.metadata()?.len());
        match self.kind {
            // An empty file cannot be mapped.
            _ if self.is_empty => visitor.body(Body::Bytes(&[])),
            // Its pages would count as memory until the end, and each is wanted once.
            Kind::Gzip | Kind::Xz | Kind::Zstd if visitor.options.archives => {
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
