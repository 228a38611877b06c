//! The command line of `rgo-symbols snapshot`.

use std::path::PathBuf;

use clap::Args;

use crate::symbols::debug_files::args::DebugFileArgs;

/// Arguments of `rgo-symbols snapshot`
#[derive(Clone, Debug, Args)]
#[command(
    about = "Save what a later diff needs of a binary, in a small file",
    after_help = "\
Keep it beside each release: `rgo-symbols diff` takes it in place of the binary.

Example:
  rgo-symbols snapshot dist/app -o sizes/app-1.2.3

Exit codes: 0 done; 1 the file could not be read; 2 wrong usage."
)]
pub struct SnapshotArgs {
    /// The binary
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where the snapshot goes; - for stdout [default: FILE.rgo-snapshot]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The architecture of a universal file
    #[arg(long, value_name = "ARCH")]
    pub arch: Option<String>,
    /// Debug data
    #[command(flatten)]
    pub debug_files: DebugFileArgs,
}
