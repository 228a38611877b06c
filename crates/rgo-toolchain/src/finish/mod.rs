//! Turns the file that the builder linked into the file to ship: `rgo-edit` edits its bytes in one pure
//! pass, the checks read the result, and one rename puts it in place. The builder's own file stays
//! unchanged, and nothing is put in place before everything is ready.

mod companions;
mod error;
pub mod record;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::embedded::go_slot::{self, GoSlot};
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot::{self, Slot};
use rgo_binary::system::Os;
use rgo_binary::{Image, Limits, slices};
use rgo_edit::entitlements::Entitlements;
use rgo_edit::{Edits, MachO, Strip};
use rgo_files::atomic_file;
use rgo_files::mmap::{self, Bytes};
use sha2::{Digest, Sha256};

use crate::artifact::{Artifact, StampedSlot};
use crate::checks::leaks;
use crate::checks::{self, Asked};
use crate::output_kind::OutputKind;
use crate::path_remap::PathRemap;
use crate::request::StripMode;
use crate::toolchain::Toolchain;
use companions::Companions;
pub use error::FinishError;

type Result<T> = std::result::Result<T, FinishError>;

/// The record that goes into a program's sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The text of `.rgo-bi`.
    pub note: String,
    /// The bytes of `.dep-v0`.
    pub audit: Vec<u8>,
}

/// The record of a build in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// None, and the file ships unchanged: a static library, or a file of a format that rgo does not
    /// edit.
    None,
    /// In the room that the link reserved.
    Reserved(Content),
    /// In sections that are added to the linked file.
    Added(AddedRecord),
}

/// The record for a file whose linker reserved no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedRecord {
    /// The text of `.rgo-bi`.
    pub note: String,
    /// Room for the text, in bytes.
    pub capacity: u32,
    /// The slots of a Go program, which hold placeholders.
    pub go_slots: Vec<GoSlot>,
}

impl Record {
    fn content(&self) -> Option<&Content> {
        match self {
            Self::None | Self::Added(_) => None,
            Self::Reserved(content) => Some(content),
        }
    }

    fn go_slots(&self) -> &[GoSlot] {
        match self {
            Self::Added(added) => &added.go_slots,
            Self::None | Self::Reserved(_) => &[],
        }
    }

    /// The section of the note, if the edit has to add it.
    fn note_section(&self) -> Result<Option<Vec<u8>>> {
        let Self::Added(AddedRecord { note, capacity, .. }) = self else { return Ok(None) };
        rgo_note::encode(note, *capacity).map(Some).map_err(FinishError::Note)
    }
}

/// One file to finish.
#[derive(Debug)]
pub struct Job<'a> {
    /// The builder's file.
    pub linked: Utf8PathBuf,
    /// Where the finished file goes.
    pub output: Utf8PathBuf,
    /// Its kind.
    pub kind: OutputKind,
    /// Files to copy beside it.
    pub beside: Vec<Utf8PathBuf>,
    /// The user's request for it.
    pub asked: Asked<'a>,
    /// The record for it.
    pub record: &'a Record,
    /// `-X` values; those whose slots it does not have are skipped.
    pub values: &'a [(String, String)],
    /// What to strip.
    pub strip: StripMode,
    /// The time stamp of PE files, in seconds since 1970.
    pub timestamp: u32,
    /// The dsymutil that collects debug data for darwin.
    pub dsymutil: Option<&'a Utf8Path>,
    /// Entitlements for the signature of a darwin program.
    pub entitlements: Option<&'a Entitlements>,
    /// Folders of this machine with their names in the file, for the debugger.
    pub path_remaps: &'a [PathRemap],
}

/// Whether dsymutil splits off a target's debug data.
#[must_use]
pub fn splits_with_dsymutil(strip: StripMode, toolchain: &Toolchain) -> bool {
    strip == StripMode::Split && toolchain.is(Os::Darwin)
}

/// Memory-maps a file that a builder made.
///
/// # Errors
/// If it cannot be read.
pub fn map(path: &Utf8Path) -> Result<Bytes> {
    let read = |source| FinishError::Read { path: path.to_owned(), source };
    mmap::map(path.as_std_path()).map_err(read)
}

/// The names of the slots that a file has. `path` is for the error.
///
/// # Errors
/// [`FinishError::Parse`].
pub fn slot_names(path: &Utf8Path, data: &[u8]) -> Result<BTreeSet<String>> {
    Ok(slots(path, data)?.into_iter().map(|slot| slot.name).collect())
}

/// The slots in all slices of an image.
///
/// # Errors
/// [`FinishError::Parse`] if it cannot be parsed.
pub fn slots(path: &Utf8Path, data: &[u8]) -> Result<Vec<Slot>> {
    let bad = |source| FinishError::Parse { path: path.to_owned(), source };
    let mut found = Vec::new();
    for slice in slices(data, &Limits::default()).map_err(bad)? {
        found.extend(slot::list(&slice.image).map_err(bad)?);
    }
    Ok(found)
}

/// The slots of these names in a Go program that a build linked and did not finish.
///
/// # Errors
/// [`FinishError::Parse`] if it cannot be parsed.
pub fn unwritten_go_slots(path: &Utf8Path, data: &[u8], names: &[&str]) -> Result<Vec<GoSlot>> {
    let bad = |source| FinishError::Parse { path: path.to_owned(), source };
    let mut found = Vec::new();
    for slice in slices(data, &Limits::default()).map_err(bad)? {
        found.extend(go_slot::find_unwritten(&slice.image, names).map_err(bad)?);
    }
    Ok(found)
}

