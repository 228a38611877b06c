//! Records how one layer changes the layers below it: the paths that it has, and the paths that it
//! deletes.
//!
//! ```text
//! a/b            a file, a link or a device: hides a/b, and all below it, in lower layers
//! a/b/           a folder: hides a file a/b, and nothing below it
//! a/.wh.b        deletes a/b and all below it from lower layers
//! a/.wh..wh..opq deletes all below a from lower layers
//! a/.wh..wh.x    metadata of the file system AUFS: no file
//! ```
//!
//! (OCI Image Format Specification 1.1, layer: "Applying changesets", "Whiteouts".) A layer can have
//! a million paths, so the record keeps keys in their place. Symbolic links on the way to a path are
//! not followed: containerd follows those of lower layers, while the overlay stores of Docker and
//! Podman put a folder in their place. A file that only some runtimes hide counts as visible.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::path::{Keys, Path, PathKey, ROOT, key};

/// This many bytes of a link's names count as one path.
const LINK_UNIT: usize = 32;

/// How many more paths all layers of an archive may record.
#[derive(Clone, Debug)]
pub(in crate::walk) struct Room(Arc<AtomicUsize>);

impl Room {
    pub(in crate::walk) fn of(paths: usize) -> Self {
        Self(Arc::new(paths.into()))
    }

    /// Takes room for this many paths; `false` if there is not enough left.
    pub(super) fn take(&self, paths: usize) -> bool {
        let less = |left: usize| left.checked_sub(paths);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

/// The kind of a layer's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::walk) enum LayerEntry<'t> {
    Folder,
    /// Another name for an entry that came before it.
    HardLink(&'t [u8]),
    /// A file, a symbolic link or a device.
    Other,
}

/// A file or a member that may be a layer, while the walk visits it.
#[derive(Debug)]
pub(in crate::walk) enum LayerCandidate {
    /// Its tar has not begun. `level` is the number of archives around it.
    Expected { level: usize, record: Record },
    /// A tar that was read, as far as possible.
    Read(Record),
}

impl LayerCandidate {
    pub(in crate::walk) fn expected(level: usize, room: &Room) -> Self {
        Self::Expected { level, record: Record::new(room.clone()) }
    }

    /// A tar without members.
    pub(in crate::walk) fn blank(self) -> Self {
        match self {
            Self::Expected { record, .. } | Self::Read(record) => Self::Read(record),
        }
    }

    /// The record, if this was a tar.
    pub(in crate::walk) fn record(self) -> Option<Record> {
        match self {
            Self::Expected { .. } => None,
            Self::Read(record) => Some(record),
        }
    }
}

/// The paths that a layer has and deletes, and the results that come from it.
#[derive(Debug)]
pub(in crate::walk) struct Record {
    marks: HashMap<PathKey, PathMark>,
    /// The other names of a file, by its first name.
    links: HashMap<Path, Vec<Link>>,
    /// The first name of each other name.
    first_names: HashMap<Path, Path>,
    pub(super) items: Vec<EntryResults>,
    count: u32,
    /// The path of the last entry; `None` if no system can have it.
    last: Option<Path>,
    /// The folders above the last entry and their keys, the outermost first.
    folders: Vec<(Vec<u8>, PathKey)>,
    room: Room,
    /// Whether some paths found no room.
    pub(super) is_full: bool,
}

/// The effect of a layer at a path.
#[derive(Clone, Copy, Debug, Default)]
struct PathMark {
    /// The number of the last entry here, the first of the layer being 1; 0 if there is none.
    last: u32,
    /// Whether lower files of this path are hidden.
    here: bool,
    /// Whether lower files below this path are hidden.
    below: bool,
}

/// Another name of a file.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) number: u32,
    pub(super) path: Path,
}

/// An entry that has results.
#[derive(Debug)]
pub(super) struct EntryResults {
    /// The number of the entry in the layer.
    pub(super) number: u32,
    pub(super) path: Path,
    /// Its results among those of the visitor.
    pub(super) found: Range<usize>,
}

impl Record {
    pub(super) fn new(room: Room) -> Self {
        Self {
            marks: HashMap::new(),
            links: HashMap::new(),
            first_names: HashMap::new(),
            items: Vec::new(),
            count: 0,
            last: None,
            folders: Vec::new(),
            room,
            is_full: false,
        }
    }

