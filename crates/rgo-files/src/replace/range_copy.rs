//! Copies ranges from file to file within the kernel, if it supports that. Some file systems then
//! only record that both files share the bytes.

use std::fs::File;
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::ops::Range;

use crate::atomic_file::Durability;

/// Minimum size in bytes of a range that is worth its own system call.
pub(super) const LARGE: u64 = 64 << 10;
/// File systems share whole blocks of this many bytes.
#[cfg(target_os = "linux")]
const BLOCK: u64 = 4 << 10;
/// Number of bytes to copy while the disk writes those before them.
#[cfg(target_os = "linux")]
pub(super) const PART: u64 = 8 << 20;

/// Allocates the whole file at once, which is faster than block by block. Some file systems cannot;
/// a full one fails again at the write.
#[cfg(target_os = "linux")]
pub(super) fn reserve(to: &File, size: u64) {
    if size >= LARGE {
        let _ = rustix::fs::fallocate(to, rustix::fs::FallocateFlags::KEEP_SIZE, 0, size);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn reserve(_: &File, _: u64) {}

/// Destination and mode of a copy.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux copies in this way"))]
pub(super) struct CopyTarget<'a> {
    pub(super) file: &'a File,
    /// The offset of the first byte.
    pub(super) offset: u64,
    /// If they have to be synced, the disk starts to write them while others are copied.
    pub(super) durability: Durability,
}

/// Copies a range of `from` in parts until `stop` is set. Returns the end of the copied range, as
/// an offset in `from`. A kernel that cannot copy between these files fails at once; an error of
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
            // This starts to write the dirty pages, and does not wait for them.
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
