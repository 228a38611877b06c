//! [`Budget`]: how much may be made of debug data. Real tables hold at most one entry for each byte; hostile ones
//! refer to one long list from a thousand places, and each place costs a few bytes.

use std::sync::atomic::{AtomicU64, Ordering};

use super::LineError;

/// Entries that data of any size may have.
const FREE: u64 = 1 << 16;
/// Bytes of debug data for each entry: a row, range, function or file name. Each takes some twenty bytes of memory.
/// Real data, even of lines alone, has four bytes or more for each.
const BYTES_PER_ENTRY: u64 = 2;
/// Attributes read for each byte of debug data. Most take a byte or more, and some none; an entry is read twice.
const STEPS_PER_BYTE: u64 = 32;

/// What remains to be spent. All readers of one image spend from the same budget, and mostly never twice for one
/// thing: what they read they keep.
#[derive(Debug)]
pub(super) struct Budget {
    entries: AtomicU64,
    steps: AtomicU64,
    kept: AtomicU64,
}

impl Budget {
    /// The budget for debug data of a size.
    pub(super) fn for_bytes(bytes: u64) -> Self {
        Self {
            entries: AtomicU64::new((bytes / BYTES_PER_ENTRY).saturating_add(FREE)),
            steps: AtomicU64::new(bytes.saturating_mul(STEPS_PER_BYTE).saturating_add(FREE)),
            kept: AtomicU64::new(0),
        }
    }

    /// Allows for more data.
    pub(super) fn extend(&self, bytes: u64) {
        self.entries.fetch_add(bytes / BYTES_PER_ENTRY, Ordering::Relaxed);
        self.steps.fetch_add(bytes.saturating_mul(STEPS_PER_BYTE), Ordering::Relaxed);
    }

    /// Pays for entries that stay in memory.
    pub(super) fn keep(&self, entries: u64) -> Result<(), LineError> {
        self.kept.fetch_add(entries, Ordering::Relaxed);
        spend(&self.entries, entries)
    }

    /// Entries that were kept since the last call of [`Self::forget`].
    pub(super) fn kept(&self) -> u64 {
        self.kept.load(Ordering::Relaxed)
    }

    /// Counts from 0 again what is kept. What was paid stays paid: who forgets reads again.
    pub(super) fn forget(&self) {
        self.kept.store(0, Ordering::Relaxed);
    }

    /// Pays for reading.
    pub(super) fn step(&self, steps: u64) -> Result<(), LineError> {
        spend(&self.steps, steps)
    }
}

fn spend(left: &AtomicU64, amount: u64) -> Result<(), LineError> {
    let less = |left: u64| left.checked_sub(amount);
    match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
        Ok(_) => Ok(()),
        Err(_) => Err(LineError::TooMuch),
    }
}
