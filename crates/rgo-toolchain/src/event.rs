//! What is worth telling the user while it goes on: things that take long and happen once.

use std::fmt;

use crate::exec::Cmd;

/// Something that takes a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
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
