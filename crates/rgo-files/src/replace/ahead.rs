//! Starts writing the unchanged prefix of a result while the edit is still computed. Most bytes of
//! a large program are mapped by the loader, and stay in place whatever an edit removes behind
//! them. The prefix is a guess; a wrong one costs some work. See [`super::assemble()`].
//!
//! ```text
//! one core       symbols chosen, renumbered, their names merged ─▶ draft ─┐
//! the other one  header │ code │ data ─▶ temporary file ──────────────────┴▶ the rest
//! ```

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::NamedTempFile;

use super::destination::Destination;
use super::range_copy::{CopyTarget, copy_range, reserve};
use crate::atomic_file::Durability;

/// Minimum prefix in bytes that is worth a thread.
const LARGE: u64 = 4 << 20;

/// A temporary file with the start of a result.
#[derive(Debug)]
pub struct Started {
    /// The file.
    pub file: NamedTempFile,
    /// Its size in bytes; they equal the input's.
    pub size: u64,
}

/// Does `work`, and meanwhile copies the first `size` bytes of `input` to a new file. Returns no
/// file if the prefix is small or the copy failed.
pub fn write_ahead<T>(
    input: &File,
    size: u64,
    destination: &Destination,
    work: impl FnOnce() -> T,
) -> (T, Option<Started>) {
    let file = if size < LARGE { None } else { destination.temporary().ok() };
    let Some(file) = file else { return (work(), None) };
    let stop = AtomicBool::new(false);
    let (done, copied) = thread::scope(|scope| {
        let copy = || {
            let durability = destination.durability();
            copy_prefix(input, size, file.as_file(), durability, &stop)
        };
        let copier = scope.spawn(copy);
        let done = work();
        stop.store(true, Ordering::Relaxed);
        (done, copier.join())
    });
    let started = copied.ok().map(|size| Started { file, size });
    (done, started)
}

/// Copies the first bytes of `from` to the empty file `to` until `stop` is set. Returns their
/// number.
fn copy_prefix(
    from: &File,
    size: u64,
    to: &File,
    durability: Durability,
    stop: &AtomicBool,
) -> u64 {
    reserve(to, size);
    let target = CopyTarget { file: to, offset: 0, durability };
    copy_range(from, &(0..size), target, &|| stop.load(Ordering::Relaxed))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;

    use super::super::range_copy::PART;
    use super::*;

    #[test]
    fn the_bytes_written_ahead_are_the_first() {
        let from = tempfile::NamedTempFile::new().expect("a file");
        let content: Vec<u8> = (0..(PART + 5000) as u32).map(|at| (at / 7) as u8).collect();
        fs::write(from.path(), &content).expect("writes");
        for (size, stop) in [(0, false), (5000, false), (PART + 4999, false), (PART, true)] {
            let to = tempfile::NamedTempFile::new().expect("a file");
            let stop = AtomicBool::new(stop);
            let (from, to_file) = (from.as_file(), to.as_file());
            let done = copy_prefix(from, size, to_file, Durability::Synced, &stop);
            assert!(done == size || stop.into_inner());
            assert_eq!(fs::read(to.path()).expect("reads"), content[..done as usize]);
        }
    }
}
