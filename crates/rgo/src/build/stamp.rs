//! `rgo-build stamp FILE -X …`: values into a finished program. Nothing is compiled or linked; a
//! darwin program is signed again, because the system kills one whose pages do not match.

use std::collections::BTreeSet;

use anyhow::{Context, Result, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::embedded::build_info::BuildInfo;
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Error as BinaryError, FileKind, Limits, slices};
use rgo_edit::SignaturePolicy;
use rgo_report::{Column, Document, Report, Table};
use serde::Serialize;

use super::values;
use super::values::Template;
use crate::app::error::Annotate;
use crate::app::exit::Exit;
use crate::app::terminal;
use crate::build::args::StampArgs;
use rgo_files::replace::{Destination, Options};
use rgo_toolchain::finish;

/// A stamped program keeps what a stripped one keeps: its hard links, owner and attributes.
const REPLACE: Options = Options { prefix: ".rgo-stamp-", preserve_dates: false };

/// What was written where.
#[derive(Debug, Serialize)]
struct Stamped {
    path: Utf8PathBuf,
    values: Vec<Value>,
}

#[derive(Debug, Serialize)]
struct Value {
    name: String,
    value: String,
    slots: usize,
}

impl Report for Stamped {
    const SCHEMA: &'static str = "rgo.stamp/1";

    fn document(&self) -> Document {
        let mut table =
            Table::new([Column::left("name"), Column::left("value"), Column::right("slots")]);
        for one in &self.values {
            table.row([
                one.name.as_str().into(),
                one.value.as_str().into(),
                one.slots.to_string().into(),
            ]);
        }
        Document::new().line(self.path.as_str()).table(table)
    }
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be read, has no such slot, or is signed by an identity.
pub(super) fn run(args: &StampArgs) -> Result<Exit> {
    let stamps = values::parse(&args.stamp)?;
    let data = finish::map(&args.file)?;
    let output = args.output.as_deref().map(Utf8Path::as_std_path);
    let destination = Destination::new(args.file.as_std_path(), output, REPLACE)?;
    let stamps = filled(&stamps, &data).with_context(|| format!("stamping {}", args.file))?;
    let known = finish::slot_names(&data).with_context(|| format!("reading {}", args.file))?;
    if let Some((name, _)) = stamps.iter().find(|(name, _)| !known.contains(name)) {
        return Err(unknown(name, &known).context(args.file.to_string()));
    }
    // Programs of darwin alone can be signed without an identity.
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
    let slots = |name: &str| {
        finished.slots_written.iter().find(|(written, _)| written == name).map_or(0, |(_, n)| *n)
    };
    let values = stamps.iter().map(|(name, value)| Value {
        name: name.clone(),
        value: value.clone(),
        slots: slots(name),
    });
    let report = Stamped { path: to.clone(), values: values.collect() };
    if destination.is_stdout() {
        terminal::print_to_stderr(&report, args.format)?;
    } else {
        terminal::print(&report, args.format)?;
    }
    Ok(Exit::Done)
}

/// Fills templates with what the program says of itself.
fn filled(stamps: &[(String, String)], data: &[u8]) -> Result<Vec<(String, String)>> {
    let mut said = None;
    let mut lookup = |template: Template| {
        if said.is_none() {
            said = Some(note_of(data)?);
        }
        let info: Option<&BuildInfo> = said.as_ref().and_then(Option::as_ref);
        let value = match template {
            Template::Version => info
                .and_then(|info| info.main.as_ref())
                .map(|main| main.version.trim_start_matches('v').to_owned()),
            Template::GitSha => info.and_then(|i| i.setting("vcs.revision")).map(str::to_owned),
            Template::Date => info
                .and_then(|info| info.setting("vcs.time"))
                .and_then(|time| time.split_once('T'))
                .map(|(day, _)| day.to_owned()),
            Template::GitTag => None,
        };
        value.ok_or_else(|| {
            anyhow!("{template} has no value, because the program does not say it")
                .hint("write the value itself")
        })
    };
    let fill = |(name, value): &(String, String)| {
        let value =
            values::fill(value, &mut lookup).with_context(|| format!("-X {name}={value}"))?;
        Ok((name.clone(), value))
    };
    stamps.iter().map(fill).collect()
}

/// What the note says, in the first slice that has one.
fn note_of(data: &[u8]) -> Result<Option<BuildInfo>> {
    for slice in slices(data, &Limits::default())? {
        if let Some(note) = rgo_note::find(&slice.image)? {
            return Ok(Some(BuildInfo::parse(note.text)?));
        }
    }
    Ok(None)
}

/// The error for a name that is nowhere.
#[must_use]
pub(super) fn unknown(name: &str, known: &BTreeSet<String>) -> anyhow::Error {
    let hint = if known.is_empty() {
        "there are no slots at all: declare one with rgo_stamp::stamp!, and use it, or the linker leaves it out"
            .to_owned()
    } else {
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        format!("there are: {}", names.join(", "))
    };
    anyhow!("-X {name}: no slot has this name").hint(hint)
}
