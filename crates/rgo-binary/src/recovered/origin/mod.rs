//! Finds the origin of an image: its languages, and the compilers, assemblers and linkers that made
//! it. No single place has all of these, so this module collects them from many, each with its
//! evidence.
//!
//! ```text
//! ELF .comment, MinGW's constants ─┐
//! DWARF producers and languages ───┤
//! PE Rich header, linker version ──┼─▶ Findings ─▶ Origin
//! Mach-O LC_BUILD_VERSION ─────────┤
//! sections, libraries, symbols ────┤
//! /rustc/<commit>/ in messages ────┘
//! ```
//!
//! A damaged place is a problem in the result; the other places still count.

mod comment;
mod dwarf;
mod languages;
mod macho;
mod releases;
mod rich;
mod rust;
mod tools;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::embedded::go_buildinfo;
use crate::image::regions;
use crate::{Confidence, Evidence, Image};

pub use languages::Language;
pub(crate) use languages::mangling;
pub use rich::RichEntry;
pub use rust::RustToolchain;
pub use tools::{ToolRole, ToolUse};

use tools::identify;

/// The most tools kept.
const TOOLS: usize = 256;
/// The most observations kept for one conclusion.
const OBSERVATIONS: usize = 16;
/// The longest tool name that comes from an unknown signature, in characters.
const NAME: usize = 80;

/// The origin of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ImageOrigin {
    /// Its languages, the main one first.
    pub languages: Vec<LanguageUse>,
    /// The tools that made it: compilers, assemblers, linkers, the rest.
    pub tools: Vec<ToolUse>,
    /// The Rust toolchains among them, with their commits.
    pub rust: Vec<RustToolchain>,
    /// The linker's version in a PE image's optional header, major and minor.
    pub linker_version: Option<(u8, u8)>,
    /// The counts of Microsoft's linker, in the order of the header.
    pub rich: Vec<RichEntry>,
    /// Places that could not be read, with the reason.
    pub problems: Vec<String>,
}

/// A language of parts of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct LanguageUse {
    /// The language.
    pub language: Language,
    /// The number of DWARF units in this language; 0 without debug data.
    pub units: u64,
    /// The evidence for it.
    #[serde(flatten, serialize_with = "crate::evidence::all")]
    #[schemars(schema_with = "crate::evidence::all_schema")]
    pub evidence: Vec<Evidence>,
}

impl LanguageUse {
    /// The highest confidence of its evidence.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        let all = self.evidence.iter().map(|evidence| evidence.confidence);
        all.max().unwrap_or(Confidence::Guess)
    }
}

/// Finds the origin of an image.
#[must_use]
pub fn origin(image: &Image<'_>) -> ImageOrigin {
    let mut findings = Findings::default();
    // The linkage reports the damage of these tables.
    let needed = image.needed().unwrap_or_default();
    comment::read(image, &mut findings);
    go(image, &mut findings);
    languages::read(image, &needed, &mut findings);
    for read in [dwarf::read, macho::read] {
        if let Err(error) = read(image, &mut findings) {
            findings.problems.push(error.to_string());
        }
    }
    let symbols = languages::symbols(image, &mut findings);
    rich::read(image, &mut findings);
    let places = regions::loaded(image);
    rust::read(&places, &mut findings);
    languages::messages(&places, &mut findings);
    if findings.languages.is_empty() {
        findings.guess_from_compilers();
    }
    if findings.languages.is_empty() {
        languages::guess_from_libc(&needed, &mut findings);
    }
    findings.conclude(symbols)
}

/// Only the Rust toolchains. Their signatures are found at once; only without any does this search
/// all regions of the image.
#[must_use]
pub fn rust_toolchains(image: &Image<'_>) -> Vec<RustToolchain> {
    let mut findings = Findings::default();
    comment::read(image, &mut findings);
    let signed = rust::signed(&findings);
    if !signed.is_empty() {
        return signed;
    }
    rust::read(&regions::loaded(image), &mut findings);
    findings.rust
}

