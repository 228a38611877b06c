//! A file of the walk, before and after it is looked into.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Found;
use super::container::Record;
use super::layout::Layout;

/// A file to look into.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its path, as the user or the walk spelled it.
    pub(super) path: PathBuf,
    /// Whether the user named it.
    pub(super) named: bool,
    /// Whether it is a link that may lead to something other than a file.
    pub(super) is_link: bool,
    /// Why the walk could not get at it.
    pub(super) error: Option<Arc<io::Error>>,
    /// The folder of container images of which it is a layer.
    pub(super) layout: Option<Arc<Layout>>,
}

impl Entry {
    pub(super) fn named(path: PathBuf) -> Self {
        Self { path, named: true, is_link: false, error: None, layout: None }
    }

    pub(super) fn found(path: &Path) -> Self {
        Self { named: false, ..Self::named(plain(path)) }
    }

    /// Whether this is stdin. A file of that name is `./-`.
    pub(super) fn is_stdin(&self) -> bool {
        self.named && self.path.as_os_str() == "-"
    }

    /// Whether it is a link to something other than a file. One to a folder is not followed,
    /// because it may lead in a circle.
    pub(super) fn is_link_elsewhere(&self) -> bool {
        self.is_link && !self.path.metadata().is_ok_and(|to| to.is_file())
    }
}

/// A file that was visited.
pub(super) struct Visited<T> {
    pub(super) entry: Entry,
    pub(super) found: Vec<Found<T>>,
    /// Its record, if it is a layer of a layout.
    pub(super) record: Option<Record>,
}

/// Without the `./` that stands before everything found in `.`.
pub(super) fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
