//! Why a build cannot be done. What fails for one target alone is in that target's outcome, in the
//! same words.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use rgo_files::WriteError;

use super::template::ValueError;
use crate::cache::CacheError;
use crate::cargo::compiler::CompilerError;
use crate::cargo::project::ProjectError;
use crate::cargo::targets::SelectionError;
use crate::exec::ExecError;
use crate::finish::FinishError;
use crate::floor::FloorError;
use crate::own_linker::NoLinker;
use crate::shim::ShimError;
use crate::std_lib::StdError;
use crate::target_spec::SelectError;
use crate::vcs::Absent;
use crate::zig::ZigError;

/// Why a build cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The call makes no sense.
    #[error("{text}")]
    Usage {
        /// What is wrong with it.
        text: String,
        /// The next step.
        hint: Option<String>,
    },
    /// A target that there is not.
    #[error(transparent)]
    Target(#[from] SelectError),
    /// An oldest system that there is not.
    #[error("{}{error}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
    Floor {
        /// Where the user named it.
        place: Option<String>,
        /// What is wrong; its text is part of this one's.
        error: FloorError,
    },
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// There is no compiler.
    #[error(transparent)]
    Compiler(#[from] CompilerError),
    /// The project cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The project has not what was asked for.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// A target can have nothing of what was asked for.
    #[error("{toolchain}: {reason}")]
    NothingToMake {
        /// The target.
        toolchain: String,
        /// Why.
        reason: String,
        /// What else to do than to leave the target out.
        way_out: &'static str,
    },
    /// No commit is known, and one has to be recorded.
    #[error("--vcs require")]
    NoCommit(#[source] Absent),
    /// A time that is none.
    #[error("SOURCE_DATE_EPOCH={0} is not a number of seconds since 1970")]
    Epoch(String),
    /// A value has no meaning here.
    #[error("-X {name}={value}")]
    Value {
        /// The slot's name.
        name: String,
        /// The value, with its templates.
        value: String,
        /// Which template has no value, and why.
        source: ValueError,
    },
    /// A value for a slot that no file has.
    #[error("-X {name}: no slot has this name")]
    NoSlot {
        /// The name.
        name: String,
        /// The slots that there are.
        known: BTreeSet<String>,
    },
    /// zig cannot be had. Each target that needs it fails by the same error.
    #[error(transparent)]
    Zig(#[from] Arc<ZigError>),
    /// The standard library cannot be had.
    #[error(transparent)]
    Std(#[from] StdError),
    /// The platform's own linker is not there.
    #[error(transparent)]
    NoLinker(#[from] NoLinker),
    /// The link shim cannot be installed.
    #[error(transparent)]
    Shim(#[from] ShimError),
    /// A file cannot be finished.
    #[error(transparent)]
    Finish(#[from] FinishError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A command fails.
    #[error("{doing}")]
    Command {
        /// What it was to do.
        doing: &'static str,
        /// Its error.
        source: ExecError,
    },
    /// The system refuses.
    #[error("{doing}")]
    Io {
        /// What was to be done, with the path.
        doing: String,
        /// The system's words.
        source: io::Error,
    },
    /// A program cannot be read or made.
    #[error("{doing}")]
    Binary {
        /// What was to be done, with the path.
        doing: String,
        /// What is wrong.
        source: rgo_binary::Error,
    },
    /// Something is no JSON.
    #[error("writing what the links of a target do")]
    Json(#[source] serde_json::Error),
    /// A folder has a name that no command line can carry.
    #[error("the temporary folder {} is not UTF-8", .0.display())]
    NotUtf8(std::path::PathBuf),
    /// Cargo was made to use another linker.
    #[error("{0} files were not linked by rgo's linker")]
    ForeignLinker(usize),
    /// Two targets cannot share one environment.
    #[error("{name} has another value for each of these targets")]
    TwoValues {
        /// The variable.
        name: String,
    },
    /// The machine is never as it was expected to be.
    #[error("zig or the standard library changes while it is got ready")]
    Changing,
}

impl BuildError {
    /// A call that makes no sense, with the next step.
    pub(crate) fn usage(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { text: text.into(), hint: Some(hint.into()) }
    }

    /// What the system refuses.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        |source| Self::Io { doing, source }
    }

    /// Whether the call is wrong, rather than the machine or the project.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage { .. } | Self::Target(_) | Self::Floor { .. })
    }

    /// The next step, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => hint.clone(),
            Self::Target(error) => error.hint(),
            Self::Floor { error, .. } => error.hint(),
            Self::Cache(error) => error.hint(),
            Self::Compiler(error) => error.hint(),
            Self::Project(error) => error.hint(),
            Self::Selection(error) => error.hint(),
            Self::NothingToMake { toolchain, way_out, .. } => {
                Some(format!("leave {toolchain} out of --target, or {way_out}"))
            }
            Self::NoCommit(absent) => Some(absent.hint()),
            Self::Value { source, .. } => source.hint(),
            Self::NoSlot { known, .. } => Some(slots_there_are(known)),
            Self::Zig(error) => error.hint(),
            Self::Std(error) => error.hint(),
            Self::NoLinker(error) => error.hint(),
            Self::Shim(error) => error.hint(),
            Self::Finish(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::ForeignLinker(_) => {
                Some("is `linker` set by --rustc-flag or --config? try -a".to_owned())
            }
            Self::TwoValues { .. } => Some("ask for one target at a time".to_owned()),
            Self::Changing => {
                Some("is another program installing them? wait for it, then build again".to_owned())
            }
            Self::Epoch(_)
            | Self::Command { .. }
            | Self::Io { .. }
            | Self::Binary { .. }
            | Self::Json(_)
            | Self::NotUtf8(_) => None,
        }
    }
}

fn slots_there_are(known: &BTreeSet<String>) -> String {
    if known.is_empty() {
        return "there are no slots at all: declare one with rgo_stamp::stamp!, and use it, or the \
                linker leaves it out"
            .to_owned();
    }
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    format!("there are: {}", names.join(", "))
}
