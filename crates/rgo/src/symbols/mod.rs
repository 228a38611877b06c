//! Implements `rgo-symbols`: says what is in a binary.

pub mod args;
mod debug_files;
pub mod diff;
mod go_nm;
mod image_name;
mod input;
mod levels;
pub mod list;
pub mod nm;
pub mod read_args;
pub mod size;
pub mod snapshot;
pub mod symbolize;

use anyhow::Result;

use crate::app::exit::Exit;
use crate::app::schema::Named;
use args::{Symbols, Verb};

/// The schemas of its reports.
pub(crate) fn schemas() -> [Named; 8] {
    [
        list::schema(),
        list::line_schema(),
        size::schema(),
        size::line_schema(),
        diff::schema(),
        diff::line_schema(),
        symbolize::schema(),
        symbolize::line_schema(),
    ]
}

/// Runs `rgo-symbols`.
///
/// # Errors
/// If stdout cannot be written, or the call is wrong.
pub fn run(args: Symbols) -> Result<Exit> {
    match &args.command {
        None => list::run(&args.list),
        Some(Verb::Size(args)) => size::run(args),
        Some(Verb::Diff(args)) => diff::run(args),
        Some(Verb::Symbolize(args)) => symbolize::run(args),
        Some(Verb::Snapshot(args)) => snapshot::run(args),
        Some(Verb::Nm(args)) => nm::run(args),
        Some(Verb::GoNm(args)) => go_nm::run(args),
    }
}
