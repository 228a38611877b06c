//! Edits chained fixups, the lists of pointers that the loader has to set in each segment. They
//! refer to segments by number.
//!
//! ```text
//! dyld_chained_fixups_header:   u32 version, u32 offset of the starts, …
//! dyld_chained_starts_in_image: u32 number of segments, per segment u32 offset or 0
//! ```
//!
//! (`mach-o/fixup-chains.h`)

use crate::bytes;
use rgo_binary::{Error, Result};

/// Removes one segment from the list at the start of chained fixups.
pub(super) fn without_segment(fixups: &[u8], number: usize) -> Result<Vec<u8>> {
    const WHAT: &str = "Mach-O chained fixups";
    let mut fixups = fixups.to_vec();
    let starts = u64::from(bytes::u32_at(&fixups, 4, WHAT)?);
    let count = u64::from(bytes::u32_at(&fixups, starts, WHAT)?);
    let number = number as u64;
    let offsets = bytes::slice(&fixups, starts + 4, count * 4, WHAT)?.to_vec();
    if number >= count {
        return Ok(fixups);
    }
    if bytes::u32_at(&offsets, number * 4, WHAT)? != 0 {
        return Err(Error::unsupported(
            "taking __DWARF out of this Mach-O image",
            "the loader is to change pointers in it",
        ));
    }
    let rest = bytes::slice(&offsets, number * 4 + 4, (count - number - 1) * 4, WHAT)?;
    let count = bytes::word(bytes::index(count - 1), WHAT)?;
    bytes::put(&mut fixups, starts, &count.to_le_bytes(), WHAT)?;
    bytes::put(&mut fixups, starts + 4 + number * 4, rest, WHAT)?;
    let end = starts + 4 + u64::from(count) * 4;
    bytes::zero(&mut fixups, end, 4, WHAT)?;
    Ok(fixups)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixups(count: u32, offsets: &[u32]) -> Vec<u8> {
        let words = [0, 8, count];
        words.iter().chain(offsets).flat_map(|word| word.to_le_bytes()).collect()
    }

    #[test]
    fn chained_fixups_forget_a_segment() {
        let before = fixups(4, &[0, 40, 0, 0]);
        assert_eq!(without_segment(&before, 2).expect("reads"), fixups(3, &[0, 40, 0, 0]));
        assert_eq!(without_segment(&before, 0).expect("reads"), fixups(3, &[40, 0, 0, 0]));
        assert_eq!(without_segment(&before, 4).expect("reads"), before, "it had none");
        let error = without_segment(&before, 1).expect_err("has fixups").to_string();
        assert!(error.contains("the loader is to change pointers in it"), "{error}");
        assert!(without_segment(&fixups(5, &[0; 4]), 1).is_err(), "cut short");
        assert!(without_segment(&fixups(u32::MAX, &[0; 4]), 1).is_err(), "an endless list");
    }
}
