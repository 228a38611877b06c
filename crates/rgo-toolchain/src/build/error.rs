//! The reasons why a build fails. If only one target fails, its outcome carries the same text.

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
use crate::go::error::GoError;
use crate::own_linker::NoLinker;
use crate::shim::ShimError;
use crate::std_lib::StdError;
use crate::target_spec::SelectError;
use crate::vcs::Absent;
use crate::zig::ZigError;

/// Why a build fails.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The call is invalid.
    #[error("{text}")]
    Usage {
        /// What is wrong with it.
        text: String,
        /// The next step.
        hint: Option<String>,
    },
    /// There is no such target.
    #[error(transparent)]
    Target(#[from] SelectError),
    /// There is no such floor.
    #[error("{}{error}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
    Floor {
        /// Where the user named it.
        place: Option<String>,
        /// What is wrong. This error's text includes its text.
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
    /// The project does not have the selected package or output.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The Go project cannot be built.
    #[error(transparent)]
    Go(#[from] Arc<GoError>),
    /// A target can have none of the selected outputs.
    #[error("{toolchain}: {reason}")]
    NothingToMake {
        /// The target.
        toolchain: String,
        /// Why.
        reason: String,
        /// An alternative to leaving the target out.
        way_out: &'static str,
    },
    /// There is no commit, but one has to be recorded.
    #[error("--vcs require")]
    NoCommit(#[source] Absent),
    /// An invalid time.
    #[error("SOURCE_DATE_EPOCH={0} is not a number of seconds since 1970")]
    Epoch(String),
    /// A value has a template that cannot be filled.
    #[error("{given}")]
    Value {
        /// The flag with its argument, as in `-X NAME=VALUE`.
        given: String,
        /// Which template has no value, and why.
        source: ValueError,
    },
    /// A value for a slot that no file has.
    #[error("-X {name}: no slot has this name")]
    NoSlot {
        /// The name.
        name: String,
        /// The slots that the files have.
        known: BTreeSet<String>,
    },
    /// zig is not available. Each target that needs it fails with the same error.
    #[error(transparent)]
    Zig(#[from] Arc<ZigError>),
    /// The standard library is not available.
    #[error(transparent)]
    Std(#[from] StdError),
    /// The platform's own linker is not installed.
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
        /// What rgo ran it for.
        doing: &'static str,
        /// Its error.
        source: ExecError,
    },
    /// A system call fails.
    #[error("{doing}")]
    Io {
        /// What rgo was doing, with the path.
        doing: String,
        /// The system's error.
        source: io::Error,
    },
    /// A program cannot be read or made.
    #[error("{doing}")]
    Binary {
        /// What rgo was doing, with the path.
        doing: String,
        /// What is wrong.
        source: rgo_binary::Error,
    },
    /// Invalid JSON.
    #[error("writing what the links of a target do")]
    Json(#[source] serde_json::Error),
    /// A folder has a name that is not UTF-8, so that no command line can carry it.
    #[error("the temporary folder {} is not UTF-8", .0.display())]
    NotUtf8(std::path::PathBuf),
    /// Cargo uses another linker than rgo's. Holds the number of files.
    #[error("{0} files were not linked by rgo's linker")]
    ForeignLinker(usize),
    /// Two targets cannot share one environment.
    #[error("{name} has another value for each of these targets")]
    TwoValues {
        /// The variable.
        name: String,
    },
    /// After preparing, the machine differs from the plan's expectation each time.
    #[error("zig or the standard library changes while it is got ready")]
    Changing,
}

impl From<GoError> for BuildError {
    fn from(error: GoError) -> Self {
        Self::Go(Arc::new(error))
    }
}

impl BuildError {
    /// An invalid call, with the next step.
    pub(crate) fn usage(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { text: text.into(), hint: Some(hint.into()) }
    }

    /// A failed system call.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        |source| Self::Io { doing, source }
    }

    /// Whether the call is wrong, rather than the machine or the project.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Usage { .. } | Self::Target(_) | Self::Floor { .. } => true,
            Self::Project(error) => error.is_usage(),
            Self::Selection(error) => error.is_usage(),
            Self::Go(error) => error.is_usage(),
            Self::Value { source, .. } => matches!(source, ValueError::Unknown(_)),
            _ => false,
        }
    }

    /// The next step, if one is known.
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
            Self::Go(error) => error.hint(),
            Self::NothingToMake { toolchain, way_out, .. } => {
                Some(format!("leave {toolchain} out of --target, or {way_out}"))
            }
            Self::NoCommit(absent) => Some(absent.hint()),
            Self::Value { source, .. } => source.hint(),
            Self::NoSlot { name, known } => Some(how_to_get_a_slot(name, known)),
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

/// The slots that there are, else all that a project needs for the first one. The name may be of
/// another kind: a variable that the code reads.
fn how_to_get_a_slot(name: &str, known: &BTreeSet<String>) -> String {
    let (module, last) = name.rsplit_once("::").unwrap_or(("", name));
    let variable = format!(
        "if the code reads it by env!(\"{last}\") or option_env!, take `--env {last}=VALUE`: it \
         compiles again"
    );
    if !known.is_empty() {
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        return format!("there are: {}\n{variable}", names.join(", "));
    }
    let place = match module.split_once("::") {
        Some((package, module)) => format!("in the module `{module}` of `{package}`"),
        None if module.is_empty() => "in the crate's root: its name is then CRATE::NAME".to_owned(),
        None => format!("in the root of `{module}`"),
    };
    format!(
        "there are no slots at all. A program reserves one so:\n\
         Cargo.toml: rgo-stamp = {{ git = \"https://github.com/rgo-tools/rgo\" }}\n\
         {place}: rgo_stamp::stamp! {{ pub static {last} = \"dev\"; }}\n\
         to read it: println!(\"{{{last}}}\") or {last}.get(); a slot that no code reads is left out\n\
         {variable}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_slot_teaches_how_to_get_one() {
        let none = BTreeSet::new();
        for (name, place) in [
            ("app::VERSION", "in the root of `app`: rgo_stamp::stamp! { pub static VERSION ="),
            ("app::a::b::VERSION", "in the module `a::b` of `app`: rgo_stamp"),
            ("VERSION", "its name is then CRATE::NAME: rgo_stamp"),
        ] {
            let hint = how_to_get_a_slot(name, &none);
            let line = hint.lines().find(|line| line.contains("stamp!")).unwrap_or(&hint);
            assert!(line.starts_with(place) || line.contains(place), "{line}");
            assert!(hint.contains("take `--env VERSION=VALUE`"), "{hint}");
        }
        let known = BTreeSet::from(["a::B".to_owned(), "a::C".to_owned()]);
        let hint = how_to_get_a_slot("a::D", &known);
        assert!(hint.starts_with("there are: a::B, a::C\n"), "{hint}");
    }
}
