//! Splits a package's archive into its members, by the rules of Go's tools: names are as they stand, and only
//! objects may be there besides export data and marks.
//!
//! ```text
//! '!<arch>\n'
//! 60 bytes per member   name 16, time 12, user 6, group 6, mode 8, size 10, '`\n'; data, to an even number of bytes
//!   __.PKGDEF                       export data: passed over
//!   preferlinkext, dynimportfail    marks for the linker, if empty
//!   'go object …'                   a Go object
//!   anything else                   an object of C, or a mistake
//! ```
//!
//! (Go, `cmd/internal/archive/archive.go`.)

use super::START;

/// How an archive begins.
const ARCHIVE: &[u8] = b"!<arch>\n";
/// Bytes before each member.
const HEADER: usize = 60;
/// As much of the start as Go's tools compare.
const MARK: usize = 8;

/// An object in a package's archive, or a file that is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its name; of a file that is an object, none.
    pub name: &'a [u8],
    /// Its bytes.
    pub content: Content<'a>,
}

/// The bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// Go's own, from the words at its start on.
    Go(&'a [u8]),
    /// What ought to be an ELF, Mach-O or COFF object.
    Native(&'a [u8]),
}

/// The objects of a file; `None` if it is neither an archive nor a Go object, or a damaged one.
#[must_use]
pub fn entries(file: &[u8]) -> Option<Vec<Entry<'_>>> {
    if is_go(file) {
        return Some(vec![Entry { name: b"", content: Content::Go(file) }]);
    }
    let mut rest = file.strip_prefix(ARCHIVE)?;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (header, behind) = rest.split_at_checked(HEADER)?;
        let size = header.strip_suffix(b"`\n")?.get(48..)?.trim_ascii_end();
        let size: usize = str::from_utf8(size).ok()?.parse().ok()?;
        let (content, behind) = behind.split_at_checked(size)?;
        // The last member may lack its padding.
        rest = behind.get(size % 2..).unwrap_or_default();
        let name = header.get(..16)?;
        let spaces = name.iter().rev().take_while(|byte| **byte == b' ').count();
        let name = name.get(..name.len() - spaces)?;
        let is_mark = size == 0 && matches!(name, b"preferlinkext" | b"dynimportfail");
        if name == b"__.PKGDEF" || is_mark {
            continue;
        }
        let content = if is_go(content) { Content::Go(content) } else { Content::Native(content) };
        entries.push(Entry { name, content });
    }
    Some(entries)
}

fn is_go(bytes: &[u8]) -> bool {
    START.get(..MARK).is_some_and(|mark| bytes.starts_with(mark))
}
