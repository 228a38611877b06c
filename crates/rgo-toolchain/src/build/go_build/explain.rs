//! `--explain-rebuild`: go writes what it did and what its decisions depend on, and rgo compares
//! that with the last such build of the target.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_files::atomic_file;

use crate::build::error::BuildError;
use crate::cargo::rebuild_reasons::Rebuilt;
use crate::exec::Cmd;
use crate::go::rebuild_reasons::{self, Inputs};

/// The variable by which go writes what its hashes are made of.
const GODEBUG: &str = "GODEBUG";

/// The files of one command: go's log of its actions, and the inputs of the last build.
#[derive(Clone, Debug)]
pub struct ExplainFiles {
    actions: Utf8PathBuf,
    inputs: Utf8PathBuf,
}

impl ExplainFiles {
    /// The files beside those that a command links to `output`.
    pub(super) fn beside(output: &str) -> Self {
        let base = output.trim_end_matches('/');
        Self {
            actions: format!("{base}.actions.json").into(),
            inputs: format!("{base}.inputs.json").into(),
        }
    }

    /// Makes a command write them.
    pub(super) fn add_to(&self, mut cmd: Cmd) -> Cmd {
        cmd.args.insert(1, format!("-debug-actiongraph={}", self.actions));
        let user = crate::environment::env(GODEBUG).filter(|value| !value.is_empty());
        let value = user.map_or(String::new(), |user| format!("{user},"));
        cmd.env(GODEBUG, format!("{value}gocachehash=1"))
    }
}

/// The packages that a command compiled or linked, with the reasons. Keeps the inputs for the next
/// build.
///
/// # Errors
/// If the inputs cannot be written.
pub(super) fn rebuilt(
    files: Option<&ExplainFiles>,
    inputs: Inputs,
    again: bool,
) -> Result<Vec<Rebuilt>, BuildError> {
    let Some(files) = files else { return Ok(Vec::new()) };
    let before = read(&files.inputs).and_then(|text| Inputs::from_json(&text));
    let actions = read(&files.actions).unwrap_or_default();
    // go writes no log if it cannot load the packages.
    let actions = rebuild_reasons::read_actions(&actions).unwrap_or_default();
    let rebuilt = rebuild_reasons::explain(&actions, &inputs, before.as_ref(), again);
    let kept = match &before {
        Some(before) => inputs.with_older(before),
        None => inputs,
    };
    if !kept.is_empty() {
        atomic_file::write(&files.inputs, kept.to_json().as_bytes(), None)?;
    }
    Ok(rebuilt)
}

fn read(path: &Utf8Path) -> Option<String> {
    fs::read_to_string(path).ok()
}
