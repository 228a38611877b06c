//! Selects symbols and sections by the names in a call: exact names, or patterns if the call
//! requests them.

use std::collections::HashSet;

use anyhow::{Context, Result};
use globset::GlobBuilder;
use regex::bytes::{RegexSet, RegexSetBuilder};

use crate::app::error::Usage;

/// How to interpret a name in the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Literally.
    Exact,
    /// `*`, `?`, `[…]`; a leading `!` excludes names.
    Wildcard,
    /// A regular expression for the whole name.
    Regex,
}

/// The names from one kind of option.
#[derive(Debug)]
pub(super) enum Names {
    /// Exact names.
    Exact(HashSet<Vec<u8>>),
    /// Names that match one of `of`, if there is any, and none of `but`.
    Patterns { of: RegexSet, but: RegexSet },
}

impl Names {
    /// Parses the values of one option; `None` if there are none.
    ///
    /// # Errors
    /// [`Usage`] for an invalid pattern.
    pub(super) fn new(values: &[String], reading: Reading) -> Result<Option<Self>> {
        if values.is_empty() {
            return Ok(None);
        }
        if reading == Reading::Exact {
            let names = values.iter().map(|name| name.clone().into_bytes()).collect();
            return Ok(Some(Self::Exact(names)));
        }
        let (mut of, mut but) = (Vec::new(), Vec::new());
        for value in values {
            let excluded = value.strip_prefix('!').filter(|_| reading == Reading::Wildcard);
            let pattern = match reading {
                Reading::Wildcard => wildcard(excluded.unwrap_or(value)),
                _ => Ok(format!("^(?:{value})$")),
            };
            let pattern = pattern.map_err(|error| bad(value, &error))?;
            // Each pattern separately, so that an error shows only that one.
            set(std::slice::from_ref(&pattern)).map_err(|error| bad(value, &error))?;
            if excluded.is_some() { but.push(pattern) } else { of.push(pattern) }
        }
        let context = "reading the patterns for names";
        Ok(Some(Self::Patterns {
            of: set(&of).context(context)?,
            but: set(&but).context(context)?,
        }))
    }

    /// The names that are no patterns.
    pub(super) fn exact(&self) -> impl Iterator<Item = &[u8]> {
        let names = match self {
            Self::Exact(names) => Some(names),
            Self::Patterns { .. } => None,
        };
        names.into_iter().flatten().map(Vec::as_slice)
    }

    /// Whether this name is selected.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        match self {
            Self::Exact(names) => names.contains(name),
            Self::Patterns { of, but } => {
                (of.is_empty() || of.is_match(name)) && !but.is_match(name)
            }
        }
    }
}

fn wildcard(text: &str) -> Result<String> {
    // Names are no paths: a star also matches a slash.
    let glob = GlobBuilder::new(text).literal_separator(false).backslash_escape(true).build()?;
    Ok(glob.regex().to_owned())
}

/// Compiles patterns for bytes, because a compiler's names need not be UTF-8.
fn set(patterns: &[String]) -> Result<RegexSet, regex::Error> {
    RegexSetBuilder::new(patterns).unicode(false).build()
}

fn bad(value: &str, error: &dyn std::fmt::Display) -> Usage {
    let why = error.to_string();
    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
    Usage::new(format!("the pattern {value} cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reading: Reading, values: &[&str], yes: &[&str], no: &[&str]) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let names = Names::new(&values, reading).expect("reads").expect("there are some");
        for name in yes {
            assert!(names.has(name.as_bytes()), "{name} is meant by {values:?}");
        }
        for name in no {
            assert!(!names.has(name.as_bytes()), "{name} is not meant by {values:?}");
        }
    }

    #[test]
    fn names_are_exact_unless_asked_otherwise() {
        check(Reading::Exact, &["a*", ".text"], &["a*", ".text"], &["ab", "xtext", ".text2"]);
        check(Reading::Wildcard, &["a*", "b?", "[xy]1"], &["a", "a/b", "b1", "y1"], &["b", "z1"]);
        check(Reading::Regex, &["a|bc", "d.f"], &["a", "bc", "def"], &["ab", "xbc", "defg"]);
        check(Reading::Regex, &["!a"], &["!a"], &["b"]);
    }

    #[test]
    fn an_exclamation_mark_excludes() {
        check(Reading::Wildcard, &["a*", "!ab*"], &["a", "ac"], &["ab", "abc", "b"]);
        check(Reading::Wildcard, &["!ab*"], &["a", "x"], &["abc"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_matched() {
        let names = Names::new(&["a*".into()], Reading::Wildcard).expect("reads").expect("some");
        assert!(names.has(b"a\xff"));
    }

    #[test]
    fn what_is_no_pattern_is_a_wrong_call() {
        for (reading, value) in [(Reading::Regex, "a("), (Reading::Wildcard, "[a")] {
            let error = Names::new(&[value.into()], reading).expect_err("is none");
            assert!(error.downcast_ref::<Usage>().is_some(), "{error:#}");
            assert!(error.to_string().contains(value), "{error:#}");
        }
    }

    #[test]
    fn nothing_asked_for_means_no_name() {
        assert!(Names::new(&[], Reading::Regex).expect("reads").is_none());
    }
}
