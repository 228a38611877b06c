//! Edits finished programs. A build is done once the linker is; this crate then writes the note and the
//! values, strips, signs and removes what linkers make random, in one pass over the bytes.
//!
//! ```text
//! input ─▶ fill ──────────▶ elf │ macho │ pe ───────────▶ verify ─▶ output
//!          note, list,       strip, canonicalise,          parsed again: what is mapped
//!          slots, in place   lay out, sign                 differs in named places only
//! ```
//!
//! Images are patched, not rebuilt from a model: bytes that no edit names are copied as they
//! are, so an image never loses what this crate does not know of.

mod archive;
mod bytes;
mod companion;
mod debuglink;
mod draft;
mod elf;
pub mod entitlements;
mod fat;
mod macho;
mod note_object;
mod pe;
pub mod property_list;
mod reason;
mod request;
mod reserved;
mod stamp;
mod supplement;
mod verify;

pub use companion::{companion, only_keep_debug};
pub use debuglink::debuglink_crc;
pub use draft::{Draft, Piece};
pub use note_object::{NoteObject, note_object};
pub use reason::Reason;
pub use request::{
    Compression, Discard, Edits, MachO, MachOPart, NameFilter, NamePredicate, SignaturePolicy,
    Strip,
};
pub use stamp::stamp;
pub use supplement::supplement;

use rgo_binary::{Error, FileKind, Format, Image, Limits, Result};

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

/// Edits an ELF, Mach-O or PE image, each slice of a fat Mach-O file, or each ELF object of an
/// archive. Parses the result again and compares it with the input before it returns.
///
/// ```
/// use rgo_edit::{Edits, Strip, apply};
///
/// let program = include_bytes!(concat!(
///     env!("CARGO_MANIFEST_DIR"),
///     "/../rgo-binary/tests/fixtures/edit/elf-amd64"
/// ));
/// let values = [("a::BANNER".to_owned(), "1.2.3".to_owned())];
/// let edits = Edits { strip: Strip::All, slots: &values, ..Edits::default() };
/// let finished = apply(program, &edits)?;
/// assert!(finished.bytes.len() < program.len());
/// assert_eq!(finished.slots_written, [("a::BANNER".to_owned(), 2)]);
/// # Ok::<(), rgo_binary::Error>(())
/// ```
///
/// # Errors
/// [`Error::NoteTooSmall`] where note or list do not fit, [`Error::UnknownSlot`],
/// [`Error::SlotTooSmall`], [`Error::SignedByIdentity`], [`Error::Unsupported`] for what cannot
/// be done without harm, and those of [`Image::parse`].
pub fn apply(input: &[u8], edits: &Edits<'_>) -> Result<Finished> {
    edit(input, edits)?.into_finished()
}

/// A computed edit: the pieces of the output, and what was done.
#[derive(Clone, Debug)]
pub struct Edited<'a> {
    /// The output.
    pub draft: Draft<'a>,
    /// For each name asked for, how many slots were written; for a fat file, of all slices.
    pub slots_written: Vec<(String, usize)>,
    /// Sections that are gone.
    pub removed: Vec<Removed>,
    /// An identity's signature was there and is gone.
    pub identity_dropped: bool,
    /// Objects that are still to be linked (a kernel module is one) have lost symbols and
    /// relocations without which nothing links or loads them.
    pub unlinkable: bool,
    /// Warnings for the user: what the edit did besides the request, and what it left although the
    /// request was to take it out.
    pub warnings: Vec<String>,
    /// Why the output is the input, if there was something to take out.
    pub unchanged: Option<String>,
}

/// A section that an edit took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// Bytes that it took in the file.
    pub size: u64,
}

impl Edited<'_> {
    /// Checks the written output: parses it, and shows that a loader finds in it what it finds in the
    /// input, at the same addresses, except for what an edit has to change.
    ///
    /// # Errors
    /// [`Error::Malformed`] with the first difference.
    pub fn verify(&self, output: &[u8]) -> Result<()> {
        verify::loads_the_same(self, output)
    }

    fn into_finished(self) -> Result<Finished> {
        let bytes = self.draft.to_vec();
        self.verify(&bytes)?;
        let Self { slots_written, identity_dropped, .. } = self;
        Ok(Finished { bytes, slots_written, identity_dropped })
    }
}

