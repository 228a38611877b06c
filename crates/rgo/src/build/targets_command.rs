//! `rgo-build targets`: lists the toolchains.

use anyhow::Result;
use rgo_report::{Cell, Column, Document, Report, Table, Tone};
use rgo_toolchain::toolchain::{self, Toolchain};
use serde::Serialize;

use crate::app::exit::Exit;
use crate::app::reports;
use crate::app::schema::{Named, of_report};
use crate::build::args::TargetsArgs;

/// `rgo-build targets`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Targets {
    toolchains: &'static [Toolchain],
}

/// The schema of its report.
pub(super) fn schema() -> Named {
    of_report::<Targets>()
}

impl Report for Targets {
    const SCHEMA: &'static str = "rgo.targets/1";

    fn document(&self) -> Document {
        let mut table = Table::new([
            Column::left("toolchain"),
            Column::left("--target"),
            Column::left("triple"),
            Column::left("libc"),
            Column::left("oldest system"),
            Column::left("in all"),
        ]);
        for toolchain in self.toolchains {
            let libc: Vec<String> = toolchain.libc.iter().map(ToString::to_string).collect();
            let floor = toolchain.floor.as_ref().map(ToString::to_string).unwrap_or_default();
            table.row([
                Cell::new(&toolchain.name),
                Cell::new(toolchain.spec()),
                Cell::new(&toolchain.triple).tone(Tone::Dim),
                Cell::new(libc.join(", ")),
                Cell::new(floor),
                Cell::new(if toolchain.all { "yes" } else { "no" }),
            ]);
        }
        Document::new().table(table)
    }
}

/// Lists the toolchains.
///
/// # Errors
/// If stdout cannot be written.
pub(super) fn run(args: &TargetsArgs) -> Result<Exit> {
    reports::print(&Targets { toolchains: toolchain::all() }, &args.report)?;
    Ok(Exit::Done)
}
