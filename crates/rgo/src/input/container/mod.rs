//! Container images, as a container sees them: the layers of an image are laid upon each other, so
//! that files which an upper layer deletes or replaces are hidden.
//!
//! ```text
//! tar ─▶ lists  which images there are, which files are their layers      (lists, collect)
//!     └▶ layer  what it has at which path, and what was found in it       (record)
//! at the end:   found + records + lists ─▶ what each image shows          (squash)
//! ```
//!
//! The layers of an image come in any order, often before the lists, and maybe from a pipe. So
//! every tar within a tar is recorded as if it were a layer: what can hide something, as hashes of
//! paths, and nothing of the content. Results are put in order when the outer tar has ended.

mod collect;
mod lists;
mod path;
mod record;
mod squash;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

pub(super) use collect::Collector;
pub(super) use lists::Images;
pub(super) use record::{Entry, Layering, Record, Room};
pub(super) use squash::{Place, Squash};

/// Annotations and labels, by their keys.
pub type Annotations = BTreeMap<String, String>;

/// A container image that is in an archive or a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ContainerImage {
    /// The digest of its configuration, which Docker calls the image's ID: `sha256:…`.
    pub id: Option<String>,
    /// The digest of its manifest, by which registries know it; docker save's list has none.
    pub digest: Option<String>,
    /// Its names with their tags, if it has any.
    pub names: Vec<String>,
    /// `os/arch` or `os/arch/variant`.
    pub platform: Option<String>,
    /// The labels of the configuration, and the annotations of manifest and index.
    pub annotations: Annotations,
    /// How many layers it has.
    pub layers: usize,
    /// Whether another image of the archive has the same name and platform.
    #[serde(skip)]
    is_namesake: bool,
}

/// A layer of an image. One file can be a layer of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// The image.
    #[serde(serialize_with = "shared")]
    pub image: Arc<ContainerImage>,
    /// Its place in the image; the lowest is 1.
    pub number: usize,
    /// The path of the layer itself in the archive or the folder.
    #[serde(serialize_with = "shared")]
    pub blob: Arc<str>,
    /// The name that a container sees, where this image shows the file under another name than
    /// the first image does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The number of the layer that deletes or replaces the file, so that no container sees it.
    pub hidden_by: Option<usize>,
    /// What the manifest notes down of this layer.
    #[serde(serialize_with = "shared")]
    pub annotations: Arc<Annotations>,
}

fn shared<T: Serialize + ?Sized, S: Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(to)
}

/// Names that stand in a title at most.
const NAMES: usize = 2;

impl ContainerImage {
    /// What a person calls it: its names, else its short ID, and the platform.
    #[must_use]
    pub fn title(&self) -> String {
        let title = self.title_without_digest();
        match self.digest.as_ref().or(self.id.as_ref()).filter(|_| self.is_namesake) {
            Some(digest) => format!("{title} {}", short(digest)),
            None => title,
        }
    }

    fn title_without_digest(&self) -> String {
        let mut title = match (self.names.as_slice(), &self.id) {
            ([], Some(id)) => short(id).to_owned(),
            ([], None) => "without a name".to_owned(),
            (names, _) => names.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", "),
        };
        if let more @ 1.. = self.names.len().saturating_sub(NAMES) {
            title += &format!(" and {more} more names");
        }
        if let Some(platform) = &self.platform {
            title += &format!(" {platform}");
        }
        title
    }
}

/// A digest in as many digits as Docker shows.
fn short(digest: &str) -> &str {
    const DIGITS: usize = 12;
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..DIGITS).unwrap_or(hex)
}

impl Layer {
    /// Where a file is, in words: `image app:1.0 linux/arm64 layer 2 of 3`. Of several places the
    /// first in which the file is not hidden, and how many images more have it.
    #[must_use]
    pub fn describe(layers: &[Self]) -> Option<String> {
        let first = layers.iter().find(|layer| layer.hidden_by.is_none()).or(layers.first())?;
        let (image, number) = (&first.image, first.number);
        let mut text = format!("image {} layer {number} of {}", image.title(), image.layers);
        if let Some(by) = first.hidden_by {
            text += &match by {
                by if by == number => ", hidden by the same layer".to_owned(),
                by => format!(", hidden by layer {by}"),
            };
        }
        let mut others: Vec<_> = layers.iter().map(|layer| Arc::as_ptr(&layer.image)).collect();
        others.sort_unstable();
        others.dedup();
        match others.len().saturating_sub(1) {
            0 => {}
            1 => text += ", and in 1 more image",
            more => text += &format!(", and in {more} more images"),
        }
        Some(text)
    }
}
