//! Reasons why a file or a member was not read, as texts that follow its name.

use std::sync::Arc;
use std::{error, fmt, io};

use super::foreign::Foreign;

/// Why a file, a member or the rest of an archive was not read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// The system failed to read it.
    #[error("{0}")]
    Io(Arc<io::Error>),
    /// A member over [`super::Limits::max_member`].
    #[error("too large: {}more than the {limit} bytes that are read of a member",
        size.map(|size| format!("{size} bytes, ")).unwrap_or_default())]
    TooLarge {
        /// Its size in bytes, if the archive has it.
        size: Option<u64>,
        /// The limit, in bytes.
        limit: u64,
    },
    /// An archive within [`super::Limits::max_depth`] others.
    #[error("nested deeper than the limit of {limit}")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More than [`super::Limits::max_decompressed`]; the rest of the file is skipped.
    #[error("it decompresses to more than {limit} bytes: the rest is not looked into")]
    Decompressed {
        /// The limit, in bytes.
        limit: u64,
    },
    /// More than [`super::Limits::max_ratio`]; the rest of this archive is skipped.
    #[error(
        "a decompression bomb: {taken} bytes have become {given}, over {limit} for one: \
         the rest is not looked into"
    )]
    Ratio {
        /// Compressed bytes so far.
        taken: u64,
        /// Decompressed bytes so far.
        given: u64,
        /// The limit.
        limit: u64,
    },
    /// More than [`super::Limits::max_members`]; the rest of the file is skipped.
    #[error("more than {limit} members: the rest is not looked into")]
    TooManyMembers {
        /// The limit.
        limit: u64,
    },
    /// A name over [`super::Limits::max_name`].
    #[error("its name has {size} bytes, over the limit of {limit}")]
    NameTooLong {
        /// Bytes of the name.
        size: u64,
        /// The limit, in bytes.
        limit: usize,
    },
    /// It needs a password.
    #[error("encrypted")]
    Encrypted,
    /// A program, an archive or a compression in an unsupported format.
    #[error("{0}, which is not supported")]
    Foreign(&'static Foreign),
    /// An unsupported part of a supported format: text that completes "it is …".
    #[error("{0}, which is not supported")]
    Unsupported(String),
    /// A layer that a container image lists and its archive lacks.
    #[error("this layer is not there{}: what it holds, deletes and replaces is unknown",
        if *is_foreign { " (its author keeps it)" } else { "" })]
    MissingLayer {
        /// Whether it has to be fetched from its author.
        is_foreign: bool,
    },
    /// A container image whose paths or work exceed the limits.
    #[error(
        "the layers of the image {image} are too large to tell which files the upper ones \
        hide: more is shown than a container sees"
    )]
    NotSquashed {
        /// Its name.
        image: String,
    },
    /// More container images than the limit.
    #[error(
        "it lists more container images than rgo tells apart: the layers of the others are \
        shown one by one"
    )]
    TooManyImages,
    /// Bytes that contradict their format, or end too early.
    #[error("damaged: {0}")]
    Damaged(String),
}

impl SkipReason {
    pub(super) fn damaged(why: impl fmt::Display) -> Self {
        Self::Damaged(why.to_string())
    }
}

/// A refusal on its way out through the decompressors around the one that raised it.
#[derive(Debug)]
pub(super) struct Broken {
    /// The level of the unreadable archive, counted from the outermost.
    pub(super) level: usize,
    pub(super) why: SkipReason,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl error::Error for Broken {}

/// Finds the refusal behind an error, however many decoders have wrapped it.
pub(super) fn broken(error: &io::Error) -> Option<&Broken> {
    let mut cause: Option<&(dyn error::Error + 'static)> =
        error.get_ref().map(|inner| inner as &(dyn error::Error + 'static));
    while let Some(error) = cause {
        if let Some(broken) = error.downcast_ref() {
            return Some(broken);
        }
        // `source` of an `io::Error` skips the error inside it.
        cause = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// Converts a read error: the refusal inside it, or a text about the damage.
pub(super) fn from_io(error: io::Error) -> SkipReason {
    if let Some(broken) = broken(&error) {
        return broken.why.clone();
    }
    if let Some(why) = error.get_ref().and_then(|inner| inner.downcast_ref::<SkipReason>()) {
        return why.clone();
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => SkipReason::damaged("it ends too early"),
        _ if error.raw_os_error().is_some() => SkipReason::Io(error.into()),
        _ => SkipReason::damaged(error),
    }
}
