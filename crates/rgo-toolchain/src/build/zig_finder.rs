//! Finds the zig of a build when the first target needs it, because not every target does.

use std::cell::OnceCell;
use std::sync::Arc;

use super::error::BuildError;
use crate::cache::Cache;
use crate::environment::env;
use crate::event::Events;
use crate::exec::Cmd;
use crate::zig::{self, Zig, ZigError};

/// Finds zig once.
pub(super) struct ZigFinder<'a> {
    cache: &'a Cache,
    is_offline: bool,
    found: OnceCell<Result<FoundZig, Arc<ZigError>>>,
}

/// A zig that is installed, or that a fetch will install.
struct FoundZig {
    zig: Zig,
    /// The command that fetches it.
    fetch: Option<Cmd>,
}

impl<'a> ZigFinder<'a> {
    /// Does no work yet.
    pub(super) fn new(cache: &'a Cache, is_offline: bool) -> Self {
        Self { cache, is_offline, found: OnceCell::new() }
    }

    /// The installed zig, or the one that a fetch will install. Changes nothing.
    ///
    /// # Errors
    /// If there is none, and none can be fetched.
    pub(super) fn zig(&self) -> Result<&Zig, BuildError> {
        let found = self.found.get_or_init(|| {
            match zig::discover(self.cache, &env, true, &mut |_| {}) {
                Err(ZigError::Offline { .. } | ZigError::TooOld { named: false, .. })
                    if !self.is_offline =>
                {
                    zig::to_be_fetched(self.cache)
                        .map(|(zig, command)| FoundZig { zig, fetch: Some(command) })
                }
                found => found.map(|zig| FoundZig { zig, fetch: None }),
            }
            .map_err(Arc::new)
        });
        found.as_ref().map(|found| &found.zig).map_err(|error| Arc::clone(error).into())
    }

    /// The command that fetches zig, if a target needs it and it is not installed.
    pub(super) fn fetch(&self) -> Option<Cmd> {
        self.found.get().and_then(|found| found.as_ref().ok()).and_then(|found| found.fetch.clone())
    }

    /// Fetches zig. Returns whether it is the zig that [`Self::zig`] expected.
    ///
    /// # Errors
    /// If it cannot be fetched.
    pub(super) fn fetch_zig(&self, on: Events<'_>) -> Result<bool, Arc<ZigError>> {
        let zig = zig::discover(self.cache, &env, false, &mut |event| on(event));
        let zig = zig.map_err(Arc::new)?;
        Ok(self.zig().is_ok_and(|expected| *expected == zig))
    }
}
