//! One file from its input to its result: thought through and written beside its place first, then
//! put there, the companion before the program.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use rgo_binary::{Error, FileKind, Image, Limits, Slice, slices};
use rgo_edit::{Draft, Edited, Piece, Sign, Why};
use tempfile::NamedTempFile;

use super::ahead::{self, Begun};
use super::asked::{Asked, Companion};
use super::edits;
use super::input::Input;
use super::report::{FileReport, Gone, Made};
use super::split::{self, Home, Split};
use super::target::Target;
use super::write::{self, Wait};
use crate::app::exit::{Hint, Usage};
use crate::app::{sections, terminal};
use rgo_files::mmap;

/// Strips a file.
///
/// # Errors
/// If it cannot be done; the file is then as it was.
pub(super) fn strip(path: &Path, asked: &Asked) -> Result<FileReport> {
    let input = Input::open(path).with_context(|| format!("reading {}", path.display()))?;
    let output = asked.output.as_deref();
    let target = Target::new(path, output, asked.preserve_dates)?;
    if !asked.dry_run {
        target.may_be_written()?;
    }
    if target.is_in_place() && asked.companion == Companion::Only {
        let text = "--only-keep-debug in place would leave no program";
        return Err(Usage(format!("{text}\nhint: -o names another file")).into());
    }
    let prepared =
        prepare(&input, &target, asked).with_context(|| format!("stripping {}", path.display()))?;
    // Some systems replace no file that is mapped.
    drop(input);
    if let Some(companion) = prepared.companion {
        companion.put()?;
    }
    if let Some(result) = prepared.result {
        target.put(result, &|text| {
            if !asked.quiet {
                terminal::status(text);
            }
        })?;
    }
    Ok(prepared.report)
}

/// All that is ready to be put in place.
struct Ready {
    companion: Option<Split>,
    /// None if nothing is to be written.
    result: Option<NamedTempFile>,
    report: FileReport,
}

fn prepare(input: &Input, target: &Target, asked: &Asked) -> Result<Ready> {
    let limits = Limits { max_file: u64::MAX, ..Limits::default() };
    // An archive has objects and no images; what is neither, the edit refuses.
    let slices = match FileKind::parse(&input.bytes) {
        FileKind::Archive | FileKind::Other => Vec::new(),
        _ => slices(&input.bytes, &limits).map_err(|error| explained(error, &input.bytes))?,
    };
    dump(&slices, asked)?;
    let mut report = FileReport {
        path: input.path.display().to_string(),
        output: asked.output.as_ref().map(|path| path.display().to_string()),
        size_before: input.bytes.len() as u64,
        ..FileReport::default()
    };
    let images: Vec<&Image<'_>> = slices.iter().map(|slice| &slice.image).collect();
    asked.apple.check(&images)?;
    let companion = match &asked.companion {
        Companion::None => None,
        Companion::Only => return only_companion(input, &images, target, asked, report),
        Companion::Split(folder) => split::make(input, &images, folder, asked, &mut report)?,
    };
    let link = companion.as_ref().and_then(Split::link);
    let think =
        || edits::apply(&input.bytes, asked, link).map_err(|error| explained(error, &input.bytes));
    let (edited, begun) = if asked.dry_run {
        (think(), None)
    } else {
        ahead::meanwhile(input, &slices, target, think)
    };
    let edited = edited?;
    describe(&edited, asked, &images, &mut report);
    if target.is_in_place() && !report.changed {
        if asked.report {
            report.look_at(&slices, &input.bytes)?;
        }
        return Ok(Ready { companion, result: None, report });
    }
    if target.is_in_place() && target.names() > 1 {
        report.names = Some(target.names());
    }
    let mut write = |result: &File, wait: Wait, there: u64| {
        write::write(&edited.draft, &input.file, result, wait, there)
            .context("writing the result")?;
        let bytes = mmap::file(result).context("reading the result back")?;
        edited.verify(&bytes)?;
        if asked.report {
            report.look_at(&slices, &bytes)?;
        }
        anyhow::Ok(())
    };
    if asked.dry_run {
        // In a file without a name: it is checked as it would be, and not held in memory.
        let file = tempfile::tempfile().context("making a file for what would be written")?;
        write(&file, Wait::Nobody, 0)?;
        return Ok(Ready { companion: None, result: None, report });
    }
    let Begun { file: result, size } = match begun {
        Some(begun) => begun,
        None => Begun { file: target.temporary()?, size: 0 },
    };
    write(result.as_file(), target.wait(), size)?;
    Ok(Ready { companion, result: Some(result), report })
}

