//! Copies ranges from file to file within the kernel, where it can do that. Some file systems then only note
//! that both files share the bytes.

use std::fs::File;
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::ops::Range;

use crate::atomic_file::Durability;

/// Ranges of fewer bytes are not worth a system call of their own.
pub(super) const LARGE: u64 = 64 << 10;
/// File systems share whole blocks of this many bytes.
#[cfg(target_os = "linux")]
const BLOCK: u64 = 4 << 10;
/// So many bytes are copied while those before them go to the disk.
#[cfg(target_os = "linux")]
pub(super) const PART: u64 = 8 << 20;

/// Asks for all the room at once, which takes less time than block by block. Some file systems
/// cannot; a full one says so again when the file is written.
#[cfg(target_os = "linux")]
pub(super) fn reserve(to: &File, size: u64) {
    if size >= LARGE {
        let _ = rustix::fs::fallocate(to, rustix::fs::FallocateFlags::KEEP_SIZE, 0, size);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_: &File, _: u64) {}

/// Where a copy goes, and how.
#[derive(Clone, Copy)]
pub(super) struct CopyTarget<'a> {
    pub(super) file: &'a File,
    /// The offset of the first byte.
    pub(super) offset: u64,
    /// Bytes that are to be synced are sent to the disk while others are copied.
    pub(super) durability: Durability,
}

/// Copies a range of `from`, part by part, until `stop` says so. Returns the end of what it copied,
/// as an offset in `from`. A kernel that cannot do it for these files says so at once; an error of
/// the files shows when the caller writes the rest.
#[cfg(target_os = "linux")]
pub(super) fn copy_range(
    from: &File,
    range: &Range<u64>,
    target: CopyTarget<'_>,
    stop: &dyn Fn() -> bool,
) -> u64 {
    let (mut from_offset, mut to_offset) = (range.start, target.offset);
    while from_offset < range.end && !stop() {
        let size = match from_offset.next_multiple_of(BLOCK) - from_offset {
            0 => PART,
            to_block => to_block,
        };
        let size = usize::try_from(size.min(range.end - from_offset)).unwrap_or(usize::MAX);
        let start = to_offset;
        let copied = rustix::fs::copy_file_range(
            from,
            Some(&mut from_offset),
            target.file,
            Some(&mut to_offset),
            size,
        );
        let Some(size) = copied.ok().and_then(|size| NonZeroU64::new(size as u64)) else { break };
        if target.durability == Durability::Synced {
            // This starts to write what is not on the disk yet, and does not wait for it.
            let advice = rustix::fs::Advice::DontNeed;
            let _ = rustix::fs::fadvise(target.file, start, Some(size), advice);
        }
    }
    from_offset
}

#[cfg(not(target_os = "linux"))]
pub(super) fn copy_range(
    _: &File,
    range: &Range<u64>,
    _: CopyTarget<'_>,
    _: &dyn Fn() -> bool,
) -> u64 {
    range.start
}
