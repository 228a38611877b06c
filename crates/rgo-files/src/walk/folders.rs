//! Lists the files of the arguments: named files, and those below named folders. Its order is the
//! order of the results: by argument, then by name.
//!
//! A folder is listed when its turn comes. Only the names in the folders between the argument and
//! the current file are held, so that memory does not grow with the number of files.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::FileType;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use super::oci_layout::OciLayout;

/// A file to visit.
#[derive(Clone, Debug)]
pub(super) struct WalkEntry {
    /// Its path, as the user or the walk spelled it.
    pub(super) path: PathBuf,
    /// Whether the user named it.
    pub(super) named: bool,
    /// Whether it is a link that may lead to something other than a file.
    pub(super) is_link: bool,
    /// Why the walk could not reach it.
    pub(super) error: Option<Arc<io::Error>>,
    /// The folder of container images that has it as a layer.
    pub(super) layout: Option<Arc<OciLayout>>,
}

impl WalkEntry {
    fn named(path: PathBuf) -> Self {
        Self { path, named: true, is_link: false, error: None, layout: None }
    }

    fn found(path: &Path) -> Self {
        Self { named: false, ..Self::named(plain(path)) }
    }

    /// Whether this is stdin. A file with the name `-` is `./-`.
    pub(super) fn is_stdin(&self) -> bool {
        self.named && self.path.as_os_str() == "-"
    }

    /// Whether it is a link to something other than a file. A link to a folder is not followed,
    /// because it may lead in a circle.
    pub(super) fn is_link_elsewhere(&self) -> bool {
        self.is_link && !self.path.metadata().is_ok_and(|to| to.is_file())
    }
}

/// One step of a walk.
#[derive(Debug)]
pub(super) enum WalkStep {
    /// A file to visit.
    File(WalkEntry),
    /// All layers of these container images have been listed, directly before this step.
    Images(Arc<OciLayout>),
}

/// A walk through files and folders.
pub(super) struct Walk<'w> {
    options: &'w Options,
    args: std::slice::Iter<'w, PathBuf>,
    /// The folders from the argument to the current file, the outermost first.
    open: Vec<Folder>,
    /// Steps that come before the next name in the innermost folder.
    before: VecDeque<WalkStep>,
}

/// A folder with names left to visit.
struct Folder {
    path: PathBuf,
    names: std::vec::IntoIter<NamedEntry>,
    /// The container images whose layers may be files in it.
    layout: Option<Arc<OciLayout>>,
}

/// A name in a folder.
struct NamedEntry {
    name: OsString,
    kind: FileType,
}

impl<'w> Walk<'w> {
    pub(super) fn new(args: &'w [PathBuf], options: &'w Options) -> Self {
        Self { options, args: args.iter(), open: Vec::new(), before: VecDeque::new() }
    }

    /// Lists a folder, and pushes it onto the open ones.
    fn enter(&mut self, path: PathBuf, named: bool, within: Option<Arc<OciLayout>>) {
        let (names, error) = match list(&path) {
            Ok(listed) => listed,
            Err(error) => {
                let error = Some(Arc::new(error));
                let entry = if named { WalkEntry::named(path) } else { WalkEntry::found(&path) };
                self.before.push_back(WalkStep::File(WalkEntry { error, ..entry }));
                return;
            }
        };
        if let Some(error) = error {
            let error = Some(Arc::new(error));
            self.before.push_back(WalkStep::File(WalkEntry { error, ..WalkEntry::found(&path) }));
        }
        let mut layout = within;
        if let Some(own) = self.oci_layout(&path, &names, named).map(Arc::new) {
            layers(self, &path, &names, &own);
            self.before.push_back(WalkStep::Images(own.clone()));
            layout = Some(own);
        }
        self.open.push(Folder { path, names: names.into_iter(), layout });
    }

    /// The container images in a folder, if its names look like those of such a folder.
    fn oci_layout(&self, folder: &Path, names: &[NamedEntry], named: bool) -> Option<OciLayout> {
        let is_mark =
            |it: &NamedEntry| !it.kind.is_dir() && OciLayout::is_mark(Path::new(&it.name));
        if !self.options.archives || !names.iter().any(is_mark) {
            return None;
        }
        OciLayout::read(&plain(folder), named, &self.options.limits)
    }
}

impl Iterator for Walk<'_> {
    type Item = WalkStep;

    fn next(&mut self) -> Option<WalkStep> {
        loop {
            if let Some(step) = self.before.pop_front() {
                return Some(step);
            }
            let Some(folder) = self.open.last_mut() else {
                let entry = WalkEntry::named(self.args.next()?.clone());
                if entry.is_stdin() || !entry.path.is_dir() {
                    return Some(WalkStep::File(entry));
                }
                self.enter(entry.path, true, None);
                continue;
            };
            let Some(NamedEntry { name, kind }) = folder.names.next() else {
                self.open.pop();
                continue;
            };
            let path = folder.path.join(name);
            if kind.is_dir() {
                let layout = folder.layout.clone();
                self.enter(path, false, layout);
                continue;
            }
            let entry = WalkEntry { is_link: kind.is_symlink(), ..WalkEntry::found(&path) };
            if !folder.layout.as_ref().is_some_and(|layout| layout.has(&entry.path)) {
                return Some(WalkStep::File(entry));
            }
        }
    }
}

/// Lists the layers of container images, in the order of their paths: all files below the folder of
/// the images, but not in a folder that has images of its own.
fn layers(walk: &mut Walk<'_>, folder: &Path, names: &[NamedEntry], layout: &Arc<OciLayout>) {
    for NamedEntry { name, kind } in names {
        let path = folder.join(name);
        if !kind.is_dir() {
            let entry = WalkEntry { is_link: kind.is_symlink(), ..WalkEntry::found(&path) };
            if layout.has(&entry.path) && !entry.is_link_elsewhere() {
                let layout = Some(layout.clone());
                walk.before.push_back(WalkStep::File(WalkEntry { layout, ..entry }));
            }
        } else if layout.has_below(&plain(&path))
            && let Ok((names, _)) = list(&path)
            && walk.oci_layout(&path, &names, false).is_none()
        {
            layers(walk, &path, &names, layout);
        }
    }
}

/// The files, links and folders in a folder, by name, and the first error if listing them failed.
fn list(folder: &Path) -> io::Result<(Vec<NamedEntry>, Option<io::Error>)> {
    let mut names = Vec::new();
    let mut failed = None;
    for entry in folder.read_dir()? {
        match entry.and_then(|entry| Ok((entry.file_type()?, entry.file_name()))) {
            Ok((kind, name)) if kind.is_dir() || kind.is_file() || kind.is_symlink() => {
                names.push(NamedEntry { name, kind });
            }
            Ok(_) => {}
            Err(error) => {
                failed.get_or_insert(error);
            }
        }
    }
    names.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok((names, failed))
}

/// Removes the leading `./` of paths found in `.`.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
