//! Writes a file from ranges of another file and new bytes. Ranges go from file to file within the
//! kernel if it supports that, else from the map. No byte is kept in memory.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use super::range_copy::{CopyTarget, LARGE, copy_range, reserve};
use crate::atomic_file::Durability;

/// A piece of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResultPiece<'a> {
    /// A range of the source.
    Copy(Range<u64>),
    /// New bytes.
    Bytes(&'a [u8]),
    /// This many zeros.
    Zeros(u64),
}

/// The source of ranges.
#[derive(Clone, Copy)]
pub struct CopySource<'a> {
    /// The open file.
    pub file: &'a File,
    /// All bytes of the file.
    pub bytes: &'a [u8],
}

/// Writes `pieces`, which have `size` bytes in all, to the file `to`. `to` already has the first
/// `already` bytes of the source, and no others.
///
/// # Errors
/// If the file cannot be written, or a range is not in the source.
pub fn assemble<'p>(
    pieces: impl IntoIterator<Item = ResultPiece<'p>>,
    size: u64,
    source: CopySource<'_>,
    to: &File,
    durability: Durability,
    already: u64,
) -> io::Result<()> {
    reserve(to, size);
    if already > size {
        to.set_len(size)?;
    }
    let mut writer = BufWriter::with_capacity(64 << 10, to);
    writer.rewind()?;
    let mut offset = 0;
    for piece in pieces {
        match piece {
            ResultPiece::Copy(range) => {
                let end = offset + (range.end - range.start);
                let is_unmoved = range.start == offset;
                let kept = if is_unmoved { already.min(end).saturating_sub(offset) } else { 0 };
                if kept > 0 {
                    writer.seek(SeekFrom::Start(offset + kept))?;
                }
                copy(source, range.start + kept..range.end, &mut writer, durability)?;
                offset = end;
            }
            ResultPiece::Bytes(bytes) => {
                writer.write_all(bytes)?;
                offset += bytes.len() as u64;
            }
            ResultPiece::Zeros(size) => {
                io::copy(&mut io::repeat(0).take(size), &mut writer)?;
                offset += size;
            }
        }
    }
    writer.flush()
}

/// Copies a range to the writer's position: within the kernel as far as possible, and the rest from
/// the map.
fn copy(
    source: CopySource<'_>,
    range: Range<u64>,
    writer: &mut BufWriter<&File>,
    durability: Durability,
) -> io::Result<()> {
    let mut start = range.start;
    if range.end - range.start >= LARGE {
        let offset = writer.stream_position()?;
        let target = CopyTarget { file: writer.get_ref(), offset, durability };
        start = copy_range(source.file, &range, target, &|| false);
        writer.seek(SeekFrom::Start(offset + (start - range.start)))?;
    }
    let rest = usize::try_from(start).ok().zip(usize::try_from(range.end).ok());
    let rest = rest.and_then(|(start, end)| source.bytes.get(start..end));
    writer.write_all(rest.ok_or(io::ErrorKind::UnexpectedEof)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn bytes_that_are_there_already_are_not_missed() {
        let input: Vec<u8> = (0..200_000_u32).map(|at| (at / 7) as u8).collect();
        let from = tempfile::NamedTempFile::new().expect("a file");
        fs::write(from.path(), &input).expect("writes");
        let source = CopySource { file: from.as_file(), bytes: &input };
        let pieces = [
            ResultPiece::Copy(0..100),
            ResultPiece::Bytes(b"new"),
            ResultPiece::Copy(103..100_000),
            ResultPiece::Zeros(9),
            ResultPiece::Copy(110_000..190_000),
        ];
        let parts =
            [&input[..100], b"new", &input[103..100_000], &[0; 9], &input[110_000..190_000]];
        let expected = parts.concat();
        for already in (0..input.len()).step_by(9973).chain([100, expected.len(), input.len()]) {
            let to = tempfile::NamedTempFile::new().expect("a file");
            fs::write(to.path(), &input[..already]).expect("writes");
            let size = expected.len() as u64;
            let already = already as u64;
            let durability = Durability::Cached;
            assemble(pieces.clone(), size, source, to.as_file(), durability, already)
                .expect("writes");
            assert!(fs::read(to.path()).expect("reads") == expected, "{already} bytes ahead");
        }
    }

    #[test]
    fn a_range_that_the_source_lacks_is_an_error() {
        let from = tempfile::tempfile().expect("a file");
        let to = tempfile::tempfile().expect("a file");
        let source = CopySource { file: &from, bytes: b"short" };
        let pieces = [ResultPiece::Copy(0..6)];
        let error = assemble(pieces, 6, source, &to, Durability::Cached, 0).expect_err("is short");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
