//! The evidence for a conclusion. An image rarely states its own origin, so each conclusion carries
//! the place of its evidence and a level of confidence.

use std::cell::Cell;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The longest shown text, in characters.
const SHOWN: usize = 200;

/// How certain a conclusion is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The evidence fits, but other explanations are as good.
    Guess,
    /// Other explanations are far-fetched.
    Likely,
    /// The image states it, in a field made for this purpose.
    Certain,
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Evidence {
    /// The section, table or header of the observation.
    pub place: String,
    /// The observed text in one line, shortened if it is long.
    pub found: String,
    /// The number of times it was observed.
    pub count: u64,
    /// How certain the conclusion is from this observation alone.
    pub confidence: Confidence,
}

impl Evidence {
    /// A single observation.
    pub(crate) fn new(place: impl Into<String>, found: &str, confidence: Confidence) -> Self {
        Self::counted(place, found, 1, confidence)
    }

    /// A repeated observation.
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
        if shown.contains(char::is_control) {
            let is_space = |c: char| c.is_whitespace() || c.is_control();
            let words = shown.split(is_space).filter(|word| !word.is_empty());
            shown = words.collect::<Vec<_>>().join(" ");
        }
        Self { place: place.into(), found: shown, count, confidence }
    }
}

thread_local! {
    /// Whether evidence is serialized. Serde cannot pass an option down to nested values, so this
    /// variable keeps it while [`serialized`] runs.
    static WITH_EVIDENCE: Cell<bool> = const { Cell::new(true) };
}

/// Runs `write`, which serializes facts of this crate, with or without their evidence, which is
/// often longer than the facts. The confidence is written in both cases.
///
/// ```
/// use rgo_binary::recovered::origin::{Language, LanguageUse};
/// use rgo_binary::{Confidence, Evidence, serialized};
///
/// let evidence = Evidence {
///     place: "compiler".to_owned(),
///     found: "GCC 12.2.0".to_owned(),
///     count: 1,
///     confidence: Confidence::Guess,
/// };
/// let used = LanguageUse { language: Language::C, units: 0, evidence: vec![evidence] };
/// let json = serialized(false, || serde_json::to_string(&used).unwrap());
/// assert_eq!(json, r#"{"language":"C","units":0,"confidence":"guess"}"#);
/// ```
pub fn serialized<T>(with_evidence: bool, write: impl FnOnce() -> T) -> T {
    /// Restores the option, even if `write` panics.
    struct RestoredChoice(bool);
    impl Drop for RestoredChoice {
        fn drop(&mut self) {
            WITH_EVIDENCE.set(self.0);
        }
    }
    let _before = RestoredChoice(WITH_EVIDENCE.replace(with_evidence));
    write()
}

/// Whether evidence is left out; for `skip_serializing_if`.
pub(crate) fn is_hidden<T>(_: &T) -> bool {
    !WITH_EVIDENCE.get()
}

/// Serializes the fields `confidence` and, unless hidden, `evidence`; for a flattened field.
pub(crate) fn all<S: Serializer>(evidence: &[Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    fields(evidence.iter().map(|it| it.confidence).max(), evidence, serializer)
}

/// Like [`all`], for a single observation.
pub(crate) fn one<S: Serializer>(evidence: &Evidence, serializer: S) -> Result<S::Ok, S::Error> {
    fields(Some(evidence.confidence), evidence, serializer)
}

/// The schema of what [`all`] serializes.
pub(crate) fn all_schema(generator: &mut SchemaGenerator) -> Schema {
    let evidence = generator.subschema_for::<Vec<Evidence>>();
    schema(generator, &evidence)
}

/// The schema of what [`one`] serializes.
pub(crate) fn one_schema(generator: &mut SchemaGenerator) -> Schema {
    let evidence = generator.subschema_for::<Evidence>();
    schema(generator, &evidence)
}

fn schema(generator: &mut SchemaGenerator, evidence: &Schema) -> Schema {
    let confidence = generator.subschema_for::<Confidence>();
    json_schema!({
        "type": "object",
        "properties": {"confidence": confidence, "evidence": evidence},
    })
}

fn fields<T: Serialize + ?Sized, S: Serializer>(
    confidence: Option<Confidence>,
    evidence: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(confidence) = confidence {
        map.serialize_entry("confidence", &confidence)?;
    }
    if WITH_EVIDENCE.get() {
        map.serialize_entry("evidence", evidence)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize)]
    struct Conclusion {
        value: u8,
        #[serde(flatten, serialize_with = "all")]
        evidence: Vec<Evidence>,
        #[serde(rename = "evidence_in_a_word", skip_serializing_if = "is_hidden")]
        word: &'static str,
    }

    #[test]
    fn evidence_is_left_out_and_confidence_stays() {
        let evidence = [Confidence::Likely, Confidence::Certain, Confidence::Guess]
            .map(|confidence| Evidence::new("place", "found", confidence));
        let conclusion = Conclusion { value: 1, evidence: evidence.into(), word: "x" };
        let json = || serde_json::to_value(&conclusion).expect("JSON");
        let without = serialized(false, json);
        assert_eq!(without, serde_json::json!({ "value": 1, "confidence": "certain" }));
        let with = json();
        assert_eq!(with["confidence"], "certain");
        assert_eq!(with["evidence"].as_array().map(Vec::len), Some(3));
        assert_eq!(with["evidence_in_a_word"], "x");
        assert_eq!(serialized(true, json), with);
        let none = Conclusion { value: 2, evidence: Vec::new(), word: "" };
        let none = serialized(false, || serde_json::to_value(&none).expect("JSON"));
        assert_eq!(none, serde_json::json!({ "value": 2 }));
    }

    #[test]
    fn the_choice_ends_with_the_call() {
        let hidden = || is_hidden(&());
        assert!(!hidden());
        serialized(false, || {
            assert!(hidden());
            assert!(!serialized(true, hidden));
            assert!(hidden());
        });
        let panicked = std::panic::catch_unwind(|| serialized(false, || panic!("on purpose")));
        assert!(panicked.is_err() && !hidden());
    }

    #[test]
    fn what_was_found_is_one_line() {
        let found = |text: &str| Evidence::new("place", text, Confidence::Likely).found;
        assert_eq!(found("GCC: (GNU)\n 12.2.0\0\r\n"), "GCC: (GNU) 12.2.0");
        assert_eq!(found("two  spaces stay"), "two  spaces stay");
        assert_eq!(found(&"x".repeat(300)).chars().count(), SHOWN + 1);
    }
}
