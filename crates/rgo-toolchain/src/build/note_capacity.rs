//! How much room the build's record gets in a program before it is known what the record says.

use std::collections::BTreeMap;

use crate::finish::Content;

/// Room for what goes into a program, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NoteCapacity {
    /// Text of `.rgo-bi`.
    pub note: u32,
    /// `.dep-v0`.
    pub audit: u32,
}

/// Room is given in steps of this many bytes, so that small changes of what goes in do not make
/// every program be linked again.
pub(super) const STEP: u32 = 4096;

impl NoteCapacity {
    /// Room enough for most programs of this project, whatever its target and features. Nothing
    /// that differs between two builds of the same commit for the same target may have a say.
    /// Takes the checksums of the lockfile, by name and version, and the values for slots.
    pub(super) fn estimate(
        locked: &BTreeMap<(String, String), String>,
        values: &[(String, String)],
    ) -> Self {
        let names: usize = locked.keys().map(|(name, version)| name.len() + version.len()).sum();
        // A `dep` line has some 90 bytes beside the name and version, most of it the checksum;
        // a package of the dependency list takes under 60 once compressed.
        let values: usize = values.iter().map(|(n, v)| n.len() + v.len() + 16).sum();
        // Values change from build to build: they share one step of their own.
        let note = round(locked.len() * 100 + names * 2 + 2048) + round(values.max(1));
        Self { note, audit: round(locked.len() * 60 + names + 256) }
    }

    /// Room for exactly this.
    pub(super) fn of(content: &Content) -> Self {
        Self { note: round(content.note.len()), audit: round(content.audit.len()) }
    }

    /// The larger of both, each by itself.
    pub(super) fn max(self, other: Self) -> Self {
        Self { note: self.note.max(other.note), audit: self.audit.max(other.audit) }
    }
}

fn round(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX / 2).next_multiple_of(STEP)
}
