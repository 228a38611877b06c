//! Strips one file. It first computes the edit and writes the result beside its place. Then it puts
//! the companion in place, and after it the program.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use rgo_binary::{Error, FileKind, Image, Limits, Slice, slices};
use rgo_edit::Edited;
use rgo_files::atomic_file::Durability;
use rgo_files::mmap;
use rgo_files::replace::{self, Destination, Started};
use tempfile::NamedTempFile;

use super::TEMPORARY;
use super::edits;
use super::input::Input;
use super::options::{CompanionMode, StripOptions};
use super::report::FileReport;
use super::split::{self, Home, Split};
use super::write::write;
use super::write_ahead::write_ahead;
use crate::app::error::{Annotate, ErrorKind, Usage};
use crate::app::{sections, terminal};

/// Strips a file.
///
/// # Errors
/// If it cannot be stripped; the file then stays unchanged.
pub(super) fn strip_file(path: &Path, options: &StripOptions) -> Result<FileReport> {
    let input = Input::open(path).with_context(|| format!("reading {}", path.display()))?;
    let how = replace::Options { prefix: TEMPORARY, preserve_dates: options.preserve_dates };
    let destination = Destination::new(path, options.output.as_deref(), how)?;
    if !options.dry_run {
        destination.check_writable()?;
    }
    if destination.is_in_place() && options.companion == CompanionMode::Only {
        return Err(Usage::new("--only-keep-debug in place would leave no program")
            .hint("-o names another file")
            .into());
    }
    let ready = prepare(&input, &destination, options)
        .with_context(|| format!("stripping {}", path.display()))?;
    // Some systems cannot replace a mapped file.
    drop(input);
    if let Some(companion) = ready.companion {
        companion.put()?;
    }
    if let Some(result) = ready.result {
        let waiting = |text: &str| {
            if !options.quiet {
                terminal::status(text);
            }
        };
        destination.put(result, &waiting)?;
    }
    Ok(ready.report)
}

/// Everything ready to be put in place.
struct Ready {
    companion: Option<Split>,
    /// `None` if there is nothing to write.
    result: Option<NamedTempFile>,
    report: FileReport,
}

fn prepare(input: &Input, destination: &Destination, options: &StripOptions) -> Result<Ready> {
    let limits = Limits { max_file: u64::MAX, ..Limits::default() };
    // An archive has objects instead of images; the edit refuses files of other kinds.
    let slices = match FileKind::parse(&input.bytes) {
        FileKind::Archive | FileKind::Other => Vec::new(),
        _ => slices(&input.bytes, &limits).map_err(|error| explained(error, &input.bytes))?,
    };
    dump_sections(&slices, options)?;
    let images: Vec<&Image<'_>> = slices.iter().map(|slice| &slice.image).collect();
    options.apple.check(&images)?;
    let job = StripJob { input, slices: &slices, images: &images, destination, options };
    let mut report = FileReport {
        path: input.path.display().to_string(),
        output: options.output.as_ref().map(|path| path.display().to_string()),
        size_before_bytes: input.bytes.len() as u64,
        ..FileReport::default()
    };
    match &options.companion {
        CompanionMode::None => job.strip(None, report),
        CompanionMode::Only => job.write_companion(report),
        CompanionMode::Split(folder) => {
            let companion = split::make(input, &images, folder, options, &mut report)?;
            job.strip(companion, report)
        }
    }
}

/// The work on one file.
struct StripJob<'j> {
    input: &'j Input,
    slices: &'j [Slice<'j>],
    /// The images of the slices.
    images: &'j [&'j Image<'j>],
    destination: &'j Destination,
    options: &'j StripOptions,
}

