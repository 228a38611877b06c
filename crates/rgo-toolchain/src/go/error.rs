//! Why a Go project cannot be built, found before go builds.

use camino::Utf8PathBuf;

use crate::exec::ExecError;
use crate::toolchain::Toolchain;

/// Why a Go project cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum GoError {
    /// There is no go.
    #[error("no go found: neither --go nor RGO_GO is set, and PATH has none")]
    NoGo,
    /// The user named a go that does not exist.
    #[error("the go that {by} names, `{path}`, is not a program")]
    NotThere {
        /// Where the user named it.
        by: &'static str,
        /// The path.
        path: String,
    },
    /// go is older than rgo requires.
    #[error("{version} is too old: rgo-build needs Go {oldest} or newer", oldest = super::compiler::OLDEST)]
    TooOld {
        /// Its version.
        version: String,
    },
    /// go cannot be run, or reports something else than expected.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// go's answer cannot be read.
    #[error("cannot read the answer of `{command}`")]
    Answer {
        /// The command.
        command: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// go cannot load the packages; `text` is go's own.
    #[error("{text}")]
    Load {
        /// go's text, without the hints that rgo adds.
        text: String,
        /// The next steps.
        hint: Option<String>,
    },
    /// No selected package is a program.
    #[error("{patterns}: no main package, so there is nothing to build")]
    NoMain {
        /// The patterns.
        patterns: String,
        /// The main packages of the module, if it has some elsewhere.
        elsewhere: Vec<String>,
    },
    /// Two programs would have one file.
    #[error("two results of one name: `{name}` is made by {first} and by {second}")]
    SameName {
        /// The name.
        name: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// A processor level that go does not know, or accepts without having it.
    #[error("{variable}={value}: there is no such level")]
    Level {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// The levels that there are.
        known: &'static str,
    },
    /// Packages need cgo, and the target is built without it.
    #[error("{target} is built without cgo, which {} needs", .packages.join(", "))]
    NeedsCgo {
        /// The target.
        target: String,
        /// The packages with C code.
        packages: Vec<String>,
        /// Why cgo is off.
        why: String,
        /// Whether zig could compile the C code for this target.
        can_have_cgo: bool,
    },
    /// The target cannot have what the call asks for.
    #[error("{what}")]
    Refused {
        /// The target.
        target: String,
        /// What, and why not.
        what: String,
        /// The next step.
        hint: String,
    },
    /// A name of `-X` that cannot be set.
    #[error("-X {name}: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why it cannot be set.
        why: String,
        /// What can be set.
        hint: String,
    },
    /// A file cannot be read.
    #[error("reading {path}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl GoError {
    /// Go does not build for a variant of a target, as Microsoft's.
    #[must_use]
    pub fn not_for(toolchain: &Toolchain) -> Self {
        let variant = toolchain.variant.as_deref().unwrap_or_default();
        Self::Refused {
            target: toolchain.name.clone(),
            what: format!("Go does not build with {variant}"),
            hint: format!("--target {}/{}", toolchain.os, toolchain.arch),
        }
    }

    /// go cannot read the flags for the linker of a target.
    #[must_use]
    pub fn unreadable_flags(toolchain: &Toolchain) -> Self {
        Self::Refused {
            target: toolchain.name.clone(),
            what: "go cannot read flags for the linker with quotes of both kinds in one word"
                .to_owned(),
            hint: "leave one kind out of -X, -ldflags or -extldflags".to_owned(),
        }
    }

    /// Whether the call is wrong, rather than the machine or the project.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Level { .. })
    }

    /// The next step, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoGo => "install Go (https://go.dev/dl), or name one with --go".to_owned(),
            Self::NotThere { .. } => "give the path of a go executable".to_owned(),
            Self::TooOld { .. } => "install a newer Go, or name one with --go".to_owned(),
            Self::Load { hint, .. } => return hint.clone(),
            Self::NoMain { elsewhere, .. } if elsewhere.is_empty() => {
                "add a package main with a func main".to_owned()
            }
            Self::NoMain { elsewhere, .. } => format!("there are: {}", elsewhere.join(" ")),
            Self::SameName { .. } => {
                "build them one by one, into different folders (-o)".to_owned()
            }
            Self::Level { known, .. } => format!("there are: {known}"),
            Self::NeedsCgo { why, can_have_cgo, .. } => needs_cgo(why, *can_have_cgo),
            Self::Refused { hint, .. } | Self::Name { hint, .. } => hint.clone(),
            Self::Exec(_) | Self::Answer { .. } | Self::Read { .. } => return None,
        })
    }
}

fn needs_cgo(why: &str, can_have_cgo: bool) -> String {
    let fallback = "if its variant without C will do, say so by --env CGO_ENABLED=0";
    if can_have_cgo {
        format!("{why}: leave that out, and zig compiles the C code; {fallback}")
    } else {
        format!("{why}: leave this target out; {fallback}")
    }
}