/// Finishes one file and puts it in place.
///
/// # Errors
/// If it cannot be read, edited or put in place. Then the old file stays unchanged.
pub fn finish(job: &Job<'_>) -> Result<Artifact> {
    let data = map(&job.linked)?;
    let name = job.output.file_name().unwrap_or_default();
    if *job.record == Record::None {
        return unchanged(job, &data);
    }
    let go_slots = job.record.go_slots();
    let mut has = slot_names(&job.linked, &data)?;
    has.extend(go_slots.iter().map(|slot| slot.name.clone()));
    let values: Vec<_> = job.values.iter().filter(|(n, _)| has.contains(n)).cloned().collect();
    let companions = Companions::prepare(job, &data)?;
    let install_name = (job.kind == OutputKind::Cdylib && !has_name_of_its_own(job, &data))
        .then(|| format!("@rpath/{name}"));
    let path_remaps: Vec<_> =
        job.path_remaps.iter().map(|t| (t.from.as_str(), t.to.as_str())).collect();
    let content = job.record.content();
    let note_section = job.record.note_section()?;
    let added: Vec<_> =
        note_section.iter().map(|bytes| (rgo_note::SECTION, bytes.as_slice())).collect();
    let edits = Edits {
        note: content.map(|content| content.note.as_str()),
        audit: content.map(|content| content.audit.as_slice()),
        slots: &values,
        go_slots,
        added: &added,
        strip: match job.strip {
            StripMode::None => Strip::None,
            StripMode::Debug => Strip::Debug,
            StripMode::All | StripMode::Split => Strip::All,
        },
        path_remaps: &path_remaps,
        identifier: Some(name),
        install_name: install_name.as_deref(),
        timestamp: Some(job.timestamp),
        debuglink: companions.debuglink.as_ref().map(|(name, crc)| (name.as_str(), *crc)),
        macho: MachO { entitlements: job.entitlements, ..MachO::default() },
        ..Edits::default()
    };
    let finished = rgo_edit::apply(&data, &edits)
        .map_err(|source| FinishError::Edit { path: job.linked.clone(), source })?;
    drop(data);
    let mut inspected = inspect(job, &finished.bytes, &companions)?;
    inspected.findings.extend(companions.older(&job.output, &finished.bytes));
    // Companions first: a process that sees the file then finds them beside it.
    let companions = companions.place()?;
    let changed = atomic_file::write(&job.output, &finished.bytes, Some(&job.linked))?;
    let stamped = finished.slots_written.into_iter();
    Ok(Artifact {
        note: *job.record != Record::None,
        stamped: stamped.map(|(name, count)| StampedSlot { name, count }).collect(),
        companions,
        changed,
        ..inspected
    })
}

/// Whether the project set the install name of a Mach-O library. Otherwise the name is the path
/// that the linker wrote to, or the link shim's default.
fn has_name_of_its_own(job: &Job<'_>, data: &[u8]) -> bool {
    let linkage = Image::parse(data, &Limits::default()).and_then(|image| image.linkage());
    let name = linkage.ok().and_then(|linkage| linkage.soname);
    let default = format!("@rpath/{}", job.linked.file_name().unwrap_or_default());
    name.is_some_and(|name| name != default && !Utf8Path::new(&name).is_file())
}

/// Finishes a file that ships unchanged. The members of a static library are still to be linked.
fn unchanged(job: &Job<'_>, data: &[u8]) -> Result<Artifact> {
    let companions = Companions::prepare(job, data)?;
    let plain = plain(job, data, &companions)?;
    let companions = companions.place()?;
    let changed = atomic_file::write(&job.output, data, None)?;
    Ok(Artifact { changed, companions, ..plain })
}

/// Reads the properties of the finished bytes.
fn inspect(job: &Job<'_>, bytes: &[u8], companions: &Companions) -> Result<Artifact> {
    let facts = || -> Result<_> {
        let image = Image::parse(bytes, &Limits::default()).map_err(FinishError::ReadBack)?;
        let linkage = image.linkage().map_err(FinishError::ReadBack)?;
        Ok((linkage, image.debug_data().map_err(FinishError::ReadBack)?))
    };
    let (facts, plain) = rayon::join(facts, || plain(job, bytes, companions));
    let (linkage, debug) = facts?;
    Ok(Artifact {
        findings: checks::judge(&job.asked, &linkage),
        linkage: Some(linkage),
        debug: Some(debug.level),
        ..plain?
    })
}

/// The properties that any bytes have.
fn plain(job: &Job<'_>, bytes: &[u8], companions: &Companions) -> Result<Artifact> {
    let (mut leaks, sha256) = rayon::join(
        || leaks::find(&job.output, bytes, job.path_remaps),
        || hex::encode(Sha256::digest(bytes)),
    );
    leaks.extend(companions.leaks(job.path_remaps)?);
    Ok(Artifact {
        path: job.output.clone(),
        kind: job.kind,
        size_bytes: bytes.len() as u64,
        sha256,
        changed: false,
        linkage: None,
        debug: None,
        note: false,
        stamped: Vec::new(),
        companions: Vec::new(),
        link_with: Vec::new(),
        leaks,
        findings: Vec::new(),
    })
}
