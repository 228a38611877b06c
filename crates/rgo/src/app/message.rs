//! The messages of `--progress json`: a JSON object a line on stderr, for another program.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::schema::{Named, generate};

/// The name of the schema of a message.
pub(crate) const MESSAGE: &str = "rgo.message/1";

/// The schema of a message.
pub(crate) fn schema() -> Named {
    (MESSAGE, generate::<Message<'_>>)
}

/// One line on stderr.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Message<'a> {
    /// A step of long work begins.
    Step {
        /// The step, for people.
        text: Cow<'a, str>,
    },
    /// The next file is read.
    File {
        /// Its number among the files of this call, from 1.
        number: usize,
        /// Its path; that of an archive's member is `archive!member`.
        path: Cow<'a, str>,
    },
    /// Something that the user should know, and that ends nothing.
    Warning {
        /// The warning, for people.
        text: Cow<'a, str>,
    },
    /// Something failed.
    Error {
        /// The error with its causes, for people.
        text: Cow<'a, str>,
    },
    /// What to do about the message before.
    Hint {
        /// The hint, for people.
        text: Cow<'a, str>,
    },
    /// A line of a program that this one runs, such as cargo.
    Output {
        /// The line, without color.
        text: Cow<'a, str>,
    },
}
