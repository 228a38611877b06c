//! A draft becomes a file. What it takes from its input goes from file to file within the kernel
//! where that can do it (some file systems then only note that both share the bytes); elsewhere
//! it is written from the map. Either way no byte is kept in memory.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
#[cfg(target_os = "linux")]
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use rgo_edit::{Draft, Piece};

/// From here on a system call of its own is worth it.
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

/// Writes the output to the file `to`; its input is in the file `from`. The first `there` bytes of
/// `to` are the input's already, and it has no others.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(
    draft: &Draft<'_>,
    from: &File,
    to: &File,
    wait: Wait,
    there: u64,
) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    reserve(to, draft.size());
    if there > draft.size() {
        to.set_len(draft.size())?;
    }
    let mut to = BufWriter::with_capacity(64 << 10, to);
    to.rewind()?;
    let mut at = 0;
    for piece in draft.pieces() {
        let end = at + piece.size();
        match piece {
            Piece::Copy(range) => {
                let stays = if range.start == at { there.min(end).saturating_sub(at) } else { 0 };
                if stays > 0 {
                    to.seek(SeekFrom::Start(at + stays))?;
                }
                let range = range.start + stays..range.end;
                let start = within_kernel(from, &range, &mut to, wait)?;
                to.write_all(bytes(draft.input(), start, range.end)?)?;
            }
            Piece::New(bytes, _) => to.write_all(bytes)?,
            Piece::Zeros(size, _) => {
                io::copy(&mut io::Read::take(io::repeat(0), *size), &mut to)?;
            }
        }
        at = end;
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

/// Copies the first bytes of `from` to the empty file `to`, until `stop`; answers how many.
pub(super) fn write_ahead(from: &File, to: &File, size: u64, wait: Wait, stop: &AtomicBool) -> u64 {
    #[cfg(target_os = "linux")]
    reserve(to, size);
    copy_parts(from, &(0..size), to, 0, wait, &|| stop.load(Ordering::Relaxed))
}

/// Copies a range from its start; answers where it got to.
fn within_kernel(
    from: &File,
    range: &Range<u64>,
    to: &mut BufWriter<&File>,
    wait: Wait,
) -> io::Result<u64> {
    if range.end - range.start < LARGE {
        return Ok(range.start);
    }
    let place = to.stream_position()?;
    let at = copy_parts(from, range, to.get_ref(), place, wait, &|| false);
    to.seek(SeekFrom::Start(place + (at - range.start)))?;
    Ok(at)
}

/// Copies a range to a place in another file, part by part; answers where it got to. A kernel that
/// cannot do it for these files says so at once, and what is wrong with them shows when the rest
/// is written.
#[cfg(target_os = "linux")]
fn copy_parts(
    from: &File,
    range: &Range<u64>,
    to: &File,
    mut place: u64,
    wait: Wait,
    stop: &dyn Fn() -> bool,
) -> u64 {
    let mut at = range.start;
    while at < range.end && !stop() {
        let size = match at.next_multiple_of(BLOCK) - at {
            0 => PART,
            to_block => to_block,
        };
        let size = usize::try_from(size.min(range.end - at)).unwrap_or(usize::MAX);
        let start = place;
        let copied = rustix::fs::copy_file_range(from, Some(&mut at), to, Some(&mut place), size);
        let Some(size) = copied.ok().and_then(|size| NonZeroU64::new(size as u64)) else { break };
        if wait == Wait::Caller {
            // What is not on the disk yet is written for this, and not waited for.
            let _ = rustix::fs::fadvise(to, start, Some(size), rustix::fs::Advice::DontNeed);
        }
    }
    at
}

#[cfg(not(target_os = "linux"))]
fn copy_parts(
    _: &File,
    range: &Range<u64>,
    _: &File,
    _: u64,
    _: Wait,
    _: &dyn Fn() -> bool,
) -> u64 {
    range.start
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rgo_edit::{Finish, Strip, edit};

    use super::*;

    #[test]
    fn what_is_there_already_is_not_missed() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../rgo-binary/tests/fixtures/read/sample.elf");
        let from = File::open(&path).expect("is there");
        let input = fs::read(&path).expect("reads");
        let edits = Finish { strip: Strip::All, ..Finish::default() };
        let draft = edit(&input, &edits).expect("strips").draft;
        let expected = draft.to_vec();
        assert!(expected.len() < input.len());
        for size in (0..input.len()).step_by(97).chain([expected.len(), input.len()]) {
            let to = tempfile::NamedTempFile::new().expect("a file");
            fs::write(to.path(), &input[..size]).expect("writes");
            write(&draft, &from, to.as_file(), Wait::Nobody, size as u64).expect("writes");
            assert_eq!(fs::read(to.path()).expect("reads"), expected, "{size} bytes ahead");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_is_written_ahead_is_the_start() {
        let from = tempfile::NamedTempFile::new().expect("a file");
        let content: Vec<u8> = (0..(PART + 5000) as u32).map(|at| (at / 7) as u8).collect();
        fs::write(from.path(), &content).expect("writes");
        for (size, stop) in [(0, false), (5000, false), (PART + 4999, false), (PART, true)] {
            let to = tempfile::NamedTempFile::new().expect("a file");
            let stop = AtomicBool::new(stop);
            let done = write_ahead(from.as_file(), to.as_file(), size, Wait::Caller, &stop);
            assert!(done == size || stop.into_inner());
            assert_eq!(fs::read(to.path()).expect("reads"), content[..done as usize]);
        }
    }
}
