//! Which files are meant by the arguments: named ones, and those below named folders.
//!
//! A folder is a task that starts one for everything in it, so that folders are listed while
//! files are looked into. What is found is put in order at the end.

use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::Scope;

use super::Options;
use super::layout::Layout;

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
    /// The folder of container images of which it is a layer.
    pub(super) layout: Option<Arc<Layout>>,
}

impl Entry {
    /// Whether this is stdin. A file of that name is `./-`.
    pub(super) fn is_stdin(&self) -> bool {
        self.named && self.path.as_os_str() == "-"
    }
}

/// Folders of container images, and the arguments that led to them.
type Layouts = Vec<(usize, Arc<Layout>)>;

/// A way through files and folders.
pub(super) struct Walk<'w> {
    /// Looks into a file.
    file: &'w (dyn Fn(Entry) + Sync),
    options: &'w Options,
    layouts: Mutex<Layouts>,
}

impl<'w> Walk<'w> {
    pub(super) fn new(file: &'w (dyn Fn(Entry) + Sync), options: &'w Options) -> Self {
        Self { file, options, layouts: Mutex::default() }
    }

    /// Visits all that the arguments lead to, in no order; gives the folders that proved to be of
    /// container images.
    pub(super) fn run(self, args: &[PathBuf]) -> Layouts {
        let entry = |(argument, path): (usize, &PathBuf)| Entry {
            argument,
            path: path.clone(),
            named: true,
            error: None,
            layout: None,
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
                            self.folder(scope, entry, None);
                        } else {
                            (self.file)(entry);
                        }
                    });
                });
            }),
        }
        self.layouts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Visits all below a folder, which `within` a layout can be.
    fn folder<'s>(&'s self, scope: &Scope<'s>, folder: Entry, within: Option<Arc<Layout>>) {
        let entries = match folder.path.read_dir() {
            Ok(entries) => entries,
            Err(error) => return (self.file)(Entry { error: Some(Arc::new(error)), ..folder }),
        };
        let Entry { argument, path: folder, named, .. } = folder;
        let met = |path: &Path, error: Option<io::Error>| Entry {
            argument,
            path: plain(path),
            named: false,
            error: error.map(Arc::new),
            layout: None,
        };
        let mut files = Vec::new();
        let mut folders = Vec::new();
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.file_type()?, entry))) {
                Ok((kind, entry)) if kind.is_dir() => {
                    folders.push(met(&entry.path(), None));
                }
                Ok((kind, entry)) if kind.is_file() || kind.is_symlink() && is_to_file(&entry) => {
                    files.push(met(&entry.path(), None));
                }
                Ok(_) => {}
                Err(error) => files.push(met(&folder, Some(error))),
            }
        }
        let mut layout = within;
        if self.options.archives
            && files.iter().any(|entry| Layout::is_mark(&entry.path))
            && let Some(own) =
                Layout::read(&plain(&folder), named, &self.options.limits).map(Arc::new)
        {
            let mut layouts = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
            layouts.push((argument, own.clone()));
            layout = Some(own);
        }
        for folder in folders {
            let layout = layout.clone();
            scope.spawn(move |scope| self.folder(scope, folder, layout));
        }
        // A file can be an archive with the work of a thousand others.
        for file in files {
            let layout = layout.clone().filter(|layout| layout.has(&file.path));
            scope.spawn(move |_| (self.file)(Entry { layout, ..file }));
        }
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
