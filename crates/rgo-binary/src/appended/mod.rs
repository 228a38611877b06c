//! Finds bytes appended to an image. No loader reads them; the program finds them itself.
//! Installers, self-extracting archives and programs bundled with a runtime keep their content
//! there.
//! ```text
//! image: headers, sections, segments, tables │ appended │ certificate (PE)
//! ```
//!
//! `extent` finds the end of the image, `content` recognizes the bytes.

mod content;
mod extent;

use std::ops::Range;

use serde::Serialize;

use crate::recovered::dotnet;
use crate::{Confidence, Evidence, Image, Slice};

/// Every value of [`Appended::looks_like`] for bytes that are not all zero.
pub const NAMES: &[&str] = content::NAMES;

/// Bytes appended to an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Appended {
    /// Their offset, in bytes from the start of the image; for bytes behind all slices of a fat
    /// file, from the start of the file.
    pub offset: u64,
    /// Their number.
    pub size_bytes: u64,
    /// Their format: `zip`, `squashfs`, `module-signature`; `zeros` if all of them are zero, and
    /// `data` for an unknown format.
    pub looks_like: &'static str,
    /// The bytes that identify the format.
    pub evidence: Evidence,
}

impl Appended {
    /// Whether they are all zero: tools leave zeros behind when they move or truncate tables.
    #[must_use]
    pub fn is_padding(&self) -> bool {
        self.looks_like == content::ZEROS
    }
}

/// Finds the bytes behind an image. `None` if the image ends where its headers end, or is
/// truncated.
#[must_use]
pub fn appended(image: &Image<'_>) -> Option<Appended> {
    let range = extent::behind(image)?;
    // A .NET bundle ends with its directory, and may begin like any file in it.
    let bundle = dotnet::bundle(image).filter(|header| range.contains(header));
    let bundle = bundle.map(|at| content::Likeness {
        looks_like: content::DOTNET_BUNDLE,
        at,
        what: "the header of a .NET bundle".to_owned(),
    });
    let known = bundle.or_else(|| content::old_app_image(image.data(), &range));
    of(image.data(), range, known)
}

/// Finds the bytes behind the last of a file's slices.
#[must_use]
pub fn behind_slices(data: &[u8], slices: &[Slice<'_>]) -> Option<Appended> {
    let ends = slices.iter().map(|slice| slice.offset + slice.image.data().len() as u64);
    of(data, ends.max()?..data.len() as u64, None)
}

fn of(data: &[u8], range: Range<u64>, known: Option<content::Likeness>) -> Option<Appended> {
    let start = usize::try_from(range.start).ok()?;
    let bytes = data.get(start..usize::try_from(range.end).ok()?)?;
    if bytes.is_empty() {
        return None;
    }
    let found = known.unwrap_or_else(|| content::look(bytes, range.start));
    let text = format!("{} at offset {:#x}", found.what, found.at);
    let confidence = match found.looks_like {
        content::DATA => Confidence::Guess,
        _ => Confidence::Likely,
    };
    Some(Appended {
        offset: range.start,
        size_bytes: bytes.len() as u64,
        looks_like: found.looks_like,
        evidence: Evidence::new("behind the image", &text, confidence),
    })
}
