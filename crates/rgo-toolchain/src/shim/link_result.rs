//! A file that was just linked.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::link_request::LinkRequest;
use super::{Recipe, directives};

/// What has just been linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LinkResult {
    /// The file.
    pub output: Utf8PathBuf,
    /// The recipe followed.
    pub recipe: Recipe,
    /// Whether it is a shared library.
    pub library: bool,
    /// What was asked of it.
    pub asked: LinkRequest,
    /// The command, as zig was given it.
    pub args: Vec<String>,
}

impl LinkResult {
    /// Names that object files for Windows export by themselves, whatever a module definition says:
    /// `__declspec(dllexport)` of C.
    #[must_use]
    pub(super) fn exported_by_objects(&self) -> BTreeSet<String> {
        directives::exports(&self.args)
    }
}
