//! The go commands of a build: one for each target, or one for each library.

use std::fmt;

use camino::Utf8PathBuf;

use super::explain::ExplainFiles;
use crate::build::tool_types::BuildRun;
use crate::exec::Cmd;
use crate::go::outputs::GoOutput;
use crate::toolchain::Toolchain;

/// One `go build`.
#[derive(Clone, Debug)]
pub struct GoCommand {
    /// Its target.
    pub toolchain: &'static Toolchain,
    /// The command.
    pub cmd: Cmd,
    /// The files that it makes, each with its path.
    pub files: Vec<(GoOutput, Utf8PathBuf)>,
    /// With `--explain-rebuild`: the files that tell why go compiles.
    pub explain: Option<ExplainFiles>,
}

/// The commands of a build. They do not depend on each other.
#[derive(Clone, Debug)]
pub struct GoRun {
    /// The commands.
    pub commands: Vec<GoCommand>,
}

impl BuildRun for GoRun {
    fn targets(&self) -> Vec<&'static Toolchain> {
        let mut targets: Vec<&'static Toolchain> = Vec::new();
        for command in &self.commands {
            if targets.iter().all(|it| it.name != command.toolchain.name) {
                targets.push(command.toolchain);
            }
        }
        targets
    }

    fn narrowed(&self, is_wanted: &dyn Fn(&Toolchain) -> bool) -> Self {
        let commands = self.commands.iter().filter(|it| is_wanted(it.toolchain)).cloned();
        Self { commands: commands.collect() }
    }
}

impl fmt::Display for GoRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, command) in self.commands.iter().enumerate() {
            let start = if index == 0 { "" } else { "\n" };
            write!(f, "{start}({})", command.cmd)?;
        }
        Ok(())
    }
}
