//! Derives modules and packages from the names of Go source files. The compiler writes these as the
//! build saw them:
//! ```text
//! standard library   /usr/local/go/src/fmt/print.go            -trimpath: fmt/print.go
//! dependency         …/pkg/mod/github.com/!x/y@v1.2.3/z/f.go   github.com/X/y@v1.2.3/z/f.go
//! main module        /home/me/y/cmd/z/main.go                  github.com/me/y/cmd/z/main.go
//! ```
//!
//! In the module cache, `!` and a lower-case letter stand for the upper-case letter (Go modules
//! reference, "Module cache").

/// The module cache within GOPATH.
const CACHE: &str = "/pkg/mod/";
/// The most folders of the building machine before a module's path.
const MAX_FOLDERS: usize = 32;

/// A file of a module that has a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VersionedFile<'a> {
    /// The text before the version: the module's path, in some cases behind a folder of the
    /// building machine.
    pub(super) before: &'a str,
    /// The version, with its `v`.
    pub(super) version: &'a str,
    /// The folder within the module; empty for its root.
    pub(super) folder: &'a str,
}

/// Splits a file name that contains a module's version.
pub(super) fn versioned(file: &str) -> Option<VersionedFile<'_>> {
    let mut start = 0;
    file.split_inclusive('/').find_map(|element| {
        let at = start;
        start += element.len();
        let (name, version) = element.strip_suffix('/')?.rsplit_once('@')?;
        let before = file.get(..at + name.len()).filter(|before| !before.is_empty())?;
        let folder = file.get(start..)?.rsplit_once('/').map_or("", |(folder, _)| folder);
        is_version(version).then_some(VersionedFile { before, version, folder })
    })
}

/// Whether a text looks like a module's version: `v1.2.3`, with any suffix for it.
fn is_version(text: &str) -> bool {
    let numbers: Vec<_> = text.strip_prefix('v').unwrap_or_default().splitn(3, '.').collect();
    let known =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_');
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(numbers.as_slice(), [major, minor, patch]
        if number(major)
            && number(minor)
            && patch.starts_with(|c: char| c.is_ascii_digit())
            && patch.bytes().all(known))
}

impl VersionedFile<'_> {
    /// The module's path. If a folder of the building machine comes before it, `is_package` finds
    /// the rest that is a package path in the program.
    pub(super) fn module(&self, is_package: impl Fn(&str) -> bool) -> String {
        let before = self.before.rsplit_once(CACHE).map_or(self.before, |(_, module)| module);
        if !is_absolute(before) {
            return unescape(before);
        }
        let rests = || {
            let starts = before.match_indices('/').map(|(at, _)| at + 1).take(MAX_FOLDERS);
            starts.filter_map(|start| before.get(start..)).filter(|rest| is_host(first(rest)))
        };
        let known = rests().map(unescape).find(|module| is_package(&join(module, self.folder)));
        known.or_else(|| rests().next().map(unescape)).unwrap_or_else(|| before.to_owned())
    }
}

/// Decodes a module's path in the module cache to its upper-case letters.
fn unescape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut upper = false;
    for c in path.chars() {
        match c {
            '!' => upper = true,
            c => {
                out.push(if upper { c.to_ascii_uppercase() } else { c });
                upper = false;
            }
        }
    }
    out
}

/// Whether a file name is an absolute path on the building machine.
pub(super) fn is_absolute(file: &str) -> bool {
    let drive = file.as_bytes().first_chunk::<3>();
    file.starts_with('/')
        || drive.is_some_and(|[drive, rest @ ..]| drive.is_ascii_alphabetic() && rest == b":/")
}

/// The folder of a file; `None` for a bare file name.
pub(super) fn folder(file: &str) -> Option<&str> {
    file.rsplit_once('/').map(|(folder, _)| folder)
}

