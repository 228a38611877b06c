//! Collects from one tar what its container images are made of: the texts that may be lists, and a
//! record of each member that may be a layer. When the tar ends, it squashes the images.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use super::lists::{Images, plain};
use super::record::{Candidate, Record, Room};
use super::squash::{Place, Squash};
use crate::walk::limits::{Limits, MAX_METADATA};
use crate::walk::visitor::{Body, Visitor};

/// What is kept of one archive's lists at most, in bytes.
const MAX_KEPT: usize = 32 << 20;
/// What a layer costs beside its paths, in units of [`Room`].
const LAYER: usize = 8;

/// Collects from one tar.
#[derive(Debug)]
pub(in crate::walk) struct Collector {
    texts: BTreeMap<String, Vec<u8>>,
    /// How many bytes the texts have.
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

    /// Visits a member of the tar, and keeps its text if it may be a list.
    pub(in crate::walk) fn look<T>(
        &mut self,
        visitor: &mut Visitor<'_, T>,
        name: &[u8],
        size: u64,
        body: Body<'_>,
    ) {
        let Some(path) = std::str::from_utf8(name).ok().map(plain) else {
            return visitor.body(body);
        };
        let may_be_layer = is_layer(path);
        if may_be_layer {
            visitor.layer = Some(Candidate::expected(visitor.level(), &self.room));
        }
        if is_list(path) && size <= MAX_METADATA {
            self.text(visitor, path, size, body);
        } else {
            visitor.body(body);
        }
        if may_be_layer && self.takes_room() {
            let record = visitor.layer.take().and_then(Candidate::record);
            self.layers.insert(path.to_owned(), record);
        }
    }

    fn text<T>(&mut self, visitor: &mut Visitor<'_, T>, path: &str, size: u64, body: Body<'_>) {
        let mut text = Vec::new();
        match body {
            Body::Bytes(bytes) => text.extend_from_slice(bytes),
            Body::Stream { reader, .. } => {
                // The next read meets the same error and reports it.
                if reader.take(size).read_to_end(&mut text).is_err() {
                    return;
                }
            }
        }
        visitor.body(Body::Bytes(&text));
        let is_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        if is_json && self.kept + text.len() <= MAX_KEPT {
            self.kept += text.len();
            self.texts.insert(path.to_owned(), text);
        }
    }

    /// Records a link, which may stand for a layer.
    pub(in crate::walk) fn link(&mut self, name: &[u8], target: &[u8]) {
        let text = |bytes| std::str::from_utf8(bytes).ok().map(plain);
        let (Some(name), Some(target)) = (text(name), text(target)) else { return };
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

    /// Squashes the results from `first` on, if the tar holds container images. `whole` is whether
    /// the tar was read to its end: only then is a layer that was not met really missing.
    pub(in crate::walk) fn settle<T>(
        self,
        visitor: &mut Visitor<'_, T>,
        first: usize,
        whole: bool,
    ) {
        let read = |path: &str| self.texts.get(path).map(|text| Cow::Borrowed(text.as_slice()));
        let mut images = Images::read(&read);
        if images.is_empty() {
            return;
        }
        images.resolve(|path| self.links.get(path).map(|target| target.as_str().into()));
        let found = visitor.found.split_off(first);
        let squash = Squash {
            place: &Place::Archive(visitor.name.clone()),
            images: &images,
            records: &self.layers,
            is_whole: whole && !self.is_full,
            is_full: self.is_full,
            options: visitor.options,
            named: visitor.named,
            look: visitor.look,
        };
        visitor.found.extend(squash.settle(first, found));
    }
}

/// Whether a member can be a list, or a text that a list names. Some tools name a configuration by
/// its digest alone.
fn is_list(path: &str) -> bool {
    let is_at_top = !path.contains('/') && (path.ends_with(".json") || path.starts_with("sha256:"));
    path.starts_with("blobs/") || is_at_top || is_hash(path)
}

/// Whether a member has nothing but a hash for its name, as in an archive of skopeo's `dir:`.
fn is_hash(path: &str) -> bool {
    path.len() >= 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a member can be a layer, by the names that all tools give them.
fn is_layer(path: &str) -> bool {
    path.starts_with("blobs/") || path.contains(".tar") || is_hash(path)
}
