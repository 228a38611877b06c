//! Reads Apple's property lists, in XML or in the binary form, within limits: lists can be nested,
//! and a recursive reader takes stack for each level.
//!
//! ```text
//! <plist><dict><key>CFBundleName</key><string>x</string></dict></plist>
//!
//! "bplist00", objects, offsets of the objects, and at the end 32 bytes:
//!     0 × 6, bytes of an offset, bytes of a reference, objects (u64), the root (u64), where offsets begin (u64)
//! object   0xA… array   0xB… ordered set   0xC… set   0xD… dictionary
//! ```
//!
//! (`CFBinaryPList.c` of Apple's CoreFoundation; `plist(5)`)

use std::io::Cursor;

use plist::Value;
use rgo_binary::{Error, Result};

/// Maximum size of a property list in bytes.
const MOST: usize = 1 << 20;
/// Maximum number of lists in it, which also bounds their nesting.
const MOST_LISTS: usize = 4096;
const WHAT: &str = "property list";
const MAGIC: &[u8] = b"bplist";
const TRAILER: usize = 32;

/// Reads a property list.
///
/// # Errors
/// [`Error::Malformed`] if it is not a property list, [`Error::Unsupported`] if it is over 1 MiB or
/// has over 4,096 lists.
pub fn parse(content: &[u8]) -> Result<Value> {
    let refuse = |why: &str| Err(Error::unsupported("this property list", why));
    if content.len() > MOST {
        return refuse("it is over 1 MiB");
    }
    let lists = if is_binary(content) { lists(content) } else { Some(elements(content)) };
    match lists {
        Some(lists) if lists > MOST_LISTS => refuse("it has over 4,096 lists"),
        Some(_) => Value::from_reader(Cursor::new(content))
            .map_err(|error| Error::malformed(WHAT, 0, error)),
        None => Err(Error::malformed(WHAT, 0, "its table of objects is cut short")),
    }
}

/// Whether a property list has the binary form.
#[must_use]
pub fn is_binary(content: &[u8]) -> bool {
    content.starts_with(MAGIC)
}

/// An upper bound for the number of lists in a text: those in comments count too.
fn elements(xml: &[u8]) -> usize {
    let starts = memchr::memchr_iter(b'<', xml).filter_map(|at| xml.get(at + 1..));
    starts.filter(|rest| [&b"array"[..], b"dict"].iter().any(|name| rest.starts_with(name))).count()
}

/// The number of lists in the binary form.
fn lists(content: &[u8]) -> Option<usize> {
    let trailer = content.last_chunk::<TRAILER>()?;
    let number = |at: usize| -> Option<usize> {
        let bytes: [u8; 8] = trailer.get(at..at + 8)?.try_into().ok()?;
        usize::try_from(u64::from_be_bytes(bytes)).ok()
    };
    let (width, count, start) = (usize::from(trailer[6]), number(8)?, number(24)?);
    if width == 0 || width > 8 {
        return None;
    }
    let table = content.get(start..start.checked_add(count.checked_mul(width)?)?)?;
    let offsets = table.chunks_exact(width).map(|bytes| {
        bytes.iter().fold(0_usize, |all, byte| all.wrapping_shl(8) | usize::from(*byte))
    });
    let kinds = offsets.filter_map(|offset| content.get(offset));
    Some(kinds.filter(|kind| (0xa0..0xe0).contains(*kind)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Vec<u8> {
        ["<plist>", &"<array>".repeat(depth), &"</array>".repeat(depth), "</plist>"]
            .concat()
            .into_bytes()
    }

    fn binary(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.to_writer_binary(&mut bytes).expect("written");
        bytes
    }

    #[test]
    fn both_forms_are_read() {
        let xml = b"<plist><dict><key>A</key><array><string>b</string></array></dict></plist>";
        let value = parse(xml).expect("XML");
        assert_eq!(parse(&binary(&value)).expect("binary"), value);
        assert_eq!((elements(xml), lists(&binary(&value))), (2, Some(2)));
    }

    #[test]
    fn lists_that_lie_too_deep_are_refused_before_they_are_followed() {
        parse(&nested(500)).expect("a few");
        for content in [nested(MOST_LISTS + 1), nested(60_000), vec![b' '; MOST + 1]] {
            assert!(matches!(parse(&content), Err(Error::Unsupported { .. })));
        }
        let wide = Value::Array(vec![Value::Array(Vec::new()); MOST_LISTS]);
        assert!(matches!(parse(&binary(&wide)), Err(Error::Unsupported { .. })));
    }

    #[test]
    fn damage_is_an_error() {
        let whole = binary(&parse(&nested(3)).expect("reads"));
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0xff;
            let _ = parse(&changed);
        }
        assert!(parse(b"text").is_err());
    }
}
