//! The start of a result, written while it is still thought through what the result is: in a large
//! program most bytes are those that a loader maps, and stay where they are whatever is taken out
//! behind them. It is a guess, which costs some work where it is wrong; see [`write`].
//!
//! ```text
//! one core       symbols chosen, renumbered, their names merged ─▶ draft ─┐
//! the other one  header │ code │ data ─▶ temporary file ──────────────────┴▶ the rest
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use object::{Object, ObjectSegment};
use rgo_binary::{Format, Slice};
use tempfile::NamedTempFile;

use super::input::Input;
use super::target::Target;
use super::write;

/// From here on a thread is worth its start.
const LARGE: u64 = 4 << 20;

/// Between two segments that is more than padding (of amd64's large pages).
const GAP: u64 = 2 << 20;

/// A file in which a result begins.
pub(super) struct Begun {
    pub file: NamedTempFile,
    /// How many bytes it has; they are the input's.
    pub size: u64,
}

/// Does `work`, and meanwhile begins the result; `None` where that is not worth it, or fails, as
/// it then will again.
pub(super) fn meanwhile<T>(
    input: &Input,
    slices: &[Slice<'_>],
    target: &Target,
    work: impl FnOnce() -> T,
) -> (T, Option<Begun>) {
    let size = unmoved(slices);
    let file = if size < LARGE { None } else { target.temporary().ok() };
    let Some(file) = file else { return (work(), None) };
    let stop = AtomicBool::new(false);
    let (done, copied) = thread::scope(|scope| {
        let copy = || write::write_ahead(&input.file, file.as_file(), size, target.wait(), &stop);
        let copier = scope.spawn(copy);
        let done = work();
        stop.store(true, Ordering::Relaxed);
        (done, copier.join())
    });
    let begun = copied.ok().map(|size| Begun { file, size });
    (done, begun)
}

/// How many bytes at the start of a file will probably stay where they are.
fn unmoved(slices: &[Slice<'_>]) -> u64 {
    let [Slice { image, offset: 0, .. }] = slices else { return 0 };
    // In PE debug data are mapped as all else is.
    if image.format() == Format::Pe {
        return 0;
    }
    let segments = image.object().segments();
    let fixed = segments.filter(|segment| {
        let name = segment.name().ok().flatten();
        !matches!(name, Some("__LINKEDIT" | "__DWARF"))
    });
    let mut ranges: Vec<(u64, u64)> = fixed.map(|segment| segment.file_range()).collect();
    ranges.sort_unstable();
    // A segment behind a gap moves up when what is in the gap goes.
    let end = ranges.into_iter().try_fold(0_u64, |end, (offset, size)| {
        if offset > end.saturating_add(GAP) {
            Err(end)
        } else {
            Ok(end.max(offset.saturating_add(size)))
        }
    });
    let (Ok(end) | Err(end)) = end;
    end.min(image.data().len() as u64)
}
