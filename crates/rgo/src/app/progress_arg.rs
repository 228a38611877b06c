//! `--progress`: how this process shows the progress of long work.

use std::ffi::OsString;
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

/// Chooses JSON if a command line asks for it. An error of clap is a message too, and comes before
/// the arguments are known.
pub(super) fn choose_json_if_asked(words: &[OsString]) {
    let words = words.iter().take_while(|word| *word != "--");
    let is_asked = |(one, next): (&OsString, Option<&OsString>)| {
        one == "--progress=json" || one == "--progress" && next.is_some_and(|it| it == "json")
    };
    let next = words.clone().skip(1).map(Some).chain([None]);
    if words.zip(next).any(is_asked) {
        choose(ProgressArg::Json);
    }
}

/// How this process shows progress.
pub(crate) fn chosen() -> ProgressArg {
    CHOSEN.get().copied().unwrap_or_default()
}
