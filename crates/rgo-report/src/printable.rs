//! Makes text from a file safe to show. Its author chose the names of files, libraries and labels: a
//! line break in one would forge a line of the answer or a workflow command, an escape sequence would
//! control the terminal, a mark that turns the direction of text would hide the end of a name.

use std::borrow::Cow;

/// The text with escapes, `\n` or `\u{1b}`, for all that does more than show.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// The text with one character for each of its own, so that marks below it stay in place: a space for
/// a tab, `U+FFFD` for all else that does more than show.
#[must_use]
pub fn printable_by_char(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        c if acts(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Control characters, and those that have no shape or turn the direction of the others.
pub(crate) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_and_does_nothing_else() {
        let cases = [
            ("größe", "größe"),
            ("a\nb\tc", "a\\nb\\tc"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{202e}gnp.exe", "a\\u{202e}gnp.exe"),
            ("\u{9b}1m\u{feff}", "\\u{9b}1m\\u{feff}"),
        ];
        for (text, shown) in cases {
            assert_eq!(printable(text), shown);
        }
        assert!(matches!(printable("plain"), Cow::Borrowed(_)));
    }
}
