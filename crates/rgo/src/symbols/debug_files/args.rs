//! The arguments that name files with debug data.

use std::path::PathBuf;

use clap::Args;

use super::DebugFileOptions;

/// Files with debug data beyond those beside the binary.
#[derive(Clone, Debug, Default, Args)]
pub struct DebugFileArgs {
    /// A file with the debug data of the binary: companion, dSYM, .dwp, .dwo, PDB (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "Debug data")]
    pub companion: Vec<PathBuf>,
    /// A folder with debug data by build ID or path (repeatable) [default: /usr/lib/debug]
    #[arg(long, value_name = "DIR", help_heading = "Debug data")]
    pub debug_dir: Vec<PathBuf>,
    /// Ask the servers of DEBUGINFOD_URLS for what is missing
    #[arg(long, help_heading = "Debug data")]
    pub fetch: bool,
}

impl DebugFileArgs {
    /// The options that open them.
    pub(in crate::symbols) fn options(&self) -> DebugFileOptions<'_> {
        DebugFileOptions {
            companions: &self.companion,
            debug_dirs: &self.debug_dir,
            fetches: self.fetch,
        }
    }
}
