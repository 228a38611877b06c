//! Edits finished programs. After the linker is done, this crate writes the note and the values,
//! strips, signs, and removes the linker's random bytes, in one pass over the file.
//!
//! ```text
//! input ─▶ fill ──────────▶ elf │ macho │ pe ───────────▶ verify ─▶ output
//!          note, list,       strip, canonicalize,          parsed again: mapped bytes
//!          slots, in place   lay out, sign                 differ in named places only
//! ```
//!
//! Images are patched, not rebuilt from a model: bytes that no edit names are copied unchanged, so
//! an image never loses parts that this crate does not know.

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
    /// For each requested name, the number of written slots; for a fat file, of all slices.
    pub slots_written: Vec<(String, usize)>,
    /// Whether the edit removed an identity's signature.
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
/// [`Error::NoteTooSmall`] if the note or the list does not fit, [`Error::UnknownSlot`],
/// [`Error::SlotTooSmall`], [`Error::SlotWithoutValue`], [`Error::SignedByIdentity`],
/// [`Error::Unsupported`] for edits that would do harm, and those of [`Image::parse`].
pub fn apply(input: &[u8], edits: &Edits<'_>) -> Result<Finished> {
    edit(input, edits)?.into_finished()
}

/// A computed edit: the pieces of the output, and facts for the report.
#[derive(Clone, Debug)]
pub struct Edited<'a> {
    /// The output.
    pub draft: Draft<'a>,
    /// For each requested name, the number of written slots; for a fat file, of all slices.
    pub slots_written: Vec<(String, usize)>,
    /// The removed sections.
    pub removed: Vec<Removed>,
    /// Whether the edit removed an identity's signature.
    pub identity_dropped: bool,
    /// Whether an object for a linker (a kernel module is one) lost symbols and relocations without
    /// which nothing links or loads it.
    pub unlinkable: bool,
    /// Warnings for the user: effects beyond the request, and requested removals that the edit did
    /// not make.
    pub warnings: Vec<String>,
    /// Why the output equals the input, if there was something to remove.
    pub unchanged: Option<String>,
}

/// A removed section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// Its name.
    pub name: String,
    /// Its size in the file, in bytes.
    pub size: u64,
}

impl Edited<'_> {
    /// Checks the written output: parses it, and shows that a loader finds the input's bytes in it
    /// at the same addresses, except for the bytes that an edit has to change.
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

/// Computes an edit as [`apply`] does, but does not make the output: the draft describes it.
///
/// # Errors
/// Those of [`apply`].
pub fn edit<'a>(input: &'a [u8], edits: &Edits<'_>) -> Result<Edited<'a>> {
    let kind = FileKind::parse(input);
    if matches!(kind, FileKind::FatMachO | FileKind::Archive) && !edits.go_slots.is_empty() {
        let why = "their addresses are those of one image: edit it before others join it";
        return Err(Error::unsupported("recording the slots of several images", why));
    }
    match kind {
        FileKind::FatMachO => fat::each(input, |slice| edit_thin(slice, edits)),
        FileKind::Archive => archive::each(input, edits, |object| edit_thin(object, edits)),
        FileKind::Other => {
            pe::refuse_object(input)?;
            edit_thin(input, edits)
        }
        _ => edit_thin(input, edits),
    }
}

/// Reduces the exports of a Mach-O dylib to `allowed` (names as in the symbol table, with their
/// underscore) and renews its ad-hoc signature. Edits each slice of a fat file.
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

/// Makes a freshly linked Mach-O image independent of the folder and the time of the link: sets the
/// times in its debug map to 0, and derives its UUID from the loaded bytes. Call this before
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
    let index = reserved::go_index(&image, edits)?;
    let index = index.as_ref().map(|(name, content)| (*name, content.as_slice()));
    let added: Vec<_> = edits.added.iter().copied().chain(index).collect();
    let edits = &Edits { added: &added, ..*edits };
    let edited = match image.format() {
        Format::Elf => elf::apply(draft, edits)?,
        Format::MachO => macho::apply(draft, edits)?,
        Format::Pe => pe::apply(draft, edits)?,
    };
    Ok(Edited { slots_written, ..edited })
}

impl<'a> Edited<'a> {
    /// An edit that removed nothing.
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
