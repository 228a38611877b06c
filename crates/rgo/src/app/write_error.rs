//! Errors of writing files, with the next step that they know.

use rgo_files::WriteError;

use super::exit::Hint;

/// An error of writing, with its hint.
pub(crate) fn with_hint(error: WriteError) -> anyhow::Error {
    let hint = error.hint();
    let error = anyhow::Error::from(error);
    hint.into_iter().map(Hint).fold(error, anyhow::Error::context)
}
