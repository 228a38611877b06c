//! Guesses how many bytes at the start of a program stay in place, and starts writing them while
//! the edit is still computed.

use object::{Object, ObjectSegment};
use rgo_binary::{Format, Slice};
use rgo_files::replace::{self, Destination, Started};

use super::input::Input;

/// A gap between two segments that is more than padding (of amd64's large pages), in bytes.
const GAP: u64 = 2 << 20;

/// Does `work`, and meanwhile starts writing the result.
pub(super) fn write_ahead<T>(
    input: &Input,
    slices: &[Slice<'_>],
    destination: &Destination,
    work: impl FnOnce() -> T,
) -> (T, Option<Started>) {
    replace::write_ahead(&input.file, unmoved_prefix(slices), destination, work)
}

/// The number of bytes at the start of a file that probably stay in place.
fn unmoved_prefix(slices: &[Slice<'_>]) -> u64 {
    let [Slice { image, offset: 0, .. }] = slices else { return 0 };
    // A loader maps the debug data of a PE image with everything else.
    if image.format() == Format::Pe {
        return 0;
    }
    let segments = image.object().segments();
    let fixed = segments.filter(|segment| {
        let name = segment.name().ok().flatten();
        !matches!(name, Some("__LINKEDIT" | "__DWARF" | "__RGO"))
    });
    let mut ranges: Vec<(u64, u64)> = fixed.map(|segment| segment.file_range()).collect();
    ranges.sort_unstable();
    // A segment behind a gap moves up if the bytes in the gap are removed.
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
