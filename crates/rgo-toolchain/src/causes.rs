//! Joins an error and its causes into one text, for places where no caller walks the chain: an
//! error's own text does not repeat its cause.

use std::error::Error;

/// An error and its causes in one text.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