/// Computes an edit as [`apply`] does, but does not make the output: the draft says what to write.
///
/// # Errors
/// Those of [`apply`].
pub fn edit<'a>(input: &'a [u8], edits: &Edits<'_>) -> Result<Edited<'a>> {
    match FileKind::parse(input) {
        FileKind::FatMachO => fat::each(input, |slice| edit_thin(slice, edits)),
        FileKind::Archive => archive::each(input, edits, |object| edit_thin(object, edits)),
        FileKind::Other => {
            pe::refuse_object(input)?;
            edit_thin(input, edits)
        }
        _ => edit_thin(input, edits),
    }
}

/// Reduces what a Mach-O dylib exports to `allowed` (names as in the symbol table, with their
/// underscore) and renews its ad-hoc signature. In a fat file this is done to each slice.
///
/// # Errors
/// [`Error::Unsupported`] if the image is no dylib or does not export an allowed name,
/// [`Error::SignedByIdentity`], and those of [`Image::parse`].
pub fn restrict_exports(input: &[u8], allowed: &[String]) -> Result<Vec<u8>> {
    match FileKind::parse(input) {
        FileKind::FatMachO => fat::each(input, |slice| restrict_exports_thin(slice, allowed)),
        _ => restrict_exports_thin(input, allowed),
    }?
    .into_finished()
    .map(|finished| finished.bytes)
}

/// Makes a Mach-O image that has just been linked the same wherever and whenever it was: the
/// times in its debug map become 0, and its UUID a function of what is loaded. To be done before
/// anything is derived from the UUID.
///
/// # Errors
/// [`Error::Unsupported`] if the image is no thin Mach-O image, [`Error::SignedByIdentity`], and
/// those of [`Image::parse`].
pub fn make_deterministic(input: &[u8]) -> Result<Vec<u8>> {
    let image = Image::parse(input, &Limits::default())?;
    if image.format() != Format::MachO {
        let what = format!("another identity for {}", image.format());
        return Err(Error::unsupported(what, "its linker makes one of the content"));
    }
    Edited::of(macho::make_deterministic(input)?).into_finished().map(|finished| finished.bytes)
}

fn restrict_exports_thin<'a>(input: &'a [u8], allowed: &[String]) -> Result<Edited<'a>> {
    let image = Image::parse(input, &Limits::default())?;
    if image.format() != Format::MachO {
        return Err(Error::unsupported(
            format!("an export list for {}", image.format()),
            "its linker takes one; only Mach-O libraries are reduced after the link",
        ));
    }
    macho::restrict_exports(input, allowed).map(Edited::of)
}

fn edit_thin<'a>(input: &'a [u8], edits: &Edits<'_>) -> Result<Edited<'a>> {
    let image = Image::parse(input, &Limits::default())?;
    if image.format() != Format::MachO && !edits.macho.is_empty() {
        let why = format!("this is an image of the format {}", image.format());
        return Err(Error::unsupported("an edit that only Mach-O images can have", why));
    }
    let mut draft = Draft::of(input);
    let slots_written = reserved::write_reserved(&image, edits, &mut draft)?;
    let edited = match image.format() {
        Format::Elf => elf::apply(draft, edits)?,
        Format::MachO => macho::apply(draft, edits)?,
        Format::Pe => pe::apply(draft, edits)?,
    };
    Ok(Edited { slots_written, ..edited })
}

impl<'a> Edited<'a> {
    /// An edit that took nothing out.
    fn of(draft: Draft<'a>) -> Self {
        Self {
            draft,
            slots_written: Vec::new(),
            removed: Vec::new(),
            identity_dropped: false,
            unlinkable: false,
            warnings: Vec::new(),
            unchanged: None,
        }
    }
}
