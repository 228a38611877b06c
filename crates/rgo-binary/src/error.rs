//! The error type of the crate. Each error names the structure, its offset and the reason, so that
//! a caller only adds the name of the file.

use std::borrow::Cow;

/// The result type of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Where a program has a value of `-X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// A record of [`crate::embedded::slot`], which `rgo-stamp` reserves in a Rust program.
    Record,
    /// A string variable of a Go program, which [`crate::embedded::go_slot`] finds.
    GoString,
}

/// Why an image could not be read or edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not start with a known magic number.
    #[error("not an ELF, Mach-O or PE image")]
    Unrecognized,
    /// A known format, but of a kind that the operation does not support.
    #[error("{what} is not supported: {why}")]
    Unsupported {
        /// The unsupported thing.
        what: Cow<'static, str>,
        /// The reason.
        why: String,
    },
    /// Bytes that contradict their format.
    #[error("malformed {what} at offset {offset:#x}: {why}")]
    Malformed {
        /// The structure being read.
        what: Cow<'static, str>,
        /// Where it starts, in bytes from the start of the image.
        offset: u64,
        /// The contradiction.
        why: String,
    },
    /// More than [`crate::Limits`] allows.
    #[error("{what} is {size}, over the limit of {limit}")]
    Limit {
        /// The thing counted or measured.
        what: Cow<'static, str>,
        /// Its size, or the first size known to be too large.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// The text of a note is longer than the room that was linked in.
    #[error("the {what} needs {needed} bytes and the image has room for {capacity}")]
    NoteTooSmall {
        /// `build note` or `dependency list`.
        what: Cow<'static, str>,
        /// Bytes needed.
        needed: u64,
        /// Bytes available.
        capacity: u64,
    },
    /// A value is longer than its slot.
    #[error("the value of {name} has {needed} bytes and its slot holds {capacity}")]
    SlotTooSmall {
        /// The slot's full name.
        name: String,
        /// Its kind, on which the next step depends.
        kind: SlotKind,
        /// Bytes needed.
        needed: u64,
        /// Bytes available.
        capacity: u64,
    },
    /// No slot has the name.
    #[error("no slot is called {name} (there {}: {})",
        if known.len() == 1 { "is" } else { "are" },
        if known.is_empty() { "none".to_owned() } else { known.join(", ") })]
    UnknownSlot {
        /// The requested name.
        name: String,
        /// The existing names, sorted, without repeats.
        known: Vec<String>,
    },
    /// A placeholder for a value of `-X` is not in exactly one string variable of a Go program.
    #[error("{found} string variables have the placeholder of {name}, and one is needed")]
    GoVariable {
        /// The variable's name.
        name: String,
        /// How many string variables have its placeholder.
        found: usize,
    },
    /// A slot would keep its placeholder.
    #[error("the slot {name} gets no value, and would keep its placeholder")]
    SlotWithoutValue {
        /// The slot's name.
        name: String,
    },
    /// An identity has signed the image: an edit would void that signature.
    #[error("the image is signed by an identity ({signer}), which an edit would void")]
    SignedByIdentity {
        /// The known facts about the signature.
        signer: String,
    },
}

impl Error {
    /// Shorthand for [`Error::Malformed`].
    pub fn malformed(
        what: impl Into<Cow<'static, str>>,
        offset: u64,
        why: impl std::fmt::Display,
    ) -> Self {
        Self::Malformed { what: what.into(), offset, why: why.to_string() }
    }

    /// Shorthand for [`Error::Unsupported`].
    pub fn unsupported(what: impl Into<Cow<'static, str>>, why: impl std::fmt::Display) -> Self {
        Self::Unsupported { what: what.into(), why: why.to_string() }
    }

    /// The next step, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::SlotTooSmall { name, kind: SlotKind::Record, needed, .. } => {
                let name = name.rsplit("::").next().unwrap_or(name);
                Some(format!(
                    "give it room where it is declared, then build again: \
                     static {name}: {needed} = …"
                ))
            }
            Self::SlotTooSmall { name, kind: SlotKind::GoString, .. } => Some(format!(
                "build again with the longer value, which makes room for it: \
                 rgo-build -X {name}=…"
            )),
            Self::GoVariable { found: 0, .. } => Some(
                "-X sets a package's variable of type string that the program reads, and that is \
                 declared with a constant or with nothing"
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Shorthand for [`Error::Limit`].
    pub fn limit(what: impl Into<Cow<'static, str>>, size: u64, limit: u64) -> Self {
        Self::Limit { what: what.into(), size, limit }
    }
}
