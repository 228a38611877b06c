//! Errors in an expression or a policy file, which point at the place.
//!
//! ```text
//! there is no fact `glibx`
//!   glibx<=2.28
//!   ^^^^^
//! ```
//!
//! The error has the next step separately:
//!
//! ```text
//! did you mean `glibc`? For example: glibc<=2.28
//! ```

use std::fmt;
use std::ops::Range;

use rgo_report::printable_by_char;

/// Why a text is no expression, and the place of the mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    text: String,
    span: Range<usize>,
    message: String,
    hint: String,
}

impl ParseError {
    pub(super) fn new(text: &str, span: Range<usize>, message: String, hint: String) -> Self {
        Self { text: text.to_owned(), span, message, hint }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The place, in bytes of the text.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The correction.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, span, message, .. } = self;
        write!(f, "{}\n{}", printable_by_char(message), underlined(text, span))
    }
}

impl std::error::Error for ParseError {}

/// Why a requirement or a policy file cannot be read, with its place and the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    text: String,
    hint: String,
}

impl PolicyError {
    pub(super) fn new(text: String, hint: &str) -> Self {
        Self { text, hint: printable_by_char(hint) }
    }

    /// The correction.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for PolicyError {}

/// A line, with marks under the bytes of `span`.
pub(super) fn underlined(line: &str, span: &Range<usize>) -> String {
    let count = |range: Range<usize>| line.get(range).map_or(0, |part| part.chars().count());
    let start = span.start.min(line.len());
    let marks = count(start..span.end.clamp(start, line.len())).max(1);
    format!("  {}\n  {}{}", printable_by_char(line), " ".repeat(count(0..start)), "^".repeat(marks))
}

/// A message and a hint; a caller adds the place.
pub(super) struct Complaint(pub(super) String, pub(super) String);
