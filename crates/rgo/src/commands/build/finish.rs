//! From the file that cargo linked to the file that is shipped: one pure pass over its bytes by
//! `rgo-binary`, a look at what came out, and one rename. Cargo's own file is never touched.

use std::collections::BTreeSet;
use std::fs::{self, File};

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use memmap2::Mmap;
use rgo_binary::edit::{self, Finish, Strip};
use rgo_binary::{Error as BinaryError, Format, Image, Limits, slices, slot};
use rgo_toolchain::exec::Cmd;
use rgo_toolchain::selection::OutputKind;
use sha2::{Digest, Sha256};

use super::leaks::{self, Prefix};
use super::place;
use super::report::Artifact;
use super::verdict::{self, Asked};

/// What is kept of symbols and debug data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripMode {
    /// All of it.
    None,
    /// Symbols.
    Debug,
    /// Nothing.
    All,
    /// Nothing; it goes into a companion.
    Split,
}

/// What goes into the program's sections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Text of `.rgo-bi`.
    pub note: String,
    /// Bytes of `.dep-v0`.
    pub audit: Vec<u8>,
}

/// One file to finish.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// Cargo's file.
    pub linked: Utf8PathBuf,
    /// Where the result goes.
    pub output: Utf8PathBuf,
    /// What it is.
    pub kind: OutputKind,
    /// Files that go beside it as they are.
    pub beside: Vec<Utf8PathBuf>,
    /// What it was asked to be.
    pub asked: Asked<'a>,
    /// What it carries; a static library carries nothing.
    pub content: Option<Content>,
    /// `-X` values; those whose names it does not have are left out.
    pub values: &'a [(String, String)],
    /// What is stripped.
    pub strip: StripMode,
    /// Seconds since 1970 for the time stamps that PE files have.
    pub timestamp: u32,
    /// Folders whose names should not be in it.
    pub prefixes: &'a [Prefix],
    /// What collects a darwin program's debug data.
    pub dsymutil: Option<&'a Utf8Path>,
    /// Where trimmed sources are on this machine, for the debugger.
    pub source_map: Option<(&'a str, &'a Utf8Path)>,
}

