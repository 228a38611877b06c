//! Reads a call in its dialect: GNU's and Apple's strip give different meanings to the same
//! letters. The result uses words with one meaning, which the command line's parser accepts.
//!
//! ```text
//!        GNU and LLVM                 Apple
//! -s     all symbols go               -s FILE  the symbols listed in FILE stay
//! -R X   section X goes               -R FILE  the symbols listed in FILE go
//! -d     debug data goes              -d FILE  debugging symbols of the sources in FILE stay
//! -N X   symbol X goes                -N       all symbols go
//! ```
//!
//! A call has Apple's dialect if `--dialect` or the program's name requests it, or if it has a flag
//! that only Apple's strip has. Otherwise it has GNU's.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use anyhow::Result;

use super::apple::{self, AppleArgs, Does};
use crate::app::error::Usage;

/// The kind of file behind a word that may or may not be a file to strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordContent {
    /// There is no such file.
    Nothing,
    /// A file that can be stripped.
    Program,
    /// A text with one name per line.
    List,
    /// A file of another kind.
    Other,
}

/// A parsed call of the program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StripCall {
    /// The words in GNU's dialect, the program's name first.
    pub words: Vec<OsString>,
    /// The request of Apple's flags beyond these words; `None` in GNU's dialect.
    pub apple: Option<AppleArgs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Gnu,
    Apple,
}

/// GNU's letters: those without a value, and those with one.
const GNU_ALONE: &str = "sgSdxXpnvqhVDUw";
const GNU_VALUE: &str = "oKNR";
/// Letters of this program without a meaning in Apple's strip.
const COMMON: &str = "gKpqwUhV";

/// Reads a call. `look` classifies the file that a word names.
///
/// # Errors
/// [`Usage`] for a flag that the dialect does not have, and for an ambiguous one.
pub(super) fn read(args: Vec<OsString>, look: &dyn Fn(&OsStr) -> WordContent) -> Result<StripCall> {
    let mut args = args.into_iter();
    let program = args.next().unwrap_or_else(|| "rgo-strip".into());
    let (said, words) = without_dialect(args)?;
    let dialect = match said {
        Some(dialect) => dialect,
        None if is_apples_name(&program) => Dialect::Apple,
        None if only_apple(&words)? => Dialect::Apple,
        None => Dialect::Gnu,
    };
    match dialect {
        Dialect::Gnu => {
            check_clusters(&words)?;
            if said.is_none() {
                check_ambiguous(&words, look)?;
            }
            let words = std::iter::once(program).chain(words).collect();
            Ok(StripCall { words, apple: None })
        }
        Dialect::Apple => apple_call(program, words, look),
    }
}

/// Removes `--dialect` from a call.
fn without_dialect(
    args: impl Iterator<Item = OsString>,
) -> Result<(Option<Dialect>, Vec<OsString>)> {
    let mut said = None;
    let mut words: Vec<OsString> = Vec::new();
    let mut args = args;
    while let Some(word) = args.next() {
        if word == "--" {
            words.push(word);
            words.extend(args.by_ref());
            break;
        }
        let value = match word.to_str().and_then(|word| word.strip_prefix("--dialect")) {
            Some("") => args.next(),
            Some(value) if value.starts_with('=') => Some(value.trim_start_matches('=').into()),
            _ => {
                words.push(word);
                continue;
            }
        };
        said = match value.as_deref().and_then(OsStr::to_str) {
            Some("gnu") => Some(Dialect::Gnu),
            Some("apple") => Some(Dialect::Apple),
            other => {
                let text = format!("--dialect {}: it is gnu or apple", other.unwrap_or_default());
                return Err(Usage::new(text).into());
            }
        };
    }
    Ok((said, words))
}

/// Whether the program has a name like tools for Apple's systems: `arm64-apple-darwin23-strip`.
/// (`rgo-strip-x86_64-apple-darwin` may be the name of a download.)
fn is_apples_name(program: &OsStr) -> bool {
    let name = std::path::Path::new(program).file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    name.ends_with("strip") && (name.contains("apple") || name.contains("darwin"))
}

