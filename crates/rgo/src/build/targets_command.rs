//! `rgo-build targets`: lists the toolchains, with the builders that build for them and what runs their
//! programs on this machine. If there is a go, the platforms of Go that have no toolchain of their
//! own follow: go builds for them without cgo. Those that need a linker that rgo has not are left out.

use anyhow::{Context, Result};
use camino::Utf8PathBuf;
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::builder_of::{self, BuilderOf};
use rgo_toolchain::environment::env;
use rgo_toolchain::go::compiler;
use rgo_toolchain::go::error::GoError;
use rgo_toolchain::go::{platforms, race};
use rgo_toolchain::runner::{self, Runner};
use rgo_toolchain::target_spec::this_machine;
use rgo_toolchain::toolchain::{self, Toolchain};
use serde::Serialize;

use crate::app::exit::Exit;
use crate::app::reports;
use crate::app::schema::{Named, of_report};
use crate::build::args::TargetsArgs;

/// `rgo-build targets`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Targets {
    /// The toolchains, and the platforms of the go on this machine that have none.
    toolchains: Vec<Target>,
    /// Why the platforms of Go are not in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_platforms_of_go: Option<String>,
}

/// A toolchain.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Target {
    #[serde(flatten)]
    toolchain: &'static Toolchain,
    /// The builders that build for it.
    builders: Vec<BuilderOf>,
    /// What runs its programs on this machine.
    runs_here: Runner,
}

impl Target {
    fn new(toolchain: &'static Toolchain, host: &str) -> Self {
        let builders = builder_of::list(toolchain);
        Self { toolchain, builders, runs_here: runner::find(toolchain, host) }
    }

    /// Whether `--race` works for it.
    fn has_race(&self) -> bool {
        self.builders.iter().any(|builder| matches!(builder, BuilderOf::Go { race: true, .. }))
    }

    fn row(&self) -> [Cell; 7] {
        let toolchain = self.toolchain;
        // A platform of Go has no triple, and needs no C library.
        let is_described = self.builders.contains(&BuilderOf::Cargo);
        let libc: Vec<String> = toolchain.libc.iter().map(ToString::to_string).collect();
        let [triple, libc] = [toolchain.triple.clone(), libc.join(", ")]
            .map(|it| if is_described { it } else { String::new() });
        let floor = toolchain.floor.as_ref().map(ToString::to_string).unwrap_or_default();
        let builders: Vec<String> = self.builders.iter().map(ToString::to_string).collect();
        let runner = match &self.runs_here {
            Runner::Native => "native",
            Runner::Through { program, .. } => program.file_name().unwrap_or(program.as_str()),
            Runner::None { .. } => "no",
        };
        [
            Cell::new(toolchain.spec()),
            Cell::new(triple).tone(Tone::Dim),
            Cell::new(libc),
            Cell::new(floor),
            Cell::new(if toolchain.all { "yes" } else { "no" }),
            Cell::new(builders.join(", ")),
            Cell::new(runner),
        ]
    }
}

/// The schema of its report.
pub(super) fn schema() -> Named {
    of_report::<Targets>()
}

impl Report for Targets {
    const SCHEMA: &'static str = "rgo.targets/1";

    fn document(&self) -> Document {
        let mut table = Table::new([
            Column::left("--target"),
            Column::left("triple"),
            Column::left("libc"),
            Column::left("oldest system"),
            Column::left("in all"),
            Column::left("builders"),
            Column::left("runs here"),
        ]);
        for target in &self.toolchains {
            table.row(target.row());
        }
        let mut document = Document::new().table(table);
        let with_race = self.toolchains.iter().filter(|target| target.has_race());
        let mut with_race: Vec<_> = with_race.map(|it| race::platform(it.toolchain)).collect();
        with_race.dedup();
        document = document.line(format!("--race of go works for {}.", with_race.join(", ")));
        if let Some(why) = &self.without_platforms_of_go {
            document = document.line(format!("Go's other platforms are not listed: {why}."));
        }
        document
    }
}

/// Lists the toolchains.
///
/// # Errors
/// If stdout cannot be written.
pub(super) fn run(args: &TargetsArgs) -> Result<Exit> {
    let here = std::env::current_dir().context("finding the current folder")?;
    let here = Utf8PathBuf::try_from(here).context("the current folder is not UTF-8")?;
    let (others, without_platforms_of_go) = match platforms_of_go(&here) {
        Ok(others) => (others, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let host = this_machine();
    let toolchains = toolchain::all().iter().chain(others);
    let toolchains = toolchains.map(|toolchain| Target::new(toolchain, &host)).collect();
    reports::print(&Targets { toolchains, without_platforms_of_go }, &args.report)?;
    Ok(Exit::Done)
}

/// The platforms of the go for a folder that no file of `toolchains/` describes.
fn platforms_of_go(folder: &Utf8PathBuf) -> Result<Vec<&'static Toolchain>, GoError> {
    let go = compiler::discover(None, folder, &[], &env)?;
    let platforms = platforms::list(&go, folder)?;
    let toolchains = platforms.iter().filter_map(platforms::toolchain);
    let is_other = |it: &&Toolchain| toolchain::by_name(&it.name).is_none();
    Ok(toolchains.filter(is_other).filter(|it| !builder_of::list(it).is_empty()).collect())
}