/// `--only-keep-debug`: the companion is the result.
fn only_companion(
    input: &Input,
    images: &[&Image<'_>],
    target: &Target,
    asked: &Asked,
    mut report: FileReport,
) -> Result<Ready> {
    let mut new = None;
    let home = Home::of(target.folder());
    let result =
        split::with_companion(input, images, asked, home, &mut report, |companion, file| {
            new = Some((companion.size(), made(companion)));
            if asked.dry_run {
                return Ok(None);
            }
            let result = target.temporary()?;
            write::write(companion, file, result.as_file(), target.wait(), 0)
                .context("writing the result")?;
            let bytes = mmap::file(result.as_file()).context("reading the result back")?;
            split::belongs(&bytes, images)?;
            Ok(Some(result))
        })?;
    if let Some((size, made)) = new {
        (report.changed, report.size_after, report.made) = (true, size, made);
    }
    Ok(Ready { companion: None, result, report })
}

/// `--dump-section`.
fn dump(slices: &[Slice<'_>], asked: &Asked) -> Result<()> {
    if slices.is_empty() && !asked.dumped.is_empty() {
        return Err(anyhow!("--dump-section reads a program, a library or an object"));
    }
    for (section, file) in &asked.dumped {
        let bytes = sections::find(slices, section).ok_or_else(|| sections::absent(section))?;
        if !asked.dry_run {
            terminal::write_output(bytes, Some(file))?;
        }
    }
    Ok(())
}

fn describe(edited: &Edited<'_>, asked: &Asked, images: &[&Image<'_>], report: &mut FileReport) {
    report.changed = !edited.draft.is_input();
    report.size_after = edited.draft.size();
    report.removed = Gone::by_name(&edited.removed);
    if report.changed {
        report.made = made(&edited.draft);
    }
    report.warnings.extend(edited.warnings.iter().cloned());
    if !report.changed {
        // What was to go and stays is the reason; where nothing was, the edit may know another.
        let reason = edited.unchanged.as_ref().or(edited.warnings.first());
        report.unchanged = reason.cloned();
    }
    if edited.unlinkable {
        let is_module = |image: &&Image<'_>| image.section(".gnu.linkonce.this_module").is_some();
        let who = match images {
            [] => "no linker can use the objects any more",
            images if images.iter().any(is_module) => "no kernel can load the result",
            _ => "no linker can use the result",
        };
        let text = format!(
            "{who}: symbols and relocations that it needs are gone (-g takes out debug data alone)"
        );
        report.warnings.push(text);
    }
    let may_grow = !asked.added.is_empty()
        || asked.compression.is_some()
        || matches!(asked.companion, Companion::Split(_))
        || asked.sign != Sign::Keep;
    if report.size_after > report.size_before && !may_grow {
        let more = report.size_after - report.size_before;
        report.warnings.push(format!("the result has {more} bytes more than the input"));
    }
    if edited.identity_dropped && !asked.apple.no_signature_warning {
        report.warnings.push("it was signed by an identity, and is not any more".to_owned());
    }
}

/// What is new in an output, by its reason.
fn made(draft: &Draft<'_>) -> Vec<Made> {
    let mut sizes: BTreeMap<Why, u64> = BTreeMap::new();
    for piece in draft.pieces() {
        if let Piece::New(_, why) | Piece::Zeros(_, why) = piece {
            *sizes.entry(*why).or_default() += piece.size();
        }
    }
    sizes.into_iter().map(|(why, bytes)| Made { why: why.to_string(), bytes }).collect()
}

/// An error with the next step, where there is one.
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
    anyhow!(error).context(Hint(hint.to_owned()))
}