    /// Records an entry of the layer's tar.
    pub(in crate::walk) fn entry(&mut self, name: &[u8], entry: LayerEntry<'_>) {
        self.count = self.count.saturating_add(1);
        self.last = Path::new(name);
        let Some(path) = self.last.take() else { return };
        let parts: Vec<&[u8]> = path.parts().collect();
        if let Some((base, folders)) = parts.split_last() {
            let folder = self.enter(folders);
            match deleted(base) {
                None => self.add(&path, key(&folder, base), entry),
                Some(Deleted::Name(name)) => {
                    self.mark(key(&folder, name), |mark| (mark.here, mark.below) = (true, true));
                }
                Some(Deleted::AllBeside) => self.mark(folder, |mark| mark.below = true),
                Some(Deleted::Nothing) => {}
            }
        }
        self.last = Some(path);
    }

    /// Records that these results come from the last entry.
    pub(in crate::walk) fn found(&mut self, found: Range<usize>) {
        if let Some(path) = self.last.as_ref().filter(|_| !found.is_empty()) {
            self.items.push(EntryResults { number: self.count, path: path.clone(), found });
        }
    }

    /// Shifts the results behind this many others.
    pub(in crate::walk) fn behind(mut self, others: usize) -> Self {
        for item in &mut self.items {
            item.found = item.found.start + others..item.found.end + others;
        }
        self
    }

    /// Whether the layer hides a file of a lower layer.
    pub(super) fn hides(&self, keys: &Keys) -> bool {
        let at = |key: &PathKey| self.marks.get(key);
        at(&keys.here).is_some_and(|mark| mark.here)
            || keys.above.iter().any(|key| at(key).is_some_and(|mark| mark.below))
    }

    /// Whether a later entry of the layer has the path too.
    pub(super) fn replaces(&self, keys: &Keys, number: u32) -> bool {
        self.marks.get(&keys.here).is_some_and(|mark| mark.last > number)
    }

    /// The other names of a file, in the order of the tar.
    pub(super) fn links_to(&self, path: &Path) -> &[Link] {
        self.links.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    fn add(&mut self, path: &Path, key: PathKey, entry: LayerEntry<'_>) {
        let number = self.count;
        self.mark(key, |mark| {
            (mark.last, mark.here) = (number, true);
            mark.below |= entry != LayerEntry::Folder;
        });
        if let LayerEntry::HardLink(target) = entry
            && let Some(target) = Path::new(target)
        {
            self.link(path, &target);
        }
    }

    /// Records the folders above an entry and returns the key of the innermost. A folder exists
    /// even if it has no entry. Most folders are those of the entry before.
    fn enter(&mut self, folders: &[&[u8]]) -> PathKey {
        let known = self.folders.iter().zip(folders);
        let known = known.take_while(|((name, _), folder)| name == *folder).count();
        self.folders.truncate(known);
        let mut above = self.folders.last().map_or(ROOT, |(_, key)| *key);
        let number = self.count;
        for folder in folders.iter().skip(known) {
            above = key(&above, folder);
            self.mark(above, |mark| (mark.last, mark.here) = (number, true));
            self.folders.push((folder.to_vec(), above));
        }
        above
    }

    fn mark(&mut self, key: PathKey, change: impl FnOnce(&mut PathMark)) {
        if let Some(mark) = self.marks.get_mut(&key) {
            return change(mark);
        }
        if self.is_full || !self.room.take(1) {
            self.is_full = true;
            return;
        }
        change(self.marks.entry(key).or_default());
    }

    fn link(&mut self, path: &Path, target: &Path) {
        // A link can lead to another one, which leads to the file.
        let target = self.first_names.get(target).unwrap_or(target).clone();
        let room = 2 + 2 * (path.bytes().len() + target.bytes().len()) / LINK_UNIT;
        if self.is_full || !self.room.take(room) {
            self.is_full = true;
            return;
        }
        self.first_names.insert(path.clone(), target.clone());
        let link = Link { number: self.count, path: path.clone() };
        self.links.entry(target).or_default().push(link);
    }
}

/// The files that a whiteout deletes from lower layers.
enum Deleted<'n> {
    Name(&'n [u8]),
    AllBeside,
    Nothing,
}

const WHITEOUT: &[u8] = b".wh.";

fn deleted(name: &[u8]) -> Option<Deleted<'_>> {
    let rest = name.strip_prefix(WHITEOUT)?;
    Some(match rest {
        b".wh..opq" => Deleted::AllBeside,
        b"" | b"." | b".." => Deleted::Nothing,
        _ if rest.starts_with(WHITEOUT) => Deleted::Nothing,
        name => Deleted::Name(name),
    })
}

/// Whether a path is a whiteout or below one: a container has no file there.
pub(super) fn is_whiteout(path: &Path) -> bool {
    path.parts().any(|part| part.starts_with(WHITEOUT))
}
