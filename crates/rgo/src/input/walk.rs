//! Which files are meant by the arguments: named ones, and those below named folders.
//!
//! A folder is a task that starts one for everything in it, so that folders are listed while
//! files are looked into. What is found is put in order at the end.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{DirEntry, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::Scope;

use super::limits::MAX_METADATA;
use super::oci::{self, Layer};

/// A file to look into.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Which argument led to it.
    pub(super) argument: usize,
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

/// Layers of container images by the files that hold them.
type Layouts = BTreeMap<PathBuf, Vec<Layer>>;

/// A way through files and folders.
pub(super) struct Walk<'w> {
    /// Looks into a file.
    file: &'w (dyn Fn(Entry) + Sync),
    layouts: Mutex<Layouts>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(file: &'w (dyn Fn(Entry) + Sync)) -> Self {
        Self { file, layouts: Mutex::default() }
    }

    /// Visits all that the arguments lead to, in no order; tells which files proved to be layers
    /// of container images.
    pub(super) fn run(self, args: &[PathBuf]) -> Layouts {
        let entry = |(argument, path): (usize, &PathBuf)| Entry {
            argument,
            path: path.clone(),
            named: true,
            error: None,
        };
        let is_folder = |entry: &Entry| !entry.is_stdin() && entry.path.is_dir();
        let entries = args.iter().enumerate().map(entry);
        match args {
            // Threads take longer to start than a small file to read.
            [path] if path.as_os_str() == "-" || !path.is_dir() => entries.for_each(self.file),
            _ => rayon::scope(|scope| {
                entries.for_each(|entry| {
                    scope.spawn(|scope| {
                        if is_folder(&entry) {
                            self.folder(scope, entry);
                        } else {
                            (self.file)(entry);
                        }
                    });
                });
            }),
        }
        self.layouts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder<'s>(&'s self, scope: &Scope<'s>, folder: Entry) {
        let entries = match folder.path.read_dir() {
            Ok(entries) => entries,
            Err(error) => return (self.file)(Entry { error: Some(Arc::new(error)), ..folder }),
        };
        let Entry { argument, path: folder, .. } = folder;
        let met = |path: &Path, error: Option<io::Error>| Entry {
            argument,
            path: plain(path),
            named: false,
            error: error.map(Arc::new),
        };
        let mut files = Vec::new();
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.file_type()?, entry))) {
                Ok((kind, entry)) if kind.is_dir() => {
                    let folder = met(&entry.path(), None);
                    scope.spawn(move |scope| self.folder(scope, folder));
                }
                Ok((kind, entry)) if kind.is_file() || kind.is_symlink() && is_to_file(&entry) => {
                    files.push(met(&entry.path(), None));
                }
                Ok(_) => {}
                Err(error) => files.push(met(&folder, Some(error))),
            }
        }
        if files.iter().any(|entry| entry.path.ends_with("oci-layout")) {
            let layers = layers(&plain(&folder));
            self.layouts.lock().unwrap_or_else(PoisonError::into_inner).extend(layers);
        }
        // A file can be an archive with the work of a thousand others.
        files.into_iter().for_each(|entry| scope.spawn(|_| (self.file)(entry)));
    }
}

/// A link counts as what it leads to; one to a folder is not followed, it may be a circle.
fn is_to_file(link: &DirEntry) -> bool {
    link.path().metadata().is_ok_and(|to| to.is_file())
}

/// Without the `./` that stands before everything found in `.`.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// The layers of container images in a folder that is an OCI image layout.
fn layers(root: &Path) -> Layouts {
    let layers = oci::layers(&|path| small(&root.join(path)).map(Cow::Owned));
    layers.into_iter().map(|(path, layers)| (root.join(path), layers)).collect()
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
