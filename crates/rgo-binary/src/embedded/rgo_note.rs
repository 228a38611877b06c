//! The layout of the note that rgo-build writes into a program: the inputs and settings of its
//! build. The linker puts it in empty, with reserved room, and rgo fills it after the link; or rgo
//! adds the whole section after the link.
//!
//! ```text
//!  0  16  magic: ff " Rgo buildinf:" (15 bytes) and the layout's version, 01
//! 16   4  capacity of the text, u32 LE
//! 20   4  bytes of text in use, u32 LE
//! 24   …  text: UTF-8, in the grammar of [`crate::embedded::build_info`]; zeros up to the capacity
//! ```
//!
//! The section of a linker is read-only and loaded, so no strip removes it. Any tool that searches
//! bytes finds the magic, like Go's (`debug/buildinfo`), which is the model of this layout. A
//! section that rgo adds is in Mach-O's segment `__RGO` and in ELF not loaded.

use crate::{Error, Format, Image, Result};

/// First bytes of a note; the last one is the layout's version.
pub const MAGIC: [u8; 16] = *b"\xff Rgo buildinf:\x01";
/// Bytes before the text.
pub const HEADER: usize = 24;
/// The note's section in ELF and PE.
pub const SECTION: &str = ".rgo-bi";
/// The segment and section in Mach-O for which the linker reserves room.
pub const SECTION_MACHO: (&str, &str) = ("__DATA", "__rgo_bi");
/// The symbol of the note, without the underscore that Mach-O adds.
pub const SYMBOL: &str = "RGO_NOTE";

/// A note in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// Room for text, in bytes.
    pub capacity: u32,
    /// The text; empty in a note that was never filled.
    pub text: &'a str,
}

/// The name that the note's section has in images of a format.
#[must_use]
pub fn section_name(format: Format) -> &'static str {
    match format {
        Format::Elf | Format::Pe => SECTION,
        Format::MachO => SECTION_MACHO.1,
    }
}

/// The bytes of a note: header, text, and zeros up to `capacity`.
///
/// # Errors
/// [`Error::NoteTooSmall`] if the text has more bytes than `capacity`.
pub fn encode(text: &str, capacity: u32) -> Result<Vec<u8>> {
    let used = u32::try_from(text.len()).ok().filter(|used| *used <= capacity).ok_or(
        Error::NoteTooSmall {
            what: "build note".into(),
            needed: text.len() as u64,
            capacity: capacity.into(),
        },
    )?;
    let mut bytes = Vec::with_capacity(HEADER + capacity as usize);
    bytes.extend(MAGIC);
    bytes.extend(capacity.to_le_bytes());
    bytes.extend(used.to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(HEADER + capacity as usize, 0);
    Ok(bytes)
}

/// Reads a note from the bytes of its section; bytes behind the note are ignored.
///
/// # Errors
/// [`Error::Malformed`], with offsets relative to the section.
pub fn parse(section: &[u8]) -> Result<Note<'_>> {
    let bad = |offset, why: &str| Error::malformed("build note", offset, why);
    let (magic, rest) =
        section.split_first_chunk::<16>().ok_or_else(|| bad(0, "shorter than its magic number"))?;
    if magic[..15] != MAGIC[..15] {
        return Err(bad(0, "no magic number"));
    }
    if magic[15] != MAGIC[15] {
        return Err(Error::unsupported(
            format!("version {} of the build note", magic[15]),
            "this program reads version 1; a newer rgo will read it",
        ));
    }
    let (capacity, rest) = rest.split_first_chunk().ok_or_else(|| bad(16, "cut short"))?;
    let (used, rest) = rest.split_first_chunk().ok_or_else(|| bad(20, "cut short"))?;
    let (capacity, used) = (u32::from_le_bytes(*capacity), u32::from_le_bytes(*used));
    if rest.len() < capacity as usize {
        return Err(bad(16, "the section is shorter than the capacity"));
    }
    if used > capacity {
        return Err(bad(20, "more bytes in use than the capacity"));
    }
    let text = rest.get(..used as usize).unwrap_or_default();
    let text = std::str::from_utf8(text).map_err(|_| bad(HEADER as u64, "text is not UTF-8"))?;
    Ok(Note { capacity, text })
}

/// Finds and reads the note of an image; `None` if it carries none.
///
/// # Errors
/// As [`parse`], with offsets from the start of the image.
pub fn find<'a>(image: &Image<'a>) -> Result<Option<Note<'a>>> {
    let name = section_name(image.format());
    let Some(section) = image.filled_section(name) else { return Ok(None) };
    let base = section.file_offset.unwrap_or_default();
    parse(section.data).map(Some).map_err(|error| match error {
        Error::Malformed { what, offset, why } => {
            Error::Malformed { what, offset: base + offset, why }
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn layout_is_the_documented_one() {
        assert_eq!(
            encode("ab", 4).expect("fits"),
            b"\xff Rgo buildinf:\x01\x04\0\0\0\x02\0\0\0ab\0\0"
        );
        let error = encode("abcde", 4).expect_err("does not fit");
        assert_eq!(error.to_string(), "the build note needs 5 bytes and the image has room for 4");
    }

    #[test]
    fn contradictions_are_named() {
        let good = encode("text", 8).expect("fits");
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            parse(&bytes).expect_err("broken").to_string()
        };
        assert_eq!(with(3, b'G'), "malformed build note at offset 0x0: no magic number");
        assert!(with(15, 2).starts_with("version 2 of the build note is not supported"));
        assert!(with(16, 9).contains("shorter than the capacity"));
        assert!(with(20, 9).contains("more bytes in use"));
        assert!(with(24, 0xff).contains("not UTF-8"));
        for end in 0..good.len() {
            assert!(parse(&good[..end]).is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read(text in "\\PC{0,200}", spare in 0_u32..64, tail in 0_usize..9) {
            let capacity = u32::try_from(text.len()).expect("short") + spare;
            let mut bytes = encode(&text, capacity).expect("fits");
            bytes.resize(bytes.len() + tail, 0);
            prop_assert_eq!(parse(&bytes).expect("reads"), Note { capacity, text: &text });
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut with_magic = MAGIC.to_vec();
            with_magic.extend(&bytes);
            let _ = parse(&bytes);
            let _ = parse(&with_magic);
        }
    }
}
