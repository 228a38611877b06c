//! The report of `rgo-strip`: for each file the removed sections, the new bytes with their reasons,
//! the origin data that stays, and the abilities of a debugger, as computed from the result.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use object::{Object, ObjectSymbol};
use rgo_binary::debug::build_id::identities;
use rgo_binary::embedded::auditable;
use rgo_binary::embedded::go_buildinfo;
use rgo_binary::embedded::package_note;
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot;
use rgo_binary::{Image, Limits, Slice, slices};
use rgo_debuginfo::debuggability::{DebugSources, Debuggability, Feasibility, debuggability};
use rgo_edit::{Draft, Edited, Piece, Reason, Removed, SignaturePolicy};
use rgo_policy::Outcome;
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use serde::Serialize;

use super::names::Names;
use super::options::{CompanionMode, StripOptions};
use crate::app::error::CommandError;

/// The whole run.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct StripReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The files, in the order of the call.
    pub files: Vec<FileReport>,
    /// The verdict on the results, if something was required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Outcome>,
}

/// One file.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub(super) struct FileReport {
    /// Its path, as the user gave it.
    pub path: String,
    /// The path of the result, if it is another file.
    pub output: Option<String>,
    /// Why it could not be stripped.
    pub error: Option<String>,
    /// The next steps after the error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// Whether the result differs from the input.
    pub changed: bool,
    /// Why the result does not differ, unless there was nothing to remove.
    pub unchanged: Option<String>,
    /// Size of the input.
    pub size_before_bytes: u64,
    /// Size of the result.
    pub size_after_bytes: u64,
    /// Removed sections.
    pub removed: Vec<Gone>,
    /// Bytes that are not from the input.
    pub added: Vec<Added>,
    /// The path of the file or bundle with the debug data.
    pub companion: Option<String>,
    /// Number of hard links of the overwritten file, if there are several.
    pub hard_links: Option<u64>,
    /// The images of the result: one, or the slices of a fat file.
    pub images: Vec<ImageReport>,
    /// Effects of the edit beyond the request, and obstacles to it.
    pub warnings: Vec<String>,
}

/// A removed section, or all sections of its name.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Gone {
    pub section: String,
    pub size_bytes: u64,
}

/// New bytes with the same reason.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct Added {
    pub reason: String,
    pub size_bytes: u64,
}

/// An image of the result.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub(super) struct ImageReport {
    /// `elf`, `macho` or `pe`.
    pub format: String,
    /// Its instruction set, in GOARCH's spelling.
    pub arch: String,
    pub symbol_count_before: usize,
    pub symbol_count_after: usize,
    /// The data about its origin that is still there.
    pub kept: Vec<String>,
    /// The key by which a debugger finds a companion, as `build-id 00ff`.
    pub companion_found_by: Option<String>,
    /// The abilities of a debugger.
    pub debugger: Vec<Debuggability>,
}

impl Gone {
    /// Merges sections of the same name: the objects of an archive and the slices of a fat file
    /// have the same sections.
    pub(super) fn by_name(removed: &[Removed]) -> Vec<Self> {
        let mut gone: Vec<Self> = Vec::new();
        let mut places = HashMap::new();
        for Removed { name, size } in removed {
            let place = *places.entry(name).or_insert(gone.len());
            match gone.get_mut(place) {
                Some(known) => known.size_bytes += size,
                None => gone.push(Self { section: name.clone(), size_bytes: *size }),
            }
        }
        gone
    }
}

impl Added {
    /// The new bytes of an output, summed by reason.
    pub(super) fn of(draft: &Draft<'_>) -> Vec<Self> {
        let mut sizes: BTreeMap<Reason, u64> = BTreeMap::new();
        for piece in draft.pieces() {
            if let Piece::New(_, reason) | Piece::Zeros(_, reason) = piece {
                *sizes.entry(*reason).or_default() += piece.size();
            }
        }
        let added =
            |(reason, size_bytes): (Reason, u64)| Self { reason: reason.to_string(), size_bytes };
        sizes.into_iter().map(added).collect()
    }
}

impl FileReport {
    /// The report of a file that stayed unchanged because of an error.
    pub(super) fn failed(path: String, error: CommandError) -> Self {
        Self { path, error: Some(error.text()), hints: error.hints, ..Self::default() }
    }

