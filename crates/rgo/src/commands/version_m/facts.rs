//! What one image says of its making, from whichever of three sources it has.

use rgo_binary::audit::serde::{DependencyKind, VersionInfo};
use rgo_binary::modinfo::{BuildInfo, Module};
use rgo_binary::{Error, Image, audit, goinfo, note};
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
#[derive(Debug)]
pub(super) struct Facts {
    /// From the best source.
    pub(super) info: BuildInfo,
    pub(super) source: Source,
    /// The dependency list, if there is one.
    pub(super) audit: Option<VersionInfo>,
    /// Sources beside the one that `info` is from.
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

impl Facts {
    /// Reads an image; `None` if it says nothing.
    pub(super) fn read(image: &Image<'_>) -> Result<Option<Self>, Error> {
        let note = note::find(image)?.filter(|note| !note.text.is_empty());
        let note = note.map(|note| BuildInfo::parse(note.text)).transpose()?;
        let go = goinfo::find(image)?.map(|go| go.build_info()).transpose()?;
        let audit = audit::find(image)?;

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
            (None, None, None) => return Ok(None),
        };
        Ok(Some(Self { info, source, audit, also }))
    }
}

fn also_go(info: &BuildInfo) -> Also {
    let holds = format!("{}, {}", info.toolchain, count(info.deps.len(), "module"));
    Also { what: "Go build information", holds }
}

fn also_audit(list: &VersionInfo) -> Also {
    Also { what: audit::SECTION, holds: count(list.packages.len(), "package") }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// The list in the form of the other sources. It names neither the compiler nor checksums.
fn from_audit(audit: &VersionInfo) -> BuildInfo {
    let module = |package: &rgo_binary::audit::serde::Package| Module {
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
        toolchain: "rustc (version not recorded)".to_owned(),
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
