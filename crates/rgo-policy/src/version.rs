//! Compares version numbers of every kind that binaries carry, in one order: glibc's `2.9` before
//! `2.28`, Go's `1.25rc1` before `1.25`, `1.2.3-beta.2` before `1.2.3` as in Semantic Versioning
//! 2.0.0.
//!
//! ```text
//! [go | v] number { "." number } [ letters [number] … | "-" identifier { "." identifier } ] [ "+" metadata ]
//!          2.28                    1.25rc1               1.2.3-beta.2                        1.2.3+dirty
//! ```
//!
//! Missing numbers are 0. Metadata does not affect the order.

use std::cmp::Ordering;

use rgo_binary::release::Release;

/// A version that can be compared. `==` compares the spelling; [`ComparableVersion::order`]
/// compares the meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ComparableVersion {
    release: Vec<Number>,
    pre: Vec<Identifier>,
    metadata: String,
}

/// Digits without leading zeros: more digits mean a greater number, so no number is too large.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Number(String);

/// A part of a pre-release; numbers come before words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(Number),
    Word(String),
}

impl ComparableVersion {
    /// Parses a version in the spelling of expressions; `None` if it is none.
    #[must_use]
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = ["go", "v"].iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text);
        let (text, metadata) = text.split_once('+').unwrap_or((text, ""));
        let numbers = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (release, pre) = text.split_at_checked(numbers)?;
        let release: Vec<Number> = release.split('.').map(Number::parse).collect::<Option<_>>()?;
        let pre = match pre.strip_prefix('-') {
            Some(pre) => dotted(pre)?,
            None => run_on(pre)?,
        };
        Some(Self { release, pre, metadata: metadata.to_owned() })
    }

    /// Parses a version as programs record it: a toolchain's name (`rustc 1.90.0 (…)`,
    /// `go1.26.5-X:nodwarf5`), else like [`Self::parse`].
    #[must_use]
    pub(super) fn parse_found(text: &str) -> Option<Self> {
        match Release::parse(text) {
            Some(release) => Self::parse(release.version),
            None => Self::parse(text.split_whitespace().next()?),
        }
    }

    /// Whether this is the version `named`: equal in order, and with the same metadata. If `named`
    /// has no metadata, any metadata matches except `dirty`, which marks modified sources.
    #[must_use]
    pub(super) fn is(&self, named: &Self) -> bool {
        let mut parts = self.metadata.split(['.', '+']);
        let metadata = if named.metadata.is_empty() {
            !parts.any(|part| part == "dirty")
        } else {
            self.metadata == named.metadata
        };
        metadata && self.order(named) == Ordering::Equal
    }

    /// Compares two versions.
    #[must_use]
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let zero = Number(String::new());
        let count = self.release.len().max(other.release.len());
        let at = |version: &Self, index| version.release.get(index).unwrap_or(&zero).clone();
        (0..count)
            .map(|index| at(self, index).cmp(&at(other, index)))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| match (self.pre.is_empty(), other.pre.is_empty()) {
                (false, false) => self.pre.cmp(&other.pre),
                // A pre-release comes before its release.
                (mine, theirs) => mine.cmp(&theirs),
            })
    }
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Self(text.trim_start_matches('0').to_owned()))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Parses a pre-release behind a hyphen.
fn dotted(pre: &str) -> Option<Vec<Identifier>> {
    let part = |part: &str| {
        let word = !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        word.then(|| identifier(part))
    };
    pre.split('.').map(part).collect()
}

/// Parses a pre-release directly behind its number, as in `1.25rc1`: letters and digits alternate.
fn run_on(pre: &str) -> Option<Vec<Identifier>> {
    if !pre.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let turns = pre.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    Some(turns.map(|turn| identifier(&String::from_utf8_lossy(turn))).collect())
}

