//! Reads the lists of container images in an archive or a folder: names, platform, and the files of
//! the layers, the lowest first.
//!
//! ```text
//! manifest.json         docker save: [{Config, RepoTags, Layers: [path…]}…]
//! index.json            OCI layout: {manifests: [{digest, platform, annotations}…]}
//! blobs/<alg>/<hex>     a manifest {config, layers, annotations}, an index as above, a config
//!                       {os, architecture, variant, config: {Labels}}, or a layer
//!
//! manifest.json         skopeo's dir: a manifest or an index as above, an object
//! <hex>.manifest.json   … a manifest that its index lists
//! <hex>                 … a config or a layer
//! ```
//!
//! (OCI Image Format Specification 1.1: image-layout, image-index, manifest, config; containers/image,
//! `directory/directory_transport.go`.) Newer Docker and containerd write both lists for the same
//! images. An index often lists manifests that the archive lacks, for other platforms: those images
//! are not here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Annotations, ContainerImage};

/// Returns a small file of a layout by its path.
pub(in crate::walk) type TextReader<'t> = dyn Fn(&str) -> Option<Cow<'t, [u8]>> + 't;

/// Maximum number of images in one archive.
const MAX_IMAGES: usize = 256;
/// Maximum number of indexes to follow in one archive.
const MAX_INDEXES: usize = 64;
/// Maximum total number of layers of all images in one archive.
const MAX_LAYERS: usize = 100_000;

/// The images that the lists name.
#[derive(Debug, Default)]
pub(in crate::walk) struct ListedImages {
    pub(super) all: Vec<ListedImage>,
    /// Whether the lists name more images than the limits allow.
    pub(super) more: bool,
}

/// An image, and the files of its layers.
#[derive(Debug)]
pub(super) struct ListedImage {
    pub(super) shown: Arc<ContainerImage>,
    pub(super) layers: Vec<LayerFile>,
}

/// A layer, as a list describes it.
#[derive(Debug)]
pub(super) struct LayerFile {
    /// Its path in the archive or the folder.
    pub(super) path: Arc<str>,
    pub(super) storage: Storage,
    pub(super) annotations: Arc<Annotations>,
}

/// The kind of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Plain,
    Encrypted,
    /// Its license forbids copies, so most archives lack it.
    Foreign,
}

impl ListedImages {
    /// Reads the lists of a layout; `read` returns its small files.
    pub(in crate::walk) fn read<'t>(read: &'t TextReader<'t>) -> Self {
        let mut reader = ListReader {
            read,
            keeping: Keeping::Layout,
            drafts: Vec::new(),
            within: Vec::new(),
            indexes: 0,
            layers: 0,
            more: false,
        };
        if let Some(index) = reader.json::<Manifest>("index.json") {
            reader.index(index, &Annotations::new());
        }
        for saved in reader.json::<Vec<Saved>>("manifest.json").unwrap_or_default() {
            reader.saved(saved);
        }
        if reader.drafts.is_empty()
            && let Some(manifest) = reader.json::<Manifest>("manifest.json")
        {
            reader.keeping = Keeping::Directory;
            if manifest.manifests.is_some() {
                reader.index(manifest, &Annotations::new());
            } else if manifest.is_image() {
                reader.manifest(None, None, manifest, Annotations::new());
            }
        }
        let more = reader.more;
        Self { all: finish(reader.drafts), more }
    }

    /// Whether there are no images.
    pub(in crate::walk) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The paths of all layers.
    pub(in crate::walk) fn layers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.all.iter().flat_map(|image| image.layers.iter().map(|layer| &layer.path))
    }

    /// Replaces each layer's path by its target in `leads_to`, if it has one.
    pub(super) fn resolve(&mut self, leads_to: impl Fn(&str) -> Option<Arc<str>>) {
        for layer in self.all.iter_mut().flat_map(|image| &mut image.layers) {
            if let Some(path) = leads_to(&layer.path) {
                layer.path = path;
            }
        }
    }
}

/// A path without a leading `./`, which many tools write.
pub(super) fn plain(path: &str) -> &str {
    path.strip_prefix("./").unwrap_or(path)
}

/// An entry of docker save's list. Go writes an empty list as null.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OciDescriptor {
    digest: String,
    media_type: Option<String>,
    platform: Option<OciPlatform>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct OciPlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

/// A manifest or an index: a manifest has layers, an index has manifests.
#[derive(Deserialize)]
struct Manifest {
    manifests: Option<Vec<OciDescriptor>>,
    config: Option<OciDescriptor>,
    layers: Option<Vec<OciDescriptor>>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(flatten)]
    platform: OciPlatform,
    config: Option<Settings>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    labels: Option<Annotations>,
}

