//! What the builder of an image recorded in it, from whichever of three records it has.

use auditable_serde::{DependencyKind, VersionInfo};
use serde::{Serialize, Serializer};

use super::fact::{Cause, Fact};
use crate::embedded::build_info::{BuildInfo, Module};
use crate::embedded::go_buildinfo::{self, GoInfo};
use crate::embedded::{auditable, rgo_note};
use crate::{Error, Image, Result};

/// The format of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordFormat {
    /// rgo's note.
    RgoNote,
    /// Go's build information.
    GoBuildinfo,
    /// cargo-auditable's dependency list.
    DepV0,
}

/// What the builder recorded.
#[derive(Clone, Debug, Serialize)]
pub struct BuildRecord {
    /// The record that the rest is from: the first of [`RecordFormat`]'s that the image has.
    #[serde(rename = "source")]
    pub format: RecordFormat,
    /// What it says.
    #[serde(flatten)]
    pub info: BuildInfo,
    /// The dependency list as cargo-auditable defines it, whatever `format` is.
    #[serde(rename = "dep_v0", skip_serializing_if = "Option::is_none")]
    pub audit: Option<VersionInfo>,
    /// Records beside that one.
    #[serde(rename = "also", skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherRecord>,
}

/// A record beside the one that speaks for an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherRecord {
    /// Its format.
    #[serde(rename = "source")]
    pub format: RecordFormat,
    /// What it holds.
    #[serde(flatten)]
    pub content: OtherContent,
}

/// What another record holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OtherContent {
    /// Packages.
    Packages {
        /// The toolchain that it names.
        #[serde(skip_serializing_if = "Option::is_none")]
        toolchain: Option<String>,
        /// How many there are.
        package_count: usize,
    },
    /// It cannot be read.
    Damaged {
        /// Why.
        #[serde(rename = "unknown", serialize_with = "as_text")]
        error: Error,
    },
}

fn as_text<S: Serializer>(error: &Error, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}

impl BuildRecord {
    /// Reads an image's records. Unknown if one is damaged and no other is whole; beside a whole
    /// one it is among `others`.
    pub(super) fn find(image: &Image<'_>) -> Fact<Self> {
        let mut damaged = Vec::new();
        let note = whole(RecordFormat::RgoNote, rgo_note(image), &mut damaged);
        let audit = whole(RecordFormat::DepV0, auditable::find(image), &mut damaged);
        // Where another record speaks for the program, Go's is not searched for in all its data.
        let has_section = || GO_SECTIONS.iter().any(|name| image.section(name).is_some());
        let go = if note.is_none() && audit.is_none() || has_section() {
            let found = go_buildinfo::find(image).and_then(parse_go);
            whole(RecordFormat::GoBuildinfo, found, &mut damaged)
        } else {
            None
        };
        let mut others = Vec::new();
        let (info, format) = match (note, go, &audit) {
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

/// The text of the note; a note that nobody filled is none.
fn rgo_note(image: &Image<'_>) -> Result<Option<BuildInfo>> {
    let note = rgo_note::find(image)?.filter(|note| !note.text.is_empty());
    note.map(|note| BuildInfo::parse(note.text)).transpose()
}

fn parse_go(found: Option<GoInfo>) -> Result<Option<BuildInfo>> {
    found.map(|found| found.build_info()).transpose()
}

/// A record that is there and whole; of a damaged one the error is added to `damaged`.
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

/// The list in the form of the other records. It names neither the compiler nor checksums.
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
