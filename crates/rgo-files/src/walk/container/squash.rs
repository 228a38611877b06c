//! Squashes the layers of images: names each result by its path in the container, lists the images
//! that contain it, and drops it if all of them hide it.
//!
//! A layer hides a file of a lower layer if it has the file's path, deletes it, or has something
//! other than a folder in place of one of the file's folders. A hard link is another name for the
//! same file, and can outlive the first name. A layer that is missing or has too many paths hides
//! nothing: the results may then include files that no container sees, and a refusal reports this.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Layer;
use super::lists::{LayerFile, ListedImage, ListedImages, Storage, plain};
use super::path::{Keys, Path};
use super::record::{EntryResults, Record, is_whiteout};
use crate::walk::name::{Name, escape};
use crate::walk::skip_reason::SkipReason;
use crate::walk::{Found, Inspect, Item, ItemContent, Options};

/// Cost of placing a file in a layer, in memory and time. One step is the check whether one layer
/// hides a file.
const PLACE: usize = 16;

/// The container of the layers.
pub(in crate::walk) enum LayerPlace {
    /// In an archive of this name.
    Archive(Name),
    /// In a folder.
    Folder(PathBuf),
}

impl LayerPlace {
    /// The name of the archive or folder.
    fn name(&self) -> Name {
        match self {
            Self::Archive(name) => name.clone(),
            Self::Folder(root) => Name::new(root.clone()),
        }
    }

    /// The name of a layer's own file.
    fn of_layer(&self, blob: &str) -> Name {
        match self {
            Self::Archive(name) => {
                let mut name = name.clone();
                name.push(blob.as_bytes());
                name
            }
            Self::Folder(root) => Name::new(root.join(blob)),
        }
    }

    /// The layer's path, if the result is about the layer's own file.
    fn layer_of(&self, name: &Name) -> Option<String> {
        match self {
            Self::Archive(archive) => {
                let inside = name.members().get(archive.members().len()..)?;
                let [layer] = inside else { return None };
                Some(plain(layer).to_owned())
            }
            Self::Folder(root) => {
                let layer = name.file().strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
                name.members().is_empty().then_some(layer)
            }
        }
    }

    /// Replaces the layer and the path in it by the path in the container.
    fn rename(&self, name: &Name, path: &Path) -> Name {
        let mut renamed = self.name();
        let inside = match self {
            Self::Archive(archive) => archive.members().len() + 1,
            Self::Folder(_) => 0,
        };
        renamed.push(path.bytes());
        // The path replaces the layer's own name for the file.
        for member in name.members().iter().skip(inside + 1) {
            renamed.push_escaped(member.clone());
        }
        renamed
    }
}

/// Squashes the images of an archive or a folder.
pub(in crate::walk) struct Squash<'s, T> {
    pub(in crate::walk) place: &'s LayerPlace,
    pub(in crate::walk) images: &'s ListedImages,
    /// The layers found, by path; `None` for one that is not a tar.
    pub(in crate::walk) records: &'s BTreeMap<String, Option<Record>>,
    /// Whether everything was read, so that a layer that was not found is missing.
    pub(in crate::walk) is_whole: bool,
    /// Whether some layers could not be recorded.
    pub(in crate::walk) is_full: bool,
    pub(in crate::walk) options: &'s Options,
    pub(in crate::walk) named: bool,
    pub(in crate::walk) inspect: &'s Inspect<'s, T>,
}

/// The places of a layer's file in images.
#[derive(Default)]
struct Shown<'r> {
    layers: Vec<Layer>,
    /// Its name and sort key: the image's number, the path and the layer there.
    by: Option<(usize, &'r Path, usize)>,
    is_visible: bool,
}

/// The places of each item of a layer's record, by the layer's path.
type AllShown<'r> = BTreeMap<&'r str, Vec<Shown<'r>>>;

