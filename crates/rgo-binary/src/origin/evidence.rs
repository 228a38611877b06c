//! What a conclusion rests on. An image rarely says outright what it is, so whoever is told a
//! conclusion is told with it where it was read and how far it can be trusted.

use serde::Serialize;

/// Characters of a found text that are kept.
const SHOWN: usize = 200;

/// How sure a conclusion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It fits, and so would other explanations.
    Guess,
    /// Other explanations are far-fetched.
    Likely,
    /// The image says so itself, in a place made for saying it.
    Certain,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The section, table or header it was found in.
    pub place: String,
    /// What was found there, shortened where it is long.
    pub found: String,
    /// How often.
    pub count: u64,
    /// How sure the conclusion is, drawn from this alone.
    pub confidence: Confidence,
}

impl Evidence {
    /// Something that was found once.
    pub(crate) fn new(place: impl Into<String>, found: &str, confidence: Confidence) -> Self {
        Self::counted(place, found, 1, confidence)
    }

    /// Something that was found several times.
    pub(crate) fn counted(
        place: impl Into<String>,
        found: &str,
        count: u64,
        confidence: Confidence,
    ) -> Self {
        let mut shown: String = found.chars().take(SHOWN).collect();
        if shown.len() < found.len() {
            shown.push('…');
        }
        Self { place: place.into(), found: shown, count, confidence }
    }
}
