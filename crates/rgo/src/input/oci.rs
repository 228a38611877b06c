//! Container images: which image, and which of its layers, a tar within a tar is. The layers
//! themselves are found and opened by their content, as everything is.
//!
//! ```text
//! manifest.json         docker save: [{Config, RepoTags, Layers: [path…]}…]
//! index.json            OCI layout: {manifests: [{digest, platform, annotations}…]}
//! blobs/<alg>/<hex>     a manifest {config, layers, annotations}, an index as above, a config
//!                       {os, architecture, variant, config: {Labels}}, or a layer
//! ```
//!
//! (OCI Image Format Specification 1.1: image-layout, image-index, manifest, config.) The lists
//! often stand behind the layers, so what they say is put to the results afterwards.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use super::Found;
use super::limits::MAX_METADATA;
use super::visitor::{Body, Visitor};

/// Annotations and labels, by their keys.
pub type Annotations = BTreeMap<String, String>;

/// A container image that is in an archive or a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContainerImage {
    /// Its names with their tags, if it has any.
    pub names: Vec<String>,
    /// `os/arch` or `os/arch/variant`.
    pub platform: Option<String>,
    /// The labels of the configuration, and the annotations of manifest and index.
    pub annotations: Annotations,
    /// How many layers it has.
    pub layers: usize,
}

/// A layer of an image. One file can be a layer of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// The image.
    #[serde(serialize_with = "shared")]
    pub image: Arc<ContainerImage>,
    /// Its place in the image; the lowest is 1.
    pub number: usize,
    /// What the manifest notes down of this layer.
    pub annotations: Annotations,
}

fn shared<S: Serializer>(image: &Arc<ContainerImage>, to: S) -> Result<S::Ok, S::Error> {
    image.as_ref().serialize(to)
}

/// Gives the small files of a layout by their paths.
type Texts<'t> = dyn Fn(&str) -> Option<Cow<'t, [u8]>> + 't;

/// Layers by their path in the layout.
pub(super) type Layers = BTreeMap<String, Vec<Layer>>;

/// What is kept of one archive's manifests at most, in bytes.
const MAX_KEPT: usize = 32 << 20;
/// Manifests that are followed at most, in one archive.
const MAX_MANIFESTS: usize = 256;
/// Layers that are told of at most, in one archive.
const MAX_LAYERS: usize = 100_000;

/// The small texts of a tar that may prove to be manifests.
#[derive(Default)]
pub(super) struct Manifests {
    texts: BTreeMap<String, Vec<u8>>,
    kept: usize,
}

impl Manifests {
    /// Looks into a member of a tar, and keeps it if it may be a manifest.
    pub(super) fn look<T>(
        &mut self,
        visitor: &mut Visitor<'_, T>,
        name: &[u8],
        size: u64,
        body: Body<'_>,
    ) {
        let name = std::str::from_utf8(name).ok().map(plain).filter(|name| is_candidate(name));
        let Some(name) = name.filter(|_| size <= MAX_METADATA) else { return visitor.body(body) };
        let mut text = Vec::new();
        match body {
            Body::Bytes(bytes) => text.extend_from_slice(bytes),
            Body::Stream { reader, .. } => {
                // Whoever goes on reading meets the error too, and tells of it.
                if reader.take(size).read_to_end(&mut text).is_err() {
                    return;
                }
            }
        }
        visitor.body(Body::Bytes(&text));
        let is_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'['));
        if is_json && self.kept + text.len() <= MAX_KEPT {
            self.kept += text.len();
            self.texts.insert(name.to_owned(), text);
        }
    }

    /// Tells the results from a tar `level` archives deep what layers they are from.
    pub(super) fn attach<T>(&self, level: usize, found: &mut [Found<T>]) {
        if found.is_empty() {
            return;
        }
        let layers =
            layers(&|path| self.texts.get(path).map(|text| Cow::Borrowed(text.as_slice())));
        if layers.is_empty() {
            return;
        }
        for found in found {
            let member = found.name.members().get(level);
            if let Some(of) = member.and_then(|member| layers.get(plain(member))) {
                found.layers.clone_from(of);
            }
        }
    }
}

fn plain(name: &str) -> &str {
    name.strip_prefix("./").unwrap_or(name)
}

fn is_candidate(name: &str) -> bool {
    name.starts_with("blobs/") || name.ends_with(".json") && !name.contains('/')
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    platform: Option<Platform>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

/// A manifest or an index: the one has layers, the other manifests.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    manifests: Vec<Descriptor>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(flatten)]
    platform: Option<Platform>,
    config: Option<Settings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    labels: Option<Annotations>,
}

