//! A draft becomes a file. What it takes from its input goes from file to file within the kernel
//! where that can do it (some file systems then only note that both share the bytes); elsewhere
//! it is written from the map. Either way no byte is kept in memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use rgo_binary::edit::{Draft, Piece};

/// From here on a system call of its own is worth it.
#[cfg(target_os = "linux")]
const LARGE: u64 = 64 << 10;

/// Writes the output to `to`, whose input is in the file `from`.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(draft: &Draft<'_>, from: &File, to: &File) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(64 << 10, to);
    for piece in draft.pieces() {
        match piece {
            Piece::Copy(range) => {
                let start = range.start + within_kernel(from, range, &mut to)?;
                to.write_all(bytes(draft.input(), start, range.end)?)?;
            }
            Piece::New(bytes, _) => to.write_all(bytes)?,
            Piece::Zeros(size, _) => {
                io::copy(&mut io::Read::take(io::repeat(0), *size), &mut to)?;
            }
        }
    }
    to.flush()
}

fn bytes(input: &[u8], start: u64, end: u64) -> io::Result<&[u8]> {
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let bytes = range.and_then(|(start, end)| input.get(start..end));
    bytes.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// Copies the start of a range; answers how much of it. A kernel that cannot do it for these
/// files says so at once, and what is wrong with them shows when the rest is written.
#[cfg(target_os = "linux")]
fn within_kernel(
    from: &File,
    range: &std::ops::Range<u64>,
    to: &mut BufWriter<&File>,
) -> io::Result<u64> {
    if range.end - range.start < LARGE {
        return Ok(0);
    }
    to.flush()?;
    let mut at = range.start;
    while at < range.end {
        let left = usize::try_from(range.end - at).unwrap_or(usize::MAX);
        match rustix::fs::copy_file_range(from, Some(&mut at), to.get_ref(), None, left) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    Ok(at - range.start)
}

#[cfg(not(target_os = "linux"))]
fn within_kernel(_: &File, _: &std::ops::Range<u64>, _: &mut BufWriter<&File>) -> io::Result<u64> {
    Ok(0)
}
