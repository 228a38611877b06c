//! Opens a file that a call takes one image from: the image, an archive with it, or a snapshot of it.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};
use object::read::archive::ArchiveFile;
use rgo_binary::{FileKind, Image, Limits, slices};
use rgo_debuginfo::diff::Snapshot;
use rgo_files::mmap;
use rgo_files::walk::{self, Item, ItemContent, Options};

use crate::app::error::Annotate;

/// The path of stdin.
const STDIN: &str = "-";
/// How a PDB begins.
pub(super) const PDB: &[u8] = b"Microsoft C/C++ MSF 7.00";
/// Most programs of an archive that a hint names.
const MAX_NAMES: usize = 5;

/// What a snapshot is for.
const SNAPSHOT_HINT: &str =
    "`rgo-symbols diff` compares it with a binary, or with another snapshot";

/// What a file of a call is.
pub(super) enum Input {
    /// The file itself.
    Mapped(mmap::Bytes),
    /// The only program in an archive, or the one that is named.
    Member(Vec<u8>),
}

impl Deref for Input {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(bytes) => bytes,
            Self::Member(bytes) => bytes,
        }
    }
}

/// Opens a file. Of an archive, the only image in it; `ARCHIVE!MEMBER` names one of several.
///
/// # Errors
/// If it cannot be read, or an archive has several images and none is named.
pub(super) fn open(path: &Path) -> Result<Input> {
    let (file, member) = in_archive(path);
    let mut whole = None;
    if file != Path::new(STDIN) {
        let bytes = mmap::map(&file)?;
        let is_archive = FileKind::parse(&bytes) == FileKind::Other && !Snapshot::is_likely(&bytes);
        if member.is_none() && !is_archive {
            return Ok(Input::Mapped(bytes));
        }
        whole = Some(bytes);
    }
    let kept = Mutex::new(Vec::new());
    let look = |item: &Item<'_>| {
        let ItemContent::Image(data) = item.content else { return None };
        let name = item.name.members().join("!");
        if member.as_ref().is_none_or(|member| *member == name) {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            // Of others than the first, only the name is told.
            let data = if kept.is_empty() { data.to_vec() } else { Vec::new() };
            kept.push((name.clone(), data));
        }
        Some(name)
    };
    let found = walk::visit(&[file], &Options::default(), &|_| {}, &look);
    let mut kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (kept.len(), &member, whole) {
        (1, _, _) => Ok(Input::Member(kept.swap_remove(0).1)),
        // What is no archive either is told by whoever reads it.
        (0, None, Some(bytes)) if found.is_empty() => Ok(Input::Mapped(bytes)),
        (0, None, _) => bail!("there is no program in it"),
        (0, _, _) => bail!("there is no such program in it"),
        _ => {
            let names: Vec<String> =
                kept.into_iter().map(|(name, _)| name).take(MAX_NAMES).collect();
            let hint = format!("name one of them behind a !: {}", names.join(", "));
            Err(anyhow::anyhow!("it has several programs")).hint(hint)
        }
    }
}

/// Checks that no file of a call is a snapshot, where only binaries have the answer.
///
/// # Errors
/// If one is.
pub(super) fn no_snapshots(files: &[PathBuf]) -> Result<()> {
    for file in files.iter().filter(|file| file.is_file()) {
        // A file that cannot be read is told of later.
        if mmap::map(file).is_ok_and(|bytes| Snapshot::is_likely(&bytes)) {
            let error = anyhow::anyhow!("{}: it is a snapshot of a binary", file.display());
            return Err(error).hint(SNAPSHOT_HINT);
        }
    }
    Ok(())
}

/// Splits `ARCHIVE!MEMBER`, unless a file has that name.
fn in_archive(path: &Path) -> (PathBuf, Option<String>) {
    let text = path.to_string_lossy();
    match text.split_once('!') {
        Some((file, member)) if !path.exists() => (file.into(), Some(member.to_owned())),
        _ => (path.to_owned(), None),
    }
}

/// The image in a file. `arch` chooses one of a universal file.
///
/// # Errors
/// If the file is no image, or has several and none is chosen.
pub(super) fn image<'a>(data: &'a [u8], arch: Option<&str>) -> Result<Image<'a>> {
    if data.starts_with(PDB) {
        let error = anyhow::anyhow!("it is a PDB, the debug data of a program");
        return Err(error).hint("name the program: its PDB is read by itself");
    }
    if Snapshot::is_likely(data) {
        return Err(anyhow::anyhow!("it is a snapshot of a binary")).hint(SNAPSHOT_HINT);
    }
    let mut slices = slices(data, &Limits::default())?;
    let archs: Vec<String> = slices.iter().map(|slice| slice.arch.to_string()).collect();
    slices.retain(|slice| arch.is_none_or(|arch| arch == slice.arch.to_string()));
    match (slices.pop(), slices.is_empty()) {
        (Some(slice), true) => Ok(slice.image),
        (None, _) => {
            let error = anyhow::anyhow!("it is for {}", archs.join(", "));
            Err(error).hint("--arch chooses one of them")
        }
        _ => {
            let error = anyhow::anyhow!("it has images for {}", archs.join(", "));
            Err(error).hint("--arch chooses one")
        }
    }
}

/// The bytes of a member of an archive of objects.
///
/// # Errors
/// If the archive is damaged.
pub(super) fn member<'a>(data: &'a [u8], name: &str) -> Result<Option<&'a [u8]>> {
    let archive = ArchiveFile::parse(data)?;
    for member in archive.members() {
        let member = member?;
        if member.name() == name.as_bytes() {
            return Ok(Some(member.data(data)?));
        }
    }
    Ok(None)
}
