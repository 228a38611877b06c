//! Tells the bytes that align functions and variables from those that belong to no one.

use super::kind::ByteKind;
use super::runs::{Run, Runs};
use super::space::Space;

/// Linkers align to no more bytes than these, but for pages.
const LARGEST: u64 = 64;

/// The short gaps behind what is owned: all of them in code, where instructions that do nothing fill them; those of
/// zeros elsewhere.
pub(super) fn padding(space: &Space, owned: &Runs, data: &[u8]) -> Runs {
    let mut padding = Runs::default();
    for (index, run) in owned.iter().enumerate() {
        let Some(place) = space.places.run_at(run.end - 1) else { continue };
        let next = owned.as_slice().get(index + 1).map_or(u64::MAX, |next| next.start);
        let gap = Run { start: run.end, end: next.min(place.end), label: 0 };
        if gap.start >= gap.end || gap.end - gap.start >= LARGEST {
            continue;
        }
        let is_code = space.kind_at(run.end - 1) == Some(ByteKind::Code);
        let bytes = data.get(gap.start as usize..gap.end as usize);
        if is_code || bytes.is_none_or(|bytes| bytes.iter().all(|byte| *byte == 0)) {
            padding.push(gap);
        }
    }
    padding
}
