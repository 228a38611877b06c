//! Defines the facts that the gate asks for, and the form of the answers. A tool that reads
//! binaries implements [`FactSource`]; this crate knows no file format.

/// The platform of a binary, as far as policy files distinguish it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The system.
    pub os: PolicyOs,
    /// Whether it needs neither a loader nor a library; `None` for binaries like object files, for
    /// which the question makes no sense.
    pub static_: Option<bool>,
}

/// An operating system that a policy file has a table for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyOs {
    /// `[linux]`.
    Linux,
    /// `[darwin]`: macOS and its kin.
    Darwin,
    /// `[windows]`.
    Windows,
    /// Any other: only requirements for every binary apply.
    Other,
}

/// A binary that answers questions about its facts.
pub trait FactSource {
    /// Its platform.
    fn platform(&self) -> Platform;

    /// Answers a word of the tool's [`super::Vocabulary`], by the word's own name. For a family
    /// such as `dep:`, `member` is the requested member, else it is empty. The members of `dep:`
    /// and `needs:` may contain `*`; [`super::vocabulary::glob_match`] matches them.
    ///
    /// The kind of the word determines the value: [`FactValue::Flag`] for a flag and for `needs:`,
    /// [`FactValue::Number`] for a size or count, [`FactValue::Growth`] for a growth, [`FactValue::Text`] for a word (`none` if there is
    /// nothing), a version, a time and for text, and [`FactValue::List`] for facts with several
    /// values (`rpath`, `leaks`, `build:`).
    ///
    /// The answer for a dependency is [`FactValue::Copies`]. It has no copies only if the list of
    /// dependencies is complete and lacks the name. If the list has gaps, the answer for a missing
    /// name is [`NoAnswer::Unknown`].
    fn get(&self, name: &str, member: &str) -> Lookup;
}

/// The answer of a binary.
pub type Lookup = Result<PolicyFact, NoAnswer>;

/// Why there is no fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The binary does not record it; with the reason, as in `no commit is recorded`.
    Unknown(String),
    /// The question makes no sense for this binary; with the reason, as in `glibc is for Linux`.
    NotApplicable(String),
}

impl NoAnswer {
    /// Makes an answer for a fact that the binary does not record.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }

    /// Makes an answer for a question that makes no sense for the binary.
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable(reason.into())
    }
}

/// A fact and its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFact {
    /// The value.
    pub value: FactValue,
    /// The evidence, as in `memcpy needs GLIBC_2.14`.
    pub evidence: Option<String>,
}

impl PolicyFact {
    /// A fact without evidence.
    pub fn new(value: impl Into<FactValue>) -> Self {
        Self { value: value.into(), evidence: None }
    }

    /// Adds evidence to the fact; empty text adds none.
    #[must_use]
    pub fn because(self, evidence: impl Into<String>) -> Self {
        Self { evidence: Some(evidence.into()).filter(|text| !text.is_empty()), ..self }
    }
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A word, text, version, or time.
    Text(String),
    /// A number.
    Number(u64),
    /// How much larger something is than before, in bytes.
    Growth {
        /// By how much; negative if it is smaller.
        by: i64,
        /// Its size before.
        from: u64,
    },
    /// Several texts; a requirement must hold for each.
    List(Vec<String>),
    /// Copies of a dependency; a requirement must hold for each.
    Copies {
        /// The version of each, if it is known.
        versions: Vec<Option<String>>,
        /// Whether the list of copies is complete.
        whole: bool,
    },
}

impl From<bool> for FactValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u64> for FactValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for FactValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<String>> for FactValue {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}
