//! Turns any error of a command into its exit code, text and hints. Inside a command errors are
//! `anyhow`'s. At its edge one becomes a [`CommandError`], whose kind gives the exit code and whose
//! hints are data beside the text.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use rgo_files::WriteError;
use rgo_toolchain::build::BuildError;
use rgo_toolchain::cache::CacheError;
use rgo_toolchain::cargo::compiler::CompilerError;
use rgo_toolchain::cargo::project::ProjectError;
use rgo_toolchain::cargo::targets::SelectionError;
use rgo_toolchain::finish::FinishError;
use rgo_toolchain::floor::FloorError;
use rgo_toolchain::own_linker::NoLinker;
use rgo_toolchain::secrets::hidden;
use rgo_toolchain::shim::ShimError;
use rgo_toolchain::std_lib::StdError as StdLibError;
use rgo_toolchain::target_spec::SelectError;
use rgo_toolchain::zig::ZigError;

/// Why a command failed.
#[derive(Debug)]
pub struct CommandError {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// The error with its causes. No text of the chain repeats its cause's.
    pub error: anyhow::Error,
    /// The next steps, the outermost error's first.
    pub hints: Vec<String>,
}

/// The kind of a failure. [`crate::app::exit::Exit`] has the code for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The call is invalid.
    Usage,
    /// The input, the machine or another tool is at fault.
    Input,
    /// The command worked, but a required condition does not hold.
    Check,
    /// rgo itself has a bug.
    Internal,
}

impl CommandError {
    /// The error and its causes on one line, unless a cause has several; without secrets and hints.
    #[must_use]
    pub fn text(&self) -> String {
        hidden(&format!("{:#}", self.error))
    }
}

impl From<anyhow::Error> for CommandError {
    fn from(error: anyhow::Error) -> Self {
        let mut notes = Notes::default();
        notes.read(&error);
        let Notes { kind, mut hints } = notes;
        hints.dedup();
        let hints = hints.iter().map(|hint| hidden(hint)).collect();
        Self { kind: kind.unwrap_or(ErrorKind::Input), error, hints }
    }
}

/// The data of a chain's errors beside their texts.
#[derive(Default)]
struct Notes {
    /// The kind of the outermost error that has one.
    kind: Option<ErrorKind>,
    hints: Vec<String>,
}

impl Notes {
    fn read(&mut self, error: &anyhow::Error) {
        for cause in error.chain() {
            if let Some(Noted { error, kind, hint }) = cause.downcast_ref() {
                self.kind = self.kind.or(*kind);
                self.hints.extend(hint.clone());
                // Continue inside the wrapped error: its own chain still has the type of its first
                // error.
                return self.read(error);
            }
            if let Some(Usage { hint, .. }) = cause.downcast_ref() {
                self.kind = self.kind.or(Some(ErrorKind::Usage));
                self.hints.extend(hint.clone());
            }
            if cause.downcast_ref().is_some_and(BuildError::is_usage) {
                self.kind = self.kind.or(Some(ErrorKind::Usage));
            }
            self.hints.extend(library_hint(cause));
        }
    }
}

/// The hint of a library's error. An error that is transparent for another one delegates to it.
fn library_hint(cause: &(dyn StdError + 'static)) -> Option<String> {
    fn of<E: StdError + 'static>(
        cause: &(dyn StdError + 'static),
        hint: fn(&E) -> Option<String>,
    ) -> Option<String> {
        cause.downcast_ref().and_then(hint)
    }
    of(cause, BuildError::hint)
        .or_else(|| of(cause, CacheError::hint))
        .or_else(|| of(cause, CompilerError::hint))
        .or_else(|| of(cause, FinishError::hint))
        .or_else(|| of(cause, FloorError::hint))
        .or_else(|| of(cause, NoLinker::hint))
        .or_else(|| of(cause, ProjectError::hint))
        .or_else(|| of(cause, SelectError::hint))
        .or_else(|| of(cause, SelectionError::hint))
        .or_else(|| of(cause, ShimError::hint))
        .or_else(|| of(cause, StdLibError::hint))
        .or_else(|| of(cause, WriteError::hint))
        .or_else(|| of(cause, ZigError::hint))
        .or_else(|| of(cause, rgo_binary::Error::hint))
        // All targets that need zig share one error.
        .or_else(|| of(cause, |error: &Arc<ZigError>| error.hint()))
}

/// An error in the call. The process ends with 2, as after clap's own errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// What is wrong with the call.
    pub text: String,
    /// The next step.
    pub hint: Option<String>,
}

impl Usage {
    /// An error without a hint.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), hint: None }
    }

    /// Adds the next step.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Adds the next step, if there is one.
    #[must_use]
    pub fn hint_if_any(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Usage {}

/// Wraps an error to add a note. Text and causes stay those of the error.
#[derive(Debug)]
struct Noted {
    error: anyhow::Error,
    kind: Option<ErrorKind>,
    hint: Option<String>,
}

impl fmt::Display for Noted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Noted {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Adds notes to any error on its way up.
pub(crate) trait Annotate {
    /// The annotated error, or a result with it.
    type Output;

    /// Adds the next step.
    fn hint(self, hint: impl Into<String>) -> Self::Output;

    /// Sets the kind of failure.
    fn kind(self, kind: ErrorKind) -> Self::Output;
}

impl Annotate for anyhow::Error {
    type Output = anyhow::Error;

    fn hint(self, hint: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Noted { error: self, kind: None, hint: Some(hint.into()) })
    }

    fn kind(self, kind: ErrorKind) -> anyhow::Error {
        anyhow::Error::new(Noted { error: self, kind: Some(kind), hint: None })
    }
}

impl<T, E: Into<anyhow::Error>> Annotate for Result<T, E> {
    type Output = anyhow::Result<T>;

    fn hint(self, hint: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| error.into().hint(hint))
    }

    fn kind(self, kind: ErrorKind) -> anyhow::Result<T> {
        self.map_err(|error| error.into().kind(kind))
    }
}

#[cfg(test)]
mod tests;