impl StripJob<'_> {
    /// Prepares the stripped file, and its companion if there is one.
    fn strip(&self, companion: Option<Split>, mut report: FileReport) -> Result<Ready> {
        let Self { input, destination, options, .. } = self;
        let link = companion.as_ref().and_then(Split::link);
        let compute = || {
            edits::compute(&input.bytes, options, link)
                .map_err(|error| explained(error, &input.bytes))
        };
        let (edited, started) = if options.dry_run {
            (compute(), None)
        } else {
            write_ahead(input, self.slices, destination, compute)
        };
        let edited = edited?;
        report.describe(&edited, options, self.images);
        if destination.is_in_place() && !report.changed {
            if options.report {
                report.describe_images(self.slices, &input.bytes)?;
            }
            return Ok(Ready { companion, result: None, report });
        }
        if destination.is_in_place() && destination.hard_links() > 1 {
            report.hard_links = Some(destination.hard_links());
        }
        if options.dry_run {
            // An unnamed file: the result is checked as usual, and not held in memory.
            let file = tempfile::tempfile().context("making a file for what would be written")?;
            self.write(&edited, &file, Durability::Cached, 0, &mut report)?;
            return Ok(Ready { companion: None, result: None, report });
        }
        let Started { file: result, size } = match started {
            Some(started) => started,
            None => Started { file: destination.temporary()?, size: 0 },
        };
        self.write(&edited, result.as_file(), destination.durability(), size, &mut report)?;
        Ok(Ready { companion, result: Some(result), report })
    }

    /// Writes the result to a file that already has its first `already` bytes, reads it back, and
    /// checks it.
    fn write(
        &self,
        edited: &Edited<'_>,
        result: &File,
        durability: Durability,
        already: u64,
        report: &mut FileReport,
    ) -> Result<()> {
        write(&edited.draft, &self.input.file, result, durability, already)
            .context("writing the result")?;
        let bytes = mmap::file(result).context("reading the result back")?;
        edited.verify(&bytes).kind(ErrorKind::Internal)?;
        if self.options.report {
            report.describe_images(self.slices, &bytes)?;
        }
        Ok(())
    }

    /// `--only-keep-debug`: prepares the companion as the result.
    fn write_companion(&self, mut report: FileReport) -> Result<Ready> {
        let Self { input, images, destination, options, .. } = self;
        let home = Home::of(destination.folder());
        let write_draft = |companion: &rgo_edit::Draft<'_>, from: &File| {
            let (size, added) = (companion.size(), super::report::Added::of(companion));
            if options.dry_run {
                return Ok((None, size, added));
            }
            let result = destination.temporary()?;
            write(companion, from, result.as_file(), destination.durability(), 0)
                .context("writing the result")?;
            let bytes = mmap::file(result.as_file()).context("reading the result back")?;
            split::check_belongs(&bytes, images)?;
            Ok((Some(result), size, added))
        };
        let (result, size, added) =
            split::with_companion(input, images, options, home, &mut report.warnings, write_draft)?;
        let report = FileReport { changed: true, size_after_bytes: size, added, ..report };
        Ok(Ready { companion: None, result, report })
    }
}

/// Writes the sections of `--dump-section`.
fn dump_sections(slices: &[Slice<'_>], options: &StripOptions) -> Result<()> {
    if slices.is_empty() && !options.dumped.is_empty() {
        return Err(anyhow!("--dump-section reads a program, a library or an object"));
    }
    for (section, file) in &options.dumped {
        let bytes = sections::find(slices, section).ok_or_else(|| sections::absent(section))?;
        if !options.dry_run {
            terminal::write_output(bytes, Some(file))?;
        }
    }
    Ok(())
}

/// Adds the next step to an error, if there is one.
fn explained(error: Error, input: &[u8]) -> anyhow::Error {
    let is_macho = matches!(FileKind::parse(input), FileKind::MachO | FileKind::FatMachO);
    let hint = match &error {
        Error::Unrecognized => {
            "only the content counts: is the file whole, and not packed or a script?"
        }
        Error::SignedByIdentity { .. } if is_macho => {
            "strip before you sign; --sign adhoc and --sign none void the signature"
        }
        Error::SignedByIdentity { .. } => {
            "strip before you sign; --sign none takes the signature away"
        }
        Error::Malformed { .. } => "the file is damaged, or something edited it: get it again",
        _ => return error.into(),
    };
    anyhow!(error).hint(hint)
}
