//! Names of types, fields, methods and packages as the runtime has them (Go, `internal/abi/type.go`, `Name`).
//!
//! ```text
//!  0  flags: 1 exported, 2 a tag follows, 4 the offset of a package's name follows, 8 embedded
//!  1  length of the name: base 128, lowest bits first, the high bit says that more follow
//!     (up to Go 1.16: two bytes, the highest first)
//!     the name
//!     length of the tag likewise, the tag
//!     offset of the package's name: four bytes
//! ```

use std::ops::Range;

use crate::image::words::WordFormat;

const HAS_TAG: u8 = 2;
const HAS_PACKAGE: u8 = 4;
const ALL_FLAGS: u8 = 15;
/// A length of four bytes is more than any linker writes.
const MAX_LENGTH_BYTES: usize = 4;

/// How lengths are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameLengths {
    /// Two bytes, up to Go 1.16.
    Two,
    /// As many as it takes.
    Varint,
}

/// A name, by offsets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: Range<usize>,
    /// Behind its last byte.
    pub(super) end: usize,
    /// The offset of the name of its package.
    pub(super) package: Option<usize>,
}

/// Reads where the parts of the name at an offset are; `None` if none can be there.
pub(super) fn read(
    data: &[u8],
    at: usize,
    lengths: NameLengths,
    words: WordFormat,
) -> Option<Name> {
    let flags = *data.get(at)?;
    if flags & !ALL_FLAGS != 0 {
        return None;
    }
    let part = |at: usize| {
        let (size, length) = length(data, at, lengths)?;
        let start = at.checked_add(size)?;
        Some(start..start.checked_add(length)?)
    };
    let text = part(at.checked_add(1)?)?;
    let mut end = text.end;
    if flags & HAS_TAG != 0 {
        end = part(end)?.end;
    }
    let mut package = None;
    if flags & HAS_PACKAGE != 0 {
        package = Some(words.u32(data, end)? as usize);
        end += 4;
    }
    (end <= data.len()).then_some(Name { text, end, package })
}

/// Whether bytes can be a name.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    (!text.bytes().any(|byte| byte < b' ')).then_some(text)
}

/// How many bytes a length has, and the length.
fn length(data: &[u8], at: usize, lengths: NameLengths) -> Option<(usize, usize)> {
    if lengths == NameLengths::Two {
        let bytes = *data.get(at..)?.first_chunk()?;
        return Some((2, u16::from_be_bytes(bytes).into()));
    }
    let mut length = 0;
    for (index, byte) in data.get(at..)?.iter().take(MAX_LENGTH_BYTES).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((index + 1, length));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: WordFormat = WordFormat { size: 8, big: false };

    #[test]
    fn names_have_tags_and_packages() {
        let data = b"\x07\x02Id\x03tag\x10\0\0\0";
        let name = read(data, 0, NameLengths::Varint, WORDS);
        assert_eq!(name, Some(Name { text: 2..4, end: 12, package: Some(16) }));
        let name = read(b"\x01\0\x02Id", 0, NameLengths::Two, WORDS);
        assert_eq!(name, Some(Name { text: 3..5, end: 5, package: None }));
        let long = [&b"\x00\xac\x02"[..], &[b'a'; 300]].concat();
        let name = read(&long, 0, NameLengths::Varint, WORDS).expect("a name");
        assert_eq!((name.text.len(), name.end), (300, 303));
    }

    #[test]
    fn what_is_no_name_is_none() {
        for data in [
            &b""[..],
            b"\x01",
            b"\x10\x01a",
            b"\x01\x02a",
            b"\x01\xff\xff\xff\xff",
            b"\x03\x01a",
            b"\x05\x01a\0\0\0",
        ] {
            assert_eq!(read(data, 0, NameLengths::Varint, WORDS), None, "{data:?}");
        }
        assert_eq!(read(b"\x01\x01a", usize::MAX, NameLengths::Varint, WORDS), None);
        assert_eq!((text(b"\xff"), text(b"a\nb"), text(b"a b")), (None, None, Some("a b")));
    }
}
