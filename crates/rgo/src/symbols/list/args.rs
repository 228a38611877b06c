//! The command line of the list.

use clap::{Args, ValueEnum};
use regex::Regex;

use crate::app::reports::ReportArgs;
use crate::symbols::debug_files::args::DebugFileArgs;
use crate::symbols::read_args::ReadArgs;

/// Arguments of a list of symbols
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// The files
    #[command(flatten)]
    pub read: ReadArgs,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<SymbolsFormat>,
    /// Debug data
    #[command(flatten)]
    pub debug_files: DebugFileArgs,
    /// Add the crate or package, the source file and the line
    #[arg(short, long, help_heading = "Answer")]
    pub verbose: bool,
    /// Say nothing but answers and errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Answer")]
    pub quiet: bool,
    /// The order; names are ordered as they are shown
    #[arg(long, value_enum, default_value_t, value_name = "ORDER", help_heading = "Answer")]
    pub sort: SortArg,
    /// At most this number of symbols of each image
    #[arg(long, value_name = "N", help_heading = "Answer")]
    pub limit: Option<usize>,
    /// Leave names as they are in the file
    #[arg(long, help_heading = "Answer")]
    pub no_demangle: bool,

    /// Only symbols with a name, shown or mangled, that matches this regular expression
    #[arg(long, value_name = "RE", help_heading = "Which symbols")]
    pub filter: Option<Regex>,
    /// Only what the file defines
    #[arg(long, conflicts_with = "undefined", help_heading = "Which symbols")]
    pub defined: bool,
    /// Only what other files define
    #[arg(long, help_heading = "Which symbols")]
    pub undefined: bool,
    /// Only what the file offers to others
    #[arg(long, conflicts_with_all = ["imports", "undefined"], help_heading = "Which symbols")]
    pub exports: bool,
    /// Only what the loader takes from other files, with the libraries where the format names them
    #[arg(long, conflicts_with = "defined", help_heading = "Which symbols")]
    pub imports: bool,
    /// The loader's symbols in place of those for linkers and debuggers
    #[arg(long, help_heading = "Which symbols")]
    pub dynamic: bool,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SortArg {
    /// By address; what has none comes last
    #[default]
    Addr,
    /// By name
    Name,
    /// The largest first
    Size,
}

/// How to render a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SymbolsFormat {
    /// Aligned text for people
    #[default]
    Text,
    /// One JSON object with a versioned schema
    Json,
    /// A JSON object per line and symbol
    Ndjson,
    /// A table for spreadsheets, a row for each symbol
    Csv,
    /// GitHub-flavoured Markdown
    Markdown,
}

impl ListArgs {
    /// Whether only the loader's symbols are wanted.
    pub(super) fn is_of_loader(&self) -> bool {
        self.dynamic || self.exports || self.imports
    }
}