impl OciPlatform {
    fn name(self) -> Option<String> {
        let unknown = self.os.is_empty() || self.os == "unknown";
        let variant = self.variant.filter(|variant| !variant.is_empty());
        let parts = [Some(self.os), Some(self.architecture), variant];
        (!unknown).then(|| parts.into_iter().flatten().collect::<Vec<_>>().join("/"))
    }

    /// Whether this is an attestation. An index lists them beside images, with this platform.
    fn is_of_no_image(&self) -> bool {
        self.os == "unknown"
    }
}

impl Manifest {
    /// Whether this is an image. Registries also store charts, signatures and bills of materials.
    fn is_image(&self) -> bool {
        const CONFIGS: [&str; 2] = [
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.docker.container.image.v1+json",
        ];
        let config = self.config.as_ref().and_then(|config| config.media_type.as_deref());
        let layers = self.layers.as_deref().unwrap_or_default();
        let is_text = |layer: &OciDescriptor| {
            layer.media_type.as_ref().is_some_and(|kind| kind.ends_with("+json"))
        };
        config.is_none_or(|config| CONFIGS.contains(&config))
            && (layers.is_empty() || !layers.iter().all(is_text))
    }
}

/// Annotations in an index that name the image.
const NAMES: [&str; 2] = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/// An image while its parts are collected.
struct ImageDraft {
    /// The digest of its manifest.
    digest: Option<String>,
    /// The path of its configuration.
    config: String,
    image: ContainerImage,
    layers: Vec<LayerFile>,
}

/// How a layout names the files that have a digest.
#[derive(Clone, Copy, Debug)]
enum Keeping {
    /// In an OCI layout.
    Layout,
    /// In skopeo's `dir:`.
    Directory,
}

impl Keeping {
    /// The path of a configuration or a layer; `None` if the digest is malformed.
    fn blob(self, digest: &str) -> Option<String> {
        let (algorithm, hex) = digest.split_once(':')?;
        let is_plain =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        (is_plain(algorithm) && is_plain(hex)).then(|| match self {
            Self::Layout => format!("blobs/{algorithm}/{hex}"),
            Self::Directory => hex.to_owned(),
        })
    }

    /// The path of a manifest that an index lists.
    fn manifest(self, digest: &str) -> Option<String> {
        let blob = self.blob(digest)?;
        Some(match self {
            Self::Layout => blob,
            Self::Directory => format!("{blob}.manifest.json"),
        })
    }
}

struct ListReader<'r> {
    read: &'r TextReader<'r>,
    keeping: Keeping,
    drafts: Vec<ImageDraft>,
    /// The digests of the indexes on the current path: an index can list itself.
    within: Vec<String>,
    indexes: usize,
    layers: usize,
    more: bool,
}

