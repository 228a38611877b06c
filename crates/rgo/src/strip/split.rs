//! Moves debug data into companions, in a folder that many builds add to.
//!
//! ```text
//! ELF      DIR/.build-id/xx/rest.debug    where debuggers, debuginfod and distributions look
//!          DIR/name.debug                 if the program has no build-id
//! PE       DIR/name.debug
//! Mach-O   DIR/name.dSYM/                 found by the UUID in it
//! ```
//!
//! An existing companion stays. If it is the same, there is nothing to do. If it differs, the
//! folder belongs to another build of the same identity, and that is an error. Companions are in
//! place, and on the disk, before their program loses the debug data.

mod companion_path;
mod supplement;

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use object::Object;
use rgo_binary::debug::build_id::identities;
use rgo_binary::{Error, Format, Image, Limits, slices};
use rgo_edit::{Draft, Edits};

use super::input::Input;
use super::options::StripOptions;
use super::report::FileReport;
use super::write::write;
use crate::app::error::Annotate;
use companion_path::CompanionPath;
use rgo_files::atomic_file::Durability;
use rgo_files::mmap;
use rgo_files::replace::NewEntry;
pub(super) use supplement::Home;
use supplement::Supplement;

/// A companion, and the program's reference to it.
#[derive(Debug)]
pub(super) struct Split {
    path: CompanionPath,
    /// `None` if there is nothing to write.
    prepared: Option<NewEntry>,
    /// Name and CRC, for the formats that record them in the program.
    link: Option<(String, u32)>,
}

impl Split {
    /// Name and CRC for the program.
    pub(super) fn link(&self) -> Option<(&str, u32)> {
        self.link.as_ref().map(|(name, crc)| (name.as_str(), *crc))
    }

    /// Puts the companion in its place.
    ///
    /// # Errors
    /// If a different one exists, or none can be put there.
    pub(super) fn put(self) -> Result<()> {
        self.prepared.map_or(Ok(()), |prepared| self.path.put(prepared))
    }
}

/// Makes the companion of a program; `None` if it has no debug data.
///
/// # Errors
/// If its debug data is in other files, or the companion cannot be written.
pub(super) fn make(
    input: &Input,
    images: &[&Image<'_>],
    folder: &Path,
    options: &StripOptions,
    report: &mut FileReport,
) -> Result<Option<Split>> {
    if images.is_empty() {
        // The edit has the reason.
        let (home, warnings) = (Home::of(folder), &mut report.warnings);
        return with_companion(input, images, options, home, warnings, |_, _| Ok(None));
    }
    let Some(image) = images.iter().find(|image| has_debug_data(image)) else {
        report.warnings.extend(nothing_to_split(images, folder, &input.name)?);
        return Ok(None);
    };
    let path = CompanionPath::new(folder, &input.name, image)?;
    report.companion = Some(path.path.display().to_string());
    let present = path.path.clone();
    let home = Home { folder: present.parent().unwrap_or(folder), present: Some(&present) };
    with_companion(input, images, options, home, &mut report.warnings, |companion, file| {
        let is_linked = image.format() != Format::MachO;
        let link = is_linked.then(|| (path.link_name(), rgo_edit::debuglink_crc(companion)));
        let prepared = (!options.dry_run).then(|| path.prepare(companion, file)).transpose()?;
        if let Some(prepared) = &prepared {
            check_belongs(&mmap::map(&prepared.path())?, images)
                .context("reading the companion back")?;
        }
        Ok(Some(Split { path, prepared, link }))
    })
}

/// Makes a companion for the place `home`, and calls `work` with it and the file that its copied
/// ranges come from.
///
/// # Errors
/// If the program has no debug data inside for a companion, and those of `work`.
pub(super) fn with_companion<T>(
    input: &Input,
    images: &[&Image<'_>],
    options: &StripOptions,
    home: Home<'_>,
    warnings: &mut Vec<String>,
    work: impl FnOnce(&Draft<'_>, &File) -> Result<T>,
) -> Result<T> {
    let elsewhere = images.iter().any(|image| object_files(image) > 0);
    let supplement = match Supplement::of(&input.path, images, home) {
        Supplement::AsItIs => None,
        Supplement::Path(path) => Some(path),
        Supplement::Missing(path) => {
            warnings.push(format!(
                "a part of its debug data should be in {}, which is not there: debuggers find it \
                 by its build-id alone",
                path.display()
            ));
            None
        }
    };
    let companion = rgo_edit::companion(&input.bytes, supplement.as_deref()).map_err(|error| {
        let unsupported = matches!(error, Error::Unsupported { .. });
        let error = anyhow!(error).context("splitting off the debug data");
        if elsewhere && unsupported { error.hint(AT_BUILD_TIME) } else { error }
    })?;
    let Some(compression) = options.compression else { return work(&companion, &input.file) };
    // Compression is a second edit, whose input is an unnamed file.
    let plain = tempfile::tempfile().context("making a file for what is not compressed yet")?;
    write(&companion, &input.file, &plain, Durability::Cached, 0)
        .context("writing the debug data")?;
    let bytes = mmap::file(&plain).context("reading the debug data back")?;
    let edits = Edits { compression: Some(compression), ..Edits::default() };
    let edited = rgo_edit::edit(&bytes, &edits).context("compressing the debug data")?;
    work(&edited.draft, &plain)
}

const AT_BUILD_TIME: &str = "dsymutil collects them while the object files are there; \
                             `rgo-build --strip split` has it do so";

fn object_files(image: &Image<'_>) -> usize {
    image.object().object_map().objects().len()
}

/// Whether there is data for a companion, or a reason against one.
fn has_debug_data(image: &Image<'_>) -> bool {
    const DWARF: [&str; 3] = [".debug_", ".zdebug_", "__debug_"];
    // Rust's .debug_gdb_scripts is loaded, and stays in the program.
    let is_loaded = |address| image.format() == Format::Elf && address != 0;
    let has_dwarf = image.sections().any(|section| {
        !is_loaded(section.address) && DWARF.iter().any(|name| section.name.starts_with(name))
    });
    let others = || match image.format() {
        Format::MachO => object_files(image) > 0,
        _ => image.object().symbols().next().is_some(),
    };
    has_dwarf || others()
}

/// Checks that debuggers will accept a companion for these images.
///
/// # Errors
/// If they will not.
pub(super) fn check_belongs(companion: &[u8], images: &[&Image<'_>]) -> Result<()> {
    let limits = Limits { max_file: u64::MAX, ..Limits::default() };
    let slices = slices(companion, &limits)?;
    let mut same = slices.len() == images.len();
    for (slice, image) in slices.iter().zip(images) {
        let (ours, its) = (identities(&slice.image)?, identities(image)?);
        same &= slice.image.arch() == image.arch();
        same &= (ours.gnu_build_id, ours.uuid) == (its.gnu_build_id, its.uuid);
    }
    if same { Ok(()) } else { Err(anyhow!("it has another identity than its program")) }
}

/// The message for a program without debug data: a PDB is already a companion, and a program whose
/// companion is in place was split before.
fn nothing_to_split(images: &[&Image<'_>], folder: &Path, name: &str) -> Result<Option<String>> {
    for image in images {
        if let Some(pdb) = identities(image)?.pdb {
            return Ok(Some(format!("its debug data is in {}, which is left as it is", pdb.path)));
        }
        if CompanionPath::new(folder, name, image)?.path.exists() {
            return Ok(None);
        }
    }
    Ok(Some("it has no debug data to split off".to_owned()))
}
