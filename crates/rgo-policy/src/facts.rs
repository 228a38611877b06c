//! The facts that the gate asks for, and the form of the answers. A tool that reads binaries implements
//! [`FactSource`]; this crate knows no file format.

/// Where a binary runs, as far as a policy file tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The system.
    pub os: PolicyOs,
    /// Whether it needs neither a loader nor a library; `None` if the question makes no sense,
    /// as for an object file.
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
    /// Any other: what is required of every binary holds for it too.
    Other,
}

/// A binary that can be asked.
pub trait FactSource {
    /// Where it runs.
    fn platform(&self) -> Platform;

    /// The answer to a word of the tool's [`super::Vocabulary`], by the word's own name; for a
    /// family such as `dep:` with the member that is asked for, else with an empty `member`. The
    /// members of `dep:` and `needs:` may hold `*`; [`super::vocabulary::glob_match`] says what they
    /// match.
    ///
    /// The value is by the kind of the word: [`FactValue::Flag`] for a flag and for `needs:`,
    /// [`FactValue::Number`] for a size, [`FactValue::Text`] for a word (`none` where there is nothing), a
    /// version, a time and for text, and [`FactValue::List`] for what there can be several of (`rpath`,
    /// `leaks`, `build:`).
    ///
    /// A dependency is answered by [`FactValue::Copies`], without any only where the list of
    /// dependencies is whole and it is not on it. Where the list has gaps, a name that is not on it
    /// is [`NoAnswer::Unknown`].
    fn get(&self, name: &str, member: &str) -> Lookup;
}

/// What a binary answers.
pub type Lookup = Result<PolicyFact, NoAnswer>;

/// Why there is no fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The binary does not say; with the reason, as in `no commit is recorded`.
    Unknown(String),
    /// The question makes no sense for this binary; with the reason, as in `glibc is for Linux`.
    NotApplicable(String),
}

impl NoAnswer {
    /// An answer that the binary does not give.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::Unknown(reason.into())
    }

    /// A question that makes no sense for the binary.
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable(reason.into())
    }
}

/// A fact with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFact {
    /// What is so.
    pub value: FactValue,
    /// What shows it, as in `memcpy needs GLIBC_2.14`.
    pub evidence: Option<String>,
}

impl PolicyFact {
    /// A fact that nothing more is known about.
    pub fn new(value: impl Into<FactValue>) -> Self {
        Self { value: value.into(), evidence: None }
    }

    /// The fact with what shows it; empty text shows nothing.
    #[must_use]
    pub fn because(self, evidence: impl Into<String>) -> Self {
        Self { evidence: Some(evidence.into()).filter(|text| !text.is_empty()), ..self }
    }
}

/// What a fact can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactValue {
    /// Yes or no.
    Flag(bool),
    /// A word, text, version, or time.
    Text(String),
    /// A number.
    Number(u64),
    /// Several texts; every one of them has to hold.
    List(Vec<String>),
    /// Copies of a dependency; every one of them has to hold.
    Copies {
        /// The version of each, where it can be told.
        versions: Vec<Option<String>>,
        /// Whether there can be no copy besides.
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
