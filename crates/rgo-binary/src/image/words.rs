//! Reads numbers of an image's tables or memory, in the target's byte order. Some have the size of a pointer.

use std::ffi::CStr;

use object::Object;

use crate::Image;

/// The encoding of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordFormat {
    /// Size of a pointer, in bytes: 4 or 8.
    pub size: usize,
    /// Highest byte first.
    pub big: bool,
}

impl WordFormat {
    /// That of an image.
    #[must_use]
    pub fn of(image: &Image<'_>) -> Self {
        let size = if image.object().is_64() { 8 } else { 4 };
        Self { size, big: !image.object().is_little_endian() }
    }

    /// A number of four bytes.
    #[must_use]
    pub fn u32(self, data: &[u8], at: usize) -> Option<u32> {
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// A number of a pointer's size.
    #[must_use]
    pub fn word(self, data: &[u8], at: usize) -> Option<u64> {
        if self.size == 4 {
            return self.u32(data, at).map(u64::from);
        }
        let bytes = *data.get(at..)?.first_chunk()?;
        Some(if self.big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    /// The bytes of a number of a pointer's size; of a larger number, the lowest.
    #[must_use]
    pub fn bytes(self, number: u64) -> Vec<u8> {
        let mut bytes: Vec<_> = number.to_le_bytes().into_iter().take(self.size).collect();
        if self.big {
            bytes.reverse();
        }
        bytes
    }

    /// The number at `index` in an array of numbers of a pointer's size.
    #[must_use]
    pub fn nth(self, data: &[u8], index: usize) -> Option<u64> {
        self.word(data, index.checked_mul(self.size)?)
    }
}

/// The text at an offset, up to its NUL, which must come within `most` bytes.
pub(crate) fn text(data: &[u8], at: usize, most: usize) -> Option<&str> {
    let rest = data.get(at..)?;
    let rest = rest.get(..most).unwrap_or(rest);
    CStr::from_bytes_until_nul(rest).ok()?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_orders_and_sizes() {
        let data = [1, 2, 3, 4, 5, 6, 7, 8];
        let cases = [
            (4, false, 0x0403_0201, Some(0x0807_0605)),
            (4, true, 0x0102_0304, Some(0x0506_0708)),
            (8, false, 0x0807_0605_0403_0201, None),
            (8, true, 0x0102_0304_0506_0708, None),
        ];
        for (size, big, first, second) in cases {
            let words = WordFormat { size, big };
            assert_eq!(words.word(&data, 0), Some(first));
            assert_eq!(words.nth(&data, 1), second);
            assert_eq!(words.bytes(first), data[..size]);
            assert_eq!(words.nth(&data, usize::MAX), None);
            assert_eq!(words.u32(&data, 5), None);
        }
    }

    #[test]
    fn text_ends_at_its_nul_and_within_its_bound() {
        let data = b"abc\0\xff\0def";
        assert_eq!(text(data, 0, 10), Some("abc"));
        assert_eq!(text(data, 1, 3), Some("bc"));
        assert_eq!(text(data, 0, 3), None);
        assert_eq!(text(data, 4, 10), None);
        assert_eq!(text(data, 6, 10), None);
        assert_eq!(text(data, 99, 10), None);
    }
}