fn identifier(part: &str) -> Identifier {
    Number::parse(part).map_or_else(|| Identifier::Word(part.to_owned()), Identifier::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_in_the_order_of_their_projects() {
        let ascending = [
            &["2.2.5", "2.9", "2.17", "2.28", "2.28.1", "2.100", "10"][..],
            &["1.25rc1", "1.25rc2", "1.25rc10", "1.25", "1.25.1", "1.26beta1", "1.26"],
            &["v0.0.0-20230101-abc", "v0.9.0", "v1.0.0-rc.1", "v1.0.0+incompatible", "v1.0.1"],
            &["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"],
            &["1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"],
            &["1.90.0-nightly", "1.90.0", "1.91.0-beta.3"],
            &["10.0.19041", "10.0.19041.1", "10.0.99999999999999999999999999"],
        ];
        for versions in ascending {
            for (earlier, later) in versions.iter().zip(&versions[1..]) {
                let order = |a: &str, b: &str| {
                    ComparableVersion::parse(a)
                        .expect(a)
                        .order(&ComparableVersion::parse(b).expect(b))
                };
                assert_eq!(order(earlier, later), Ordering::Less, "{earlier} {later}");
                assert_eq!(order(later, earlier), Ordering::Greater, "{later} {earlier}");
                assert_eq!(order(later, later), Ordering::Equal, "{later}");
            }
        }
    }

    #[test]
    fn what_toolchains_write_is_read() {
        let cases = [
            ("go1.26.5", "1.26.5"),
            ("go1.26.5 X:nodwarf5", "1.26.5"),
            ("go1.26.5-X:nodwarf5", "1.26.5"),
            ("go1.25rc1", "1.25rc1"),
            ("go1.24.1-1", "1.24.1"),
            ("go1.20.4b7", "1.20.4"),
            ("devel go1.27-3f2a91c Mon Jan 5 2026", "1.27"),
            ("rustc 1.90.0 (1159e78c4 2025-09-14)", "1.90.0"),
            ("rustc version 1.90.0-nightly (1159e78c4 2025-09-14)", "1.90.0-nightly"),
            ("1.90.0", "1.90"),
            ("v1.2.3", "01.2.3"),
        ];
        for (found, same) in cases {
            let version = ComparableVersion::parse_found(found).expect(found);
            assert_eq!(
                version.order(&ComparableVersion::parse(same).expect(same)),
                Ordering::Equal,
                "{found}"
            );
        }
        for none in ["", "(devel)", "devel", "devel +3f2a91c", "rustc (version not recorded)"] {
            assert!(ComparableVersion::parse_found(none).is_none(), "{none}");
        }
        for none in ["", ".", "1.", ".1", "1..2", "x", "1.2,3", "1.0-", "1.0-a..b", "1.25.*", "-1"]
        {
            assert!(ComparableVersion::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn metadata_counts_where_it_is_named_and_dirty_always() {
        let is = |found: &str, named: &str| {
            ComparableVersion::parse(found)
                .expect(found)
                .is(&ComparableVersion::parse(named).expect(named))
        };
        assert!(is("v2.0.0+incompatible", "2.0.0"));
        assert!(is("1.2.0", "1.2"));
        assert!(!is("v1.2.3+dirty", "1.2.3"));
        assert!(!is("v2.0.0+incompatible.dirty", "2.0.0"));
        assert!(is("v1.2.3+dirty", "1.2.3+dirty"));
        assert!(!is("1.2.3", "1.2.3+build.7"));
        assert!(!is("1.2.3-rc.1", "1.2.3"));
    }

    proptest! {
        /// The same order as Semantic Versioning in the crate `semver`.
        #[test]
        fn semantic_versions_are_ordered_as_by_semver(
            a in r"[0-9]\.(0|1[0-9]?)\.[0-2](-(a|rc|0|1|12|x-y)(\.(b|2|10))?)?(\+m1)?",
            b in r"[0-9]\.(0|1[0-9]?)\.[0-2](-(a|rc|0|1|12|x-y)(\.(b|2|10))?)?(\+m2)?",
        ) {
            let theirs = |text: &str| semver::Version::parse(text).expect("valid");
            let ours = |text: &str| ComparableVersion::parse(text).expect("valid");
            prop_assert_eq!(ours(&a).order(&ours(&b)), theirs(&a).cmp_precedence(&theirs(&b)));
        }

        #[test]
        fn any_text_is_a_version_or_none(text in ".*") {
            if let Some(version) = ComparableVersion::parse_found(&text) {
                prop_assert_eq!(version.order(&version), Ordering::Equal);
            }
        }
    }
}
