//! Reads from a stream: its head, all of it, or the part behind an offset.

use std::io::{self, Read};

/// Number of first bytes by which a file or a member is recognized: a block of a tar.
pub(super) const HEAD: usize = 512;

/// Bytes to read at a time.
const PIECE: u64 = 1 << 20;

/// Reads until `buffer` is full or the stream ends. Returns the number of bytes.
pub(super) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Reads to the end. Returns the number of bytes. The standard reader reads ever larger pieces,
/// whose memory is allocated before the first byte comes: a bomb would take twice its limit.
pub(super) fn read_to_end(reader: &mut dyn Read, whole: &mut Vec<u8>) -> io::Result<u64> {
    let mut length = 0;
    loop {
        let read = reader.take(PIECE).read_to_end(whole)? as u64;
        length += read;
        if read < PIECE {
            return Ok(length);
        }
    }
}

/// Skips up to `size` bytes. Returns how many there were.
pub(super) fn discard(reader: &mut dyn Read, size: u64) -> io::Result<u64> {
    io::copy(&mut reader.take(size), &mut io::sink())
}
