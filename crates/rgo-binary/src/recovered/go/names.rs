//! Splits the linker's names of Go functions into package and name (Go,
//! `cmd/internal/objabi/path.go`, `debug/gosym/symtab.go`).
//!
//! ```text
//! github.com/x/y%2ez.(*Type[go.shape.int]).Method-fm
//! └──── package ────┘└ the first dot after the last slash, outside of brackets
//! ```
//!
//! In the last element of a package path, the linker writes dots as `%2e`. Everywhere, it writes
//! control characters, `%`, `"` and non-ASCII bytes as `%` and two hex digits.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::GoFunction;

/// Prefixes that the compiler gives to code outside of packages: since Go 1.20, before.
const NO_PACKAGE: [&str; 4] = ["go:", "type:", "go.(", "type.."];

impl<'a> GoFunction<'a> {
    /// The path of the function's package, without escapes; `None` for code that the compiler or
    /// linker generated and for names without a package, as in assembly.
    #[must_use]
    pub fn package(&self) -> Option<Cow<'a, str>> {
        package(self.name)
    }
}

/// The path of the package in a name, without escapes; `None` for code that the compiler or linker generated and
/// for names without a package, as in assembly.
#[must_use]
pub fn package(name: &str) -> Option<Cow<'_, str>> {
    if NO_PACKAGE.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let plain = name.split_once('[').map_or(name, |(before, _)| before);
    // A receiver of an unnamed type may contain slashes.
    let plain = plain.split_once(".(").map_or(plain, |(before, _)| before);
    let last = plain.rfind('/').map_or(0, |slash| slash + 1);
    let end = match plain.get(last..)?.find('.') {
        Some(dot) => last + dot,
        None if plain.len() < name.len() => plain.len(),
        None => return None,
    };
    let path = plain.get(..end).filter(|path| !path.is_empty())?;
    // The linker escapes spaces in paths, so this is an unnamed type.
    if path.contains([' ', '(', '{']) {
        return None;
    }
    Some(unescape(path))
}

/// What the compiler makes for a type has these before the type's name: functions that compare and hash, tables of
/// methods.
const OF_TYPE: [&str; 5] = ["type:.eq.", "type:.hash.", "type..eq.", "type..hash.", "go:itab."];

/// The path of the package of the type that the compiler made something for; `None` for other names, and for types
/// without a package or without a name.
#[must_use]
pub fn type_package(name: &str) -> Option<Cow<'_, str>> {
    let all = name.strip_prefix("type:").filter(|of| of.ends_with(".*"));
    let of = all.or_else(|| OF_TYPE.iter().find_map(|prefix| name.strip_prefix(prefix)))?;
    // A table of methods is of a type and an interface.
    let of = of.split_once(',').map_or(of, |(of, _)| of);
    package(of.trim_start_matches('*'))
}

/// The name that the linker has for all types of a package, as far as it has one: the path as in names of functions.
#[must_use]
pub fn types_of(path: &str) -> String {
    let last = path.rfind('/').map_or(0, |slash| slash + 1);
    let mut name = String::from("type:");
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'.' if at >= last => name.push_str("%2e"),
            b'%' | b'"' | 0x7f.. | ..=b' ' => {
                // Writing to a text does not fail.
                let _ = write!(name, "%{byte:02x}");
            }
            _ => name.push(char::from(byte)),
        }
    }
    name.push_str(".*");
    name
}

/// Decodes the escapes in a package path or a whole name. Invalid escapes stay unchanged.
#[must_use]
pub fn unescape(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            bytes.push(high << 4 | low);
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(name), Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_taken_from_names() {
        let cases = [
            ("main.main", Some("main")),
            ("runtime.(*mheap).alloc.func1", Some("runtime")),
            ("github.com/x/y.F", Some("github.com/x/y")),
            ("github.com/x/y.(*T).M-fm", Some("github.com/x/y")),
            ("gopkg.in/yaml%2ev3.(*parser).parse", Some("gopkg.in/yaml.v3")),
            ("go.opentelemetry.io/otel.Tracer", Some("go.opentelemetry.io/otel")),
            ("main.Map[go.shape.string,github.com/x/y.T]", Some("main")),
            ("slices.(*S[github.com/x/y.T]).Len", Some("slices")),
            ("internal/sync.(*HashTrieMap[go.shape.interface {}]).All", Some("internal/sync")),
            ("struct { x/y.T }", None),
            ("a/b.(*struct { x/y.T; z }).M", Some("a/b")),
            ("type:.eq.github.com/x/y.T", None),
            ("type..eq.github.com/x/y.T", None),
            ("go:struct { a/b.T }.M", None),
            ("go.(*struct { a/b.T }).M", None),
            ("_rt0_amd64_linux", None),
            ("cmpbody", None),
            (".x", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(package(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn what_is_made_for_a_type_is_of_its_package() {
        for (name, expected) in [
            ("type:.eq.github.com/x/y.T", Some("github.com/x/y")),
            ("type..hash.runtime.T", Some("runtime")),
            ("go:itab.*os.File,io.Reader", Some("os")),
            ("go:itab.gopkg.in/yaml%2ev3.E,error", Some("gopkg.in/yaml.v3")),
            ("type:.eq.[2]interface {}", None),
            ("type:.eq.struct { a/b.T }", None),
            ("go:string.*", None),
            ("main.main", None),
        ] {
            assert_eq!(type_package(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn types_are_named_as_functions_are() {
        for (path, expected) in [
            ("main", "type:main.*"),
            ("gopkg.in/yaml.v3", "type:gopkg.in/yaml%2ev3.*"),
            ("a/ä b", "type:a/%c3%a4%20b.*"),
        ] {
            let name = types_of(path);
            assert_eq!(name, expected);
            assert_eq!(type_package(&name).as_deref(), Some(path));
        }
    }

    #[test]
    fn escapes_are_undone_and_others_kept() {
        for (name, expected) in [
            ("a%2eb", "a.b"),
            ("a%2Eb%25", "a.b%"),
            ("%c3%a4", "ä"),
            ("%c3", "%c3"),
            ("%", "%"),
            ("%2", "%2"),
            ("%zz%2e", "%zz."),
        ] {
            assert_eq!(unescape(name), expected);
        }
    }
}
