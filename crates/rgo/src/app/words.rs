//! Texts for values, shared by the text, the rows and the policy's answers.

use rgo_binary::appended::Appended;
use rgo_binary::system::{ImageSystem, Os};
use rgo_binary::{Confidence, Evidence};
use serde_json::Value;

/// The system, marked if it is only probable.
pub(crate) fn os(system: &ImageSystem) -> String {
    let name = match system.os {
        Os::BareMetal => "none (bare machine)",
        os => os.name(),
    };
    let probably = if system.is_known() { "" } else { "probably " };
    format!("{probably}{name}")
}

/// A number with its noun.
pub(crate) fn counted(number: impl TryInto<u64>, one: &'static str, many: &'static str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The place of the evidence, and its confidence if that is not certain.
pub(crate) fn in_words(evidence: &Evidence) -> String {
    let sure = match evidence.confidence {
        Confidence::Certain => "",
        Confidence::Likely => " (likely)",
        Confidence::Guess => " (a guess)",
    };
    format!("{}: {}{sure}", evidence.place, evidence.found)
}

/// The number of bytes behind the image, and their offset.
pub(crate) fn place_of(appended: &Appended) -> String {
    let size = counted(appended.size_bytes, "byte", "bytes");
    format!("{size} from offset {:#x}", appended.offset)
}

/// A value's word in JSON.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
