//! Makes text from a file safe to print. The names of files, libraries and labels come from the
//! file's author. In a name, a line break could forge an output line or a workflow command, an
//! escape sequence could control the terminal, and a change of text direction could hide the end of
//! the name.

use std::borrow::Cow;

/// The text, with escapes such as `\n` or `\u{1b}` for control, invisible and direction characters.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    // Nearly all text is ASCII, of which the processor checks many bytes at once.
    if text.bytes().all(is_plain) || !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if acts(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// The text with the same number of characters, so that marks below it stay aligned: a space for a
/// tab, `U+FFFD` for other control, invisible and direction characters.
#[must_use]
pub fn printable_by_char(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        c if acts(c) => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Whether a character is a control character, is invisible, or changes the direction of text.
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