impl<T> Squash<'_, T> {
    /// Returns the results by image, path and layer, and behind them those that are in no layer.
    /// `first` is the records' number for the first of `found`.
    pub(in crate::walk) fn squash(&self, first: usize, found: Vec<Found<T>>) -> Vec<Found<T>> {
        let (shown, mut refused) = self.shown();
        let mut found: Vec<Option<Found<T>>> = found.into_iter().map(Some).collect();
        let mut inside = Vec::new();
        for (blob, shown) in shown {
            let record = self.records.get(blob).and_then(Option::as_ref);
            for (item, shown) in record.iter().flat_map(|record| &record.items).zip(shown) {
                let Some(by) = shown.by else { continue };
                for (at, index) in item.found.clone().enumerate() {
                    let one = index.checked_sub(first).and_then(|index| found.get_mut(index));
                    let one = one.and_then(Option::take);
                    let is_wanted = shown.is_visible || self.options.all_layers;
                    let Some(mut one) = one.filter(|_| is_wanted) else { continue };
                    one.name = self.place.rename(&one.name, by.1);
                    // A result from an image within the image keeps the inner layers, unless the
                    // outer image hides it.
                    if one.layers.is_empty() || !shown.is_visible {
                        one.layers.clone_from(&shown.layers);
                    }
                    inside.push(((by, item.number, at), one));
                }
            }
        }
        inside.sort_by_key(|(by, _)| *by);
        let mut settled: Vec<Found<T>> = inside.into_iter().map(|(_, found)| found).collect();
        let of_layers = self.of_layers();
        let mut known = Vec::new();
        for mut one in found.into_iter().flatten() {
            if let Some(layer) = self.place.layer_of(&one.name)
                && let Some(layers) = of_layers.get(layer.as_str())
            {
                one.layers.extend(layers.iter().cloned());
                known.push(layer);
            }
            settled.push(one);
        }
        refused.extend(self.unread(&of_layers, &known));
        settled.extend(refused);
        settled
    }

    /// The places of every file, and a refusal for each image that is too large to squash.
    fn shown(&self) -> (AllShown<'_>, Vec<Found<T>>) {
        let mut shown = AllShown::new();
        let mut refused = Vec::new();
        let work = Cell::new(self.options.limits.max_hidings);
        for (number, image) in self.images.all.iter().enumerate() {
            let stack = Stack::of(image, self.records, &work);
            if self.is_full || stack.is_full() {
                work.set(0);
            }
            for (layer, file) in image.layers.iter().enumerate() {
                let Some(record) = stack.record(layer) else { continue };
                let all = shown.entry(&file.path).or_default();
                all.resize_with(record.items.len(), Shown::default);
                for (item, shown) in record.items.iter().zip(all) {
                    let (path, hidden_by) = stack.place(layer, item);
                    shown.add(
                        number,
                        path,
                        of(image, layer, file),
                        hidden_by,
                        self.options.all_layers,
                    );
                }
            }
            if work.get() == 0 {
                let why = SkipReason::NotSquashed { image: image.shown.title() };
                refused.extend(self.skip(self.place.name(), Vec::new(), why));
            }
        }
        (shown, refused)
    }

    /// The images of each layer.
    fn of_layers(&self) -> BTreeMap<&str, Vec<Layer>> {
        let mut all: BTreeMap<&str, Vec<Layer>> = BTreeMap::new();
        for image in &self.images.all {
            for (number, file) in image.layers.iter().enumerate() {
                all.entry(&file.path).or_default().push(of(image, number, file));
            }
        }
        all
    }

    /// A refusal for each layer that is missing or not a tar, and has no other result.
    fn unread(&self, of_layers: &BTreeMap<&str, Vec<Layer>>, known: &[String]) -> Vec<Found<T>> {
        let mut all = Vec::new();
        if self.images.more {
            all.extend(self.skip(self.place.name(), Vec::new(), SkipReason::TooManyImages));
        }
        let files = self.images.all.iter().flat_map(|image| &image.layers);
        let storage: BTreeMap<&str, Storage> =
            files.map(|file| (file.path.as_ref(), file.storage)).collect();
        for (path, layers) in of_layers {
            let why = match (self.records.get(*path), storage.get(path)) {
                (Some(Some(_)), _) => continue,
                _ if known.iter().any(|known| known == path) => continue,
                (Some(None), Some(Storage::Encrypted)) => SkipReason::Encrypted,
                (Some(None), _) => SkipReason::damaged("this layer of an image is not a tar"),
                (None, _) if !self.is_whole => continue,
                (None, storage) => {
                    SkipReason::MissingLayer { is_foreign: storage == Some(&Storage::Foreign) }
                }
            };
            all.extend(self.skip(self.place.of_layer(path), layers.clone(), why));
        }
        all
    }

    fn skip(&self, name: Name, layers: Vec<Layer>, why: SkipReason) -> Option<Found<T>> {
        let content = ItemContent::Skipped(&why);
        let value = (self.inspect)(&Item { name: &name, named: self.named, content })?;
        Some(Found { name, named: self.named, layers, value })
    }
}

