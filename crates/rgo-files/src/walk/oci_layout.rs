//! Handles a folder that is an OCI image layout, an unpacked `docker save`, or skopeo's `dir:`. The
//! walk lists its layers first and visits them like other files, many in parallel; when all are
//! read, it squashes the images.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::container::{LayerCandidate, LayerPlace, ListedImages, Record, Room, Squash};
use super::limits::{Limits, MAX_METADATA};
use super::{Found, Inspect, Options};

/// A folder of images has one of these files.
const MARKS: [&str; 2] = ["oci-layout", "manifest.json"];

/// A folder of container images.
#[derive(Debug)]
pub(super) struct OciLayout {
    root: PathBuf,
    /// Whether the user named the folder.
    named: bool,
    images: ListedImages,
    /// The paths of all layers below the root.
    layers: BTreeSet<Arc<str>>,
    room: Room,
}

/// A visited layer.
pub(super) struct VisitedLayer<T> {
    /// Its path, including that of the folder of images.
    pub(super) path: PathBuf,
    pub(super) found: Vec<Found<T>>,
    /// `None` if it is not a tar.
    pub(super) record: Option<Record>,
}

impl OciLayout {
    /// Whether a file with this name can make its folder a layout.
    pub(super) fn is_mark(name: &Path) -> bool {
        MARKS.iter().any(|mark| name.ends_with(mark))
    }

    /// Reads the lists in a folder, which the user may have `named`; `None` if they name no image.
    pub(super) fn read(root: &Path, named: bool, limits: &Limits) -> Option<Self> {
        let images = ListedImages::read(&|path| small(&root.join(path)).map(Cow::Owned));
        let layers = images.layers().cloned().collect();
        let room = Room::of(limits.max_paths);
        let layout = Self { root: root.to_owned(), named, images, layers, room };
        (!layout.images.is_empty()).then_some(layout)
    }

    /// Whether a file is a layer.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.layer(path).is_some_and(|layer| self.layers.contains(layer.as_str()))
    }

    /// Whether a folder contains layers.
    pub(super) fn has_below(&self, folder: &Path) -> bool {
        let Some(folder) = self.layer(folder).map(|folder| folder + "/") else { return false };
        let next = self
            .layers
            .range::<str, _>((Bound::Included(folder.as_str()), Bound::Unbounded))
            .next();
        next.is_some_and(|layer| layer.starts_with(&folder))
    }

    /// How to visit a layer.
    pub(super) fn candidate(&self) -> LayerCandidate {
        LayerCandidate::expected(0, &self.room)
    }

    fn layer(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(&self.root).ok()?.to_str()?.replace('\\', "/"))
    }

    /// Squashes the results of its layers, which come in the order of their paths.
    pub(super) fn squash<T>(
        &self,
        visited: Vec<VisitedLayer<T>>,
        options: &Options,
        inspect: &Inspect<'_, T>,
    ) -> Vec<Found<T>> {
        let mut all = Vec::new();
        let mut records = BTreeMap::new();
        for VisitedLayer { path, found, record } in visited {
            let Some(layer) = self.layer(&path) else { continue };
            let record = record.map(|record| record.behind(all.len()));
            // As in a tar, a layer that cannot be read counts as named if the user named the image.
            all.extend(found.into_iter().map(|one| Found { named: self.named, ..one }));
            records.insert(layer, record);
        }
        // Without a trailing `/`.
        let mut root: PathBuf = self.root.components().collect();
        if root.as_os_str().is_empty() {
            root.push(".");
        }
        let squash = Squash {
            place: &LayerPlace::Folder(root),
            images: &self.images,
            records: &records,
            is_whole: true,
            is_full: false,
            options,
            named: self.named,
            inspect,
        };
        squash.squash(0, all)
    }
}

/// Reads a small file.
fn small(path: &Path) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    file.take(MAX_METADATA + 1).read_to_end(&mut text).ok()?;
    (text.len() as u64 <= MAX_METADATA).then_some(text)
}
