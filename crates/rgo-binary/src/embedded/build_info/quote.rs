//! Reads and writes Go's string literals (the Go specification, "String literals";
//! `strconv.Quote`). Build settings use them for keys and values that would break the line.
//!
//! ```text
//! `raw`        anything but a back quote; carriage returns are dropped
//! "text"       \a \b \f \n \r \t \v \\ \' \"  \ooo  \xhh  \uhhhh  \Uhhhhhhhh
//! ```

mod printable;

use std::borrow::Cow;

use printable::is_printable;

/// `text`, quoted if Go would quote it as a key or as a value.
pub(super) fn quoted(text: &str, key: bool) -> Cow<'_, str> {
    let special = |c| matches!(c, ' ' | '\t' | '\r' | '\n' | '"' | '`') || key && c == '=';
    if text.contains(special) || key && text.is_empty() {
        Cow::Owned(quote(text))
    } else {
        Cow::Borrowed(text)
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// The text between the quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\0'..' ' | '\x7f' => out.push_str(&format!("\\x{:02x}", c as u32)),
            _ if is_printable(c) => out.push(c),
            '\0'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out
}

/// The literal of bytes that may not be UTF-8.
pub(crate) fn quoted_bytes(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        out.push_str(&escaped(chunk.valid()));
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out.push('"');
    out
}

/// The literal of one character, in single quotes.
pub(crate) fn quoted_char(c: char) -> String {
    match c {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        _ => format!("'{}'", escaped(&c.to_string())),
    }
}

/// Reads the literal at the start of `text`, or the bare word up to `end` (or to the end of the
/// text). Returns the value and the rest of the text. `None` for a broken literal or a missing
/// `end`.
pub(super) fn unquote_prefix(text: &str, end: Option<char>) -> Option<(Cow<'_, str>, &str)> {
    if let Some(rest) = text.strip_prefix('`') {
        let (raw, rest) = rest.split_once('`')?;
        return Some((raw.replace('\r', "").into(), rest));
    }
    if let Some(rest) = text.strip_prefix('"') {
        let (value, rest) = interpreted(rest)?;
        return Some((value.into(), rest));
    }
    match end {
        None => Some((text.into(), "")),
        Some(end) => text.find(end).map(|at| {
            let (word, rest) = text.split_at(at);
            (word.into(), rest)
        }),
    }
}

/// Reads up to the closing `"`. Byte sequences that are not UTF-8 become replacement characters.
fn interpreted(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let stop = rest.find(['"', '\\', '\n'])?;
        let (plain, special) = rest.split_at(stop);
        bytes.extend(plain.as_bytes());
        if let Some(after) = special.strip_prefix('"') {
            return Some((String::from_utf8_lossy(&bytes).into_owned(), after));
        }
        let escape = special.strip_prefix('\\')?;
        let kind = escape.chars().next()?;
        rest = escape.get(kind.len_utf8()..)?;
        let simple = match kind {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'v' => Some(11),
            '\\' | '\'' | '"' => u8::try_from(kind).ok(),
            _ => None,
        };
        if let Some(byte) = simple {
            bytes.push(byte);
            continue;
        }
        let (digits, radix) = match kind {
            'x' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='7' => (3, 8),
            _ => return None,
        };
        let from = if radix == 8 { escape } else { rest };
        let number = from.get(..digits).filter(|number| number.bytes().all(is_digit))?;
        let code = u32::from_str_radix(number, radix).ok()?;
        if matches!(kind, 'u' | 'U') {
            let c = char::from_u32(code)?;
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            bytes.push(u8::try_from(code).ok()?);
        }
        rest = from.get(digits..)?;
    }
}

/// `from_str_radix` would accept a sign as well.
fn is_digit(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn literals_are_those_of_go() {
        // Printed by strconv.Quote of Go 1.26.
        let cases = [
            ("a b", r#""a b""#),
            ("\"`", r#""\"`""#),
            ("\x07\x08\x0c\n\r\t\x0b\\'", r#""\a\b\f\n\r\t\v\\'""#),
            ("\0\x1f\x7f ", r#""\x00\x1f\x7f ""#),
            ("é 日本 🦀", "\"é 日本 🦀\""),
            ("\u{a0}\u{200b} \u{10ffff}", r#""\u00a0\u200b \U0010ffff""#),
        ];
        for (text, literal) in cases {
            assert_eq!(quoted(text, false), literal);
            assert_eq!(unquote_prefix(literal, None), Some((text.into(), "")));
        }
        assert_eq!(quoted("plain=1", false), "plain=1");
        assert_eq!(quoted("plain=1", true), "\"plain=1\"");
        assert_eq!(quoted("", true), "\"\"");
        assert_eq!(quoted("", false), "");
    }

    #[test]
    fn literals_that_go_reads_are_read() {
        let cases = [
            ("`a\"\r\nb`", Some("a\"\nb")),
            (r#""\101\x42\u0043\U00000044\'""#, Some("ABCD'")),
            (r#""\xff""#, Some("\u{fffd}")),
            ("\"open", None),
            ("`open", None),
            (r#""\q""#, None),
            (r#""\x+1""#, None),
            (r#""\777""#, None),
            (r#""\ud800""#, None),
            ("\"line\nend\"", None),
            ("\"\\", None),
        ];
        for (literal, text) in cases {
            let read = unquote_prefix(literal, None).map(|(value, _)| value);
            assert_eq!(read.as_deref(), text, "{literal}");
        }
        assert_eq!(unquote_prefix("k=v", Some('=')), Some(("k".into(), "=v")));
        assert_eq!(unquote_prefix("\"k=\"=v", Some('=')), Some(("k=".into(), "=v")));
        assert_eq!(unquote_prefix("kv", Some('=')), None);
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read(text in any::<String>(), key in any::<bool>()) {
            let literal = quoted(&text, key);
            prop_assert!(!literal.contains(['\n', '\t']));
            let end = key.then_some('=');
            let line = if key { format!("{literal}=") } else { literal.to_string() };
            let (value, rest) = unquote_prefix(&line, end).expect("reads");
            prop_assert_eq!(value, text);
            prop_assert_eq!(rest, if key { "=" } else { "" });
        }

        #[test]
        fn any_text_is_answered(text in "[\"`\\\\xuU0-9a-f=\\n]{0,12}") {
            let _ = unquote_prefix(&text, Some('='));
            let _ = unquote_prefix(&text, None);
        }
    }
}
