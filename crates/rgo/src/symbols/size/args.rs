//! The command line of `rgo-symbols size`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rgo_debuginfo::sizes::Key;

use crate::app::reports::ReportArgs;
use crate::symbols::debug_files::args::DebugFileArgs;
use crate::symbols::read_args::ReadArgs;

/// Arguments of `rgo-symbols size`
#[derive(Clone, Debug, Args)]
#[command(
    about = "Say where the bytes of a binary went",
    after_help = "\
Every byte counts once, in the file and in memory, so that the rows add up to the size of the
file. What several functions share is shared out among them. Data without a name belongs to the
code that refers to it. What no one owns has a name in brackets.

A file of buckets has groups of your own; the first that fits has the bytes:

  [[bucket]]
  name = \"TLS\"
  package = \"^(rustls|ring)$\"     regular expressions; all that are given must match
  symbol = \"...\"                  also: section, file, unit

Examples:
  rgo-symbols size app                           by crate or package, else by section
  rgo-symbols size --by package,symbol app
  rgo-symbols size --by section --bytes memory app
  rgo-symbols size --total lib.a                 the members of a library
  rgo-symbols size --report html=size.html app   a page to explore

Exit codes: 0 done; 1 a file could not be read; 2 wrong usage."
)]
pub struct SizeArgs {
    /// The files
    #[command(flatten)]
    pub read: ReadArgs,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<SizeFormat>,
    /// Debug data
    #[command(flatten)]
    pub debug_files: DebugFileArgs,
    /// What to group by, level by level [default: package, or section where no part has one]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "KEY", help_heading = "Answer")]
    pub by: Vec<KeyArg>,
    /// Add up all images: the members of a static library, the files of a release [default of --by: image]
    #[arg(long, help_heading = "Answer")]
    pub total: bool,
    /// Groups of your own, by regular expressions
    #[arg(long, value_name = "FILE", help_heading = "Answer")]
    pub buckets: Option<PathBuf>,
    /// The bytes that order the groups and make their shares
    #[arg(long, value_enum, default_value_t, help_heading = "Answer")]
    pub bytes: BytesArg,
    /// Groups that text and Markdown show of each level; the rest are added up [default: 30, and 10 within each]
    #[arg(long, value_name = "N", help_heading = "Answer")]
    pub limit: Option<usize>,
    /// Say why each file was left out
    #[arg(short, long, help_heading = "Answer")]
    pub verbose: bool,
    /// Say nothing but answers and errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Answer")]
    pub quiet: bool,
}

/// What bytes are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyArg {
    /// Section
    Section,
    /// Segment that is loaded
    Segment,
    /// What bytes are for: code, data, headers, …
    Kind,
    /// Crate of Rust or package of Go
    #[value(alias = "crate")]
    Package,
    /// Source file
    File,
    /// Compile unit
    Unit,
    /// Function or variable, all instances of a generic together
    Symbol,
    /// Function or variable, each instance of a generic alone
    Instance,
    /// Function in the source, also where it is inlined into others
    Inlines,
    /// The groups of --buckets
    Bucket,
    /// Image: the file, the member of an archive, the architecture
    Image,
}

impl SizeArgs {
    /// Whether one of the reports is a page.
    pub(super) fn wants_page(&self) -> bool {
        let files = self.report.to_files.files.iter().map(|file| file.format);
        files.chain([self.report.format]).any(|format| format == SizeFormat::Html)
    }
}

impl KeyArg {
    /// Its word in reports.
    pub(in crate::symbols) fn word(self) -> &'static str {
        match self {
            Self::Section => "section",
            Self::Segment => "segment",
            Self::Kind => "kind",
            Self::Package => "package",
            Self::File => "file",
            Self::Unit => "unit",
            Self::Symbol => "symbol",
            Self::Instance => "instance",
            Self::Inlines => "inlines",
            Self::Bucket => "bucket",
            Self::Image => "image",
        }
    }

    /// The key of a part; `None` for buckets, which are the user's, and for the image, which is around all parts.
    pub(in crate::symbols) fn key(self) -> Option<Key> {
        Some(match self {
            Self::Section => Key::Section,
            Self::Segment => Key::Segment,
            Self::Kind => Key::Kind,
            Self::Package => Key::Package,
            Self::File => Key::File,
            Self::Unit => Key::Unit,
            Self::Symbol => Key::Symbol,
            Self::Instance => Key::Instance,
            Self::Inlines => Key::Inlined,
            Self::Bucket | Self::Image => return None,
        })
    }
}

/// Bytes of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BytesArg {
    /// Of the file
    #[default]
    File,
    /// Of the memory of the running program
    Memory,
}

/// How to render sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SizeFormat {
    /// Aligned text for people
    #[default]
    Text,
    /// One JSON object with a versioned schema
    Json,
    /// A JSON object per line and innermost group
    Ndjson,
    /// A table for spreadsheets, a row for each innermost group
    Csv,
    /// GitHub-flavoured Markdown
    Markdown,
    /// A page to explore in a browser, which needs no other file and no network
    Html,
}
