//! Shows container images as a container sees them: each layer lies on top of the layers below it,
//! and hides the files that it deletes or replaces.
//!
//! ```text
//! tar ─▶ lists  which images there are, and which files are their layers   (lists, collect)
//!     └▶ layer  its paths, and the results that come from them             (record)
//! at the end:   results + records + lists ─▶ the files of each image       (squash)
//! ```
//!
//! Layers come in any order, often before the lists, and possibly from a pipe. So the walk records
//! every tar within a tar as if it were a layer. A record keeps hashes of the paths that can hide a
//! file, and no content. When the outer tar ends, the lists decide which records are layers.

mod collect;
mod lists;
mod path;
mod record;
mod squash;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

pub(super) use collect::{Collector, Tar, is_list, path};
pub(super) use lists::ListedImages;
pub(super) use record::{LayerCandidate, LayerEntry, Record, Room};
pub(super) use squash::{LayerPlace, Squash};

/// Annotations and labels, by their keys.
pub type Annotations = BTreeMap<String, String>;

/// A container image in an archive or a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
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
    /// Number of layers.
    pub layer_count: usize,
    /// Whether another image in the archive has the same names and platform.
    #[serde(skip)]
    is_namesake: bool,
}

/// A layer of an image. One file can be a layer of several images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Layer {
    /// The image.
    #[serde(serialize_with = "shared")]
    pub image: Arc<ContainerImage>,
    /// Its position in the image; the lowest is 1.
    pub number: usize,
    /// The path of the layer itself in the archive or the folder.
    #[serde(serialize_with = "shared")]
    pub blob: Arc<str>,
    /// The file's path in this image, if it differs from its path in the first image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The number of the layer that deletes or replaces the file and so hides it from every
    /// container.
    pub hidden_by: Option<usize>,
    /// The annotations that the manifest has for this layer.
    #[serde(serialize_with = "shared")]
    pub annotations: Arc<Annotations>,
}

fn shared<T: Serialize + ?Sized, S: Serializer>(value: &Arc<T>, to: S) -> Result<S::Ok, S::Error> {
    value.as_ref().serialize(to)
}

/// Maximum number of names in a title.
const NAMES: usize = 2;

impl ContainerImage {
    /// Its names, else its short ID, and its platform.
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
            let names = if more == 1 { "name" } else { "names" };
            title += &format!(" and {more} more {names}");
        }
        if let Some(platform) = &self.platform {
            title += &format!(" {platform}");
        }
        title
    }
}

/// A digest in the length that Docker shows.
fn short(digest: &str) -> &str {
    const DIGITS: usize = 12;
    let hex = digest.split_once(':').map_or(digest, |(_, hex)| hex);
    hex.get(..DIGITS).unwrap_or(hex)
}

impl Layer {
    /// Describes the place of a file: `image app:1.0 linux/arm64 layer 2 of 3`. If there are
    /// several, this is the first one that does not hide the file, with the number of other images.
    #[must_use]
    pub fn describe(layers: &[Self]) -> Option<String> {
        let first = layers.iter().find(|layer| layer.hidden_by.is_none()).or(layers.first())?;
        let (image, number) = (&first.image, first.number);
        let mut text = format!("image {} layer {number} of {}", image.title(), image.layer_count);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_counts_the_names_that_it_leaves_out() {
        for (count, title) in
            [(2, "t0, t1"), (3, "t0, t1 and 1 more name"), (5, "t0, t1 and 3 more names")]
        {
            let names = (0..count).map(|n| format!("t{n}")).collect();
            let image = ContainerImage { names, ..ContainerImage::default() };
            assert_eq!(image.title(), title);
        }
    }
}
