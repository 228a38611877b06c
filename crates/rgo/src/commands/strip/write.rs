//! A draft becomes a file. What it takes from its input goes from file to file within the kernel
//! where that can do it (some file systems then only note that both share the bytes); elsewhere
//! it is written from the map. Either way no byte is kept in memory.

use std::fs::File;
use std::io::{self, BufWriter, Write};
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::ops::Range;

use rgo_binary::edit::{Draft, Piece};

/// From here on a system call of its own is worth it.
#[cfg(target_os = "linux")]
const LARGE: u64 = 64 << 10;
/// What file systems share between files is whole blocks.
#[cfg(target_os = "linux")]
const BLOCK: u64 = 4 << 10;
/// So much is copied while what came before goes to the disk.
#[cfg(target_os = "linux")]
const PART: u64 = 8 << 20;

/// Who waits until the bytes are on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// We do, later: they had better be on their way soon.
    Caller,
    Nobody,
}

/// Writes the output to the empty file `to`; its input is in the file `from`.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(draft: &Draft<'_>, from: &File, to: &File, wait: Wait) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    reserve(to, draft.size());
    let mut to = BufWriter::with_capacity(64 << 10, to);
    for piece in draft.pieces() {
        match piece {
            Piece::Copy(range) => {
                let start = within_kernel(from, range, &mut to, wait)?;
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

/// Asks for all the room at once, which takes less time than block by block. Some file systems
/// cannot; one that is full says so again when it is written to.
#[cfg(target_os = "linux")]
fn reserve(to: &File, size: u64) {
    if size >= LARGE {
        let _ = rustix::fs::fallocate(to, rustix::fs::FallocateFlags::KEEP_SIZE, 0, size);
    }
}

/// Copies a range from its start; answers where it got to. A kernel that cannot do it for these
/// files says so at once, and what is wrong with them shows when the rest is written.
#[cfg(target_os = "linux")]
fn within_kernel(
    from: &File,
    range: &Range<u64>,
    to: &mut BufWriter<&File>,
    wait: Wait,
) -> io::Result<u64> {
    if range.end - range.start < LARGE {
        return Ok(range.start);
    }
    to.flush()?;
    let to = *to.get_ref();
    let mut place = rustix::fs::tell(to)?;
    let most = if wait == Wait::Caller { PART } else { u64::MAX };
    let mut at = range.start;
    while at < range.end {
        let size = match at.next_multiple_of(BLOCK) - at {
            0 => most,
            to_block => to_block,
        };
        let size = usize::try_from(size.min(range.end - at)).unwrap_or(usize::MAX);
        let copied = rustix::fs::copy_file_range(from, Some(&mut at), to, None, size);
        let Some(size) = copied.ok().and_then(|size| NonZeroU64::new(size as u64)) else { break };
        if wait == Wait::Caller {
            // What is not on the disk yet is written for this, and not waited for.
            let _ = rustix::fs::fadvise(to, place, Some(size), rustix::fs::Advice::DontNeed);
        }
        place += size.get();
    }
    Ok(at)
}

#[cfg(not(target_os = "linux"))]
fn within_kernel(
    _: &File,
    range: &Range<u64>,
    _: &mut BufWriter<&File>,
    _: Wait,
) -> io::Result<u64> {
    Ok(range.start)
}
