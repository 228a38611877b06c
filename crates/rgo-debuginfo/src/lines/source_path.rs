//! [`SourcePath`]: joins the parts of a source file's path as llvm-symbolizer does. They are texts of the machine that
//! compiled the program, which may be of another system.

use std::borrow::Cow;

/// The longest path, in bytes. Hostile tables combine long parts in many ways.
const MAX_PATH: usize = 32 << 10;

/// A path for people: without the `./` that Go with `-trimpath` puts before those of the standard library.
#[must_use]
pub fn shown(path: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(path.strip_prefix(b"./").unwrap_or(path))
}

/// The parts of a path.
pub(super) struct SourcePath<'a> {
    /// The folder in which the compiler ran.
    pub(super) unit_folder: &'a [u8],
    /// The file's folder.
    pub(super) folder: &'a [u8],
    /// Its name.
    pub(super) name: &'a [u8],
}

impl<'a> SourcePath<'a> {
    /// The joined path; `None` if it is empty or too long.
    pub(super) fn join(&self) -> Option<Cow<'a, [u8]>> {
        let Self { unit_folder, folder, name } = *self;
        let parts: &[&'a [u8]] = if is_absolute(name) {
            &[name]
        } else if is_absolute(folder) {
            &[folder, name]
        } else {
            &[unit_folder, folder, name]
        };
        let mut filled = parts.iter().copied().filter(|part| !part.is_empty());
        let first = filled.next()?;
        let rest: Vec<&[u8]> = filled.collect();
        if rest.is_empty() {
            return (first.len() <= MAX_PATH).then_some(Cow::Borrowed(first));
        }
        let length: usize = parts.iter().map(|part| part.len() + 1).sum();
        if length > MAX_PATH {
            return None;
        }
        let separator = if is_of_windows(first) { b'\\' } else { b'/' };
        let mut path = Vec::with_capacity(length);
        path.extend_from_slice(first);
        for part in rest {
            let ends = path.last().is_some_and(|byte| is_separator(*byte, separator));
            if !ends {
                path.push(separator);
            }
            path.extend_from_slice(part);
        }
        Some(Cow::Owned(path))
    }
}

fn is_separator(byte: u8, separator: u8) -> bool {
    byte == b'/' || byte == separator
}

/// Whether a path starts at a root of either kind of system.
fn is_absolute(path: &[u8]) -> bool {
    match path {
        [b'/' | b'\\', ..] => true,
        [drive, b':', b'/' | b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Whether a path has the separators of Windows.
fn is_of_windows(path: &[u8]) -> bool {
    match path {
        [b'\\', ..] => true,
        [drive, b':', b'\\', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(unit_folder: &str, folder: &str, name: &str) -> Option<String> {
        let path = SourcePath {
            unit_folder: unit_folder.as_bytes(),
            folder: folder.as_bytes(),
            name: name.as_bytes(),
        };
        path.join().map(|path| String::from_utf8_lossy(&path).into_owned())
    }

    #[test]
    fn parts_are_joined_from_the_last_root_on() {
        let cases = [
            (("/src", "lib", "a.c"), "/src/lib/a.c"),
            (("/src/", "", "a.c"), "/src/a.c"),
            (("/src", "/usr/include", "a.h"), "/usr/include/a.h"),
            (("/src", "lib", "/tmp/a.c"), "/tmp/a.c"),
            ((r"C:\src", "lib", "a.c"), r"C:\src\lib\a.c"),
            (("C:/src", "lib", "a.c"), "C:/src/lib/a.c"),
            (("/src", r"D:\lib", "a.c"), r"D:\lib\a.c"),
            (("", "", "a.c"), "a.c"),
        ];
        for ((unit_folder, folder, name), joined) in cases {
            assert_eq!(join(unit_folder, folder, name).as_deref(), Some(joined));
        }
        assert_eq!(join("", "", ""), None);
        assert_eq!(join("/a", &"b".repeat(MAX_PATH), "c"), None);
    }
}
