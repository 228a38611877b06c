//! A folder that is an OCI image layout, an unpacked `docker save`, or what skopeo calls `dir:`. The walk visits its layers as
//! it visits other files, many at a time; when all are read, the images are squashed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::container::{Candidate, Images, Place, Record, Room, Squash};
use super::folders::Entry;
use super::limits::{Limits, MAX_METADATA};
use super::{Found, Look, Options};

/// A folder of images has one of these files.
const MARKS: [&str; 2] = ["oci-layout", "manifest.json"];

/// A folder of container images.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
    /// Whether the user named the folder.
    named: bool,
    images: Images,
    /// The paths of all layers below the root.
    layers: BTreeSet<Arc<str>>,
    room: Room,
}

/// A file that was visited.
pub(super) struct Visited<T> {
    pub(super) entry: Entry,
    pub(super) found: Vec<Found<T>>,
    /// Its record, if it is a layer of a layout.
    pub(super) record: Option<Record>,
}

/// Results, with the argument and the path that they are sorted by.
pub(super) type Placed<T> = ((usize, PathBuf), Vec<Found<T>>);

impl Layout {
    /// Whether a file of this name can make its folder a layout.
    pub(super) fn is_mark(name: &Path) -> bool {
        MARKS.iter().any(|mark| name.ends_with(mark))
    }

    /// Reads the lists in a folder, which the user has `named` or not; `None` if they name no
    /// image.
    pub(super) fn read(root: &Path, named: bool, limits: &Limits) -> Option<Self> {
        let images = Images::read(&|path| small(&root.join(path)).map(Cow::Owned));
        let layers = images.layers().cloned().collect();
        let room = Room::of(limits.max_paths);
        let layout = Self { root: root.to_owned(), named, images, layers, room };
        (!layout.images.is_empty()).then_some(layout)
    }

    /// Whether a file is a layer.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.layer(path).is_some_and(|layer| self.layers.contains(layer.as_str()))
    }

    /// How to visit a layer.
    pub(super) fn candidate(&self) -> Candidate {
        Candidate::expected(0, &self.room)
    }

    fn layer(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(&self.root).ok()?.to_str()?.replace('\\', "/"))
    }

    /// Squashes the results of its layers.
    fn settle<T>(
        &self,
        visited: Vec<Visited<T>>,
        options: &Options,
        look: &Look<'_, T>,
    ) -> Vec<Found<T>> {
        let mut all = Vec::new();
        let mut records = BTreeMap::new();
        for Visited { entry, found, record } in visited {
            let Some(layer) = self.layer(&entry.path) else { continue };
            let record = record.map(|record| record.behind(all.len()));
            // A layer that cannot be read is one of the image that the user named, as in a tar.
            all.extend(found.into_iter().map(|one| Found { named: self.named, ..one }));
            records.insert(layer, record);
        }
        // Without a trailing `/`.
        let mut root: PathBuf = self.root.components().collect();
        if root.as_os_str().is_empty() {
            root.push(".");
        }
        let squash = Squash {
            place: &Place::Folder(root),
            images: &self.images,
            records: &records,
            is_whole: true,
            is_full: false,
            options,
            named: self.named,
            look,
        };
        squash.settle(0, all)
    }
}

/// Squashes the results of each layout; those of other files stay as they are.
pub(super) fn settle<T>(
    visited: Vec<Visited<T>>,
    layouts: Vec<(usize, Arc<Layout>)>,
    options: &Options,
    look: &Look<'_, T>,
) -> Vec<Placed<T>> {
    let key = |argument: usize, layout: &Layout| (argument, layout.root.clone());
    let mut all = Vec::new();
    let mut of_layouts: BTreeMap<_, (Arc<Layout>, Vec<Visited<T>>)> = layouts
        .into_iter()
        .map(|(argument, layout)| (key(argument, &layout), (layout, Vec::new())))
        .collect();
    for one in visited {
        let key = one.entry.layout.as_ref().map(|layout| key(one.entry.argument, layout));
        match key.and_then(|key| of_layouts.get_mut(&key)) {
            Some((_, layers)) => layers.push(one),
            None => all.push(((one.entry.argument, one.entry.path), one.found)),
        }
    }
    for (key, (layout, mut layers)) in of_layouts {
        layers.sort_by(|one, other| one.entry.path.cmp(&other.entry.path));
        all.push((key, layout.settle(layers, options, look)));
    }
    all
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