    /// Adds the effects of the edit.
    pub(super) fn describe(
        &mut self,
        edited: &Edited<'_>,
        options: &StripOptions,
        images: &[&Image<'_>],
    ) {
        self.changed = !edited.draft.is_input();
        self.size_after_bytes = edited.draft.size();
        self.removed = Gone::by_name(&edited.removed);
        if self.changed {
            self.added = Added::of(&edited.draft);
        }
        self.warnings.extend(edited.warnings.iter().cloned());
        self.warnings.extend(unknown_symbols(options, images));
        if !self.changed {
            // The edit's own reason comes first, then its first warning, such as that of a section
            // that stays.
            let reason = edited.unchanged.as_ref().or(edited.warnings.first());
            self.unchanged = reason.cloned();
        }
        if edited.unlinkable {
            self.warnings.push(unlinkable(images));
        }
        let (before, after) = (self.size_before_bytes, self.size_after_bytes);
        if after > before && !may_grow(options) {
            let more = after - before;
            self.warnings.push(format!("the result has {more} bytes more than the input"));
        }
        if edited.identity_dropped && !options.apple.no_signature_warning {
            self.warnings.push("it was signed by an identity, and is not any more".to_owned());
        }
    }

    /// Adds the facts of the result.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn describe_images(
        &mut self,
        before: &[Slice<'_>],
        after: &[u8],
    ) -> rgo_binary::Result<()> {
        if before.is_empty() {
            return Ok(());
        }
        let limits = Limits { max_file: u64::MAX, ..Limits::default() };
        for (before, after) in before.iter().zip(slices(after, &limits)?) {
            let image = &after.image;
            // Unreadable debug data does not prevent a strip.
            let evidence = DebugSources::of(image).inspect_err(|error| {
                self.warnings.push(format!("what a debugger can do is not known: {error}"));
            });
            self.images.push(ImageReport {
                format: image.format().to_string(),
                arch: image.arch().to_string(),
                symbol_count_before: before.image.object().symbols().count(),
                symbol_count_after: image.object().symbols().count(),
                kept: kept(image),
                debugger: evidence.as_ref().map(debuggability).unwrap_or_default(),
                companion_found_by: evidence.ok().and_then(|evidence| evidence.companion),
            });
        }
        Ok(())
    }

    fn document(&self, document: Document, dry_run: bool) -> Document {
        let document = document.heading(&self.path);
        if let Some(error) = &self.error {
            return document.line(Cell::new(error).tone(Tone::Bad));
        }
        let mut document = document.fact("size", self.sizes());
        if let Some(output) = &self.output {
            document = document.fact("result", output);
        }
        if let Some(companion) = &self.companion {
            document = document.fact("companion", companion);
        }
        if let Some(names) = self.hard_links {
            let will = if dry_run { "will be" } else { "was" };
            let text = format!("{will} written over, because the file has {names} names");
            document = document.fact("in place", text);
        }
        let several = self.images.len() > 1;
        for image in &self.images {
            let of =
                if several { format!(" ({} {})", image.format, image.arch) } else { String::new() };
            let (before, after) = (image.symbol_count_before, image.symbol_count_after);
            if before > 0 {
                document = document.fact(format!("symbols{of}"), format!("{before} -> {after}"));
            }
            if !image.kept.is_empty() {
                document = document.fact(format!("kept{of}"), image.kept.join(", "));
            }
            document = match (&image.companion_found_by, &self.companion) {
                (Some(found_by), Some(_)) => document.fact(format!("companion by{of}"), found_by),
                (Some(found_by), None) => document.fact(
                    format!("companion{of}"),
                    format!("not made; a debugger looks for one by {found_by}"),
                ),
                (None, _) => document,
            };
        }
        document = document.table(self.gone()).table(self.new_bytes());
        for image in &self.images {
            let title = if several {
                format!("a debugger can ({} {})", image.format, image.arch)
            } else {
                "a debugger can".to_owned()
            };
            document = document.table(debugger(title, &image.debugger));
        }
        document
    }

    fn sizes(&self) -> String {
        let Self { size_before_bytes: before, size_after_bytes: after, changed, .. } = self;
        if !changed {
            let reason = self.unchanged.as_deref().unwrap_or("it has nothing of what is to go");
            return format!("{before} bytes, unchanged: {reason}");
        }
        let word = if after <= before { "less" } else { "more" };
        let change = before.abs_diff(*after);
        let per_mille = change.saturating_mul(1000).checked_div(*before).unwrap_or_default();
        format!("{before} -> {after} bytes ({}.{} % {word})", per_mille / 10, per_mille % 10)
    }

    fn gone(&self) -> Table {
        let mut table = Table::new([Column::left("section that goes"), Column::right("bytes")]);
        for gone in &self.removed {
            table.row([Cell::new(&gone.section), Cell::new(gone.size_bytes.to_string())]);
        }
        table
    }

    fn new_bytes(&self) -> Table {
        let mut table = Table::new([Column::left("what is new"), Column::right("bytes")]);
        for added in &self.added {
            table.row([Cell::new(&added.reason), Cell::new(added.size_bytes.to_string())]);
        }
        table
    }
}

/// Whether the options can make the result larger than the input.
fn may_grow(options: &StripOptions) -> bool {
    !options.added.is_empty()
        || options.compression.is_some()
        || matches!(options.companion, CompanionMode::Split(_))
        || options.sign != SignaturePolicy::Keep
}

/// The warning about names that no symbol has: they may be misspelt, or be those of files with lists.
/// The members of an archive are no images here.
fn unknown_symbols(options: &StripOptions, images: &[&Image<'_>]) -> Option<String> {
    let names = [&options.keep_symbols, &options.drop_symbols];
    let mut unknown: BTreeSet<&[u8]> =
        names.into_iter().flatten().flat_map(Names::exact).filter(|_| !images.is_empty()).collect();
    if unknown.is_empty() {
        return None;
    }
    for image in images {
        for symbol in image.object().symbols().chain(image.object().dynamic_symbols()) {
            unknown.remove(symbol.name_bytes().unwrap_or_default());
        }
    }
    let unknown: Vec<_> = unknown.into_iter().map(String::from_utf8_lossy).collect();
    (!unknown.is_empty()).then(|| format!("there is no symbol {}", unknown.join(", ")))
}

/// The warning that the result cannot be linked or loaded any more.
fn unlinkable(images: &[&Image<'_>]) -> String {
    let is_module = |image: &&Image<'_>| image.section(".gnu.linkonce.this_module").is_some();
    let who = match images {
        [] => "no linker can use the objects any more",
        images if images.iter().any(is_module) => "no kernel can load the result",
        _ => "no linker can use the result",
    };
    format!("{who}: symbols and relocations that it needs are gone (-g takes out debug data alone)")
}

fn debugger(title: String, abilities: &[Debuggability]) -> Table {
    let mut table = Table::new([Column::left(title), Column::left(""), Column::left("by")]);
    for Debuggability { task, answer, by } in abilities {
        let tone = match answer {
            Feasibility::Yes => Tone::Good,
            Feasibility::Partly | Feasibility::Companion => Tone::Plain,
            Feasibility::No => Tone::Dim,
        };
        table.row([
            Cell::new(task.to_string()),
            Cell::new(answer.to_string()).tone(tone),
            Cell::new(by),
        ]);
    }
    table
}

/// The data about an image's origin.
fn kept(image: &Image<'_>) -> Vec<String> {
    let limits = Limits::default();
    let section = |name: &str| image.section(name).map(|_| name.to_owned());
    let said = |is_there: bool, name: &str| is_there.then(|| name.to_owned());
    let ids = identities(image).unwrap_or_default();
    let list = image.section(auditable::SECTION);
    let list =
        list.is_some_and(|list| auditable::read(list.data, &limits).is_ok_and(|l| l.is_some()));
    [
        said(rgo_note::find(image).is_ok_and(|note| note.is_some()), "build note"),
        said(list, "dependency list"),
        said(slot::list(image).is_ok_and(|slots| !slots.is_empty()), "-X values"),
        said(go_buildinfo::find(image).is_ok_and(|info| info.is_some()), "Go build information"),
        said(package_note::package_note(image).is_ok_and(|n| n.is_some()), "package note"),
        section(".comment"),
        ids.gnu_build_id.map(|_| "build-id".to_owned()),
        ids.uuid.map(|_| "UUID".to_owned()),
        ids.pdb.map(|_| "PDB reference".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Report for StripReport {
    const SCHEMA: &'static str = "rgo.strip/1";

    fn document(&self) -> Document {
        let mut document = Document::new();
        if self.dry_run {
            document = document.line("nothing is written");
        }
        for file in &self.files {
            document = file.document(document, self.dry_run);
        }
        match &self.policy {
            Some(outcome) => outcome.document(document.heading("Policy"), false),
            None => document,
        }
    }
}
