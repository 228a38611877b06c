//! Finds crates in the names of symbols.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::paths::is_crate_name;
use super::{CrateSource, KEPT, Trace, Traces};
use crate::image::symbol_names;
use crate::recovered::origin::{Language, mangling};
use crate::{Confidence, Image};

/// The longest part of a symbol's readable name that is examined.
const SYMBOL: usize = 256;

/// Crates of the standard library, which every Rust program has.
const STANDARD: [&str; 13] = [
    "__rustc",
    "alloc",
    "compiler_builtins",
    "core",
    "panic_abort",
    "panic_unwind",
    "proc_macro",
    "std",
    "std_detect",
    "sysroot",
    "test",
    "unwind",
    "rustc_std_workspace_core",
];

/// Adds the crates that an image's symbols name.
pub(super) fn read(image: &Image<'_>, found: &mut Traces) {
    let mut text = Bounded(String::with_capacity(SYMBOL));
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for name in symbol_names::symbols(image) {
        if mangling(name) != Some(Language::Rust) {
            continue;
        }
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let Ok(readable) = rustc_demangle::try_demangle(name) else { continue };
        text.0.clear();
        // The buffer is full: the start of the name suffices.
        let _ = write!(text, "{readable}");
        let mut add = |name: &str| {
            if let Some(count) = counts.get_mut(name) {
                *count += 1;
            } else if counts.len() < KEPT {
                counts.insert(name.to_owned(), 1);
            } else {
                found.truncated = true;
            }
        };
        if name.starts_with("_R") {
            v0_crates(&text.0).for_each(&mut add);
        } else {
            legacy_crate(&text.0).into_iter().for_each(&mut add);
        }
    }
    for (name, count) in counts {
        let standard = STANDARD.contains(&name.as_str());
        let source = if standard { CrateSource::StandardLibrary } else { CrateSource::Unknown };
        let found_name = format!("{name}::…");
        let confidence = Confidence::Likely;
        let trace = Trace { name: &name, version: None, source, found: found_name, confidence };
        found.add(trace, "symbols", count);
    }
}

/// The start of a text of any length.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = SYMBOL.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.extend(text.chars().take(room / 4));
        Err(fmt::Error)
    }
}

/// Names before a crate's disambiguator in brackets: `<regex[1a2b]::Regex as core[3c]::Any>`.
pub(super) fn v0_crates(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('[').filter_map(|(at, _)| {
        let (before, rest) = (text.get(..at)?, text.get(at + 1..)?);
        let (hash, _) = rest.split_once(']')?;
        let hex = !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let in_name = |c: char| c.is_alphanumeric() || c == '_';
        let start = before.rfind(|c: char| !in_name(c)).map_or(0, |last| last + 1);
        let name = before.get(start..)?;
        (hex && hash.len() >= 8 && is_crate_name(name)).then_some(name)
    })
}

/// The first name, if a path begins with it: `<&regex::Regex as core::Any>::get`.
pub(super) fn legacy_crate(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(['<', '&', '*', '(', '[']);
    let text = text.strip_prefix("mut ").or_else(|| text.strip_prefix("const ")).unwrap_or(text);
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let (name, rest) = text.split_at_checked(end)?;
    (rest.starts_with("::") && is_crate_name(name)).then_some(name)
}
