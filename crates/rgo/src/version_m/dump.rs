//! Implements `--dump-section NAME[=FILE]`: writes the bytes of a section unchanged.

use std::path::Path;

use anyhow::Result;
use rgo_binary::{Limits, slices};
use rgo_files::walk::{self, Item, ItemContent};

use super::args::VersionM;
use super::survey::options;
use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::progress::FileProgress;
use crate::app::{sections, terminal};

/// Writes the section of the only image that has it.
///
/// # Errors
/// If none has it, or several have.
pub(super) fn run(args: &VersionM, dump: &str) -> Result<Exit> {
    let (section, output) = match dump.split_once('=') {
        Some((section, file)) => (section, Some(Path::new(file))),
        None => (dump, None),
    };
    let find = |item: &Item<'_>| {
        let ItemContent::Image(data) = &item.content else { return None };
        let slices = slices(data, &Limits::default()).ok()?;
        sections::find(&slices, section).map(<[u8]>::to_vec)
    };
    let progress = FileProgress::new(args.quiet);
    let begin = |path: &Path| progress.begin(path);
    let all = walk::visit(&args.files, &options(args).walk(), &begin, &find);
    match all.as_slice() {
        [one] => {
            terminal::write_output(&one.value, output)?;
            Ok(Exit::Done)
        }
        [] => Err(sections::absent(section)),
        [one, other, ..] => {
            let (one, other) = (&one.name, &other.name);
            Err(Usage::new(format!(
                "{one} and {other} both have a section {section}: name one of them"
            ))
            .into())
        }
    }
}