impl Platform {
    fn name(self) -> Option<String> {
        let unknown = self.os.is_empty() || self.os == "unknown";
        let variant = self.variant.filter(|variant| !variant.is_empty());
        let parts = [Some(self.os), Some(self.architecture), variant];
        (!unknown).then(|| parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
    }
}

/// Annotations of an index that name the image.
const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// An image as it is put together: by its configuration, which both kinds of list name.
#[derive(Default)]
struct Draft {
    image: ContainerImage,
    layers: Vec<(String, Annotations)>,
}

/// Reads the lists of a layout whose files `read` gives.
pub(super) fn layers(read: &Texts<'_>) -> Layers {
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    if let Some(index) = json::<Manifest>(read, "index.json") {
        follow(read, index, &mut drafts);
    }
    for saved in json::<Vec<Saved>>(read, "manifest.json").unwrap_or_default() {
        if drafts.len() >= MAX_MANIFESTS {
            break;
        }
        let draft = drafts.entry(saved.config.clone()).or_default();
        if draft.layers.is_empty() {
            draft.configure(read, &saved.config);
            let layers = saved.layers.into_iter().map(|path| (path, Annotations::new()));
            draft.layers = layers.collect();
        }
        draft.name(saved.repo_tags.unwrap_or_default());
    }
    let mut layers = Layers::new();
    let mut left = MAX_LAYERS;
    for Draft { mut image, layers: paths } in drafts.into_values() {
        image.layers = paths.len();
        let image = Arc::new(image);
        for (number, (path, annotations)) in (1..).zip(paths).take(left) {
            let layer = Layer { image: image.clone(), number, annotations };
            layers.entry(plain(&path).to_owned()).or_default().push(layer);
            left -= 1;
        }
    }
    layers
}

/// Goes from an index to the manifests, each once.
fn follow(read: &Texts<'_>, index: Manifest, drafts: &mut BTreeMap<String, Draft>) {
    let mut seen = BTreeSet::new();
    let mut waiting: Vec<_> = index.manifests.into_iter().rev().collect();
    while let Some(descriptor) = waiting.pop() {
        if seen.len() >= MAX_MANIFESTS || !seen.insert(descriptor.digest.clone()) {
            continue;
        }
        let Some(manifest) = blob(&descriptor.digest).and_then(|path| json(read, &path)) else {
            continue;
        };
        let Manifest { manifests, config, layers, annotations } = manifest;
        let outer = descriptor.annotations.unwrap_or_default();
        // What an index says of an index holds for what that one lists.
        waiting.extend(manifests.into_iter().rev().map(|mut inner| {
            let mut annotations = outer.clone();
            annotations.extend(inner.annotations.take().unwrap_or_default());
            inner.annotations = Some(annotations);
            inner
        }));
        let Some(config) = config.and_then(|config| blob(&config.digest)) else { continue };
        let draft = drafts.entry(config.clone()).or_default();
        draft.configure(read, &config);
        draft.image.annotations.extend(annotations.unwrap_or_default());
        let names = NAMES.iter().find_map(|key| outer.get(*key)).cloned();
        draft.name(names.into_iter().collect());
        draft.image.annotations.extend(outer);
        if let Some(name) = descriptor.platform.and_then(Platform::name) {
            draft.image.platform = Some(name);
        }
        let path =
            |layer: Descriptor| Some((blob(&layer.digest)?, layer.annotations.unwrap_or_default()));
        draft.layers = layers.into_iter().filter_map(path).collect();
    }
}

impl Draft {
    fn configure(&mut self, read: &Texts<'_>, path: &str) {
        let Some(config) = json::<Config>(read, plain(path)) else { return };
        self.image.platform = config.platform.and_then(Platform::name);
        let labels = config.config.and_then(|settings| settings.labels);
        self.image.annotations = labels.unwrap_or_default();
    }

    fn name(&mut self, names: Vec<String>) {
        self.image.names.extend(names);
        self.image.names.sort();
        self.image.names.dedup();
    }
}

/// Where a layout keeps what has a digest.
fn blob(digest: &str) -> Option<String> {
    let (algorithm, hex) = digest.split_once(':')?;
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_plain(algorithm) && is_plain(hex)).then(|| format!("blobs/{algorithm}/{hex}"))
}

fn json<T: DeserializeOwned>(read: &Texts<'_>, path: &str) -> Option<T> {
    serde_json::from_slice(&read(path)?).ok()
}
