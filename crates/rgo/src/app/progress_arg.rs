//! `--progress`: how this process shows the progress of long work.

use std::sync::OnceLock;

use clap::ValueEnum;

/// How to show progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressArg {
    /// On a terminal a line that moves, elsewhere the steps of a build alone
    #[default]
    Auto,
    /// Lines of text, for a log
    Plain,
    /// A JSON object a line, for another program: all messages are such objects
    Json,
    /// Nothing
    Never,
}

static CHOSEN: OnceLock<ProgressArg> = OnceLock::new();

/// Sets how this process shows progress.
pub(super) fn choose(how: ProgressArg) {
    let _ = CHOSEN.set(how);
}

/// How this process shows progress.
pub(crate) fn chosen() -> ProgressArg {
    CHOSEN.get().copied().unwrap_or_default()
}
