//! Determines the toolchain and the main language of an image.

use std::fmt;

use super::Inspection;
use super::build_record::RecordFormat;
use crate::Confidence;
use crate::recovered::origin::{ImageOrigin, Language, ToolRole, ToolUse};
use crate::release::Release;

/// The most compilers that a name lists if the toolchain is unknown.
const MAX_NAMED: usize = 3;

/// The toolchain that made an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageToolchain {
    /// Its name, mostly with a version: `go1.25.3`, `rustc 1.90.0`, `GCC 12.2.0, clang`.
    Named(String),
    /// rustc: the image has a list of crates, and nothing shows the version.
    SomeRustc,
    /// Only a guess at the language is known.
    Guess(Language),
}

impl ImageToolchain {
    /// The release of Go or rustc, if the toolchain is one.
    #[must_use]
    pub fn release(&self) -> Option<Release<'_>> {
        match self {
            Self::Named(name) => Release::parse(name),
            Self::SomeRustc | Self::Guess(_) => None,
        }
    }
}

impl fmt::Display for ImageToolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::SomeRustc => f.write_str("rustc (version not recorded)"),
            Self::Guess(language) => write!(f, "probably {language}"),
        }
    }
}

impl Inspection {
    /// The toolchain that made the image: as recorded, otherwise as recovered.
    #[must_use]
    pub fn toolchain(&self) -> Option<ImageToolchain> {
        let named = |name: &str| Some(ImageToolchain::Named(name.to_owned()));
        if let Some(record) = self.record.known() {
            if !record.info.toolchain.is_empty() {
                return named(&record.info.toolchain);
            }
            if record.format == RecordFormat::DepV0 {
                return Some(ImageToolchain::SomeRustc);
            }
        }
        if let Some(go) = self.recovered_go.known().and_then(|go| go.toolchain.as_ref()) {
            return named(&go.value);
        }
        let origin = self.origin.as_ref()?;
        // A C++ program with parts in Rust is not a Rust program.
        if self.language() == Some(Language::Rust)
            && let Some(version) = origin.rust.iter().find_map(|rust| rust.version.as_ref())
        {
            return named(&format!("rustc {version}"));
        }
        if let Some(guess) = self.guessed_language().filter(|_| compilers(origin).next().is_none())
        {
            return Some(ImageToolchain::Guess(guess));
        }
        let names = compiler_names(origin);
        (!names.is_empty()).then(|| ImageToolchain::Named(names.join(", ")))
    }

    /// The main language.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        match self.record.known().map(|record| record.format) {
            Some(RecordFormat::GoBuildinfo | RecordFormat::GoSlots) => return Some(Language::Go),
            Some(RecordFormat::RgoNote | RecordFormat::DepV0) => return Some(Language::Rust),
            None => {}
        }
        if self.recovered_go.is_known() {
            return Some(Language::Go);
        }
        let first = self.origin.as_ref()?.languages.first();
        first.map(|used| used.language)
    }

    /// The language if it is only a guess.
    #[must_use]
    pub fn guessed_language(&self) -> Option<Language> {
        if self.record.is_known() || self.recovered_go.is_known() {
            return None;
        }
        let first = self.origin.as_ref()?.languages.first()?;
        (first.confidence() == Confidence::Guess).then_some(first.language)
    }
}

fn compilers(origin: &ImageOrigin) -> impl Iterator<Item = &ToolUse> {
    origin.tools.iter().filter(|tool| tool.role == ToolRole::Compiler)
}

fn compiler_names(origin: &ImageOrigin) -> Vec<String> {
    let mut names: Vec<String> = compilers(origin).map(ToString::to_string).collect();
    names.dedup();
    names.truncate(MAX_NAMED);
    // A compiler of C parts is not the compiler of a Zig program.
    if let Some(first) = origin.languages.first()
        && (names.is_empty() || !first.language.is_of_the_c_family())
    {
        names.insert(0, first.language.to_string());
    }
    names
}
