//! Reads and writes the dependency list that cargo-auditable defined and other tools read:
//! zlib-compressed JSON in its own section.
//!
//! ```text
//! section .dep-v0 (Mach-O: __DATA,.dep-v0):  78 … zlib stream (RFC 1950) …  zeros up to the end
//! inflated:  {"packages":[{"name","version","source","kind"?,"dependencies"?,"root"?}],"format"?}
//! ```
//!
//! The reader checks the guarantees of the list: indices within bounds, one root, no cycles.
//! Revisions of the format are backwards compatible, so unknown ones are read like the known ones.

use auditable_serde::VersionInfo;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};

use crate::{Error, Image, Limits, Result};

pub use auditable_serde as serde;

/// The list's section, in every format.
pub const SECTION: &str = ".dep-v0";
/// Its segment in Mach-O.
pub const SEGMENT_MACHO: &str = "__DATA";
/// Its symbol, without the underscore that Mach-O adds.
pub const SYMBOL: &str = "RGO_AUDIT";

/// The highest compression level of zlib: the list is written once and shipped often.
const LEVEL: u8 = 9;

/// Compresses a list into the content of the section.
///
/// # Errors
/// [`Error::Unsupported`] if the list cannot be written as JSON.
pub fn write(info: &VersionInfo) -> Result<Vec<u8>> {
    let json =
        serde_json::to_vec(info).map_err(|why| Error::unsupported("this dependency list", why))?;
    Ok(compress_to_vec_zlib(&json, LEVEL))
}

/// Reads the bytes of the section; zeros behind the stream are ignored. `None` if the section holds
/// zeros alone: reserved, but never filled.
///
/// # Errors
/// [`Error::Limit`] if the list inflates beyond `limits`, [`Error::Malformed`] with offsets
/// relative to the section.
pub fn read(section: &[u8], limits: &Limits) -> Result<Option<VersionInfo>> {
    if section.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let limit = usize::try_from(limits.max_inflated).unwrap_or(usize::MAX);
    let json = decompress_to_vec_zlib_with_limit(section, limit).map_err(|failed| match failed
        .status
    {
        TINFLStatus::HasMoreOutput => Error::limit(
            "the inflated dependency list's size in bytes",
            failed.output.len() as u64,
            limits.max_inflated,
        ),
        status => Error::malformed("dependency list", 0, format!("zlib: {status:?}")),
    })?;
    let bad = |why: String| Error::malformed("dependency list", 0, why);
    let list: VersionInfo =
        serde_json::from_slice(&json).map_err(|why| bad(format!("JSON: {why}")))?;
    check(&list).map_err(bad)?;
    Ok(Some(list))
}

/// Checks the indices, and that there is a root. `auditable-serde` checks for cycles and second
/// roots.
fn check(list: &VersionInfo) -> std::result::Result<(), String> {
    let count = list.packages.len();
    if !list.packages.iter().any(|package| package.root) {
        return Err("none of its packages is the root".to_owned());
    }
    for package in &list.packages {
        if let Some(index) = package.dependencies.iter().find(|index| **index >= count) {
            let name = &package.name;
            return Err(format!("{name} depends on package {index}, and there are {count}"));
        }
    }
    Ok(())
}

/// Finds and reads the list of an image; `None` if it carries none.
///
/// # Errors
/// As [`read`], with offsets from the start of the image.
pub fn find(image: &Image<'_>) -> Result<Option<VersionInfo>> {
    let Some(section) = image.filled_section(SECTION) else { return Ok(None) };
    read(section.data, image.limits()).map_err(|error| match error {
        Error::Malformed { what, why, .. } => {
            Error::Malformed { what, offset: section.file_offset.unwrap_or_default(), why }
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{"packages":[{"name":"a","version":"1.0.0","source":"local","dependencies":[1],"root":true},{"name":"b","version":"2.0.0","source":"crates.io","kind":"build"}],"format":1}"#;

    fn packed(json: &str) -> Vec<u8> {
        compress_to_vec_zlib(json.as_bytes(), LEVEL)
    }

    #[test]
    fn what_is_written_is_read_from_a_section_with_room() {
        let list: VersionInfo = LIST.parse().expect("valid");
        let mut section = write(&list).expect("writes");
        section.resize(section.len() + 100, 0);
        assert_eq!(read(&section, &Limits::default()).expect("reads"), Some(list));
        assert_eq!(read(&[0; 8], &Limits::default()).expect("reads"), None);
        assert_eq!(read(&[], &Limits::default()).expect("reads"), None);
    }

    #[test]
    fn lists_that_break_their_promises_are_refused() {
        let cases = [
            LIST.replace("[1]", "[2]"),
            LIST.replace(r#""root":true"#, r#""root":false"#),
            LIST.replace(r#""kind":"build""#, r#""kind":"build","dependencies":[0]"#),
            LIST.replace("1.0.0", "one"),
            LIST.replace('}', ""),
        ];
        for json in &cases {
            let error = read(&packed(json), &Limits::default()).expect_err(json);
            assert!(matches!(error, Error::Malformed { .. }), "{json}: {error}");
        }
        let whole = packed(LIST);
        for cut in 1..whole.len() - 4 {
            assert!(read(&whole[..cut], &Limits::default()).is_err(), "cut at {cut}");
        }
    }
}
