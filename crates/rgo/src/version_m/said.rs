//! What one image says outright of its making, from whichever of three sources it has.

use rgo_binary::embedded::auditable;
use rgo_binary::embedded::auditable::serde::{DependencyKind, VersionInfo};
use rgo_binary::embedded::build_info::{BuildInfo, Module};
use rgo_binary::embedded::go_buildinfo;
use rgo_binary::embedded::go_buildinfo::GoInfo;
use rgo_binary::embedded::rgo_note;
use rgo_binary::{Error, Image};
use serde::Serialize;

/// Where the build information was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Source {
    /// rgo's note.
    RgoNote,
    /// Go's build information.
    GoBuildinfo,
    /// cargo-auditable's dependency list.
    DepV0,
}

/// All that one image says.
#[derive(Debug, Serialize)]
pub(super) struct Said {
    /// Where it is said.
    pub(super) source: Source,
    /// From the best source.
    #[serde(flatten)]
    pub(super) info: BuildInfo,
    /// The dependency list as cargo-auditable defines it, whatever `source` is.
    #[serde(rename = "dep_v0", skip_serializing_if = "Option::is_none")]
    pub(super) audit: Option<VersionInfo>,
    /// Sources beside the one that `info` is from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) also: Vec<Also>,
}

/// A source that is there too.
#[derive(Debug, Serialize)]
pub(super) struct Also {
    /// Its name.
    pub(super) what: &'static str,
    /// What it holds, in a word.
    pub(super) holds: String,
}

impl Said {
    /// Reads an image; `None` if it says nothing.
    ///
    /// # Errors
    /// If a source is damaged and no other is whole. Beside a whole one it is only mentioned.
    pub(super) fn read(image: &Image<'_>) -> Result<Option<Self>, Error> {
        let mut damaged = Damaged::default();
        let note = damaged.sort_out("rgo note", rgo_note(image));
        let audit = damaged.sort_out(auditable::SECTION, auditable::find(image));
        // Where something else speaks for the program, Go's is not searched for in all its data.
        let named = || GO_SECTIONS.iter().any(|name| image.section(name).is_some());
        let go = if note.is_none() && audit.is_none() || named() {
            damaged.sort_out(GO, go_buildinfo::find(image).and_then(parse_go))
        } else {
            None
        };

        let mut also = Vec::new();
        let (info, source) = match (note, go, &audit) {
            (Some(note), go, audit) => {
                also.extend(go.as_ref().map(also_go));
                also.extend(audit.as_ref().map(also_audit));
                (note, Source::RgoNote)
            }
            (None, Some(go), audit) => {
                also.extend(audit.as_ref().map(also_audit));
                (go, Source::GoBuildinfo)
            }
            (None, None, Some(audit)) => (from_audit(audit), Source::DepV0),
            (None, None, None) => return damaged.first.map_or(Ok(None), Err),
        };
        also.extend(damaged.mentions);
        Ok(Some(Self { info, source, audit, also }))
    }
}

const GO_SECTIONS: [&str; 2] = [".go.buildinfo", "__go_buildinfo"];
const GO: &str = "Go build information";

/// The text of the note; a note that nobody filled says nothing.
fn rgo_note(image: &Image<'_>) -> Result<Option<BuildInfo>, Error> {
    let note = rgo_note::find(image)?.filter(|note| !note.text.is_empty());
    note.map(|note| BuildInfo::parse(note.text)).transpose()
}

fn parse_go(found: Option<GoInfo>) -> Result<Option<BuildInfo>, Error> {
    found.map(|found| found.build_info()).transpose()
}

/// Sources that are there and cannot be read.
#[derive(Default)]
struct Damaged {
    mentions: Vec<Also>,
    first: Option<Error>,
}

impl Damaged {
    fn sort_out<T>(&mut self, what: &'static str, found: Result<Option<T>, Error>) -> Option<T> {
        found.unwrap_or_else(|error| {
            self.mentions.push(Also { what, holds: format!("unreadable: {error}") });
            self.first.get_or_insert(error);
            None
        })
    }
}

fn also_go(info: &BuildInfo) -> Also {
    let holds = format!("{}, {}", info.toolchain, count(info.deps.len(), "module"));
    Also { what: GO, holds }
}

fn also_audit(list: &VersionInfo) -> Also {
    Also { what: auditable::SECTION, holds: count(list.packages.len(), "package") }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The list in the form of the other sources. It names neither the compiler nor checksums.
fn from_audit(audit: &VersionInfo) -> BuildInfo {
    let module = |package: &rgo_binary::embedded::auditable::serde::Package| Module {
        path: package.name.clone(),
        version: format!("v{}", package.version),
        ..Module::default()
    };
    let main = audit.packages.iter().find(|package| package.root);
    let others = || audit.packages.iter().filter(|package| !package.root);
    let tools: Vec<_> = others()
        .filter(|package| package.kind == DependencyKind::Build)
        .map(|package| format!("{}@{}", package.name, package.version))
        .collect();
    BuildInfo {
        toolchain: String::new(),
        rgo: None,
        path: main.map(|package| package.name.clone()).unwrap_or_default(),
        main: main.map(module),
        deps: others()
            .filter(|package| package.kind == DependencyKind::Runtime)
            .map(module)
            .collect(),
        settings: if tools.is_empty() {
            Vec::new()
        } else {
            vec![("build-deps".to_owned(), tools.join(","))]
        },
    }
}
