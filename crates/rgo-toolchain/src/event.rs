//! What a library tells the user while it works: steps, warnings, failures of one target, and what
//! takes long. The tool decides what is shown.

use std::fmt;

use crate::exec::Cmd;

/// Takes what happens, as it happens.
pub type Events<'a> = &'a dyn Fn(Event);

/// Something that takes a while, or that the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A step of the plan is done next, as the plan prints it.
    Step(String),
    /// Something is not as the user may expect.
    Warning {
        /// What.
        text: String,
        /// The next step.
        hint: Option<String>,
    },
    /// A target or a file of it failed.
    Failed {
        /// What failed, and why.
        text: String,
        /// The next steps.
        hints: Vec<String>,
    },
    /// What to do about something that failed.
    Hint(String),
    /// The compiler's own words, laid out as it did.
    CompilerOutput(String),
    /// A target is left out.
    LeftOut {
        /// The toolchain's name.
        toolchain: String,
        /// Why.
        reason: String,
    },
    /// Another build uses the target folder.
    WaitingForFolder,
    /// A command is run.
    Running(Cmd),
    /// Another rgo is at it.
    Waiting {
        /// What for.
        what: String,
    },
    /// zig is fetched.
    FetchingZig {
        /// Its version.
        version: String,
    },
    /// rustup is asked for a standard library.
    AddingTarget {
        /// For this triple.
        triple: String,
    },
    /// rustup did not bring it.
    TargetNotAdded {
        /// For this triple.
        triple: String,
        /// Its words.
        why: String,
    },
    /// A standard library is built.
    BuildingStd {
        /// For this triple.
        triple: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Step(text)
            | Event::Warning { text, .. }
            | Event::Failed { text, .. }
            | Event::Hint(text)
            | Event::CompilerOutput(text) => f.write_str(text),
            Event::LeftOut { toolchain, reason } => write!(f, "{toolchain} is left out: {reason}"),
            Event::WaitingForFolder => {
                f.write_str("waiting for another rgo-build in the same target folder")
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
