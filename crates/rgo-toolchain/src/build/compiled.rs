//! The result of one run of a builder, before any file is finished.

use std::rc::Rc;

use camino::Utf8PathBuf;

use super::target::Target;
use crate::cargo::command::CargoRun;
use crate::cargo::run::CargoOutcome;
use crate::cargo::targets::BuildOutput;
use crate::finish::Content;

/// The result of one run.
pub(super) struct Compiled {
    /// The command.
    pub run: CargoRun,
    /// Its outcome.
    pub ran: CargoOutcome,
    /// Its targets.
    pub targets: Vec<CompiledTarget>,
}

/// The files of one target.
pub(super) struct CompiledTarget {
    /// The target.
    pub target: Rc<Target>,
    /// The linked files.
    pub files: Vec<CompiledFile>,
    /// The outputs that it cannot have, with the reason.
    pub not_made: Vec<String>,
    /// Names of outputs that are missing.
    pub missing: Vec<String>,
}

/// A linked file.
pub(super) struct CompiledFile {
    /// The output that it is.
    pub output: BuildOutput,
    /// Where the builder put it.
    pub linked: Utf8PathBuf,
    /// Files that go beside it.
    pub beside: Vec<Utf8PathBuf>,
    /// For a static library: the native libraries to link beside it.
    pub link_with: Vec<String>,
    /// The record that goes into it; a static library carries none.
    pub content: Option<Content>,
}

impl CompiledTarget {
    /// The linked file of an output.
    pub(super) fn file(&self, output: &BuildOutput) -> Option<&CompiledFile> {
        self.files.iter().find(|file| file.output == *output)
    }
}
