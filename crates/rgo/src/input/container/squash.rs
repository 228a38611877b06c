//! What the containers of an image see. Each result is put under the path that a container knows it
//! by, told of the images that show it, and left out where every image hides it.
//!
//! A file is hidden by the first layer above its own that has its path, deletes it, or has no folder
//! any more where it was. A hard link is another name for the same file, and can outlive the first
//! name. What cannot be known (a layer is not there, or has too many paths) hides nothing: too much
//! is shown, and said to be.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Layer;
use super::lists::{Image, Images, LayerFile, Storage, plain};
use super::path::{Keys, Path};
use super::record::{Item, Record, is_whiteout};
use crate::input::name::{Name, escape};
use crate::input::refusal::Refusal;
use crate::input::{Content, Found, Item as Seen, Look, Options};

/// The work, and the memory, that it takes to tell of a file that it is in a layer. A step is a
/// layer that is asked whether it hides a file.
const PLACE: usize = 16;

/// Where the layers lie.
pub(in crate::input) enum Place {
    /// In an archive of this name.
    Archive(Name),
    /// In a folder.
    Folder(PathBuf),
}

impl Place {
    /// The name of the whole.
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

    /// The layer that a result is about, if it is about a layer itself and nothing in it.
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

    /// The name of a result in a layer, by its path in the container.
    fn rename(&self, name: &Name, path: &Path) -> Name {
        let mut renamed = self.name();
        let inside = match self {
            Self::Archive(archive) => archive.members().len() + 1,
            Self::Folder(_) => 0,
        };
        renamed.push(path.bytes());
        // The path stands for the name that the layer has for it.
        for member in name.members().iter().skip(inside + 1) {
            renamed.push_escaped(member.clone());
        }
        renamed
    }
}

/// Puts the results of an archive or a folder of images in order.
pub(in crate::input) struct Squash<'s, T> {
    pub(in crate::input) place: &'s Place,
    pub(in crate::input) images: &'s Images,
    /// What is there, by its path; no record of what is no tar.
    pub(in crate::input) records: &'s BTreeMap<String, Option<Record>>,
    /// Whether all was read, so that what is missing is not there.
    pub(in crate::input) is_whole: bool,
    /// Whether some layers could not be recorded.
    pub(in crate::input) is_full: bool,
    pub(in crate::input) options: &'s Options,
    pub(in crate::input) named: bool,
    pub(in crate::input) look: &'s Look<'s, T>,
}

/// Where a file of a layer is shown.
#[derive(Default)]
struct Shown<'r> {
    layers: Vec<Layer>,
    /// What it is named and sorted by: the number of an image, the path and the layer there.
    by: Option<(usize, &'r Path, usize)>,
    is_visible: bool,
}

/// By the path of a layer, where each item of its record is shown.
type AllShown<'r> = BTreeMap<&'r str, Vec<Shown<'r>>>;

impl<T> Squash<'_, T> {
    /// The results in order: by image, path and layer, and behind them what is in no layer. The
    /// records count the first one as number `first`.
    pub(in crate::input) fn settle(&self, first: usize, found: Vec<Found<T>>) -> Vec<Found<T>> {
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
                    // Of an image within an image the inner one counts, if that is seen at all.
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
        let mut told = Vec::new();
        for mut one in found.into_iter().flatten() {
            if let Some(layer) = self.place.layer_of(&one.name)
                && let Some(layers) = of_layers.get(layer.as_str())
            {
                one.layers.extend(layers.iter().cloned());
                told.push(layer);
            }
            settled.push(one);
        }
        refused.extend(self.unread(&of_layers, &told));
        settled.extend(refused);
        settled
    }

    /// Where every file is shown; and the images of which that is too much to tell.
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
                let why = Refusal::NotSquashed { image: image.shown.title() };
                refused.extend(self.refuse(self.place.name(), Vec::new(), why));
            }
        }
        (shown, refused)
    }

    /// Which images have which layers.
    fn of_layers(&self) -> BTreeMap<&str, Vec<Layer>> {
        let mut all: BTreeMap<&str, Vec<Layer>> = BTreeMap::new();
        for image in &self.images.all {
            for (number, file) in image.layers.iter().enumerate() {
                all.entry(&file.path).or_default().push(of(image, number, file));
            }
        }
        all
    }

    /// Tells of each layer that is not there or is no tar, if nothing else tells of it.
    fn unread(&self, of_layers: &BTreeMap<&str, Vec<Layer>>, told: &[String]) -> Vec<Found<T>> {
        let mut all = Vec::new();
        if self.images.more {
            all.extend(self.refuse(self.place.name(), Vec::new(), Refusal::TooManyImages));
        }
        let files = self.images.all.iter().flat_map(|image| &image.layers);
        let storage: BTreeMap<&str, Storage> =
            files.map(|file| (file.path.as_ref(), file.storage)).collect();
        for (path, layers) in of_layers {
            let why = match (self.records.get(*path), storage.get(path)) {
                (Some(Some(_)), _) => continue,
                _ if told.iter().any(|told| told == path) => continue,
                (Some(None), Some(Storage::Encrypted)) => Refusal::Encrypted,
                (Some(None), _) => Refusal::damaged("this layer of an image is no tar"),
                (None, _) if !self.is_whole => continue,
                (None, storage) => {
                    Refusal::MissingLayer { is_foreign: storage == Some(&Storage::Foreign) }
                }
            };
            all.extend(self.refuse(self.place.of_layer(path), layers.clone(), why));
        }
        all
    }

    fn refuse(&self, name: Name, layers: Vec<Layer>, why: Refusal) -> Option<Found<T>> {
        let content = Content::Refused(&why);
        let value = (self.look)(&Seen { name: &name, named: self.named, content })?;
        Some(Found { name, named: self.named, layers, value })
    }
}

impl<'r> Shown<'r> {
    /// Adds one more layer that the file is in.
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
fn of(image: &Image, layer: usize, file: &LayerFile) -> Layer {
    Layer {
        image: image.shown.clone(),
        number: layer + 1,
        blob: file.path.clone(),
        path: None,
        hidden_by: None,
        annotations: file.annotations.clone(),
    }
}

/// The layers of one image upon each other.
struct Stack<'r, 'w> {
    /// The lowest first; none for one that was not read.
    layers: Vec<Option<&'r Record>>,
    /// The work that may still be done; without any, nothing is hidden.
    work: &'w Cell<usize>,
}

impl<'r, 'w> Stack<'r, 'w> {
    fn of(
        image: &Image,
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

    /// The path by which a container sees a file of a layer; or its own, and the layer that hides
    /// it.
    fn place(&self, layer: usize, item: &'r Item) -> (&'r Path, Option<usize>) {
        self.works(PLACE);
        if is_whiteout(&item.path) {
            return (&item.path, Some(layer));
        }
        let hider = self.hider(layer, &item.path, item.number);
        let Some(by) = hider else { return (&item.path, None) };
        // As long as a lower file is seen, an upper layer can give it another name.
        let sees = |at: &usize| *at == layer || *at < by;
        for at in (layer..self.layers.len()).take_while(sees) {
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
