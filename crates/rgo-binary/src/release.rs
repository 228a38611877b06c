//! Parses the release of a compiler from the toolchain name that a program records. Suffixes for
//! vendors and experiments are not part of the release.
//!
//! ```text
//! go1.26.8-X:nodwarf5                 Go 1.26.8, with an experiment; before Go 1.26 behind a space
//! go1.24.1-1  go1.21.13-fips          Go as a vendor rebuilds it
//! go1.20.4b7                          the same, without a hyphen
//! go1.25rc1                           a release candidate of Go 1.25: letters after two numbers
//! devel go1.27-3f2a91c Fri Jan 9 …    the sources that will be Go 1.27
//! rustc 1.63.0 (Debian 1.63.0+dfsg)   Rust 1.63.0
//! rustc 1.90.0-nightly (1159e78c4 …)  a nightly build of what will be Rust 1.90.0
//! ```
//!
//! (Go, `go/version` and `internal/gover`: a vendor's suffix follows a hyphen)

/// A compiler with numbered releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompilerName {
    /// Go.
    Go,
    /// Rust's compiler.
    Rustc,
}

/// A release of a compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release<'t> {
    /// The compiler.
    pub compiler: CompilerName,
    /// The version, with a pre-release mark and without a vendor's suffix: `1.26.8`, `1.25rc1`,
    /// `1.90.0-nightly`.
    pub version: &'t str,
    /// The sources are from between two releases; the version is that of the next release.
    pub is_development: bool,
}

/// The marks behind the second number of a Go version that is not released yet.
const GO_PRE: [&str; 3] = ["alpha", "beta", "rc"];
/// The marks behind the third number of a Rust version, after a hyphen.
const RUST_PRE: [&str; 5] = ["alpha", "beta", "dev", "nightly", "rc"];

impl<'t> Release<'t> {
    /// Parses a toolchain's name; `None` if it contains no version of Go or rustc.
    #[must_use]
    pub fn parse(toolchain: &'t str) -> Option<Self> {
        let mut words = toolchain.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        match words.next()? {
            "devel" => Some(Self { is_development: true, ..go(words.next()?)? }),
            "rustc" => {
                let word = words.find(|word| *word != "version")?;
                Some(Self {
                    compiler: CompilerName::Rustc,
                    version: rust(word)?,
                    is_development: false,
                })
            }
            word => go(word),
        }
    }

    /// The first two or three numbers of the version.
    #[must_use]
    pub fn numbers(&self) -> Option<crate::Version> {
        numbers(self.version).0.parse().ok()
    }
}

fn go(word: &str) -> Option<Release<'_>> {
    let text = word.strip_prefix("go")?;
    let (release, rest) = numbers(text);
    let parts = release.split('.').count();
    if !(2..=3).contains(&parts) {
        return None;
    }
    let pre = GO_PRE.iter().filter(|_| parts == 2).find_map(|mark| {
        let number = rest.strip_prefix(mark)?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        Some(mark.len() + digits)
    });
    let end = release.len() + pre.unwrap_or_default();
    let (version, added) = text.split_at_checked(end)?;
    let is_added = |first: char| first.is_ascii_alphabetic() || "-+_:(".contains(first);
    let is_version = added.chars().next().is_none_or(is_added);
    is_version.then(|| Release {
        compiler: CompilerName::Go,
        version,
        is_development: added.starts_with("-devel"),
    })
}

fn rust(word: &str) -> Option<&str> {
    let (release, rest) = numbers(word);
    if release.split('.').count() != 3 {
        return None;
    }
    let pre = rest.strip_prefix('-').filter(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        rest.get(..end).is_some_and(|mark| RUST_PRE.contains(&mark))
    });
    Some(if pre.is_some() { word } else { release })
}

