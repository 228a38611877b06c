//! What the gate asks of a binary, and in what form it is answered. Whoever reads binaries
//! implements [`Facts`]; nothing here knows a file format.

/// Where a binary runs, as far as a policy file tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// The system.
    pub os: Os,
    /// Whether it needs neither a loader nor a library; `None` if the question makes no sense,
    /// as for an object file.
    pub static_: Option<bool>,
}

/// An operating system that a policy file has a table for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Os {
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
pub trait Facts {
    /// Where it runs.
    fn platform(&self) -> Platform;

    /// The answer to a name of [`super::registry::FACTS`], and for a family to the name with its
    /// member: `dep:serde`, `needs:libc.so.6`, `build:CGO_ENABLED`. The members of `dep:` and
    /// `needs:` may hold `*`; [`super::registry::fits`] says what they match.
    ///
    /// The value is by the kind of the fact: [`Value::Flag`] for a flag and for `needs:`,
    /// [`Value::Number`] for a size, [`Value::Text`] for a word (`none` where there is nothing), a
    /// version, a time and for text, and [`Value::List`] for what there can be several of (`rpath`,
    /// `leaks`).
    ///
    /// A dependency is answered by [`Value::Copies`], without any only where the list of
    /// dependencies is whole and it is not on it. Of a list that has gaps the lack of a name proves
    /// nothing: that is [`Answer::Absent`].
    fn get(&self, name: &str) -> Answer;
}

/// What a binary says when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The fact is known.
    Known(Fact),
    /// The binary does not say, so that it can't be known; with the reason, as in `it records no
    /// version control`.
    Absent(String),
    /// The question makes no sense for this binary; with the reason, as in `it is a Windows
    /// program`.
    NotApplicable(String),
}

/// A fact with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What is so.
    pub value: Value,
    /// What shows it, as in `memcpy needs GLIBC_2.14`.
    pub evidence: Option<String>,
}

/// What a fact can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
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

impl Answer {
    /// A known fact.
    pub fn known(value: impl Into<Value>) -> Self {
        Self::Known(Fact { value: value.into(), evidence: None })
    }

    /// The same answer with what shows it; only a known fact has evidence.
    #[must_use]
    pub fn because(self, evidence: impl Into<String>) -> Self {
        match self {
            Self::Known(fact) => Self::Known(Fact { evidence: Some(evidence.into()), ..fact }),
            other => other,
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}
