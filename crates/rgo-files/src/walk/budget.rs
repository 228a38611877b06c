//! Counts the resources that all decompressors of one file use together, and stops each at the
//! limits.

use std::cell::Cell;
use std::io::{self, Read};

use super::limits::Limits;
use super::skip_reason::{self, Broken, SkipReason};

/// The resources that one file and everything inside it have used.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limits: Limits,
    decompressed: Cell<u64>,
    max_decompressed: Cell<u64>,
    members: Cell<u64>,
    /// Whether a limit of the whole file is exceeded: then the rest of it is skipped.
    over: Cell<bool>,
    told: Cell<bool>,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            decompressed: Cell::new(0),
            max_decompressed: Cell::new(limits.max_decompressed),
            members: Cell::new(0),
            over: Cell::new(false),
            told: Cell::new(false),
        }
    }

    /// Applies the ratio to the whole file, which has this size: a thousand decompressors that each
    /// stay below [`Limits::ratio_from`] are a bomb as well.
    pub(super) fn holds_file(&self, size: u64) {
        let Limits { max_decompressed, max_ratio, ratio_from, .. } = self.limits;
        let fair = size.saturating_mul(max_ratio).max(ratio_from.saturating_mul(4));
        self.max_decompressed.set(fair.min(max_decompressed));
    }

    /// Whether a limit of the whole file is exceeded.
    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Whether the excess still has to be reported. True for the first call only.
    pub(super) fn is_news(&self) -> bool {
        !self.told.replace(true)
    }

    /// Counts a member.
    ///
    /// # Errors
    /// For the first member over the limit; later ones are not reported again.
    pub(super) fn member(&self) -> Result<(), SkipReason> {
        let limit = self.limits.max_members;
        self.members.set(self.members.get().saturating_add(1));
        if self.members.get() > limit {
            self.over.set(true);
            if self.is_news() {
                return Err(SkipReason::TooManyMembers { limit });
            }
        }
        Ok(())
    }

    /// Counts decompressed bytes. Returns whether they are within the limit.
    fn decompressed(&self, bytes: u64) -> bool {
        self.decompressed.set(self.decompressed.get().saturating_add(bytes));
        let within = self.decompressed.get() <= self.max_decompressed.get();
        if !within {
            self.over.set(true);
        }
        within
    }
}

/// Counts the bytes that a decompressor reads.
pub(super) struct Taken<'c, R> {
    inner: R,
    count: &'c Cell<u64>,
}

impl<'c, R> Taken<'c, R> {
    pub(super) fn new(inner: R, count: &'c Cell<u64>) -> Self {
        Self { inner, count }
    }
}

impl<R: Read> Read for Taken<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.set(self.count.get().saturating_add(read as u64));
        Ok(read)
    }
}

/// Enforces the limits on a decompressor, and does not call it again after a failure: some panic
/// then.
pub(super) struct Guarded<'b, R> {
    inner: R,
    budget: &'b Budget,
    taken: &'b Cell<u64>,
    given: u64,
    level: usize,
    failed: Option<(usize, SkipReason)>,
}

impl<'b, R: Read> Guarded<'b, R> {
    /// `taken` is the number of bytes that the decompressor has read so far, `level` the level of
    /// the archive that it unpacks.
    pub(super) fn new(inner: R, budget: &'b Budget, taken: &'b Cell<u64>, level: usize) -> Self {
        Self { inner, budget, taken, given: 0, level, failed: None }
    }

    fn check(&mut self, read: u64) -> Result<(), SkipReason> {
        let limits = &self.budget.limits;
        self.given = self.given.saturating_add(read);
        let (given, taken) = (self.given, self.taken.get());
        if !self.budget.decompressed(read) {
            return Err(SkipReason::Decompressed { limit: self.budget.max_decompressed.get() });
        }
        let limit = limits.max_ratio;
        if given > limits.ratio_from && given / taken.max(1) >= limit {
            return Err(SkipReason::Ratio { taken, given, limit });
        }
        Ok(())
    }

    /// Fails now and in every later call, with the same error.
    fn fail(&mut self, level: usize, why: SkipReason) -> io::Error {
        self.failed = Some((level, why.clone()));
        io::Error::other(Broken { level, why })
    }
}

impl<R: Read> Read for Guarded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some((level, why)) = &self.failed {
            return Err(io::Error::other(Broken { level: *level, why: why.clone() }));
        }
        match self.inner.read(buffer) {
            Ok(read) => match self.check(read as u64) {
                Ok(()) => Ok(read),
                Err(why) => Err(self.fail(self.level, why)),
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                // An error from an outer archive keeps its level and its text.
                let broken = skip_reason::broken(&error);
                let broken = broken.map(|broken| (broken.level, broken.why.clone()));
                let (level, why) =
                    broken.unwrap_or_else(|| (self.level, skip_reason::from_io(error)));
                Err(self.fail(level, why))
            }
        }
    }
}
