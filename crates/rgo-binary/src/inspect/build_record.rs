//! Reads the builder's record in an image, from any of its three formats.

use auditable_serde::{DependencyKind, VersionInfo};
use serde::{Serialize, Serializer};

use super::fact::{Cause, Fact};
use crate::embedded::build_info::{BuildInfo, Module};
use crate::embedded::go_buildinfo::{self, GoInfo};
use crate::embedded::{auditable, go_slot, rgo_note, slot};
use crate::{Error, Image, Result};

/// The format of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecordFormat {
    /// rgo's note.
    RgoNote,
    /// Go's build information.
    GoBuildinfo,
    /// cargo-auditable's dependency list.
    DepV0,
    /// rgo's index of a Go program's slots. It is never an image's own record: the values in the
    /// slots are settings of Go's build information.
    GoSlots,
}

/// The builder's record.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct BuildRecord {
    /// The format of `info`: the first of [`RecordFormat`]'s formats that the image has.
    #[serde(rename = "source")]
    pub format: RecordFormat,
    /// The content of the record.
    #[serde(flatten)]
    pub info: BuildInfo,
    /// The dependency list as cargo-auditable defines it, whatever `format` is.
    #[serde(rename = "dep_v0", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<std::collections::BTreeMap<String, serde_json::Value>>")]
    pub audit: Option<VersionInfo>,
    /// The other records of the image.
    #[serde(rename = "also", skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherRecord>,
}

/// A record beside the main one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct OtherRecord {
    /// Its format.
    #[serde(rename = "source")]
    pub format: RecordFormat,
    /// Its content.
    #[serde(flatten)]
    pub content: OtherContent,
}

/// The content of another record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum OtherContent {
    /// Packages.
    Packages {
        /// The toolchain in it.
        #[serde(skip_serializing_if = "Option::is_none")]
        toolchain: Option<String>,
        /// The number of packages.
        package_count: usize,
    },
    /// It is damaged.
    Damaged {
        /// The damage.
        #[serde(rename = "unknown", serialize_with = "as_text")]
        #[schemars(with = "String")]
        error: Error,
    },
}

fn as_text<S: Serializer>(error: &Error, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}

impl BuildRecord {
    /// Reads an image's records. Unknown if one is damaged and no other is intact. If one is
    /// intact, the damaged ones are in `others`.
    pub(super) fn find(image: &Image<'_>) -> Fact<Self> {
        let mut damaged = Vec::new();
        let note = whole(RecordFormat::RgoNote, rgo_note(image), &mut damaged);
        let audit = whole(RecordFormat::DepV0, auditable::find(image), &mut damaged);
        // If there is another record, and no section for Go's, do not search all data for Go's.
        let has_section = || GO_SECTIONS.iter().any(|name| image.section(name).is_some());
        let mut go = if note.is_none() && audit.is_none() || has_section() {
            let found = go_buildinfo::find(image).and_then(parse_go);
            whole(RecordFormat::GoBuildinfo, found, &mut damaged)
        } else {
            None
        };
        if let Some(go) = &mut go {
            let values = go_values(image).map(Some);
            go.settings
                .extend(whole(RecordFormat::GoSlots, values, &mut damaged).unwrap_or_default());
        }
        let mut others = Vec::new();
        let (info, format) = match (note, go, &audit) {
            (Some(note), Some(go), audit) if is_of_go(&note) => {
                others.extend(audit.as_ref().map(other_list));
                (joined(go, note), RecordFormat::GoBuildinfo)
            }
            (Some(note), go, audit) => {
                others.extend(go.as_ref().map(other_go));
                others.extend(audit.as_ref().map(other_list));
                (note, RecordFormat::RgoNote)
            }
            (None, Some(go), audit) => {
                others.extend(audit.as_ref().map(other_list));
                (go, RecordFormat::GoBuildinfo)
            }
            (None, None, Some(audit)) => (from_list(audit), RecordFormat::DepV0),
            (None, None, None) => {
                let first = damaged.into_iter().next().map(|(_, error)| error);
                return first.map_or(Fact::Absent, |it| Fact::Unknown(Cause::Damaged(it)));
            }
        };
        others.extend(damaged.into_iter().map(|(format, error)| OtherRecord {
            format,
            content: OtherContent::Damaged { error },
        }));
        Fact::Known(Self { format, info, audit, others })
    }

