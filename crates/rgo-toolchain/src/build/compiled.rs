//! The result of one run of a builder, before any file is finished.

use std::rc::Rc;

use camino::Utf8PathBuf;

use super::error::BuildError;
use super::tool_types::ToolTypes;
use crate::cargo::rebuild_reasons::Rebuilt;
use crate::finish::Record;

/// The result of one run.
pub struct Compiled<B: ToolTypes> {
    /// The command.
    pub run: B::Run,
    /// The tool's answer.
    pub ran: B::Ran,
    /// Its exit code.
    pub code: i32,
    /// The packages that were compiled, and why.
    pub rebuilt: Vec<Rebuilt>,
    /// Its targets.
    pub targets: Vec<CompiledTarget<B>>,
}

/// The files of one target.
pub struct CompiledTarget<B: ToolTypes> {
    /// The target.
    pub target: Rc<B::Target>,
    /// The linked files.
    pub files: Vec<CompiledFile<B::Output>>,
    /// The outputs that it cannot have, with the reason.
    pub not_made: Vec<String>,
    /// Names of outputs that are missing.
    pub missing: Vec<String>,
    /// Why linked files cannot be finished. The other targets can.
    pub unfinishable: Vec<BuildError>,
}

/// A linked file.
pub struct CompiledFile<O> {
    /// The output that it is.
    pub output: O,
    /// Where the builder put it.
    pub linked: Utf8PathBuf,
    /// Files that go beside it.
    pub beside: Vec<Utf8PathBuf>,
    /// For a static library: the native libraries to link beside it.
    pub link_with: Vec<String>,
    /// The record that goes into it.
    pub record: Record,
}

impl<B: ToolTypes> CompiledTarget<B> {
    /// Whether all of its outputs are among the files.
    pub(super) fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unfinishable.is_empty()
    }

    /// The linked file of an output.
    pub(super) fn file(&self, output: &B::Output) -> Option<&CompiledFile<B::Output>> {
        self.files.iter().find(|file| file.output == *output)
    }
}
