//! The messages of this crate to the user during its work: steps, warnings, the failure of one
//! target, and the start of long work. The caller decides which of them to show.

use std::fmt;

use crate::exec::Cmd;

/// Receives events as they happen.
pub type Events<'a> = &'a dyn Fn(Event);

/// A start of long work, or a message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The next step of the plan, as the plan prints it.
    Step(String),
    /// Something differs from what the user may expect.
    Warning {
        /// The warning.
        text: String,
        /// The next step.
        hint: Option<String>,
    },
    /// Something that the user may want to know.
    Note(String),
    /// A target or one of its files failed.
    Failed {
        /// What failed, and why.
        text: String,
        /// The next steps.
        hints: Vec<String>,
    },
    /// A message of the compiler, in the compiler's layout.
    CompilerOutput(String),
    /// A target is left out.
    LeftOut {
        /// The toolchain's name.
        toolchain: String,
        /// Why.
        reason: String,
    },
    /// Another build holds the lock of the target folder.
    WaitingForFolder,
    /// A target is built once more, to see which errors are its own.
    BuildingAlone {
        /// The toolchain's name.
        toolchain: String,
    },
    /// A command starts.
    Running(Cmd),
    /// Another rgo does the same work.
    Waiting {
        /// The end of that work.
        what: String,
    },
    /// The download of zig starts.
    FetchingZig {
        /// Its version.
        version: String,
    },
    /// rustup starts to install a standard library.
    AddingTarget {
        /// The target triple.
        triple: String,
    },
    /// rustup could not install it.
    TargetNotAdded {
        /// The target triple.
        triple: String,
        /// rustup's reason.
        why: String,
    },
    /// The build of a standard library starts.
    BuildingStd {
        /// The target triple.
        triple: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Step(text)
            | Event::Note(text)
            | Event::Warning { text, .. }
            | Event::Failed { text, .. }
            | Event::CompilerOutput(text) => f.write_str(text),
            Event::LeftOut { toolchain, reason } => write!(f, "{toolchain} is left out: {reason}"),
            Event::WaitingForFolder => {
                f.write_str("waiting for another rgo-build in the same target folder")
            }
            Event::BuildingAlone { toolchain } => {
                write!(f, "building for {toolchain} alone, to see which errors are its own")
            }
            Event::Running(cmd) => write!(f, "{cmd}"),
            Event::Waiting { what } => write!(f, "waiting for {what} (another rgo is at it)"),
            Event::FetchingZig { version } => {
                write!(f, "fetching zig {version} (once, about 90 MB)")
            }
            Event::AddingTarget { triple } => {
                write!(f, "adding the standard library for {triple} with rustup (once)")
            }
            Event::TargetNotAdded { triple, why } => {
                write!(f, "rustup has no standard library for {triple}: {why}")
            }
            Event::BuildingStd { triple } => {
                write!(f, "building std for {triple} (once, a few minutes)")
            }
        }
    }
}

impl Event {
    /// A warning without a next step.
    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self::Warning { text: text.into(), hint: None }
    }
}
