//! `rgo-build stamp FILE -X …`: writes values into a finished program without compiling or linking.
//! Without `-X` it lists the program's slots.
//! Signs a darwin program again, because the system kills a program whose pages do not match its
//! signature.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::embedded::go_buildinfo;
use rgo_binary::embedded::rgo_note;
use rgo_binary::embedded::slot::Slot;
use rgo_binary::{Error as BinaryError, FileKind, Limits, slices};
use rgo_edit::SignaturePolicy;
use rgo_report::{Column, Document, Report, Table};
use serde::Serialize;

use crate::app::error::Annotate;
use crate::app::exit::Exit;
use crate::app::reports;
use crate::app::schema::{Named, of_report};
use crate::app::terminal;
use crate::build::args::StampArgs;
use rgo_files::replace::{Destination, Options};
use rgo_toolchain::build::BuildError;
use rgo_toolchain::build::template::{Template, ValueError};
use rgo_toolchain::build::values;
use rgo_toolchain::finish;

/// A stamped file keeps its hard links, owner and attributes, as a stripped one does.
const REPLACE: Options = Options { prefix: ".rgo-stamp-", preserve_dates: false };

/// The report: the values that were written, or all that the program has.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Stamped {
    #[schemars(with = "String")]
    path: Utf8PathBuf,
    values: Vec<Value>,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Value {
    name: String,
    value: String,
    /// How many slots have this name, value and capacity.
    slots: usize,
    /// The most bytes that a value of this name may have.
    capacity_bytes: u32,
}

/// The schema of its report.
pub(super) fn schema() -> Named {
    of_report::<Stamped>()
}

impl Report for Stamped {
    const SCHEMA: &'static str = "rgo.stamp/1";

