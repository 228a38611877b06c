//! Estimates how much room the build's record needs in a program. The linker reserves the room
//! before the content of the record is known.

use std::collections::BTreeMap;

use crate::finish::Record;

/// Room for the build's record, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NoteCapacity {
    /// For the text of `.rgo-bi`.
    pub note: u32,
    /// For `.dep-v0`.
    pub audit: u32,
}

/// Room is a multiple of this many bytes, so that a small change of the record does not force every
/// program to be linked again.
pub(super) const STEP: u32 = 4096;

impl NoteCapacity {
    /// Room enough for most programs of this project, for all targets and features. The estimate
    /// may not depend on anything that differs between two builds of one commit for one target.
    /// `locked` holds the lockfile's checksums by name and version; `values` are those for slots.
    pub(super) fn estimate(
        locked: &BTreeMap<(String, String), String>,
        values: &[(String, String)],
    ) -> Self {
        let names: usize = locked.keys().map(|(name, version)| name.len() + version.len()).sum();
        // A `dep` line has some 90 bytes beside the name and version, most of it the checksum; a
        // package of the dependency list takes under 60 once compressed.
        let values: usize = values.iter().map(|(n, v)| n.len() + v.len() + 16).sum();
        // Values change from build to build, so they have steps of their own.
        let note = round(locked.len() * 100 + names * 2 + 2048) + round(values.max(1));
        Self { note, audit: round(locked.len() * 60 + names + 256) }
    }

    /// Room for this record, if it goes into reserved room.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let Record::Reserved(content) = record else { return None };
        Some(Self { note: round(content.note.len()), audit: round(content.audit.len()) })
    }

    /// The maximum of each size.
    pub(super) fn max(self, other: Self) -> Self {
        Self { note: self.note.max(other.note), audit: self.audit.max(other.audit) }
    }
}

fn round(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX / 2).next_multiple_of(STEP)
}
