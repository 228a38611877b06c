//! Version numbers of systems, compared as numbers, because 2.9 is older than 2.17.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A version of up to three numbers; missing ones are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
    /// Third number.
    pub patch: u32,
}

impl Version {
    /// `major.minor`.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, patch: 0 }
    }

    /// Unpacks a version of Mach-O: `xxxx.yy.zz` in nibbles of a `u32`.
    #[must_use]
    pub(crate) const fn packed(word: u32) -> Self {
        Self { major: word >> 16, minor: word >> 8 & 0xff, patch: word & 0xff }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch == 0 { Ok(()) } else { write!(f, ".{}", self.patch) }
    }
}

/// The text is not one to three numbers with dots between them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version of one to three numbers, such as 2.17")]
pub struct BadVersion;

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let mut numbers = [0; 3];
        let mut parts = text.split('.');
        for (number, part) in numbers.iter_mut().zip(parts.by_ref()) {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(BadVersion);
            }
            *number = part.parse().map_err(|_| BadVersion)?;
        }
        let [major, minor, patch] = numbers;
        if parts.next().is_some() { Err(BadVersion) } else { Ok(Self { major, minor, patch }) }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_number() {
        let parse = |text: &str| text.parse::<Version>();
        assert!(parse("2.9").expect("valid") < parse("2.17").expect("valid"));
        assert!(parse("2.3").expect("valid") < parse("2.3.4").expect("valid"));
        assert_eq!(parse("11").expect("valid").to_string(), "11.0");
        assert_eq!(parse("10.15.7").expect("valid").to_string(), "10.15.7");
        assert_eq!(Version::packed(0x000a_0f07).to_string(), "10.15.7");
        for bad in ["", "2.", ".2", "2.+1", "2.17x", "1.2.3.4", "99999999999"] {
            assert_eq!(parse(bad), Err(BadVersion), "{bad}");
        }
    }
}
