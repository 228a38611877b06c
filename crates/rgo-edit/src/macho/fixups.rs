//! Edits chained fixups, the lists of pointers that the loader has to set in each segment. They
//! refer to segments by number.
//!
//! ```text
//!  0  dyld_chained_fixups_header: u32 version, u32 offset of the starts, u32 offset of imports,
//!     u32 offset of symbols, u32 number of imports, u32 format of imports, u32 format of symbols
//!  …  dyld_chained_starts_in_image: u32 number of segments, per segment u32 offset or 0
//!  …  per segment with an offset, which counts from the starts: dyld_chained_starts_in_segment
//!  …  imports, symbols
//! ```
//!
//! New versions of dyld (macOS 27) refuse an image whose number of segments is not that of its load commands;
//! older versions allow fewer. (`mach-o/fixup-chains.h`; dyld's `ChainedFixups::valid`)

use crate::bytes;
use rgo_binary::{Error, Result};

const WHAT: &str = "Mach-O chained fixups";
/// Bytes of the header.
const HEADER_SIZE: u64 = 28;
/// Fields of the header that have offsets from its start, except that of the starts.
const OFFSETS: [u64; 2] = [8, 12];
/// What an insertion moves stays aligned to this.
const ALIGN: u64 = 8;

/// Makes chained fixups for other segments. `numbers` has the old number of each segment that the
/// image is to have; `None` for a new one.
pub(super) fn renumbered(fixups: &[u8], numbers: &[Option<usize>]) -> Result<Vec<u8>> {
    let starts = u64::from(bytes::u32_at(fixups, 4, WHAT)?);
    let count = u64::from(bytes::u32_at(fixups, starts, WHAT)?);
    let old = bytes::slice(fixups, starts + 4, count * 4, WHAT)?.as_chunks::<4>().0;
    let old: Vec<u32> = old.iter().map(|offset| u32::from_le_bytes(*offset)).collect();
    if starts < HEADER_SIZE {
        return Err(Error::malformed(WHAT, 4, "the starts lie in the header"));
    }
    let is_lost = |(number, offset): (usize, &u32)| {
        *offset != 0 && !numbers.iter().flatten().any(|kept| *kept == number)
    };
    if old.iter().enumerate().any(is_lost) {
        return Err(Error::unsupported(
            "taking a segment out of this Mach-O image",
            "the loader is to change pointers in it",
        ));
    }
    let end = starts + 4 + count * 4;
    let used = old.iter().filter(|offset| **offset != 0).map(|it| starts + u64::from(*it));
    if used.clone().any(|at| at < end) {
        return Err(Error::malformed(WHAT, starts, "the starts of a segment lie in the list"));
    }
    let mut fixups = fixups.to_vec();
    let new_end = starts + 4 + numbers.len() as u64 * 4;
    let grown = make_room(&mut fixups, end, new_end, used.min())?;
    bytes::zero(&mut fixups, end.min(new_end), end.saturating_sub(new_end), WHAT)?;
    let count = bytes::word(numbers.len(), WHAT)?;
    bytes::put(&mut fixups, starts, &count.to_le_bytes(), WHAT)?;
    for (at, number) in (starts + 4..).step_by(4).zip(numbers) {
        let offset = number.and_then(|number| old.get(number)).copied().unwrap_or_default();
        let moved = if offset == 0 { 0 } else { offset.saturating_add(grown) };
        bytes::put(&mut fixups, at, &moved.to_le_bytes(), WHAT)?;
    }
    Ok(fixups)
}

