//! Matches the patterns of `[[file]]`. The author of an archive chooses the names of its members,
//! so matching never takes more steps than the length of the pattern times that of the path; the
//! usual libraries can backtrack over several stars for minutes.
//!
//! ```text
//! *.so           the last part of the path
//! lib/*.so       the end of the path, part by part;  *  any text without /   ?  one character
//! lib/**/a.so    **  any parts, or none
//! x*.tgz!**      the archive too: `!` stands before the path in it
//! ```

use std::fmt;

use super::Subject;

/// What `!` is in a path: a part of its own.
const IN_ARCHIVE: &str = "/!/";

/// A pattern for the path of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    parts: Vec<PatternPart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PatternPart {
    /// `**`.
    Any,
    /// A name with `*` and `?`.
    Name(Vec<char>),
}

/// Characters with a meaning in other tools' patterns, which here would only never match.
const FOREIGN: [char; 4] = ['[', ']', '{', '}'];

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// The mistake in it.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        if text.contains(FOREIGN) {
            return Err("only *, ** and ? have a meaning in it");
        }
        if text.is_empty() || text.ends_with(['/', '!']) {
            return Err("it names no file");
        }
        let part = |part: &str| match part {
            "**" => PatternPart::Any,
            name => PatternPart::Name(name.chars().collect()),
        };
        let relative =
            text.trim_start_matches("./").trim_start_matches('/').replace('!', IN_ARCHIVE);
        // A pattern matches the end of a path, wherever the path begins.
        let parts =
            std::iter::once(PatternPart::Any).chain(relative.split('/').map(part)).collect();
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Whether it matches this subject by its path in the innermost archive, or by its whole name if the
    /// pattern names an archive.
    pub(super) fn covers(&self, subject: &Subject) -> bool {
        if !self.text.contains('!') {
            return self.fits(subject.innermost());
        }
        self.fits(&subject.path().replace('!', IN_ARCHIVE))
    }

    /// Whether it matches this path, with slashes or backslashes.
    fn fits(&self, path: &str) -> bool {
        let path: Vec<Vec<char>> =
            path.split(['/', '\\']).map(|part| part.chars().collect()).collect();
        matches(
            &self.parts,
            &path,
            |part| *part == PatternPart::Any,
            |part, found| match part {
                PatternPart::Any => true,
                PatternPart::Name(name) => {
                    matches(name, found, |c| *c == '*', |c, other| *c == '?' || c == other)
                }
            },
        )
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a sequence matches a pattern with stars. It backtracks only to the last star: every
/// earlier one has taken the least that it can.
fn matches<P, T>(
    pattern: &[P],
    sequence: &[T],
    star: impl Fn(&P) -> bool,
    one: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut p, mut s) = (0, 0);
    let mut last = None;
    while let Some(item) = sequence.get(s) {
        match pattern.get(p) {
            Some(part) if star(part) => {
                last = Some((p + 1, s));
                p += 1;
            }
            Some(part) if one(part, item) => {
                p += 1;
                s += 1;
            }
            _ => {
                let Some((behind, taken)) = last else { return false };
                (p, s) = (behind, taken + 1);
                last = Some((behind, s));
            }
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(star))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_are_about_names_and_with_a_slash_about_the_end_of_the_path() {
        let cases = [
            ("*.so", "a.so", true),
            ("*.so", "./dist/lib/a.so", true),
            ("*.so", "dist\\a.so", true),
            ("*.so", "a.so.1", false),
            ("*.so", "a.so/b", false),
            ("*.so*", "a.so.1", true),
            ("lib?.so", "lib1.so", true),
            ("lib?.so", "lib.so", false),
            ("linux-*/app", "/home/u/dist/linux-amd64/app", true),
            ("./linux-*/app", "linux-amd64/app", true),
            ("linux-*/app", "dist/linux-amd64/bin/app", false),
            ("linux-*/**/app", "dist/linux-amd64/bin/x/app", true),
            ("linux-*/**/app", "dist/linux-amd64/app", true),
            ("ux-*/app", "dist/linux-amd64/app", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("*", "", true),
            ("**", "a/b", true),
        ];
        for (pattern, path, expected) in cases {
            let fits = Pattern::new(pattern).expect(pattern).fits(path);
            assert_eq!(fits, expected, "{pattern} {path}");
        }
        for bad in ["", "lib/", "a.tgz!", "*.{so,dll}", "[a-z]"] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_may_name_the_archive() {
        let subject = |file: &str, member: Option<&str>| Subject {
            member: member.map(str::to_owned),
            ..Subject::file(file)
        };
        let member = subject("in/x-1.tgz", Some("package/bin/x"));
        let nested = subject("a.tar", Some("b/x-1.tgz!package/bin/x"));
        let file = subject("in/x-1.tgz", None);
        for (pattern, expected) in [
            ("x", [true, true, false]),
            ("bin/x", [true, true, false]),
            ("x-*.tgz!**", [true, true, false]),
            ("*.tgz!package/bin/x", [true, true, false]),
            ("in/*!**", [true, false, false]),
            ("*.tar!**", [false, true, false]),
            ("*.tgz!x", [false, false, false]),
        ] {
            let pattern = Pattern::new(pattern).expect(pattern);
            let found = [&member, &nested, &file].map(|subject| pattern.covers(subject));
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn long_names_take_no_long_time() {
        let deep = format!("{}x", "ab/".repeat(4_000));
        let long = format!("{}/x", "ab".repeat(4_000));
        let start = std::time::Instant::now();
        for pattern in ["**/*a*b*/y", "*a*b*a/y", "*a*b*a*c", "**/**/y"] {
            let pattern = Pattern::new(pattern).expect(pattern);
            assert!(!pattern.fits(&deep) && !pattern.fits(&long));
        }
        assert!(start.elapsed().as_secs() < 20);
    }

    proptest! {
        /// Compares with a slow and obvious implementation.
        #[test]
        fn stars_match_as_by_trying_everything(pattern in "[ab*?]{0,8}", text in "[abc]{0,8}") {
            fn obvious(pattern: &[char], text: &[char]) -> bool {
                match (pattern.split_first(), text.split_first()) {
                    (None, None) => true,
                    (Some(('*', rest)), _) => (0..=text.len()).any(|n| obvious(rest, &text[n..])),
                    (Some((c, rest)), Some((other, tail))) => {
                        (*c == '?' || c == other) && obvious(rest, tail)
                    }
                    _ => false,
                }
            }
            let (pattern, text): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            let fast = matches(&pattern, &text, |c| *c == '*', |c, other| *c == '?' || c == other);
            prop_assert_eq!(fast, obvious(&pattern, &text));
        }
    }
}