/// The toolchain in Go's build information.
fn go(image: &Image<'_>, findings: &mut Findings) {
    match go_buildinfo::find(image) {
        Ok(Some(info)) => {
            let evidence =
                Evidence::new("Go build information", &info.version, Confidence::Certain);
            findings.language(Language::Go, evidence.clone());
            let version = info.toolchain().map(tools::go_version);
            findings.tool(ToolRole::Compiler, "Go".to_owned(), version, evidence);
        }
        Ok(None) => {}
        Err(error) => findings.problems.push(error.to_string()),
    }
}

/// The results of the readers so far.
#[derive(Default)]
struct Findings {
    languages: BTreeMap<Language, Vec<Evidence>>,
    units: BTreeMap<Language, u64>,
    tools: Vec<ToolUse>,
    rust: Vec<RustToolchain>,
    linker_version: Option<(u8, u8)>,
    rich: Vec<RichEntry>,
    problems: Vec<String>,
}

impl Findings {
    fn language(&mut self, language: Language, evidence: Evidence) {
        note(self.languages.entry(language).or_default(), evidence);
    }

    fn tool(&mut self, role: ToolRole, name: String, version: Option<String>, evidence: Evidence) {
        let same =
            |tool: &&mut ToolUse| tool.role == role && tool.name == name && tool.version == version;
        if let Some(tool) = self.tools.iter_mut().find(same) {
            note(&mut tool.evidence, evidence);
        } else if self.tools.len() < TOOLS {
            self.tools.push(ToolUse { role, name, version, evidence: vec![evidence] });
        }
    }

    /// Adds the tool that wrote the signature `text`. Returns the language, if the tool has only
    /// one.
    fn signature(&mut self, text: &str, evidence: Evidence) -> Option<Language> {
        let Some(identity) = identify(text) else {
            if !text.trim().is_empty() {
                let name = text.trim().chars().take(NAME).collect();
                self.tool(ToolRole::Other, name, None, evidence);
            }
            return None;
        };
        if let Some(language) = identity.language {
            self.language(language, evidence.clone());
        }
        self.tool(identity.role, identity.name.to_owned(), identity.version, evidence);
        identity.language
    }

    fn is_go(&self) -> bool {
        self.languages.contains_key(&Language::Go)
    }

    /// Guesses the language from compilers if none is known: compilers of the C family are weak
    /// evidence.
    fn guess_from_compilers(&mut self) {
        let Some(tool) = self.tools.iter().find(|tool| tool.role == ToolRole::Compiler) else {
            return;
        };
        let language = if tool.name.contains("C++") { Language::Cpp } else { Language::C };
        let evidence = Evidence::new("compiler", &tool.to_string(), Confidence::Guess);
        self.language(language, evidence);
    }

    /// `symbols` are the numbers of mangled names of C++ and of Rust. With more C++ than Rust
    /// names, C++ is the main language.
    fn conclude(mut self, (cpp, rust): (u64, u64)) -> ImageOrigin {
        let units = self.units;
        let mut languages: Vec<_> = self
            .languages
            .into_iter()
            .map(|(language, evidence)| {
                let units = units.get(&language).copied().unwrap_or_default();
                LanguageUse { language, units, evidence }
            })
            .collect();
        languages.sort_by_key(|used| {
            let behind = used.language == Language::Rust && cpp > rust;
            let name = if behind { Language::Cpp } else { used.language };
            (used.confidence() == Confidence::Guess, name, behind)
        });
        self.tools.sort_by(|one, other| {
            (one.role, &one.name, &one.version).cmp(&(other.role, &other.name, &other.version))
        });
        ImageOrigin {
            languages,
            tools: self.tools,
            rust: self.rust,
            linker_version: self.linker_version,
            rich: self.rich,
            problems: self.problems,
        }
    }
}

/// Adds an observation, or counts it if it is known.
fn note(observations: &mut Vec<Evidence>, new: Evidence) {
    let same = |known: &&mut Evidence| known.place == new.place && known.found == new.found;
    if let Some(known) = observations.iter_mut().find(same) {
        known.count = known.count.saturating_add(new.count);
        known.confidence = known.confidence.max(new.confidence);
    } else if observations.len() < OBSERVATIONS {
        observations.push(new);
    }
}
