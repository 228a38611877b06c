//! An answer with three states. `Option` cannot tell "there is none" from "unknown"; [`Fact`] can.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{Error, Result};

/// The answer to one question about an image.
///
/// As JSON a known value is itself, an absent one is `null`, and an unknown one is
/// `{"unknown": "the reason"}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// The answer.
    Known(T),
    /// The image has no such thing.
    Absent,
    /// The image may have it; the cause tells why this is unknown.
    Unknown(Cause),
}

/// The reason why a fact is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The part of the image with the answer contradicts its format.
    Damaged(Error),
    /// Nothing in the image shows it, for this reason.
    NotShown(&'static str),
}

impl<T> Fact<T> {
    /// The answer, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// The answer to change, if there is one.
    pub fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// Whether there is an answer.
    pub fn is_known(&self) -> bool {
        self.known().is_some()
    }

    /// Whether there is no answer, for `skip_serializing_if`.
    pub(crate) fn is_not_known(&self) -> bool {
        !self.is_known()
    }

    /// The error, if the part with the answer is damaged.
    pub fn damage(&self) -> Option<&Error> {
        match self {
            Self::Unknown(Cause::Damaged(error)) => Some(error),
            _ => None,
        }
    }

    /// A known fact for a result; `absent` for `None`.
    pub(crate) fn or(found: Option<T>, absent: Self) -> Self {
        found.map_or(absent, Self::Known)
    }

    /// The fact for a part that every image has.
    pub(crate) fn read(read: Result<T>) -> Self {
        read.map_or_else(Self::damaged, Self::Known)
    }

    /// The fact for a part that an image may lack.
    pub(crate) fn find(found: Result<Option<T>>) -> Self {
        found.map_or_else(Self::damaged, |found| Self::or(found, Self::Absent))
    }

    fn damaged(error: Error) -> Self {
        Self::Unknown(Cause::Damaged(error))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(error) => error.fmt(f),
            Self::NotShown(why) => f.write_str(why),
        }
    }
}

impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Cause {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cause".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

impl<T: Serialize> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize, schemars::JsonSchema)]
        struct Unknown<'a> {
            unknown: &'a Cause,
        }
        match self {
            Self::Known(value) => value.serialize(serializer),
            Self::Absent => serializer.serialize_none(),
            Self::Unknown(unknown) => Unknown { unknown }.serialize(serializer),
        }
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Fact<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Fact_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let known = generator.subschema_for::<T>();
        schemars::json_schema!({
            "anyOf": [
                known,
                {"type": "null"},
                {
                    "type": "object",
                    "properties": {"unknown": {"type": "string"}},
                    "required": ["unknown"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_unknown_are_told_apart() {
        let json = |fact: &Fact<u8>| serde_json::to_string(fact).expect("JSON");
        let damaged = || Error::malformed("table", 16, "cut short");
        for (fact, expected) in [
            (Fact::find(Ok(Some(1))), "1"),
            (Fact::find(Ok(None)), "null"),
            (
                Fact::find(Err(damaged())),
                r#"{"unknown":"malformed table at offset 0x10: cut short"}"#,
            ),
            (Fact::read(Ok(2)), "2"),
            (Fact::Unknown(Cause::NotShown("no sign")), r#"{"unknown":"no sign"}"#),
        ] {
            assert_eq!(json(&fact), expected);
        }
        assert_eq!(Fact::<u8>::read(Err(damaged())).damage(), Some(&damaged()));
        assert_eq!(Fact::<u8>::Unknown(Cause::NotShown("no sign")).damage(), None);
    }
}
