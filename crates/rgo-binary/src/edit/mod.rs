//! Edits to finished programs. A build is done once the linker is; what is written afterwards
//! (the note, the values, the shape that is shipped) is written here, in one pass over the bytes.
//!
//! ```text
//! input ─▶ fill ──────────▶ elf │ macho │ pe ───────────▶ verify ─▶ output
//!          note, list,       strip, canonicalise,          parsed again: what is mapped
//!          slots, in place   lay out, sign                 differs in named places only
//! ```
//!
//! Images are patched, not rebuilt from a model: bytes that no edit names are copied as they
//! are, so an image never loses what this crate does not know of.

mod bytes;
mod companion;
mod elf;
mod fat;
mod fill;
mod macho;
mod note_object;
mod pe;
mod stamp;
mod verify;

pub use companion::{debuglink_crc, only_keep_debug};
pub use note_object::{NoteObject, note_object};
pub use stamp::stamp;

use crate::{Error, Format, Image, Limits, Recognised, Result, recognise};

/// What is taken out of an image that is shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strip {
    /// Nothing.
    #[default]
    None,
    /// Debug data: DWARF, and what only debuggers read. In PE the symbol table too, which the
    /// format counts as debug data.
    Debug,
    /// Debug data and all symbols that the loader does not need.
    All,
}

/// What to do with an image that an identity has signed (Apple's or Microsoft's certificates),
/// a signature which every edit voids. Ad-hoc signatures are always renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResignPolicy {
    /// Refuse with [`Error::SignedByIdentity`].
    #[default]
    Refuse,
    /// Go on without the identity: Mach-O gets an ad-hoc signature with the identifier, flags,
    /// entitlements and requirements of the old one; PE is left unsigned.
    AdHoc,
}

/// Everything to be done to an image after its link. The default does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finish<'a> {
    /// Text for the build note.
    pub note: Option<&'a str>,
    /// Compressed dependency list for `.dep-v0`, as [`crate::audit::write`] makes it.
    pub audit: Option<&'a [u8]>,
    /// Names and values of slots. All slots of a name are written.
    pub slots: &'a [(String, String)],
    /// What to take out.
    pub strip: Strip,
    /// Folders and what to call them instead where a debug map (Mach-O) names files in them. Of
    /// several that fit, the last counts.
    pub trims: &'a [(&'a str, &'a str)],
    /// Identifier of the code signature (Mach-O, if signed).
    pub identifier: Option<&'a str>,
    /// The name that programs linked against this library will look for (`LC_ID_DYLIB`).
    pub install_name: Option<&'a str>,
    /// PE: seconds since 1970 for every time stamp that the linker set; also makes the PDB
    /// reference a function of the content. A PDB made by the linker no longer matches then.
    pub timestamp: Option<u32>,
    /// ELF: file name and CRC-32 of the companion, for `.gnu_debuglink`.
    pub debuglink: Option<(&'a str, u32)>,
    /// What to do about an identity's signature.
    pub resign: ResignPolicy,
}

/// A finished image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// The image.
    pub bytes: Vec<u8>,
    /// For each name asked for, how many slots were written; for a fat file, of all slices.
    pub slots_written: Vec<(String, usize)>,
    /// An identity's signature was there and is gone.
    pub identity_dropped: bool,
}

/// Edits an ELF, Mach-O or PE image, or each slice of a fat Mach-O file; the result is parsed
/// again and compared before it is given out.
///
/// # Errors
/// [`Error::NoteTooSmall`] where note or list do not fit, [`Error::UnknownSlot`],
/// [`Error::SlotTooSmall`], [`Error::SignedByIdentity`], [`Error::Unsupported`] for what cannot
/// be done without harm, and those of [`Image::parse`].
pub fn finish(input: &[u8], edits: &Finish<'_>) -> Result<Finished> {
    match recognise(input) {
        Recognised::FatMachO => fat::each(input, |slice| finish_thin(slice, edits)),
        _ => finish_thin(input, edits),
    }
}

/// Reduces what a Mach-O dylib exports to `allowed` (names as in the symbol table, with their
/// underscore) and renews its ad-hoc signature. In a fat file this is done to each slice.
///
/// # Errors
/// [`Error::Unsupported`] if the image is no dylib or does not export an allowed name,
/// [`Error::SignedByIdentity`], and those of [`Image::parse`].
pub fn restrict_exports(input: &[u8], allowed: &[String]) -> Result<Vec<u8>> {
    match recognise(input) {
        Recognised::FatMachO => fat::rebuild(input, |slice| restrict_exports_thin(slice, allowed)),
        _ => restrict_exports_thin(input, allowed),
    }
}

/// Makes a Mach-O image that has just been linked the same wherever and whenever it was: the
/// times in its debug map become 0, and its UUID a function of what is loaded. To be done before
/// anything is derived from the UUID.
///
/// # Errors
/// [`Error::Unsupported`] if the image is no thin Mach-O image, [`Error::SignedByIdentity`], and
/// those of [`Image::parse`].
pub fn settle(input: &[u8]) -> Result<Vec<u8>> {
    let image = Image::parse(input, &Limits::default())?;
    if image.format() != Format::MachO {
        let what = format!("another identity for {}", image.format());
        return Err(Error::unsupported(what, "its linker makes one of the content"));
    }
    let output = macho::settle(input)?;
    verify::unchanged_but(&image, &output, &[], &[])?;
    Ok(output)
}

fn restrict_exports_thin(input: &[u8], allowed: &[String]) -> Result<Vec<u8>> {
    let image = Image::parse(input, &Limits::default())?;
    if image.format() != Format::MachO {
        return Err(Error::unsupported(
            format!("an export list for {}", image.format()),
            "its linker takes one; only Mach-O libraries are reduced after the link",
        ));
    }
    let output = macho::restrict_exports(input, allowed)?;
    verify::unchanged_but(&image, &output, &[], &[])?;
    Ok(output)
}

fn finish_thin(input: &[u8], edits: &Finish<'_>) -> Result<Finished> {
    let image = Image::parse(input, &Limits::default())?;
    let mut filled = fill::fill(&image, edits)?;
    let shaped = match image.format() {
        Format::Elf => elf::finish(filled.bytes, edits)?,
        Format::MachO => macho::finish(filled.bytes, edits)?,
        Format::Pe => pe::finish(filled.bytes, edits)?,
    };
    filled.edited.extend(shaped.edited);
    verify::unchanged_but(&image, &shaped.bytes, &filled.edited, &shaped.removed)?;
    Ok(Finished {
        bytes: shaped.bytes,
        slots_written: filled.slots_written,
        identity_dropped: shaped.identity_dropped,
    })
}

/// What the part of [`finish`] that knows a format's layout answers.
struct Shaped {
    bytes: Vec<u8>,
    /// Addresses whose bytes it changed.
    edited: Vec<std::ops::Range<u64>>,
    /// Names of the sections that it took out.
    removed: Vec<String>,
    identity_dropped: bool,
}

impl Shaped {
    fn plain(bytes: Vec<u8>) -> Self {
        Self { bytes, edited: Vec::new(), removed: Vec::new(), identity_dropped: false }
    }
}