    fn document(&self) -> Document {
        let document = Document::new().line(self.path.as_str());
        if self.values.is_empty() {
            return document.line(
                "no slots: nothing declares one by rgo_stamp::stamp!, or reads it; a Go program \
                 has those that `rgo-build -X` gave it",
            );
        }
        let mut table = Table::new([
            Column::left("name"),
            Column::left("value"),
            Column::right("slots"),
            Column::right("room"),
        ]);
        for one in &self.values {
            table.row([
                one.name.as_str().into(),
                one.value.as_str().into(),
                one.slots.to_string().into(),
                one.capacity_bytes.to_string().into(),
            ]);
        }
        document.table(table)
    }
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be read, has no such slot, or is signed by an identity.
pub(super) fn run(args: &StampArgs) -> Result<Exit> {
    let stamps = values::parse(&args.stamp)?;
    let data = finish::map(&args.file)?;
    let slots = finish::slots(&args.file, &data)?;
    if stamps.is_empty() {
        let report = Stamped { path: args.file.clone(), values: values_of(&slots) };
        reports::print(&report, &args.report)?;
        return Ok(Exit::Done);
    }
    let output = args.output.as_deref().map(Utf8Path::as_std_path);
    let destination = Destination::new(args.file.as_std_path(), output, REPLACE)?;
    let stamps = filled(&stamps, &data).with_context(|| format!("stamping {}", args.file))?;
    let capacities = capacities(args, &data, &slots, &stamps)?;
    let known: BTreeSet<String> = capacities.iter().map(|(name, _)| name.clone()).collect();
    if let Some((name, _)) = stamps.iter().find(|(name, _)| !known.contains(name)) {
        let error = no_slot(name, known, &data);
        return Err(error.context(args.file.to_string()));
    }
    // Only darwin programs can have an ad-hoc signature.
    let policy = match (args.resign, FileKind::parse(&data)) {
        (false, _) => SignaturePolicy::Keep,
        (true, FileKind::MachO | FileKind::FatMachO) => SignaturePolicy::AdHoc,
        (true, _) => SignaturePolicy::None,
    };
    let finished = rgo_edit::stamp(&data, &stamps, policy).map_err(|error| {
        let signed = matches!(error, BinaryError::SignedByIdentity { .. });
        let error = anyhow!(error).context(format!("stamping {}", args.file));
        if signed { error.hint("stamp it before it is signed, or pass --resign") } else { error }
    })?;
    drop(data);
    let to = args.output.as_ref().unwrap_or(&args.file);
    destination.write(&finished.bytes, &terminal::status)?;
    if finished.identity_dropped {
        terminal::warning(&format!("{to} was signed by an identity, and is not any more"));
    }
    let written = |name: &str| {
        finished.slots_written.iter().find(|(written, _)| written == name).map_or(0, |(_, n)| *n)
    };
    let capacity = |name: &str| {
        let same = capacities.iter().filter(|(known, _)| known == name);
        same.map(|(_, capacity)| *capacity).min()
    };
    let values = stamps.iter().map(|(name, value)| Value {
        name: name.clone(),
        value: value.clone(),
        slots: written(name),
        capacity_bytes: capacity(name).unwrap_or_default(),
    });
    let report = Stamped { path: to.clone(), values: values.collect() };
    if destination.is_stdout() {
        reports::write_files(&report, &args.report.to_files)?;
        terminal::print_to_stderr(&report, args.report.format)?;
    } else {
        reports::print(&report, &args.report)?;
    }
    Ok(Exit::Done)
}

/// The names and capacities of the slots, those with placeholders of a Go program included.
fn capacities(
    args: &StampArgs,
    data: &[u8],
    slots: &[Slot],
    stamps: &[(String, String)],
) -> Result<Vec<(String, u32)>> {
    let mut capacities: Vec<(String, u32)> =
        slots.iter().map(|slot| (slot.name.clone(), slot.capacity)).collect();
    let is_new = |name: &&str| capacities.iter().all(|(known, _)| known != name);
    let names: Vec<&str> = stamps.iter().map(|(name, _)| name.as_str()).filter(is_new).collect();
    let unwritten = finish::unwritten_go_slots(&args.file, data, &names)?;
    capacities.extend(unwritten.into_iter().map(|slot| (slot.name, slot.capacity)));
    Ok(capacities)
}

/// The error for a name without a slot. A Go program gets its slots by a build.
fn no_slot(name: &str, known: BTreeSet<String>, data: &[u8]) -> anyhow::Error {
    if !is_go(data) {
        return BuildError::NoSlot { name: name.to_owned(), known }.into();
    }
    let build = format!("a build gives the variable a slot: rgo-build -X {name}=VALUE");
    let known: Vec<_> = known.into_iter().collect();
    let hint = match known.as_slice() {
        [] => build,
        known => format!("there are: {}\n{build}", known.join(", ")),
    };
    anyhow!("-X {name}: no slot has this name").hint(hint)
}

fn is_go(data: &[u8]) -> bool {
    let slices = slices(data, &Limits::default()).unwrap_or_default();
    slices.iter().any(|slice| go_buildinfo::find(&slice.image).is_ok_and(|info| info.is_some()))
}

/// The values of a program, by name. Slots that differ in nothing are one.
fn values_of(slots: &[Slot]) -> Vec<Value> {
    let mut counts: BTreeMap<(&str, &str, u32), usize> = BTreeMap::new();
    for slot in slots {
        *counts.entry((&slot.name, &slot.value, slot.capacity)).or_default() += 1;
    }
    let value = |((name, value, capacity_bytes), slots): ((&str, &str, u32), usize)| Value {
        name: name.to_owned(),
        value: value.to_owned(),
        slots,
        capacity_bytes,
    };
    counts.into_iter().map(value).collect()
}

/// Fills templates from the program's own record.
fn filled(stamps: &[(String, String)], data: &[u8]) -> Result<Vec<(String, String)>, BuildError> {
    let mut said: Option<Option<BuildInfo>> = None;
    values::fill_all(stamps, |template| {
        let info = match &mut said {
            Some(info) => info,
            none => none.insert(note_of(data)?),
        };
        said_by(info.as_ref(), template).ok_or(ValueError::NotSaid(template))
    })
}

/// The value of a template in a program's record.
fn said_by(info: Option<&BuildInfo>, template: Template) -> Option<String> {
    let info = info?;
    match template {
        Template::Version => {
            // Go's own record may have `(devel)`.
            let main = info.main.as_ref().filter(|main| !main.version.starts_with('('))?;
            Some(main.version.trim_start_matches('v').to_owned())
        }
        Template::GitSha => info.setting("vcs.revision").map(str::to_owned),
        Template::Date => {
            let (day, _) = info.setting("vcs.time")?.split_once('T')?;
            Some(day.to_owned())
        }
        Template::GitTag => None,
    }
}

/// The note of the first slice that has one, or Go's build information.
fn note_of(data: &[u8]) -> Result<Option<BuildInfo>, BinaryError> {
    for slice in slices(data, &Limits::default())? {
        if let Some(note) = rgo_note::find(&slice.image)? {
            return Ok(Some(BuildInfo::parse(note.text)?));
        }
        if let Some(info) = go_buildinfo::find(&slice.image)? {
            return info.build_info().map(Some);
        }
    }
    Ok(None)
}
