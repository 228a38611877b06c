//! Parses one header block of a tar.
//!
//! ```text
//!   0 100 name    124 12 size    148 8 checksum    156 1 kind    157 100 target of a link
//! 257   6 'ustar\0' (POSIX), 'ustar ' (GNU)       345 155 prefix of the name (POSIX)
//! ```
//!
//! (POSIX.1-2017, `pax`, "ustar Interchange Format")

use std::borrow::Cow;

use super::reading::HEAD;

/// Size of a block in bytes.
pub(super) const BLOCK: usize = HEAD;

/// Whether a block starts a tar: it has the magic number, or its checksum is correct.
pub(super) fn is_header(block: &[u8]) -> bool {
    let header = block.first_chunk().map(TarHeader);
    header.is_some_and(|header| header.has_mark() || header.is_whole())
}

/// One header block.
pub(super) struct TarHeader<'a>(pub(super) &'a [u8; BLOCK]);

impl<'a> TarHeader<'a> {
    fn field(&self, at: usize, length: usize) -> &'a [u8] {
        self.0.get(at..at + length).unwrap_or_default()
    }

    fn text(&self, at: usize, length: usize) -> &'a [u8] {
        let field = self.field(at, length);
        field.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    fn has_mark(&self) -> bool {
        self.field(257, 5) == b"ustar"
    }

    /// Whether the checksum is correct. Old archives sum signed bytes.
    pub(super) fn is_whole(&self) -> bool {
        let Some(stated) = number(self.field(148, 8)) else { return false };
        let blanked =
            |(at, byte): (usize, &u8)| if (148..156).contains(&at) { b' ' } else { *byte };
        let bytes = || self.0.iter().enumerate().map(blanked);
        let unsigned: u64 = bytes().map(u64::from).sum();
        let signed: i64 = bytes().map(|byte| i64::from(byte.cast_signed())).sum();
        stated == unsigned || i64::try_from(stated) == Ok(signed)
    }

    pub(super) fn kind(&self) -> u8 {
        self.field(156, 1).first().copied().unwrap_or_default()
    }

    pub(super) fn has_content(&self) -> bool {
        !matches!(self.kind(), b'1'..=b'6')
    }

    pub(super) fn size(&self) -> Option<u64> {
        number(self.field(124, 12))
    }

    pub(super) fn name(&self) -> Cow<'a, [u8]> {
        let name = self.text(0, 100);
        match self.text(345, 155) {
            prefix if !prefix.is_empty() && self.field(257, 6) == b"ustar\0" => {
                Cow::Owned([prefix, name].join(&b'/'))
            }
            _ => Cow::Borrowed(name),
        }
    }

    pub(super) fn target(&self) -> &'a [u8] {
        self.text(157, 100)
    }
}

/// Parses a number. An empty field is 0; `None` for a negative one and one over 63 bits.
fn number(field: &[u8]) -> Option<u64> {
    if let Some((first, rest)) = field.split_first().filter(|(first, _)| **first >= 0x80) {
        let start = u64::from(first & 0x7f);
        return rest.iter().try_fold(start, |value, byte| {
            (value >> 55 == 0).then(|| value << 8 | u64::from(*byte))
        });
    }
    let text = field.trim_ascii_start();
    let digits = text.iter().take_while(|byte| **byte != 0 && **byte != b' ');
    digits.into_iter().try_fold(0_u64, |value, digit| {
        let digit = char::from(*digit).to_digit(8)?;
        value.checked_mul(8)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary_and_never_negative() {
        let cases: [(&[u8], Option<u64>); 9] = [
            (b"00000000644\0", Some(0o644)),
            (b"    644 ", Some(0o644)),
            (b"77777777777\0", Some(0o77_777_777_777)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(1 << 33)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\x80\0\0\0\x01\0\0\0\0\0\0\0", Some(1 << 56)),
            (b"\x80\x01\0\0\0\0\0\0\0\0\0\0", None),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", Some(0)),
            (b"-1\0\0\0\0\0\0\0\0\0\0", None),
        ];
        for (field, value) in cases {
            assert_eq!(number(field), value, "{field:x?}");
        }
    }
}
