//! The result of one link, for the pass after it: the file, and what the command asked for.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::link_request::LinkRequest;
use super::{Recipe, directives};

/// A file that zig has just linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkResult {
    /// The file.
    pub output: Utf8PathBuf,
    /// The recipe that the link followed.
    pub recipe: Recipe,
    /// Whether it is a shared library.
    pub library: bool,
    /// What the command asked of the file.
    pub asked: LinkRequest,
    /// The arguments that zig got.
    pub args: Vec<String>,
}

impl LinkResult {
    /// The names that object files for Windows export themselves (C's `__declspec(dllexport)`),
    /// whatever a module definition lists.
    #[must_use]
    pub(super) fn exported_by_objects(&self) -> BTreeSet<String> {
        directives::exports(&self.args)
    }
}