/// Splits a text into numbers with dots between them, and the rest.
fn numbers(text: &str) -> (&str, &str) {
    let digit = |c: char| c.is_ascii_digit();
    let mut end = 0;
    for (index, part) in text.split('.').enumerate() {
        let digits = part.find(|c| !digit(c)).unwrap_or(part.len());
        if digits == 0 {
            break;
        }
        end += usize::from(index > 0) + digits;
        if digits < part.len() {
            break;
        }
    }
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vendors_add_is_no_part_of_a_release() {
        let cases = [
            ("go1.26.8", Some("1.26.8")),
            ("go1.26.8-X:nodwarf5", Some("1.26.8")),
            ("go1.26.8-X:nodwarf5,greenteagc", Some("1.26.8")),
            ("go1.22.3 X:boringcrypto", Some("1.22.3")),
            ("go1.21.13-fips", Some("1.21.13")),
            ("go1.20.4b7", Some("1.20.4")),
            ("go1.24.1-1", Some("1.24.1")),
            ("go1.24.1-1-microsoft", Some("1.24.1")),
            ("go1.21.11 (Red Hat 1.21.11-1.el9_4)", Some("1.21.11")),
            ("go1.18 gccgo (Debian 12.2.0-14) 12.2.0", Some("1.18")),
            ("go1.16.5+auto", Some("1.16.5")),
            ("go1.21-bigcorp", Some("1.21")),
            ("go1.20b7", Some("1.20")),
            ("go1.25rc1", Some("1.25rc1")),
            ("go1.25rc1-X:nodwarf5", Some("1.25rc1")),
            ("go1.4beta1", Some("1.4beta1")),
            ("go1.27-devel_3f2a91c Fri Jan 9 10:00:00 2026", Some("1.27")),
            ("devel go1.27-3f2a91c Fri Jan 9 10:00:00 2026", Some("1.27")),
            ("rustc 1.90.0 (1159e78c4 2025-09-14)", Some("1.90.0")),
            ("rustc 1.63.0 (Debian 1.63.0+dfsg1-2)", Some("1.63.0")),
            ("rustc version 1.65.0 (Fedora 1.65.0-1.fc37)", Some("1.65.0")),
            ("rustc 1.75.0-1.el9", Some("1.75.0")),
            ("rustc 1.90.0-nightly (1159e78c4 2025-09-14)", Some("1.90.0-nightly")),
            ("rustc 1.91.0-beta.3", Some("1.91.0-beta.3")),
            ("rustc 1.96.0-dev", Some("1.96.0-dev")),
            ("rustc 1.90.0, clang 18.1.8", Some("1.90.0")),
            ("", None),
            ("go", None),
            ("go1", None),
            ("go1.", None),
            ("go1.26.go", None),
            ("go1.21/src", None),
            ("gopher", None),
            ("devel", None),
            ("devel +3f2a91c Fri Jan 9 2026", None),
            ("rustc (version not recorded)", None),
            ("rustc 1.90", None),
            ("GCC 12.2.0", None),
            ("probably Rust", None),
        ];
        for (toolchain, version) in cases {
            let found = Release::parse(toolchain);
            assert_eq!(found.map(|release| release.version), version, "{toolchain}");
        }
    }

    #[test]
    fn sources_between_releases_are_told_from_releases() {
        for (toolchain, expected) in [
            ("devel go1.27-3f2a91c Fri Jan 9 10:00:00 2026", true),
            ("go1.27-devel_3f2a91c Fri Jan 9 10:00:00 2026", true),
            ("go1.26.8-X:nodwarf5", false),
            ("go1.25rc1", false),
        ] {
            let release = Release::parse(toolchain).expect(toolchain);
            assert_eq!(release.is_development, expected, "{toolchain}");
        }
    }

    #[test]
    fn the_numbers_are_those_before_any_mark() {
        let numbers = |toolchain| Release::parse(toolchain).and_then(|release| release.numbers());
        assert_eq!(numbers("go1.25rc1"), Some(crate::Version::new(1, 25)));
        assert_eq!(numbers("rustc 1.90.0-nightly"), Some(crate::Version::new(1, 90)));
        assert_eq!(numbers("go1.99999999999"), None);
    }
}
