//! The toolchain that an image is named after, and its language.

use std::fmt;

use super::Inspection;
use super::build_record::RecordFormat;
use crate::Confidence;
use crate::recovered::origin::{ImageOrigin, Language, ToolRole, ToolUse};
use crate::release::Release;

/// Compilers that are named where no toolchain is known.
const MAX_NAMED: usize = 3;

/// The toolchain that made an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageToolchain {
    /// Its name, mostly with a version: `go1.25.3`, `rustc 1.90.0`, `GCC 12.2.0, clang`.
    Named(String),
    /// rustc: the image has a list of crates, and nothing shows the version.
    SomeRustc,
    /// Nothing but a guess at the language.
    Guess(Language),
}

impl ImageToolchain {
    /// The release of Go or rustc that it is.
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
    /// The toolchain that made it: as recorded, else as recovered.
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
        // Parts in Rust do not make a C++ program one of Rust's.
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

    /// The language that it is best called after.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        match self.record.known().map(|record| record.format) {
            Some(RecordFormat::GoBuildinfo) => return Some(Language::Go),
            Some(RecordFormat::RgoNote | RecordFormat::DepV0) => return Some(Language::Rust),
            None => {}
        }
        if self.recovered_go.is_known() {
            return Some(Language::Go);
        }
        let first = self.origin.as_ref()?.languages.first();
        first.map(|used| used.language)
    }

    /// The language where it is no more than a guess.
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
    // The compiler of the parts in C is not the one of a program in Zig.
    if let Some(first) = origin.languages.first()
        && (names.is_empty() || !first.language.is_of_the_c_family())
    {
        names.insert(0, first.language.to_string());
    }
    names
}
