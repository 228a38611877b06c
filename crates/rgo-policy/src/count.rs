//! Words for numbers of things.

/// A number with the word for one or for many.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
