//! Reads systemd's package note: the name and version of the distribution package that installed a
//! program. The note is loaded with the program, so core dumps have it too.
//!
//! ```text
//! ELF note, name "FDO\0", type cafe1a7e, in section .note.package and a segment
//! content: a JSON object of strings, then NULs
//! ```
//!
//! (UAPI group, "Package Metadata for Executable Files")

use serde::Serialize;
use serde_json::{Map, Value};

use crate::image::elf_notes::notes;
use crate::{Error, Image, Result};

const NAME: &[u8] = b"FDO";
const KIND: u32 = 0xcafe_1a7e;
/// Orders of magnitude longer than any real note.
const MAX_TEXT: usize = 1 << 20;

/// The package that installed a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PackageNote {
    /// The kind of package: `deb`, `rpm`, `apk`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The package's name.
    pub name: Option<String>,
    /// The package's version.
    pub version: Option<String>,
    /// The architecture, as the distribution names it.
    pub architecture: Option<String>,
    /// The distribution, as `ID` in `/etc/os-release`.
    pub os: Option<String>,
    /// Its version, as `VERSION_ID` there.
    pub os_version: Option<String>,
    /// The distribution in the terms of the Common Platform Enumeration.
    pub os_cpe: Option<String>,
    /// The server of the package's debug data.
    pub debug_info_url: Option<String>,
    /// Every other field.
    pub other: Map<String, Value>,
}

/// Reads the package note of an ELF image; `None` if it has none.
///
/// # Errors
/// [`Error::Malformed`] for a note that is not a JSON object, [`Error::Limit`] for one of
/// unreasonable length.
pub fn package_note(image: &Image<'_>) -> Result<Option<PackageNote>> {
    let mut notes = notes(image).filter(|note| note.name == NAME && note.kind == KIND);
    notes.next().map(|note| parse(note.desc)).transpose()
}

fn parse(text: &[u8]) -> Result<PackageNote> {
    let bad = |why: &dyn std::fmt::Display| Error::malformed("ELF package note", 0, why);
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.len() > MAX_TEXT {
        let what = "the package note's size in bytes";
        return Err(Error::limit(what, text.len() as u64, MAX_TEXT as u64));
    }
    let mut other: Map<String, Value> = serde_json::from_slice(text).map_err(|why| bad(&why))?;
    let mut field = |names: &[&str]| {
        let name = names.iter().find(|name| other.get(**name).is_some_and(Value::is_string))?;
        match other.shift_remove(*name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    };
    Ok(PackageNote {
        kind: field(&["type"]),
        name: field(&["name"]),
        version: field(&["version"]),
        architecture: field(&["architecture"]),
        os: field(&["os"]),
        os_version: field(&["osVersion"]),
        os_cpe: field(&["osCpe"]),
        debug_info_url: field(&["debugInfoUrl"]),
        other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart() {
        let text = br#"{"type":"rpm","name":"hello","version":"0-1.fc35.x86_64","osCpe":"cpe:/o:f",
            "appVendor":"me","architecture":7}"#;
        let note = parse(&[&text[..], b"\0\0\0"].concat()).expect("reads");
        assert_eq!(note.kind.as_deref(), Some("rpm"));
        assert_eq!(note.version.as_deref(), Some("0-1.fc35.x86_64"));
        assert_eq!(note.os_cpe.as_deref(), Some("cpe:/o:f"));
        assert_eq!(note.os, None);
        // The reader keeps a field of an unexpected type, but not under its known name.
        assert_eq!(note.architecture, None);
        assert_eq!(note.other.keys().collect::<Vec<_>>(), ["appVendor", "architecture"]);
    }

    #[test]
    fn other_bytes_are_an_error() {
        for text in [&b""[..], b"[]", b"{", b"\xff", b"{\"a\":1}x"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        let deep = "[".repeat(100_000);
        assert!(parse(format!("{{\"a\":{deep}").as_bytes()).is_err());
    }
}