impl ListReader<'_> {
    fn json<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        serde_json::from_slice(&(self.read)(path)?).ok()
    }

    /// Follows an index to its manifests. `outer` has the annotations for this index in the index
    /// that lists it; they apply to its manifests.
    fn index(&mut self, index: Manifest, outer: &Annotations) {
        self.indexes += 1;
        for descriptor in index.manifests.into_iter().flatten() {
            if self.indexes > MAX_INDEXES {
                self.more = true;
                return;
            }
            let mut around = outer.clone();
            around.extend(descriptor.annotations.unwrap_or_default());
            let known = Some(&descriptor.digest);
            if let Some(draft) = self.drafts.iter_mut().find(|draft| draft.digest.as_ref() == known)
            {
                // The same image with one more tag.
                draft.annotate(around);
                continue;
            }
            let path = self.keeping.manifest(&descriptor.digest);
            let Some(manifest) = path.and_then(|path| self.json::<Manifest>(&path)) else {
                continue;
            };
            if manifest.manifests.is_some() {
                if !self.within.contains(&descriptor.digest) {
                    self.within.push(descriptor.digest);
                    self.index(manifest, &around);
                    self.within.pop();
                }
            } else if manifest.is_image()
                && !descriptor.platform.as_ref().is_some_and(OciPlatform::is_of_no_image)
            {
                self.manifest(Some(descriptor.digest), descriptor.platform, manifest, around);
            }
        }
    }

    fn manifest(
        &mut self,
        digest: Option<String>,
        platform: Option<OciPlatform>,
        manifest: Manifest,
        around: Annotations,
    ) {
        let config = manifest.config.and_then(|config| self.keeping.blob(&config.digest));
        let Some(config) = config else { return };
        let layers = manifest.layers.into_iter().flatten();
        let layers = layers.filter_map(|layer| {
            let kind = layer.media_type.unwrap_or_default();
            Some(LayerFile {
                path: self.keeping.blob(&layer.digest)?.into(),
                storage: Storage::of(&kind),
                annotations: Arc::new(layer.annotations.unwrap_or_default()),
            })
        });
        let Some(draft) = self.draft(digest, &config, layers.collect()) else { return };
        draft.image.annotations.extend(manifest.annotations.unwrap_or_default());
        draft.annotate(around);
        if let Some(name) = platform.and_then(OciPlatform::name) {
            draft.image.platform = Some(name);
        }
    }

    fn saved(&mut self, saved: Saved) {
        let config = plain(&saved.config);
        let layers = saved.layers.unwrap_or_default();
        let layers: Vec<&str> = layers.iter().map(|path| plain(path)).collect();
        let is_same = |draft: &ImageDraft| {
            draft.config == config
                && draft.layers.iter().map(|layer| layer.path.as_ref()).eq(layers.iter().copied())
        };
        let draft = match self.drafts.iter().position(is_same) {
            Some(at) => self.drafts.get_mut(at),
            None => {
                let none = Arc::new(Annotations::new());
                let layers = layers.into_iter().map(|path| LayerFile {
                    path: path.into(),
                    storage: Storage::Plain,
                    annotations: none.clone(),
                });
                self.draft(None, config, layers.collect())
            }
        };
        if let Some(draft) = draft {
            draft.name(saved.repo_tags.unwrap_or_default());
        }
    }

    /// Starts an image with the facts of its configuration; `None` if there are too many images.
    fn draft(
        &mut self,
        digest: Option<String>,
        config: &str,
        layers: Vec<LayerFile>,
    ) -> Option<&mut ImageDraft> {
        let count = self.layers.saturating_add(layers.len());
        if self.drafts.len() >= MAX_IMAGES || count > MAX_LAYERS {
            self.more = true;
            return None;
        }
        self.layers = count;
        let mut image =
            ContainerImage { layer_count: layers.len(), id: id(config), ..Default::default() };
        if let Some(config) = self.json::<Config>(config) {
            image.platform = config.platform.name();
            let labels = config.config.and_then(|settings| settings.labels);
            image.annotations = labels.unwrap_or_default();
        }
        image.digest.clone_from(&digest);
        self.drafts.push(ImageDraft { digest, config: config.to_owned(), image, layers });
        self.drafts.last_mut()
    }
}

impl ImageDraft {
    /// Adds the annotations of an index for its manifest.
    fn annotate(&mut self, around: Annotations) {
        let name = NAMES.iter().find_map(|key| around.get(*key)).cloned();
        self.name(name.into_iter().collect());
        self.image.annotations.extend(around);
    }

    fn name(&mut self, names: Vec<String>) {
        // Docker's own list omits its default registry.
        let familiar = |name: String| {
            let short = name.strip_prefix("docker.io/");
            short.map_or(name.clone(), |short| {
                short.strip_prefix("library/").unwrap_or(short).to_owned()
            })
        };
        self.image.names.extend(names.into_iter().map(familiar));
        self.image.names.sort();
        self.image.names.dedup();
    }
}

impl Storage {
    fn of(media_type: &str) -> Self {
        if media_type.contains("+encrypted") {
            Self::Encrypted
        } else if media_type.contains("nondistributable") || media_type.contains(".foreign.") {
            Self::Foreign
        } else {
            Self::Plain
        }
    }
}

/// Marks images that share their names and platform, so that their titles also show digests.
fn finish(drafts: Vec<ImageDraft>) -> Vec<ListedImage> {
    let mut titles: BTreeMap<String, usize> = BTreeMap::new();
    for draft in &drafts {
        *titles.entry(draft.image.title_without_digest()).or_default() += 1;
    }
    let image = |ImageDraft { mut image, layers, .. }: ImageDraft| {
        image.is_namesake = titles.get(&image.title_without_digest()).is_some_and(|n| *n > 1);
        ListedImage { shown: Arc::new(image), layers }
    };
    drafts.into_iter().map(image).collect()
}

/// The digest of a configuration from its path: `blobs/<alg>/<hex>`, docker save's `<hex>.json`, or
/// `<hex>`.
fn id(config: &str) -> Option<String> {
    let is_hex = |text: &str| text.len() >= 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some((algorithm, hex)) = config.strip_prefix("blobs/").and_then(|c| c.split_once('/')) {
        return Some(format!("{algorithm}:{hex}"));
    }
    let hex = config.strip_suffix(".json").unwrap_or(config);
    let hex = hex.strip_prefix("sha256:").unwrap_or(hex);
    is_hex(hex).then(|| format!("sha256:{hex}"))
}
