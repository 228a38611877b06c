//! Compares two snapshots: [`Diff`].

use hashbrown::HashMap;
use std::borrow::Cow;
use std::cmp::Reverse;

use serde::Serialize;

use super::export::Export;
use super::rename::renamed;
use super::snapshot::Snapshot;
use crate::sizes::group::unsorted;
use crate::sizes::{Attribution, Group, Part};

/// Bytes of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Sizes {
    /// Bytes in the file.
    pub file_bytes: u64,
    /// Bytes in memory.
    pub memory_bytes: u64,
}

/// What became of a group.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the new file has it.
    New,
    /// Only the old file has it.
    Gone,
    /// Only the old file has it for itself: in the new one, all of it is inlined into other functions.
    Inlined,
    /// It has more bytes in the file, or as many and more in memory.
    Grown,
    /// It has fewer.
    Shrunk,
    /// It has as many.
    Same,
}

/// A group in both files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiffGroup {
    /// Its name, in the new file if it is there.
    pub name: String,
    /// Its bytes in the old file, if it is there.
    pub old: Option<Sizes>,
    /// Its bytes in the new file, if it is there.
    pub new: Option<Sizes>,
    /// Whether the new file has all of its functions inlined into others, and only so.
    pub is_inlined: bool,
    /// Its parts, those that changed most first.
    pub groups: Vec<DiffGroup>,
}

/// What became of an image.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The old image.
    old: Attribution,
    /// The new image.
    new: Attribution,
    /// Exports that only the new image has.
    pub exports_added: Vec<Export>,
    /// Exports that only the old image has.
    pub exports_removed: Vec<Export>,
}

/// One of the two images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The old one.
    Old,
    /// The new one.
    New,
}

impl Diff {
    /// Compares two images.
    #[must_use]
    pub fn of(old: Snapshot, new: Snapshot) -> Self {
        let missing = |from: &[Export], of: &[Export]| -> Vec<Export> {
            from.iter().filter(|export| of.binary_search(export).is_err()).cloned().collect()
        };
        let exports_added = missing(&new.exports, &old.exports);
        let exports_removed = missing(&old.exports, &new.exports);
        let old = renamed(&old.sizes, &new.sizes);
        Self { old, new: new.sizes, exports_added, exports_removed }
    }

    /// One of the images. What was paired has the new names in both.
    #[must_use]
    pub fn side(&self, side: Side) -> &Attribution {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    /// Groups both images level by level, without groups in which nothing changed unless `keeps_same`. `name` says what a
    /// part is called at a level.
    #[must_use]
    pub fn groups<'d>(
        &'d self,
        levels: usize,
        keeps_same: bool,
        name: &(dyn Fn(&'d Attribution, &Part, usize) -> Cow<'d, str> + Sync),
    ) -> Vec<DiffGroup> {
        let of = |sizes: &'d Attribution, parts: &[Part]| {
            unsorted(parts, levels, &|part, level| name(sizes, part, level))
        };
        let is_inlined = |part: &&Part| {
            part.symbol.is_some_and(|symbol| self.new.only_inlined.binary_search(&symbol).is_ok())
        };
        let inlined: Vec<Part> = self.old.parts.iter().filter(is_inlined).copied().collect();
        let ((old, inlined), new) = rayon::join(
            || (of(&self.old, &self.old.parts), of(&self.old, &inlined)),
            || of(&self.new, &self.new.parts),
        );
        join(old, inlined, new, keeps_same)
    }
}

impl DiffGroup {
    /// What became of it.
    #[must_use]
    pub fn change(&self) -> Change {
        match (self.old, self.new) {
            (None, _) => Change::New,
            (_, None) if self.is_inlined => Change::Inlined,
            (_, None) => Change::Gone,
            (Some(old), Some(new)) => {
                let sizes = |it: Sizes| (it.file_bytes, it.memory_bytes);
                match sizes(new).cmp(&sizes(old)) {
                    std::cmp::Ordering::Greater => Change::Grown,
                    std::cmp::Ordering::Less => Change::Shrunk,
                    std::cmp::Ordering::Equal => Change::Same,
                }
            }
        }
    }

    /// How many more bytes the new file has, negative for fewer.
    #[must_use]
    pub fn growth(&self) -> i64 {
        let bytes = |sizes: Option<Sizes>| sizes.unwrap_or_default().file_bytes.cast_signed();
        bytes(self.new).wrapping_sub(bytes(self.old))
    }
}

/// Puts the groups of both images side by side, those that changed most first. `inlined` are those of the old
/// functions that the new image has only inlined.
fn join(old: Vec<Group>, inlined: Vec<Group>, new: Vec<Group>, keeps_same: bool) -> Vec<DiffGroup> {
    let sizes =
        |group: &Group| Sizes { file_bytes: group.file_bytes, memory_bytes: group.memory_bytes };
    let by_name = |groups: Vec<Group>| -> HashMap<String, Group> {
        groups.into_iter().map(|mut group| (std::mem::take(&mut group.name), group)).collect()
    };
    let (mut waiting, mut inlined) = (by_name(old), by_name(inlined));
    let mut joined: Vec<DiffGroup> = new
        .into_iter()
        .map(|group| {
            let before = waiting.remove(&group.name);
            let within = inlined.remove(&group.name).unwrap_or_default();
            DiffGroup {
                old: before.as_ref().map(sizes),
                new: Some(sizes(&group)),
                is_inlined: false,
                groups: join(
                    before.map(|it| it.groups).unwrap_or_default(),
                    within.groups,
                    group.groups,
                    keeps_same,
                ),
                name: group.name,
            }
        })
        .collect();
    joined.extend(waiting.into_iter().map(|(name, group)| {
        let within = inlined.remove(&name);
        DiffGroup {
            old: Some(sizes(&group)),
            new: None,
            is_inlined: within.as_ref().is_some_and(|within| sizes(&group) == sizes(within)),
            groups: join(
                group.groups,
                within.map(|it| it.groups).unwrap_or_default(),
                Vec::new(),
                keeps_same,
            ),
            name,
        }
    }));
    joined.retain(|group| keeps_same || group.change() != Change::Same || !group.groups.is_empty());
    joined.sort_by(|one, other| {
        let changed = |group: &DiffGroup| Reverse(group.growth().unsigned_abs());
        changed(one).cmp(&changed(other)).then_with(|| one.name.cmp(&other.name))
    });
    joined
}
