//! Which files are meant by the arguments.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::{DirEntry, WalkDir};

use super::limits::MAX_METADATA;
use super::oci::{self, Layer};

/// A file to look into.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its path, as the user or the walk spelled it.
    pub(super) path: PathBuf,
    /// Whether the user named it.
    pub(super) named: bool,
    /// Why the walk could not get at it.
    pub(super) error: Option<Arc<io::Error>>,
}

impl Entry {
    /// Whether this is stdin. A file of that name is `./-`.
    pub(super) fn is_stdin(&self) -> bool {
        self.named && self.path.as_os_str() == "-"
    }
}

/// The named files, and the files below named folders in sorted order.
pub(super) fn entries(args: &[PathBuf]) -> Vec<Entry> {
    args.iter().flat_map(|path| below(path)).collect()
}

fn below(path: &Path) -> Vec<Entry> {
    let named = Entry { path: path.to_owned(), named: true, error: None };
    if named.is_stdin() || !path.is_dir() {
        return vec![named];
    }
    // By name: of one folder the paths differ in nothing else, and are compared at once.
    let by_name =
        |one: &DirEntry, other: &DirEntry| one.path().as_os_str().cmp(other.path().as_os_str());
    let walk = WalkDir::new(path).sort_by(by_name).into_iter();
    walk.filter_map(|entry| match entry {
        Ok(entry) => {
            is_file(&entry).then(|| Entry { path: plain(entry.path()), named: false, error: None })
        }
        Err(error) => Some(Entry {
            path: error.path().unwrap_or(path).to_owned(),
            named: false,
            error: Some(Arc::new(error.into())),
        }),
    })
    .collect()
}

/// A link counts as what it leads to; one to a folder is not followed, it may be a circle.
fn is_file(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    kind.is_file() || kind.is_symlink() && entry.path().metadata().is_ok_and(|to| to.is_file())
}

/// Without the `./` that stands before everything found in `.`.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// Which of the files are layers of container images, where a folder is an OCI image layout.
pub(super) fn layouts(entries: &[Entry]) -> BTreeMap<PathBuf, Vec<Layer>> {
    let marks = entries.iter().filter(|entry| !entry.named && entry.path.ends_with("oci-layout"));
    let mut layouts = BTreeMap::new();
    for mark in marks {
        let Some(root) = mark.path.parent() else { continue };
        let layers = oci::layers(&|path| small(&root.join(path)).map(Cow::Owned));
        layouts.extend(layers.into_iter().map(|(path, layers)| (root.join(path), layers)));
    }
    layouts
}

/// A small file's content.
fn small(path: &Path) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    file.take(MAX_METADATA + 1).read_to_end(&mut text).ok()?;
    (text.len() as u64 <= MAX_METADATA).then_some(text)
}
