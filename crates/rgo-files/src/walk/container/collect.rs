//! Collects the parts of container images from one tar: the texts that may be lists, and a record
//! of each member that may be a layer. When the tar ends, it squashes the images.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::lists::{ListedImages, plain};
use super::record::{LayerCandidate, Record, Room};
use super::squash::{LayerPlace, Squash};
use crate::walk::limits::{Limits, MAX_METADATA};
use crate::walk::name::Name;
use crate::walk::{Found, Inspect, Options};

/// Maximum total size of the lists that are kept for one archive, in bytes.
const MAX_KEPT: usize = 32 << 20;
/// Cost of a layer besides its paths, in units of [`Room`].
const LAYER: usize = 8;

/// Collects from one tar.
#[derive(Debug)]
pub(in crate::walk) struct Collector {
    texts: BTreeMap<String, Vec<u8>>,
    /// Total size of the texts in bytes.
    kept: usize,
    /// Members that may be layers, by path; `None` for one that is not a tar.
    layers: BTreeMap<String, Option<Record>>,
    /// Links between members that may be layers: docker save stores a shared layer once.
    links: BTreeMap<String, String>,
    room: Room,
    is_full: bool,
}

impl Collector {
    pub(in crate::walk) fn new(limits: &Limits) -> Self {
        Self {
            texts: BTreeMap::new(),
            kept: 0,
            layers: BTreeMap::new(),
            links: BTreeMap::new(),
            room: Room::of(limits.max_paths),
            is_full: false,
        }
    }

    /// How to visit a member that may be a layer; `level` is the number of archives around it.
    pub(in crate::walk) fn candidate(&self, path: &str, level: usize) -> Option<LayerCandidate> {
        is_layer(path).then(|| LayerCandidate::expected(level, &self.room))
    }

    /// Keeps the record of a member that may be a layer.
    pub(in crate::walk) fn keep_layer(&mut self, path: &str, record: Option<Record>) {
        if self.takes_room() {
            self.layers.insert(path.to_owned(), record);
        }
    }

    /// Keeps the text of a member that may be a list.
    pub(in crate::walk) fn keep_text(&mut self, path: &str, text: Vec<u8>) {
        let is_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        if is_json && self.kept + text.len() <= MAX_KEPT {
            self.kept += text.len();
            self.texts.insert(path.to_owned(), text);
        }
    }

    /// Records a link, which may be the name of a layer.
    pub(in crate::walk) fn link(&mut self, name: &[u8], target: &[u8]) {
        let (Some(name), Some(target)) = (path(name), path(target)) else { return };
        if !is_layer(name) || !self.takes_room() {
            return;
        }
        // A symbolic link with `..` starts at its own folder, a hard link at the top.
        let target = match target.strip_prefix("../") {
            Some(beside) => {
                let above = name.rsplit_once('/').and_then(|(folder, _)| folder.rsplit_once('/'));
                above.map_or_else(|| beside.to_owned(), |(above, _)| format!("{above}/{beside}"))
            }
            None => target.to_owned(),
        };
        self.links.insert(name.to_owned(), target);
    }

    fn takes_room(&mut self) -> bool {
        self.is_full |= !self.room.take(LAYER);
        !self.is_full
    }

    /// Squashes the results of a tar, if it holds container images.
    pub(in crate::walk) fn squash<T>(
        self,
        tar: &Tar<'_, T>,
        found: Vec<Found<T>>,
    ) -> Vec<Found<T>> {
        let read = |path: &str| self.texts.get(path).map(|text| Cow::Borrowed(text.as_slice()));
        let mut images = ListedImages::read(&read);
        if images.is_empty() {
            return found;
        }
        images.resolve(|path| self.links.get(path).map(|target| target.as_str().into()));
        let squash = Squash {
            place: &LayerPlace::Archive(tar.name.clone()),
            images: &images,
            records: &self.layers,
            is_whole: tar.is_whole && !self.is_full,
            is_full: self.is_full,
            options: tar.options,
            named: tar.named,
            inspect: tar.inspect,
        };
        squash.squash(tar.first, found)
    }
}

/// A tar whose members have been visited.
pub(in crate::walk) struct Tar<'t, T> {
    pub(in crate::walk) name: &'t Name,
    pub(in crate::walk) options: &'t Options,
    pub(in crate::walk) named: bool,
    pub(in crate::walk) inspect: &'t Inspect<'t, T>,
    /// The records number its results from here.
    pub(in crate::walk) first: usize,
    /// Whether it was read to its end: only then is a layer that was not found really missing.
    pub(in crate::walk) is_whole: bool,
}

/// The path of a member in the spelling of the lists; `None` if it is not UTF-8.
pub(in crate::walk) fn path(name: &[u8]) -> Option<&str> {
    std::str::from_utf8(name).ok().map(plain)
}

/// Whether a member can be a list, or a text that a list names. Some tools name a configuration
/// only by its digest.
pub(in crate::walk) fn is_list(path: &str, size: u64) -> bool {
    if size > MAX_METADATA {
        return false;
    }
    let is_at_top = !path.contains('/') && (path.ends_with(".json") || path.starts_with("sha256:"));
    path.starts_with("blobs/") || is_at_top || is_hash(path)
}

/// Whether the name of a member is only a hash, as in an archive of skopeo's `dir:`.
fn is_hash(path: &str) -> bool {
    path.len() >= 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a member can be a layer, judged by the names that tools use.
fn is_layer(path: &str) -> bool {
    path.starts_with("blobs/") || path.contains(".tar") || is_hash(path)
}