/// The first element of a path.
pub(super) fn first(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// Whether an element can start the path of a downloaded module: the name of a host.
pub(super) fn is_host(element: &str) -> bool {
    element.contains('.') && !element.starts_with('.')
}

/// Joins a path and a path relative to it.
pub(super) fn join(path: &str, within: &str) -> String {
    match (path.is_empty(), within.is_empty()) {
        (_, true) => path.to_owned(),
        (true, _) => within.to_owned(),
        _ => format!("{path}/{within}"),
    }
}

/// The rest of a path within another one; empty for the same path.
pub(super) fn within<'a>(path: &'a str, outer: &str) -> Option<&'a str> {
    if outer.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(outer)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Two paths without their common last elements.
pub(super) fn without_common_end<'a, 'b>(a: &'a str, b: &'b str) -> (&'a str, &'b str) {
    let (mut a, mut b) = (a, b);
    loop {
        let (rest_a, last_a) = a.rsplit_once('/').unwrap_or(("", a));
        let (rest_b, last_b) = b.rsplit_once('/').unwrap_or(("", b));
        if last_a.is_empty() || last_a != last_b {
            return (a, b);
        }
        (a, b) = (rest_a, rest_b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_file_names() {
        for (file, expected) in [
            ("github.com/x/y@v1.2.3/f.go", Some(("github.com/x/y", "v1.2.3", ""))),
            (
                "/root/go/pkg/mod/a.b/c@v0.1.0/d/e/f.go",
                Some(("/root/go/pkg/mod/a.b/c", "v0.1.0", "d/e")),
            ),
            ("a.b/c@v2.0.0+incompatible/f.go", Some(("a.b/c", "v2.0.0+incompatible", ""))),
            (
                "a.b/c@v0.0.0-20220715151400-c0bba94af5f8/d/f.go",
                Some(("a.b/c", "v0.0.0-20220715151400-c0bba94af5f8", "d")),
            ),
            ("/home/me@v2/a.b/c@v1.0.0/f.go", Some(("/home/me@v2/a.b/c", "v1.0.0", ""))),
            ("/home/me@work/f.go", None),
            ("a.b/c@v1.2/f.go", None),
            ("a.b/c@v1.2.x/f.go", None),
            ("a.b/c@1.2.3/f.go", None),
            ("@v1.2.3/f.go", None),
            ("a@v1.2.3", None),
        ] {
            let found = versioned(file).map(|it| (it.before, it.version, it.folder));
            assert_eq!(found, expected, "{file}");
        }
    }

    #[test]
    fn modules_lose_the_folders_of_the_machine() {
        let module = |file: &str| {
            versioned(file).expect(file).module(|package| package == "github.com/X/y/z")
        };
        for (file, expected) in [
            ("github.com/X/y@v1.2.3/z/f.go", "github.com/X/y"),
            ("/root/go/pkg/mod/github.com/!x/y@v1.2.3/z/f.go", "github.com/X/y"),
            ("/home/jo.do/cache/github.com/!x/y@v1.2.3/z/f.go", "github.com/X/y"),
            ("C:/Users/x/go/pkg/mod/a.b/!c!d@v1.0.0/f.go", "a.b/CD"),
            ("/cache/a.b/c@v1.0.0/f.go", "a.b/c"),
            ("/cache/x@v1.0.0/f.go", "/cache/x"),
        ] {
            assert_eq!(module(file), expected, "{file}");
        }
    }

    #[test]
    fn paths_are_compared_by_elements() {
        assert_eq!(within("a/b/c", "a/b"), Some("c"));
        assert_eq!(within("a/b", "a/b"), Some(""));
        assert_eq!(within("a/bc", "a/b"), None);
        assert_eq!(without_common_end("/home/y/pkg/z", "a.b/y/pkg/z"), ("/home", "a.b"));
        assert_eq!(without_common_end("/src/a.b/c", "a.b/c"), ("/src", ""));
        assert_eq!(without_common_end("/x", "x"), ("", ""));
        assert_eq!(without_common_end("a", "b"), ("a", "b"));
        assert!(is_absolute("/x") && is_absolute("C:/x") && !is_absolute("a.b/c"));
    }
}
