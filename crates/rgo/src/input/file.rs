//! One file of the system, or stdin: opened, told by its first bytes, and mapped if it is worth
//! it. Most files of a tree are closed again after one read.

use std::fs::File;
use std::io::{self, Read, Seek};

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
    let budget = Budget::new(options.limits);
    let name = Name::new(entry.path.clone());
    let mut visitor = Visitor::new(options, &budget, look, name, entry.named);
    if let Some(error) = &entry.error {
        visitor.refuse(Refusal::Io(error.clone()));
    } else if entry.is_stdin() {
        stream(&mut visitor, &mut io::stdin().lock());
    } else if let Err(error) = open(&mut visitor, entry) {
        visitor.refuse(Refusal::Io(error.into()));
    }
    visitor.found
}

/// Looks into what can be read once only.
pub(super) fn stream<T>(visitor: &mut Visitor<'_, T>, reader: &mut dyn Read) {
    visitor.body(Body::Stream { reader, size: None });
}

fn open<T>(visitor: &mut Visitor<'_, T>, entry: &Entry) -> io::Result<()> {
    let not_regular = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    // Opening a pipe waits for whoever writes to it. What a walk found is a file already.
    if entry.named && !entry.path.metadata()?.is_file() {
        return Err(not_regular());
    }
    let mut file = File::open(&entry.path)?;
    let metadata = file.metadata()?;
    if entry.named && !metadata.is_file() {
        return Err(not_regular());
    }
    let mut head = [0; HEAD];
    let length = fill(&mut file, &mut head)?;
    let kind = sniff(head.get(..length).unwrap_or_default());
    let archives = visitor.options.archives;
    let is_nothing = kind == Kind::Other || matches!(kind, Kind::Foreign(_)) && !archives;
    if is_nothing && !entry.named {
        return Ok(());
    }
    visitor.budget.holds_file(metadata.len());
    match kind {
        // An empty file cannot be mapped.
        _ if length == 0 => visitor.body(Body::Bytes(&[])),
        // Its pages would count as memory until the end, and each is wanted once.
        Kind::Gzip | Kind::Xz | Kind::Zstd if archives => {
            file.rewind()?;
            stream(visitor, &mut file);
        }
        _ => visitor.body(Body::Bytes(&map(&file)?)),
    }
    Ok(())
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
