//! The user's own groups: a file of names with regular expressions.

use std::path::Path;

use anyhow::{Context, Result};
use regex::Regex;
use rgo_debuginfo::sizes::{Attribution, Key, Part};
use serde::Deserialize;

use crate::app::text_file;

/// Largest file of buckets, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The groups of a file, in its order.
#[derive(Debug, Default)]
pub(in crate::symbols) struct Buckets(Vec<Bucket>);

#[derive(Debug)]
struct Bucket {
    name: String,
    patterns: Vec<(Key, Regex)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketFile {
    #[serde(default)]
    bucket: Vec<BucketEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketEntry {
    name: String,
    section: Option<String>,
    package: Option<String>,
    file: Option<String>,
    unit: Option<String>,
    symbol: Option<String>,
}

impl Buckets {
    /// Reads a file of buckets.
    ///
    /// # Errors
    /// If it cannot be read, or is no such file.
    pub(in crate::symbols) fn read(path: &Path) -> Result<Self> {
        let text = text_file::read(path, MAX_BYTES).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let file: BucketFile = toml::from_str(text)?;
        file.bucket.into_iter().map(Bucket::new).collect::<Result<_>>().map(Self)
    }

    /// The name of the first bucket that a part fits into.
    pub(in crate::symbols) fn name<'b>(
        &'b self,
        attribution: &Attribution,
        part: &Part,
    ) -> &'b str {
        let fits = |bucket: &&Bucket| {
            bucket.patterns.iter().all(|(key, regex)| regex.is_match(&attribution.name(part, *key)))
        };
        self.0.iter().find(fits).map_or("[no bucket]", |bucket| &bucket.name)
    }
}

impl Bucket {
    fn new(entry: BucketEntry) -> Result<Self> {
        let BucketEntry { name, section, package, file, unit, symbol } = entry;
        let given = [
            (Key::Section, section),
            (Key::Package, package),
            (Key::File, file),
            (Key::Unit, unit),
            (Key::Instance, symbol),
        ];
        let patterns = given
            .into_iter()
            .filter_map(|(key, pattern)| Some((key, Regex::new(&pattern?))))
            .map(|(key, regex)| Ok((key, regex.with_context(|| format!("the bucket {name:?}"))?)))
            .collect::<Result<Vec<_>>>()?;
        anyhow::ensure!(!patterns.is_empty(), "the bucket {name:?} has no pattern");
        Ok(Self { name, patterns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_buckets_names_what_is_wrong_with_it() {
        assert!(Buckets::parse("[[bucket]]\nname = 'a'\nsymbol = '^x'").is_ok());
        for (text, expected) in [
            ("[[bucket]]\nname = 'a'", "the bucket \"a\" has no pattern"),
            ("[[bucket]]\nname = 'a'\nsymbol = '('", "the bucket \"a\""),
            ("[[bucket]]\nname = 'a'\nsymbl = 'x'", "unknown field `symbl`"),
        ] {
            let error = format!("{:#}", Buckets::parse(text).expect_err("is wrong"));
            assert!(error.contains(expected), "{error}");
        }
    }
}
