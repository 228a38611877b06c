//! What one run of a builder made, before any file is finished.

use std::collections::BTreeSet;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::BuildError;
use super::target::Target;
use crate::cargo::command::CargoRun;
use crate::cargo::run::CargoOutcome;
use crate::cargo::targets::BuildOutput;
use crate::finish::{self, Content};

/// What one run made.
pub(super) struct Compiled {
    /// The command.
    pub run: CargoRun,
    /// What it did.
    pub ran: CargoOutcome,
    /// Its targets.
    pub targets: Vec<CompiledTarget>,
}

/// What one target got.
pub(super) struct CompiledTarget {
    /// The target.
    pub target: Rc<Target>,
    /// The linked files.
    pub files: Vec<CompiledFile>,
    /// What of the wanted it cannot have, with the reason.
    pub not_made: Vec<String>,
    /// Names of what it was to have and has not.
    pub missing: Vec<String>,
}

/// A linked file.
pub(super) struct CompiledFile {
    /// What it is of what is wanted.
    pub output: BuildOutput,
    /// Where the builder put it.
    pub linked: Utf8PathBuf,
    /// Files that go beside it.
    pub beside: Vec<Utf8PathBuf>,
    /// A static library: what a linker is to be given beside it.
    pub link_with: Vec<String>,
    /// What goes into it; a static library carries nothing.
    pub content: Option<Content>,
}

impl CompiledTarget {
    /// The linked file of what is wanted.
    pub(super) fn file(&self, output: &BuildOutput) -> Option<&CompiledFile> {
        self.files.iter().find(|file| file.output == *output)
    }
}

/// The names of the slots of a file.
pub(super) fn slots(file: &Utf8Path) -> Result<BTreeSet<String>, BuildError> {
    let data = finish::map(file)?;
    finish::slot_names(&data).map_err(|source| {
        let doing = format!("reading {file}");
        BuildError::Binary { doing, source }
    })
}
