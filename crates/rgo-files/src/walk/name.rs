//! Names of files and members: `dist.zip!linux/app.tar.gz!app`. The file has the spelling of the
//! user or the walk; each `!` is followed by a member's name in its archive.
//!
//! Names of members are for display only. They are never opened, joined or resolved, so an absolute
//! one or one with `..` is harmless and stays as it is. Characters that would move a terminal's
//! cursor or reverse its text are escaped: `\n`, `\u{1b}`, `\xff` for a byte that is not UTF-8. The
//! file's own name is stored unescaped, to be opened, and escaped for display.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use rgo_report::printable;

/// Separates an archive and its member.
pub const SEPARATOR: char = '!';

/// The name of a file or of a member of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    file: PathBuf,
    members: Vec<String>,
}

impl Name {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, members: Vec::new() }
    }

    /// The name of a file.
    #[must_use]
    pub fn from_path(file: PathBuf) -> Self {
        Self::new(file)
    }

    pub(super) fn push(&mut self, member: &[u8]) {
        self.members.push(escape(member));
    }

    /// Adds a member's name that is already escaped.
    pub(super) fn push_escaped(&mut self, member: String) {
        self.members.push(member);
    }

    pub(super) fn pop(&mut self) {
        self.members.pop();
    }

    /// The file on disk; `-` for stdin.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The members from the outermost archive inwards, escaped; none for the file itself.
    #[must_use]
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// The name for the content of a lone compressed file: its own, without the suffix.
    pub(super) fn unpacked(&self) -> String {
        let own = match self.members.last() {
            Some(member) => member.rsplit(['/', '\\']).next().map(str::to_owned),
            None => self.file.file_name().map(|name| name.to_string_lossy().into_owned()),
        };
        let own = own.filter(|own| !own.is_empty() && own != "-");
        let own = own.unwrap_or_else(|| "content".to_owned());
        SUFFIXES.iter().find_map(|suffix| own.strip_suffix(suffix)).unwrap_or(&own).to_owned()
    }
}

const SUFFIXES: [&str; 4] = [".gz", ".xz", ".zst", ".bz2"];

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file.as_os_str().as_encoded_bytes() {
            [] => f.write_str("\"\"")?,
            file => f.write_str(&escape(file))?,
        }
        self.members.iter().try_for_each(|member| write!(f, "{SEPARATOR}{member}"))
    }
}

/// Escapes text so that it cannot control a terminal.
pub(super) fn escape(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(&printable(chunk.valid()));
        for byte in chunk.invalid() {
            // A write to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_shown_and_do_nothing_else() {
        let cases: [(&[u8], &str); 7] = [
            (b"usr/bin/app", "usr/bin/app"),
            (b"/etc/passwd", "/etc/passwd"),
            (b"../../up", "../../up"),
            (b"a\nb\x1b[2J", "a\\nb\\u{1b}[2J"),
            ("größe".as_bytes(), "größe"),
            (b"\xff\xfe", "\\xff\\xfe"),
            ("a\u{202e}gnp.exe".as_bytes(), "a\\u{202e}gnp.exe"),
        ];
        for (raw, shown) in cases {
            assert_eq!(escape(raw), shown);
        }
    }

    #[test]
    fn a_name_leads_from_the_file_inwards() {
        let mut name = Name::new("dist/a.zip".into());
        name.push(b"linux/app.tar.gz");
        assert_eq!(name.unpacked(), "app.tar");
        name.push(b"app");
        assert_eq!(name.to_string(), "dist/a.zip!linux/app.tar.gz!app");
        assert_eq!(Name::new("-".into()).unpacked(), "content");
        assert_eq!(Name::new("a\n::error::b".into()).to_string(), "a\\n::error::b");
        assert_eq!(Name::new("x/app.xz".into()).unpacked(), "app");
    }
}