/// Lets the list of segments, which ends at `end`, end at `new_end`. `used` is where the first
/// starts of a segment lie. Returns how many bytes were inserted.
fn make_room(fixups: &mut Vec<u8>, end: u64, new_end: u64, used: Option<u64>) -> Result<u32> {
    let missing = new_end.saturating_sub(end);
    let mut free = used.unwrap_or(u64::MAX).min(fixups.len() as u64);
    for field in OFFSETS {
        let at = u64::from(bytes::u32_at(fixups, field, WHAT)?);
        if at >= end {
            free = free.min(at);
        }
    }
    let is_padding = |at: u64| bytes::slice(fixups, at, missing, WHAT);
    if missing == 0 || new_end <= free && is_padding(end)?.iter().all(|byte| *byte == 0) {
        return Ok(0);
    }
    let size = missing.next_multiple_of(ALIGN);
    let grown = bytes::word(bytes::index(size), WHAT)?;
    for field in OFFSETS {
        let at = bytes::u32_at(fixups, field, WHAT)?;
        if u64::from(at) >= end {
            bytes::put(fixups, field, &at.saturating_add(grown).to_le_bytes(), WHAT)?;
        }
    }
    let place = bytes::index(end);
    fixups.splice(place..place, std::iter::repeat_n(0, bytes::index(size)));
    Ok(grown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IMPORTS: &[u8] = b"imports.symbols.";

    /// Fixups of segments with these offsets; behind the list so many zeros, then what the first
    /// offset is of, then imports.
    fn fixups(offsets: &[u32], padding: usize) -> Vec<u8> {
        let list = 4 + offsets.len() * 4;
        let data = 28 + list + padding;
        let header = [0, 28, data as u32 + 8, data as u32 + 16, 1, 1, 0, offsets.len() as u32];
        let mut bytes: Vec<u8> =
            header.iter().chain(offsets).flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize(data, 0);
        bytes.extend(b"segment.");
        bytes.extend(IMPORTS);
        bytes
    }

    /// The offsets of a list, and what the first that is not 0 and the imports lead to.
    fn read(fixups: &[u8]) -> (Vec<u32>, Option<&[u8]>, &[u8]) {
        let word = |at: u64| bytes::u32_at(fixups, at, WHAT).expect("is there");
        let offsets: Vec<u32> = (0..u64::from(word(28))).map(|at| word(32 + at * 4)).collect();
        let first = offsets.iter().find(|offset| **offset != 0);
        let first = first.map(|offset| &fixups[28 + *offset as usize..][..8]);
        (offsets, first, &fixups[word(8) as usize..])
    }

    #[test]
    fn a_segment_goes_without_moving_the_rest() {
        let before = fixups(&[0, 20, 0, 0], 0);
        for (numbers, expected) in [
            (&[Some(0), Some(1), Some(3)][..], &[0, 20, 0][..]),
            (&[Some(1), Some(2), Some(3)], &[20, 0, 0]),
        ] {
            let after = renumbered(&before, numbers).expect("reads");
            assert_eq!(after.len(), before.len());
            assert_eq!(read(&after), (expected.to_vec(), Some(&b"segment."[..]), IMPORTS));
        }
        let error = renumbered(&before, &[Some(0), Some(2), Some(3)]).expect_err("has fixups");
        assert!(error.to_string().contains("the loader is to change pointers in it"), "{error}");
    }

    #[test]
    fn a_segment_comes_where_there_is_room_or_it_is_made() {
        let numbers = [Some(0), Some(1), None, Some(2)];
        for (padding, grown) in [(4, 0), (8, 0), (0, 8)] {
            let offset = 16 + padding as u32;
            let before = fixups(&[0, offset, 0], padding);
            let after = renumbered(&before, &numbers).expect("reads");
            assert_eq!(after.len(), before.len() + grown, "{padding}");
            let offsets = vec![0, offset + grown as u32, 0, 0];
            assert_eq!(read(&after), (offsets, Some(&b"segment."[..]), IMPORTS));
        }
    }

    #[test]
    fn a_wrong_count_becomes_that_of_the_segments() {
        // Go 1.25 and older write the list before they add __DWARF.
        let before = fixups(&[0, 20, 0, 0], 0);
        let numbers = [Some(0), Some(1), Some(2), Some(4)];
        let after = renumbered(&before, &numbers).expect("reads");
        assert_eq!(read(&after).0, [0, 20, 0, 0]);
    }

    #[test]
    fn broken_lists_are_refused() {
        let all = [Some(0), Some(1)];
        let good = fixups(&[0, 12], 0);
        renumbered(&good, &all).expect("reads");
        for (at, word) in [(4, 4), (4, u32::MAX), (28, 99), (28, u32::MAX), (36, 4)] {
            let mut broken = good.clone();
            broken[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
            assert!(renumbered(&broken, &all).is_err(), "{word:#x} at {at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(
            bytes in prop::collection::vec(any::<u8>(), 0..96),
            starts in 0_u32..64,
            count in 0_u32..12,
            numbers in prop::collection::vec(prop::option::of(0_usize..12), 0..12),
        ) {
            let _ = renumbered(&bytes, &numbers);
            let mut near = bytes;
            for (at, word) in [(4, starts), (starts as usize, count)] {
                if let Some(place) = near.get_mut(at..at + 4) {
                    place.copy_from_slice(&word.to_le_bytes());
                }
            }
            if let Ok(after) = renumbered(&near, &numbers) {
                prop_assert!(after.len() <= near.len() + 4 * numbers.len() + 8);
            }
        }
    }
}
