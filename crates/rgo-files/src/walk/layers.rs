//! The container images in a folder, made of the results of their layers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::container::{Place, Squash};
use super::entry::Visited;
use super::layout::Layout;
use super::{Found, Look, Options};

/// Squashes the results of a layout's layers, which are in the order of their paths.
pub(super) fn squash<T>(
    layout: &Layout,
    visited: Vec<Visited<T>>,
    options: &Options,
    look: &Look<'_, T>,
) -> Vec<Found<T>> {
    let mut all = Vec::new();
    let mut records = BTreeMap::new();
    for Visited { entry, found, record } in visited {
        let Some(layer) = layout.layer(&entry.path) else { continue };
        let record = record.map(|record| record.behind(all.len()));
        // A layer that cannot be read is one of the image that the user named, as in a tar.
        all.extend(found.into_iter().map(|one| Found { named: layout.named, ..one }));
        records.insert(layer, record);
    }
    // Without a trailing `/`.
    let mut root: PathBuf = layout.root.components().collect();
    if root.as_os_str().is_empty() {
        root.push(".");
    }
    let squash = Squash {
        place: &Place::Folder(root),
        images: &layout.images,
        records: &records,
        is_whole: true,
        is_full: false,
        options,
        named: layout.named,
        look,
    };
    squash.settle(0, all)
}