    /// The target that the builder recorded: a value of `GOOS`, or a triple.
    pub(super) fn target(&self) -> Option<&str> {
        self.info.setting("GOOS").or_else(|| self.info.setting("target"))
    }
}

const GO_SECTIONS: [&str; 2] = [".go.buildinfo", "__go_buildinfo"];

/// The text of the note; `None` if the note was never filled.
fn rgo_note(image: &Image<'_>) -> Result<Option<BuildInfo>> {
    let note = rgo_note::find(image)?.filter(|note| !note.text.is_empty());
    note.map(|note| BuildInfo::parse(note.text)).transpose()
}

/// Whether a note is about a Go program. Such a note has only what Go's own build information lacks.
fn is_of_go(note: &BuildInfo) -> bool {
    note.rgo.is_some() && (note.toolchain.starts_with("go") || note.toolchain.starts_with("devel"))
}

/// Go's build information with the settings of rgo's note. The values of slots come from the slots.
fn joined(go: BuildInfo, note: BuildInfo) -> BuildInfo {
    let mut info = BuildInfo { rgo: note.rgo, ..go };
    for (key, value) in note.settings {
        if info.settings.iter().all(|(known, _)| *known != key) {
            info.settings.push((key, value));
        }
    }
    info
}

/// The values in a Go program's slots, as settings in the style of rgo's note. Go itself records
/// the placeholders at most.
fn go_values(image: &Image<'_>) -> Result<Vec<(String, String)>> {
    let slots = slot::of_go(image, &go_slot::recorded(image)?)?;
    Ok(slots.into_iter().map(|it| ("-X".to_owned(), format!("{}={}", it.name, it.value))).collect())
}

fn parse_go(found: Option<GoInfo>) -> Result<Option<BuildInfo>> {
    found.map(|found| found.build_info()).transpose()
}

/// An intact record. For a damaged one, this adds the error to `damaged`.
fn whole<T>(
    format: RecordFormat,
    found: Result<Option<T>>,
    damaged: &mut Vec<(RecordFormat, Error)>,
) -> Option<T> {
    found.unwrap_or_else(|error| {
        damaged.push((format, error));
        None
    })
}

fn other_go(info: &BuildInfo) -> OtherRecord {
    let toolchain = Some(info.toolchain.clone());
    let content = OtherContent::Packages { toolchain, package_count: info.deps.len() };
    OtherRecord { format: RecordFormat::GoBuildinfo, content }
}

fn other_list(list: &VersionInfo) -> OtherRecord {
    let content = OtherContent::Packages { toolchain: None, package_count: list.packages.len() };
    OtherRecord { format: RecordFormat::DepV0, content }
}

/// Converts the list into the type of the other records. It has neither compiler nor checksums.
fn from_list(list: &VersionInfo) -> BuildInfo {
    let module = |package: &auditable_serde::Package| Module {
        path: package.name.clone(),
        version: format!("v{}", package.version),
        ..Module::default()
    };
    let main = list.packages.iter().find(|package| package.root);
    let others = || list.packages.iter().filter(|package| !package.root);
    let tools: Vec<_> = others()
        .filter(|package| package.kind == DependencyKind::Build)
        .map(|package| format!("{}@{}", package.name, package.version))
        .collect();
    let linked = others().filter(|package| package.kind == DependencyKind::Runtime);
    let settings = match tools.is_empty() {
        true => Vec::new(),
        false => vec![("build-deps".to_owned(), tools.join(","))],
    };
    BuildInfo {
        toolchain: String::new(),
        rgo: None,
        path: main.map(|package| package.name.clone()).unwrap_or_default(),
        main: main.map(module),
        deps: linked.map(module).collect(),
        settings,
    }
}
