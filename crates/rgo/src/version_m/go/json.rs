//! Renders build information like Go's `encoding/json`: with tabs, without empty values, and with
//! HTML's special characters escaped.

use rgo_binary::go_version::{GoModule, Info};

enum Json<'i> {
    Text(&'i [u8]),
    List(Vec<Json<'i>>),
    Object(Vec<(&'static str, Json<'i>)>),
}

/// The object, with a line end.
pub(super) fn render(info: &Info) -> Vec<u8> {
    let settings = info.settings.iter();
    let settings = settings
        .map(|(key, value)| object([("Key", Json::Text(key)), ("Value", Json::Text(value))]));
    let whole = object([
        ("GoVersion", Json::Text(&info.version)),
        ("Path", Json::Text(&info.path)),
        ("Main", module(&info.main)),
        ("Deps", Json::List(info.deps.iter().map(module).collect())),
        ("Settings", Json::List(settings.collect())),
    ]);
    let mut out = Vec::new();
    whole.write(0, &mut out);
    out.push(b'\n');
    out
}

fn module(module: &GoModule) -> Json<'_> {
    let mut fields = vec![
        ("Path", Json::Text(&module.path)),
        ("Version", Json::Text(&module.version)),
        ("Sum", Json::Text(&module.sum)),
    ];
    fields.extend(module.replace.iter().map(|replace| ("Replace", self::module(replace))));
    object(fields)
}

/// An object without its empty texts and lists.
fn object<'i>(fields: impl IntoIterator<Item = (&'static str, Json<'i>)>) -> Json<'i> {
    let said = |value: &Json<'_>| match value {
        Json::Text(text) => !text.is_empty(),
        Json::List(list) => !list.is_empty(),
        Json::Object(_) => true,
    };
    Json::Object(fields.into_iter().filter(|(_, value)| said(value)).collect())
}

impl Json<'_> {
    fn write(&self, depth: usize, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => quote(text, out),
            Self::List(list) => {
                between(b"[]", list.iter(), depth, out, |value, out| value.write(depth + 1, out));
            }
            Self::Object(fields) => {
                between(b"{}", fields.iter(), depth, out, |(key, value), out| {
                    quote(key.as_bytes(), out);
                    out.extend(b": ");
                    value.write(depth + 1, out);
                });
            }
        }
    }
}

/// Writes each item on its own line between brackets; nothing between them if there are no items.
fn between<T>(
    brackets: &[u8; 2],
    items: impl ExactSizeIterator<Item = T>,
    depth: usize,
    out: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>),
) {
    let [open, close] = *brackets;
    let line = |depth: usize, out: &mut Vec<u8>| {
        out.push(b'\n');
        out.extend(std::iter::repeat_n(b'\t', depth));
    };
    out.push(open);
    let some = items.len() > 0;
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        line(depth + 1, out);
        write(item, out);
    }
    if some {
        line(depth, out);
    }
    out.push(close);
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend([b'\\', c as u8]),
                '\x08' => out.extend(b"\\b"),
                '\x0c' => out.extend(b"\\f"),
                '\n' => out.extend(b"\\n"),
                '\r' => out.extend(b"\\r"),
                '\t' => out.extend(b"\\t"),
                '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    out.extend(format!("\\u{:04x}", c as u32).as_bytes());
                }
                _ => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        // Each byte that is not UTF-8 counts as one character.
        chunk.invalid().iter().for_each(|_| out.extend(b"\\ufffd"));
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_in_go() {
        // The output of encoding/json in Go 1.26.
        let cases: [(&[u8], &str); 4] = [
            (b"a\"\\/<&>'", r#""a\"\\/\u003c\u0026\u003e'""#),
            (b"\x00\x08\x0c\n\r\t\x1f\x7f", "\"\\u0000\\b\\f\\n\\r\\t\\u001f\x7f\""),
            ("é\u{2028}🦀".as_bytes(), "\"é\\u2028🦀\""),
            (b"a\xe2\x82b\xff", r#""a\ufffd\ufffdb\ufffd""#),
        ];
        for (text, expected) in cases {
            let mut out = Vec::new();
            quote(text, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let info = Info { version: b"go1.18".to_vec(), ..Info::default() };
        let expected = "{\n\t\"GoVersion\": \"go1.18\",\n\t\"Main\": {}\n}\n";
        assert_eq!(String::from_utf8(render(&info)).unwrap(), expected);
    }
}
