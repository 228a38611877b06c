//! Counts what the decompressors of one file have used up together, and stops each at the limits.

use std::cell::Cell;
use std::io::{self, Read};

use super::limits::Limits;
use super::skip_reason::{self, Broken, SkipReason};

/// What one file, with all that is inside it, has used up.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limits: Limits,
    decompressed: Cell<u64>,
    max_decompressed: Cell<u64>,
    members: Cell<u64>,
    /// A limit of the whole file is passed: nothing more of it is looked into.
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

    /// Holds the whole of a file of this size to the ratio: a thousand decompressors that each
    /// stay below [`Limits::ratio_from`] are a bomb as well.
    pub(super) fn holds_file(&self, size: u64) {
        let Limits { max_decompressed, max_ratio, ratio_from, .. } = self.limits;
        let fair = size.saturating_mul(max_ratio).max(ratio_from.saturating_mul(4));
        self.max_decompressed.set(fair.min(max_decompressed));
    }

    /// Whether a limit of the whole file is passed.
    pub(super) fn is_over(&self) -> bool {
        self.over.get()
    }

    /// Whether it is still to be told that such a limit is passed: once is enough.
    pub(super) fn is_news(&self) -> bool {
        !self.told.replace(true)
    }

    /// Counts a member.
    ///
    /// # Errors
    /// For the first one over the limit; the ones after it are no news.
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

    /// Counts decompressed bytes; whether they are within the limit.
    fn decompressed(&self, bytes: u64) -> bool {
        self.decompressed.set(self.decompressed.get().saturating_add(bytes));
        let within = self.decompressed.get() <= self.max_decompressed.get();
        if !within {
            self.over.set(true);
        }
        within
    }
}

/// Counts the bytes that a decompressor takes.
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

/// A decompressor that is held to the limits, and is not asked again once it has failed: some
/// panic then.
pub(super) struct Guarded<'b, R> {
    inner: R,
    budget: &'b Budget,
    taken: &'b Cell<u64>,
    given: u64,
    level: usize,
    failed: Option<(usize, SkipReason)>,
}

impl<'b, R: Read> Guarded<'b, R> {
    /// `taken` is what the decompressor has taken so far; `level` that of the archive that it
    /// unpacks.
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

    /// Fails now and for ever, with the same words.
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
                // What went wrong further out keeps its place and its words.
                let broken = skip_reason::broken(&error);
                let broken = broken.map(|broken| (broken.level, broken.why.clone()));
                let (level, why) =
                    broken.unwrap_or_else(|| (self.level, skip_reason::from_io(error)));
                Err(self.fail(level, why))
            }
        }
    }
}
