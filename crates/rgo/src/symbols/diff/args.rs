//! The command line of `rgo-symbols diff`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app::policy::PolicyArgs;
use crate::app::reports::ReportArgs;
use crate::symbols::debug_files::args::DebugFileArgs;
use crate::symbols::size::args::KeyArg;

/// Arguments of `rgo-symbols diff`
#[derive(Clone, Debug, Args)]
#[command(
    about = "Say what grew, shrank, is new or gone between two builds",
    after_help = "\
OLD and NEW are binaries, or snapshots of them. Names are paired as the source has them: what
compilers number and hash makes no difference.

Examples:
  rgo-symbols diff old/app new/app
  rgo-symbols diff --by section old/app new/app
  rgo-symbols diff --require 'growth<=2%' --require 'exports-removed=0' sizes/app-1.2.3 new/app
  rgo-symbols diff --format markdown old/app new/app >> \"$GITHUB_STEP_SUMMARY\"

Exit codes: 0 done; 1 a file could not be read; 2 wrong usage; 3 a requirement does not hold."
)]
pub struct DiffArgs {
    /// The binary or snapshot before
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The binary or snapshot after
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<DiffFormat>,
    /// Debug data
    #[command(flatten)]
    pub debug_files: DebugFileArgs,
    /// What to group by, level by level
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "KEY",
        default_value = "package,symbol",
        help_heading = "Answer"
    )]
    pub by: Vec<KeyArg>,
    /// Groups of your own, by regular expressions; see `rgo-symbols size --help`
    #[arg(long, value_name = "FILE", help_heading = "Answer")]
    pub buckets: Option<PathBuf>,
    /// Groups that text and Markdown show of each level; the rest are added up [default: 30, and 10 within each]
    #[arg(long, value_name = "N", help_heading = "Answer")]
    pub limit: Option<usize>,
    /// Groups that did not change too
    #[arg(long, help_heading = "Answer")]
    pub all: bool,
    /// The architecture of universal files
    #[arg(long, value_name = "ARCH", help_heading = "Answer")]
    pub arch: Option<String>,
    /// What has to hold
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Show requirements that hold too
    #[arg(short, long, help_heading = "Answer")]
    pub verbose: bool,
    /// Say nothing but answers and errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Answer")]
    pub quiet: bool,
}

/// How to render a diff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Aligned text for people
    #[default]
    Text,
    /// One JSON object with a versioned schema
    Json,
    /// A JSON object per line and innermost group
    Ndjson,
    /// A table for spreadsheets, a row for each innermost group
    Csv,
    /// GitHub-flavoured Markdown, for a comment or a job summary
    Markdown,
}