/// Why a file was not finished.
#[derive(Debug)]
pub(super) enum Unfinished {
    /// It was linked with too little room for what goes into it: bytes needed for the note and
    /// for the dependency list.
    TooSmall {
        /// What has no room.
        what: String,
        /// Bytes that it needs.
        needed: u64,
    },
    /// Anything else.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Unfinished {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Maps a file that cargo made.
///
/// # Errors
/// If it cannot be read.
#[allow(unsafe_code)]
pub(super) fn map(path: &Utf8Path) -> Result<Mmap> {
    let file = File::open(path).with_context(|| format!("opening {path}"))?;
    // SAFETY: cargo holds its lock on the target folder no longer, but nothing writes into a
    // linked file in place: linkers make a new one. A file cut short under us ends the process.
    unsafe { Mmap::map(&file) }.with_context(|| format!("mapping {path}"))
}

/// The names of the slots that a file has.
///
/// # Errors
/// If it cannot be parsed.
pub(super) fn slot_names(data: &[u8]) -> Result<BTreeSet<String>, BinaryError> {
    let mut names = BTreeSet::new();
    for slice in slices(data, &Limits::default())? {
        names.extend(slot::list(&slice.image)?.into_iter().map(|slot| slot.name));
    }
    Ok(names)
}

/// Finishes one file and puts it in place.
///
/// # Errors
/// [`Unfinished::TooSmall`] if it has to be linked again with more room.
pub(super) fn finish(job: &Job<'_>) -> Result<Artifact, Unfinished> {
    let data = map(&job.linked)?;
    let name = job.output.file_name().unwrap_or_default();
    if job.kind == OutputKind::Staticlib {
        return Ok(static_library(job, &data)?);
    }
    let has = slot_names(&data).with_context(|| format!("reading {}", job.linked))?;
    let values: Vec<_> = job.values.iter().filter(|(n, _)| has.contains(n)).cloned().collect();
    let mut companions = beside(job)?;
    let companion = match job.strip {
        StripMode::Split => split(job, &data, &mut companions)?,
        _ => None,
    };
    let install_name = format!("@rpath/{name}");
    let edits = Finish {
        note: job.content.as_ref().map(|content| content.note.as_str()),
        audit: job.content.as_ref().map(|content| content.audit.as_slice()),
        slots: &values,
        strip: match job.strip {
            StripMode::None => Strip::None,
            StripMode::Debug => Strip::Debug,
            StripMode::All | StripMode::Split => Strip::All,
        },
        identifier: Some(name),
        install_name: (job.kind == OutputKind::Cdylib).then_some(install_name.as_str()),
        timestamp: Some(job.timestamp),
        debuglink: companion.as_ref().map(|(name, crc)| (name.as_str(), *crc)),
        ..Finish::default()
    };
    let finished = edit::finish(&data, &edits).map_err(|error| match error {
        BinaryError::NoteTooSmall { what, needed, .. } => {
            Unfinished::TooSmall { what: what.to_string(), needed }
        }
        error => Unfinished::Failed(anyhow!(error).context(format!("finishing {}", job.linked))),
    })?;
    drop(data);
    let inspected = inspect(job, &finished.bytes)?;
    let changed = place::put(&job.output, &finished.bytes, Some(&job.linked))?;
    Ok(Artifact {
        note: job.content.is_some(),
        stamped: finished.slots_written,
        companions,
        changed,
        ..inspected
    })
}

fn static_library(job: &Job<'_>, data: &[u8]) -> Result<Artifact> {
    let companions = beside(job)?;
    let changed = place::put(&job.output, data, None)?;
    Ok(Artifact {
        path: job.output.clone(),
        kind: job.kind,
        size_bytes: data.len() as u64,
        sha256: sha256(data),
        changed,
        linkage: None,
        debug: None,
        note: false,
        stamped: Vec::new(),
        companions,
        leaks: leaks::find(data, job.prefixes),
        findings: Vec::new(),
    })
}

fn inspect(job: &Job<'_>, bytes: &[u8]) -> Result<Artifact> {
    let image = Image::parse(bytes, &Limits::default()).context("reading back what was made")?;
    let linkage = image.linkage().context("reading back what was made")?;
    let debug = image.debug_data().context("reading back what was made")?;
    Ok(Artifact {
        path: job.output.clone(),
        kind: job.kind,
        size_bytes: bytes.len() as u64,
        sha256: sha256(bytes),
        changed: false,
        findings: verdict::judge(&job.asked, image.format(), &linkage),
        linkage: Some(linkage),
        debug: Some(debug.level),
        note: false,
        stamped: Vec::new(),
        companions: Vec::new(),
        leaks: leaks::find(bytes, job.prefixes),
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn beside(job: &Job<'_>) -> Result<Vec<Utf8PathBuf>> {
    let folder = job.output.parent().unwrap_or(Utf8Path::new("."));
    let mut placed = Vec::new();
    for from in &job.beside {
        let to = folder.join(from.file_name().unwrap_or_default());
        let bytes = fs::read(from).with_context(|| format!("reading {from}"))?;
        place::put(&to, &bytes, None)?;
        placed.push(to);
    }
    Ok(placed)
}

/// Makes the companion with the debug data. For ELF its name and CRC are what the program will
/// say of it; the others are found by UUID or by name.
fn split(
    job: &Job<'_>,
    data: &[u8],
    companions: &mut Vec<Utf8PathBuf>,
) -> Result<Option<(String, u32)>> {
    let format = Image::parse(data, &Limits::default())?.format();
    let extension = if format == Format::MachO { "dSYM" } else { "debug" };
    let path = Utf8PathBuf::from(format!("{}.{extension}", job.output));
    let link = if format == Format::MachO {
        dsym(job, &path)?;
        None
    } else {
        let companion = edit::only_keep_debug(data).context("splitting off the debug data")?;
        place::put(&path, &companion, None)?;
        let name = path.file_name().unwrap_or_default().to_owned();
        (format == Format::Elf).then(|| (name, edit::debuglink_crc(&companion)))
    };
    companions.push(path.clone());
    if let Some((trimmed, here)) = job.source_map {
        companions.extend(source_map(&path, trimmed, here)?);
    }
    Ok(link)
}

/// On darwin the DWARF is in the object files; they are there now and will not be later.
fn dsym(job: &Job<'_>, path: &Utf8Path) -> Result<()> {
    let Some(dsymutil) = job.dsymutil else {
        return Err(anyhow!("splitting off the debug data of a darwin program needs dsymutil")
            .context(crate::exit::Hint("install LLVM (Debian: apt-get install llvm)".into())));
    };
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("creating the folder {folder}"))?;
    let temporary = tempfile::Builder::new().prefix(".rgo-").tempdir_in(folder)?;
    let made =
        Utf8Path::from_path(temporary.path()).context("the path is not UTF-8")?.join("x.dSYM");
    let cmd = Cmd::new(dsymutil).args(["-o", made.as_str(), job.linked.as_str()]);
    cmd.capture().context("collecting debug data")?;
    // A bundle is a folder, so it cannot be replaced by one rename; the old one goes first.
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| format!("replacing {path}"))?;
    }
    fs::rename(&made, path).with_context(|| format!("placing {path}"))
}

/// What a debugger must be told to find sources whose paths were trimmed.
fn source_map(companion: &Utf8Path, trimmed: &str, here: &Utf8Path) -> Result<Vec<Utf8PathBuf>> {
    let files = [
        ("gdb", format!("set substitute-path {trimmed} {here}\n")),
        ("lldb", format!("settings append target.source-map {trimmed} {here}\n")),
    ];
    let folder = companion.parent().unwrap_or(Utf8Path::new("."));
    files
        .into_iter()
        .map(|(debugger, text)| {
            let path = folder.join(format!("source-map.{debugger}"));
            place::put(&path, text.as_bytes(), None)?;
            Ok(path)
        })
        .collect()
}