impl<'r> Shown<'r> {
    /// Adds another layer that has the file.
    fn add(
        &mut self,
        image: usize,
        path: &'r Path,
        layer: Layer,
        hidden_by: Option<usize>,
        all_layers: bool,
    ) {
        let is_visible = hidden_by.is_none();
        if self.by.is_none() || is_visible && !self.is_visible {
            self.by = Some((image, path, layer.number));
        }
        self.is_visible |= is_visible;
        if is_visible || all_layers {
            let other = self.by.filter(|(_, by, _)| is_visible && *by != path);
            let path = other.map(|_| escape(path.bytes()));
            let hidden_by = hidden_by.map(|layer| layer + 1);
            self.layers.push(Layer { path, hidden_by, ..layer });
        }
    }
}

/// A layer of an image; the lowest is number 0 here.
fn of(image: &ListedImage, layer: usize, file: &LayerFile) -> Layer {
    Layer {
        image: image.shown.clone(),
        number: layer + 1,
        blob: file.path.clone(),
        path: None,
        hidden_by: None,
        annotations: file.annotations.clone(),
    }
}

/// The layers of one image on top of each other.
struct Stack<'r, 'w> {
    /// The lowest first; `None` for a layer that was not read.
    layers: Vec<Option<&'r Record>>,
    /// The remaining steps; at 0, nothing is hidden.
    work: &'w Cell<usize>,
}

impl<'r, 'w> Stack<'r, 'w> {
    fn of(
        image: &ListedImage,
        records: &'r BTreeMap<String, Option<Record>>,
        work: &'w Cell<usize>,
    ) -> Self {
        let record = |path: &str| records.get(path).and_then(Option::as_ref);
        let layers = image.layers.iter().map(|layer| record(&layer.path)).collect();
        Self { layers, work }
    }

    fn record(&self, layer: usize) -> Option<&'r Record> {
        self.layers.get(layer).copied().flatten()
    }

    fn is_full(&self) -> bool {
        self.layers.iter().flatten().any(|record| record.is_full)
    }

    /// The path at which a container has a file of a layer. If it has none: the path in the layer,
    /// and the layer that hides it.
    fn place(&self, layer: usize, item: &'r EntryResults) -> (&'r Path, Option<usize>) {
        self.works(PLACE);
        if is_whiteout(&item.path) {
            return (&item.path, Some(layer));
        }
        let hider = self.hider(layer, &item.path, item.number);
        let Some(by) = hider else { return (&item.path, None) };
        // While a lower file is visible, an upper layer can add another name for it.
        let is_visible = |at: &usize| *at == layer || *at < by;
        for at in (layer..self.layers.len()).take_while(is_visible) {
            let links = self.record(at).map(|record| record.links_to(&item.path));
            for link in links.unwrap_or_default() {
                if self.hider(at, &link.path, link.number).is_none() {
                    return (&link.path, None);
                }
            }
        }
        (&item.path, hider)
    }

    /// The lowest layer that hides an entry of a layer.
    fn hider(&self, layer: usize, path: &Path, number: u32) -> Option<usize> {
        if !self.works(1) {
            return None;
        }
        let keys = Keys::of(path);
        if self.record(layer).is_some_and(|record| record.replaces(&keys, number)) {
            return Some(layer);
        }
        let above = layer + 1..self.layers.len();
        above
            .take_while(|_| self.works(1))
            .find(|above| self.record(*above).is_some_and(|record| record.hides(&keys)))
    }

    fn works(&self, steps: usize) -> bool {
        let left = self.work.get().saturating_sub(steps);
        self.work.set(left);
        left > 0
    }
}
