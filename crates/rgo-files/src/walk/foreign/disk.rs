//! Recognizes disk images. Their magic numbers are far from the start of the file, where no other
//! check looks.
//!
//! ```text
//! 32769            'CD001' ISO 9660, 'BEA01' UDF        (ECMA-119, 8; ECMA-167, 2/9)
//! 512 from the end 'koly' u32 4, u32 512, big-endian    Apple's UDIF (.dmg)
//! ```

use std::io::{self, Read, Seek, SeekFrom};

use super::{Foreign, ForeignRole, describe};
use crate::walk::reading::{HEAD, fill};

static OPTICAL: Foreign = Foreign {
    one: "an image of an optical disk (.iso)",
    many: "images of optical disks (.iso)",
    role: ForeignRole::Packed,
};
static APPLE: Foreign = Foreign {
    one: "an Apple disk image (.dmg)",
    many: "Apple disk images (.dmg)",
    role: ForeignRole::Packed,
};

/// Offset of the name in the first descriptor.
const DESCRIPTOR: usize = 0x8001;
const NAMES: [&[u8; 5]; 2] = [b"CD001", b"BEA01"];
/// Size of the trailer of Apple's images.
const TRAILER: usize = 512;
const KOLY: &[u8] = b"koly\0\0\0\x04\0\0\x02\0";
/// Bytes to read from a stream at a time.
const PIECE: usize = 1 << 16;

/// Recognizes an image from all its bytes.
pub(in crate::walk) fn of_bytes(bytes: &[u8]) -> Option<&'static Foreign> {
    let end = bytes.len().checked_sub(TRAILER).and_then(|at| bytes.get(at..));
    optical(bytes).or_else(|| apple(end?))
}

/// Whether a file with this start may be an image: it is neither text nor of a known kind.
pub(in crate::walk) fn is_possible(head: &[u8]) -> bool {
    head.len() == HEAD && describe(head).is_none()
}

/// Recognizes an image from two places of a file.
pub(in crate::walk) fn of_file(
    file: &mut (impl Read + Seek),
) -> io::Result<Option<&'static Foreign>> {
    let size = file.seek(SeekFrom::End(0))?;
    let Some(end) = size.checked_sub(TRAILER as u64) else { return Ok(None) };
    let mut trailer = [0; KOLY.len()];
    file.seek(SeekFrom::Start(end))?;
    fill(file, &mut trailer)?;
    if let Some(apple) = apple(&trailer) {
        return Ok(Some(apple));
    }
    if size <= DESCRIPTOR as u64 {
        return Ok(None);
    }
    let mut name = [0; 5];
    file.seek(SeekFrom::Start(DESCRIPTOR as u64))?;
    fill(file, &mut name)?;
    Ok(NAMES.contains(&&name).then_some(&OPTICAL))
}

/// Recognizes an image from a reader at its first byte. Finds only optical disks unless it may read
/// `to_end`.
pub(in crate::walk) fn of_stream(
    reader: &mut dyn Read,
    to_end: bool,
) -> io::Result<Option<&'static Foreign>> {
    let mut piece = vec![0; PIECE];
    let mut end: Vec<u8> = Vec::new();
    let mut length = fill(reader, &mut piece)?;
    let start = piece.get(..length).unwrap_or_default();
    if let Some(optical) = optical(start) {
        return Ok(Some(optical));
    }
    while to_end && length > 0 {
        let read = piece.get(..length).unwrap_or_default();
        end.extend_from_slice(read.get(length.saturating_sub(TRAILER)..).unwrap_or_default());
        end.drain(..end.len().saturating_sub(TRAILER));
        length = fill(reader, &mut piece)?;
    }
    Ok(Some(end).filter(|end| end.len() == TRAILER).and_then(|end| apple(&end)))
}

fn optical(bytes: &[u8]) -> Option<&'static Foreign> {
    let name = bytes.get(DESCRIPTOR..)?.first_chunk()?;
    NAMES.contains(&name).then_some(&OPTICAL)
}

fn apple(trailer: &[u8]) -> Option<&'static Foreign> {
    trailer.starts_with(KOLY).then_some(&APPLE)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// `size` meaningless bytes, with this magic number at an offset.
    fn image(size: usize, at: usize, mark: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xeb; size];
        bytes[at..at + mark.len()].copy_from_slice(mark);
        bytes
    }

    #[test]
    fn disks_are_known_by_bytes_file_and_stream() {
        let iso = "an image of an optical disk (.iso)";
        let dmg = "an Apple disk image (.dmg)";
        for (bytes, expected) in [
            (image(40_000, DESCRIPTOR, b"CD001"), Some(iso)),
            (image(DESCRIPTOR + 5, DESCRIPTOR, b"BEA01"), Some(iso)),
            (image(40_000, DESCRIPTOR + 1, b"CD001"), None),
            (image(DESCRIPTOR + 4, DESCRIPTOR, b"CD00"), None),
            (image(TRAILER, 0, KOLY), Some(dmg)),
            (image(3 * PIECE + 7, 3 * PIECE + 7 - TRAILER, KOLY), Some(dmg)),
            (image(PIECE + 100, PIECE + 100 - TRAILER, KOLY), Some(dmg)),
            (image(2 * PIECE, 2 * PIECE - TRAILER, KOLY), Some(dmg)),
            (image(2 * PIECE, 2 * PIECE - TRAILER + 1, KOLY), None),
            (image(2 * PIECE, 2 * PIECE - TRAILER, b"koly and more"), None),
            (image(PIECE, 0, KOLY), None),
            (vec![0; 511], None),
            (Vec::new(), None),
        ] {
            let one = |found: Option<&Foreign>| found.map(|foreign| foreign.one);
            let file = of_file(&mut Cursor::new(&bytes)).expect("reads");
            let stream = of_stream(&mut bytes.as_slice(), true).expect("reads");
            let answers = [of_bytes(&bytes), file, stream].map(one);
            assert_eq!(answers, [expected; 3], "{} bytes", bytes.len());
            let start = of_stream(&mut bytes.as_slice(), false).expect("reads");
            assert_eq!(one(start), expected.filter(|name| *name == iso), "{} bytes", bytes.len());
        }
    }
}
