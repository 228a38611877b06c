//! A binary whose addresses are looked up, with the files that have its debug data.
//!
//! ```text
//! image ─▶ DebugFiles ◀─ companion, supplement, package, PDB: each if it belongs to the image
//!              └▶ LineTable ◀─ .dwo and object files that the addresses need
//! ```

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use rgo_binary::{Image, Limits};
use rgo_debuginfo::lines::{DebugFiles, DebugSections, Frame, LineTable, Wanted};
use typed_arena::Arena;

use super::addresses::Addresses;
use super::args::SymbolizeArgs;
use super::map_on_all_cores;
use super::trace::Place;
use super::words;
use crate::app::terminal;
use crate::symbols::debug_files::{Opened, Opener};
use crate::symbols::input;

/// What is known of a place.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The address in the file.
    pub(super) address: Option<u64>,
    pub(super) frames: Vec<OwnedFrame>,
    /// What the answer lacks, in words.
    pub(super) gap: Option<String>,
}

/// A function that an address is from.
#[derive(Clone, Debug)]
pub(super) struct OwnedFrame {
    pub(super) function: Option<Vec<u8>>,
    /// The distance of the address from the start of the function.
    pub(super) offset: Option<u64>,
    pub(super) file: Option<Vec<u8>>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) is_inlined: bool,
    pub(super) source: rgo_debuginfo::lines::FrameSource,
}

/// Looks up places of a binary.
///
/// # Errors
/// If the binary cannot be read.
pub(super) fn answers(path: &Path, places: &[Place], args: &SymbolizeArgs) -> Result<Vec<Answer>> {
    let bytes = Arena::new();
    let opened = Opened::default();
    let opener = Opener::new(path, args.debug_files.options(), &bytes, &opened);
    let loader = Loader { path, args, opener: &opener };
    let image = loader.binary()?;
    let mut files = DebugFiles::new(image)?;
    opener.add_given(&mut files)?;
    opener.add_wanted(&mut files);
    for row in opener.take_rows() {
        if let Some(why) = row.unused_because {
            loader.warn(Path::new(&row.file), &why);
        }
    }
    let addresses = Addresses::new(image, args);
    let found: Vec<_> = places.iter().map(|place| addresses.of(&place.address)).collect();
    let mut table = LineTable::new(&files)?;
    if let Some(damage) = table.damage() {
        terminal::warning(&format!("{}: debug data are damaged: {damage}", path.display()));
    }
    loader.add_split_files(&mut table, found.iter().flatten().copied());
    let answer = |(place, address): (&Place, Result<u64, String>)| match address {
        Ok(address) => looked_up(&table, address, place.is_return || args.returns),
        Err(gap) => Answer { gap: Some(gap), ..Answer::default() },
    };
    let pairs = places.iter().zip(found).collect();
    let answers = map_on_all_cores(pairs, || (), |(), pair| answer(pair));
    loader.tell_missing(&files, &answers);
    Ok(answers)
}

fn looked_up(table: &LineTable<'_>, address: u64, is_return: bool) -> Answer {
    // The call is before the address that it returns to.
    let asked = if is_return { address.saturating_sub(1) } else { address };
    let mut frames = Vec::new();
    let gap = table.frames_at(asked, &mut frames);
    let owned = |frame: Frame<'_>| OwnedFrame {
        function: frame.function.map(Cow::into_owned),
        offset: frame.function_start.and_then(|start| address.checked_sub(start)),
        file: frame.file.map(Cow::into_owned),
        line: frame.line,
        column: frame.column,
        is_inlined: frame.is_inlined,
        source: frame.source,
    };
    Answer {
        address: Some(address),
        frames: frames.into_iter().map(owned).collect(),
        gap: gap.as_ref().map(words::gap),
    }
}

/// Reads a binary, and the files that single addresses need.
struct Loader<'l, 'd> {
    path: &'l Path,
    args: &'l SymbolizeArgs,
    opener: &'l Opener<'l, 'd>,
}

impl<'d> Loader<'_, 'd> {
    fn binary(&self) -> Result<&'d Image<'d>> {
        let data = self.opener.keep(input::open(self.path)?);
        Ok(self.opener.keep_image(input::image(data, self.args.arch.as_deref())?))
    }

    /// Adds the `.dwo` and object files that addresses need.
    fn add_split_files(&self, table: &mut LineTable<'d>, addresses: impl Iterator<Item = u64>) {
        let wanted: BTreeSet<Wanted> =
            addresses.filter_map(|address| table.wanted_at(address)).collect();
        // No mark of a package says which image it is of: what it lacks does.
        let lacking = wanted.iter().find(|it| matches!(it, Wanted::Dwo { .. }));
        if let (Some(Wanted::Dwo { id, .. }), Some(package)) = (lacking, self.opener.package()) {
            terminal::warning(&format!(
                "{}: {} is of another build, or incomplete: it lacks the unit {id:016x}",
                self.path.display(),
                package.display()
            ));
        }
        let places = self.opener.places();
        for wanted in &wanted {
            let given = self.args.debug_files.companion.iter().cloned();
            for path in given.chain(places.of(wanted)).filter(|path| path.is_file()) {
                match self.add_split(table, wanted, &path) {
                    Ok(()) => break,
                    // A given file can be of another unit.
                    Err(_) if self.args.debug_files.companion.contains(&path) => {}
                    Err(why) => self.warn(&path, &format!("{why:#}")),
                }
            }
        }
    }

    fn add_split(&self, table: &mut LineTable<'d>, wanted: &Wanted, path: &Path) -> Result<()> {
        let data = self.opener.map(path)?;
        let data = match wanted {
            Wanted::ObjectFile { member: Some(member), .. } => {
                input::member(data, member)?.context("the archive lacks it")?
            }
            _ => data,
        };
        let image = Image::parse(data, &Limits::default())?;
        let image = self.opener.keep_image(image);
        let sections = self.opener.keep_sections(DebugSections::read(image)?);
        match wanted {
            Wanted::ObjectFile { .. } => {
                let changed = std::fs::metadata(path).and_then(|found| found.modified()).ok();
                let since =
                    |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).ok();
                let time = changed.and_then(since).map(|time| time.as_secs());
                Ok(table.add_object(wanted, image, sections, time)?)
            }
            _ => Ok(table.add_split(sections)?),
        }
    }

    fn warn(&self, path: &Path, why: &str) {
        terminal::warning(&format!(
            "{}: {} is not used: {why}",
            self.path.display(),
            path.display()
        ));
    }

    /// Names what is missing, if an address has no line.
    fn tell_missing(&self, files: &DebugFiles<'_>, answers: &[Answer]) {
        let has_line = |answer: &Answer| answer.frames.iter().any(|frame| frame.line.is_some());
        if self.args.quiet || answers.iter().all(has_line) {
            return;
        }
        let mut missing: Vec<String> = files.wanted().iter().map(words::wanted).collect();
        missing.sort();
        missing.dedup();
        if !missing.is_empty() {
            let missing = missing.join(", or ");
            terminal::warning(&format!(
                "{}: not all addresses have lines: it lacks {missing}",
                self.path.display()
            ));
        }
    }
}