/// The words of a call that may be flags with one dash, without the dash.
fn flags(words: &[OsString]) -> impl Iterator<Item = &str> {
    let words = words.iter().take_while(|word| *word != "--");
    words.filter_map(|word| word.to_str()?.strip_prefix('-')).filter(|flag| {
        let is_long = flag.starts_with('-');
        !flag.is_empty() && !is_long
    })
}

/// Whether the call has a flag that only Apple's strip has.
fn only_apple(words: &[OsString]) -> Result<bool> {
    let is_gnus = |letter| GNU_ALONE.contains(letter) || GNU_VALUE.contains(letter);
    for flag in flags(words) {
        if flag.starts_with("no_") || apple::named(flag).is_some_and(|it| it.name.len() > 1) {
            return Ok(true);
        }
        let is_cluster = flag.chars().all(|letter| apple::letter(letter).is_some());
        if is_cluster && flag.contains(|letter| !is_gnus(letter)) {
            if flag.starts_with('N') {
                let symbol = flag.get(1..).unwrap_or_default();
                let hint = format!(
                    "GNU's takes out the symbol {symbol}: --strip-symbol={symbol}; Apple's are \
                     several flags: --dialect apple"
                );
                return Err(two_ways(&format!("-{flag}"), hint).into());
            }
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fails for a cluster of flags in which one takes the rest of the word as its value: this is a
/// misspelled word, or a flag of another strip.
fn check_clusters(words: &[OsString]) -> Result<()> {
    for flag in flags(words) {
        let Some(at) = flag.find(|letter| GNU_VALUE.contains(letter)) else { continue };
        let (before, after) = (flag.get(..at).unwrap_or_default(), flag.get(at + 1..));
        let after = after.unwrap_or_default();
        let are_flags = before.chars().all(|letter| GNU_ALONE.contains(letter));
        if !before.is_empty() && are_flags && !after.is_empty() {
            let letter = flag.get(at..at + 1).unwrap_or_default();
            return Err(Usage::new(format!("there is no flag -{flag}"))
                .hint(format!("for these flags one by one write -{before} -{letter} {after}"))
                .into());
        }
    }
    Ok(())
}

/// Fails if the word behind a flag may be either a file to strip or the value of Apple's flag.
fn check_ambiguous(words: &[OsString], look: &dyn Fn(&OsStr) -> WordContent) -> Result<()> {
    let words = words.split(|word| word == "--").next().unwrap_or_default();
    let files = words.iter().filter(|word| !word.to_string_lossy().starts_with('-')).count();
    for pair in words.windows(2) {
        let [flag, word] = pair else { continue };
        let shown = word.to_string_lossy();
        let hint = match flag.to_str() {
            // A single file is the one to strip.
            Some("-s") if files > 1 && look(word) == WordContent::List => format!(
                "GNU's -s takes no file: --strip-all; Apple's keeps the symbols that {shown} lists: \
                 --dialect apple"
            ),
            Some("-d") if files > 1 && look(word) == WordContent::List => format!(
                "GNU's -d takes no file: --strip-debug; Apple's keeps debugging symbols of the \
                 sources that {shown} lists: --dialect apple"
            ),
            Some("-R") if look(word) == WordContent::List => format!(
                "GNU's -R takes out the section {shown}: --remove-section={shown}; Apple's takes \
                 out the symbols that the file {shown} lists: --dialect apple"
            ),
            Some("-N") if look(word) == WordContent::Program => format!(
                "GNU's -N takes out the symbol {shown}: --strip-symbol={shown}; Apple's takes out \
                 all symbols: --dialect apple"
            ),
            _ => continue,
        };
        return Err(two_ways(&format!("{} {shown}", flag.to_string_lossy()), hint).into());
    }
    Ok(())
}

fn two_ways(words: &str, hint: String) -> Usage {
    Usage::new(format!("`{words}` can be read in two ways")).hint(hint)
}

/// Translates a call in Apple's dialect to GNU's.
fn apple_call(
    program: OsString,
    words: Vec<OsString>,
    look: &dyn Fn(&OsStr) -> WordContent,
) -> Result<StripCall> {
    let mut apple = AppleArgs::default();
    let mut options: Vec<OsString> = Vec::new();
    let mut modes: Vec<&str> = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        // All words behind these are files.
        if word == "-" || word == "--" {
            options.push("--".into());
            options.extend(words.by_ref());
            break;
        }
        let flag = word.to_str().and_then(|word| word.strip_prefix('-'));
        let Some(flag) = flag.filter(|flag| !flag.starts_with('-')) else {
            options.push(word);
            continue;
        };
        if flag.starts_with(|letter| COMMON.contains(letter)) {
            check_clusters(std::slice::from_ref(&word))?;
            options.push(word);
            continue;
        }
        if let Some(known) = apple::named(flag) {
            match known.does {
                Does::TakesValue(option) => {
                    options.extend([Some(option.into()), words.next()].into_iter().flatten());
                }
                Does::TakesList(place) => {
                    *place(&mut apple) = Some(list(flag, words.next(), look)?);
                }
                _ => act(known, &mut apple, &mut modes, &mut options)?,
            }
            continue;
        }
        if flag.contains('_') {
            return Err(Usage::new(format!("Apple's dialect has no flag -{flag}")).into());
        }
        for letter in flag.chars() {
            let known = apple::letter(letter).filter(|known| !known.does.takes_word());
            let Some(known) = known else {
                let text = format!("-{flag}: Apple's dialect has no flag {letter} in a cluster");
                return Err(Usage::new(text)
                    .hint("--dialect gnu reads the flags as GNU's strip does")
                    .into());
            };
            act(known, &mut apple, &mut modes, &mut options)?;
        }
    }
    if modes.is_empty() {
        modes.push("--strip-all");
    }
    let modes = modes.into_iter().map(OsString::from);
    let words = std::iter::once(program).chain(modes).chain(options).collect();
    Ok(StripCall { words, apple: Some(apple) })
}

fn act(
    flag: &apple::Flag,
    apple: &mut AppleArgs,
    modes: &mut Vec<&'static str>,
    options: &mut Vec<OsString>,
) -> Result<()> {
    match flag.does {
        Does::Mode(mode) => modes.push(mode),
        Does::Option(option) => options.push(option.into()),
        Does::Sets(set) => set(apple),
        Does::InAnyCase => {}
        Does::Refused(why) => {
            let text =
                format!("-{} of Apple's strip ({}) is not supported", flag.name, flag.meaning);
            return Err(Usage::new(text).hint(why).into());
        }
        Does::TakesValue(_) | Does::TakesList(_) => {}
    }
    Ok(())
}

/// The list of names behind a flag.
fn list(
    flag: &str,
    word: Option<OsString>,
    look: &dyn Fn(&OsStr) -> WordContent,
) -> Result<PathBuf> {
    let what = "Apple's takes a file with a name in each line";
    let gnu = match flag {
        "s" => "GNU's takes no file: --strip-all",
        "R" => "GNU's takes out a section: --remove-section=NAME",
        _ => "GNU's takes no file: --strip-debug",
    };
    let Some(word) = word else {
        return Err(two_ways(&format!("-{flag}"), format!("{what}; {gnu}")).into());
    };
    match look(&word) {
        WordContent::List | WordContent::Other => Ok(word.into()),
        WordContent::Nothing | WordContent::Program => {
            let words = format!("-{flag} {}", word.to_string_lossy());
            Err(two_ways(&words, format!("{what}; {gnu}")).into())
        }
    }
}

#[cfg(test)]
mod tests;
