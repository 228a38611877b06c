//! A folder that is an OCI image layout, an unpacked `docker save`, or what skopeo calls `dir:`.
//! The walk lists its layers first, and they are visited as other files are, many at a time; when
//! all are read, [`super::layers`] squashes the images.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::container::{Candidate, Images, Room};
use super::limits::{Limits, MAX_METADATA};

/// A folder of images has one of these files.
const MARKS: [&str; 2] = ["oci-layout", "manifest.json"];

/// A folder of container images.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    /// Whether the user named the folder.
    pub(super) named: bool,
    pub(super) images: Images,
    /// The paths of all layers below the root.
    layers: BTreeSet<Arc<str>>,
    room: Room,
}

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

    /// Whether layers are below a folder.
    pub(super) fn has_below(&self, folder: &Path) -> bool {
        let Some(folder) = self.layer(folder).map(|folder| folder + "/") else { return false };
        let next = self
            .layers
            .range::<str, _>((Bound::Included(folder.as_str()), Bound::Unbounded))
            .next();
        next.is_some_and(|layer| layer.starts_with(&folder))
    }

    /// How to visit a layer.
    pub(super) fn candidate(&self) -> Candidate {
        Candidate::expected(0, &self.room)
    }

    /// The path of a file below the root, as the images' lists spell it.
    pub(super) fn layer(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(&self.root).ok()?.to_str()?.replace('\\', "/"))
    }
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
