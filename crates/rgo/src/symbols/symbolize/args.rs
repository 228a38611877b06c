//! The command line of `rgo-symbols symbolize`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::app::reports::ReportArgs;
use crate::symbols::debug_files::args::DebugFileArgs;

/// Arguments of `rgo-symbols symbolize`
#[derive(Clone, Debug, Args)]
#[command(
    about = "Say which function, file and line an address is from",
    after_help = "\
Without addresses, it copies stdin to stdout and adds the functions below each line of a stack
trace: of sanitizers, glibc, Rust, Go, systemd, Windows and macOS crash reports, the kernel. A
binary that a trace names is found by its path, or by its file name among those of -e.

Debug data come from the binary, or from what belongs to it: a companion beside it, in .debug or
below --debug-dir; what dwz moved; .dwo and .dwp files; a dSYM; a PDB; the object files of a macOS
link. Each is checked to be of this build. What is missing is named. Without debug data, Go
programs have lines, and others the names of symbols.

Examples:
  rgo-symbols symbolize -e app 0x1139 0x1150
  rgo-symbols symbolize -e app --base 0x555555554000 0x555555555139
  rgo-symbols symbolize -e app < crash.txt
  rgo-symbols symbolize -e app.exe --companion app.pdb --relative 0x1000

Exit codes: 0 done; 1 a file could not be read; 2 wrong usage."
)]
#[allow(clippy::struct_excessive_bools)]
pub struct SymbolizeArgs {
    /// Addresses in hexadecimal digits, with or without 0x, as the file has them; stdin has lines of a trace without
    #[arg(value_name = "ADDR")]
    pub addresses: Vec<String>,
    /// The binary; repeat it for those that a trace names
    #[arg(short = 'e', long = "exe", visible_alias = "obj", value_name = "FILE")]
    pub binaries: Vec<PathBuf>,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<SymbolizeFormat>,

    /// The address where a process had loaded the binary: addresses are those of the process
    #[arg(long, value_name = "ADDR", value_parser = hexadecimal, help_heading = "Addresses")]
    pub base: Option<u64>,
    /// Addresses count from the start of the loaded binary
    #[arg(long, conflicts_with = "base", help_heading = "Addresses")]
    pub relative: bool,
    /// Addresses are those that calls return to: the line is that of the call
    #[arg(long, help_heading = "Addresses")]
    pub returns: bool,
    /// The architecture of a universal file
    #[arg(long, value_name = "ARCH", help_heading = "Addresses")]
    pub arch: Option<String>,

    /// Its debug data
    #[command(flatten)]
    pub debug_files: DebugFileArgs,

    /// Only the function that has the code, not those inlined into it
    #[arg(long, help_heading = "Answer")]
    pub no_inlines: bool,
    /// Leave names as they are in the file
    #[arg(long, help_heading = "Answer")]
    pub no_demangle: bool,
    /// Say nothing but answers and errors
    #[arg(short, long, help_heading = "Answer")]
    pub quiet: bool,
}

/// How to render the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SymbolizeFormat {
    /// Lines for people; traces with the functions added
    #[default]
    Text,
    /// One JSON object with a versioned schema
    Json,
    /// A JSON object per line and address
    Ndjson,
    /// A table for spreadsheets, a row for each function
    Csv,
    /// A table for an issue or a pull request
    Markdown,
}

/// Reads an address: hexadecimal digits, with or without `0x`.
pub(super) fn hexadecimal(text: &str) -> Result<u64, &'static str> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let address = u64::from_str_radix(digits, 16).ok().filter(|_| is_plain);
    address.ok_or("an address has up to 16 hexadecimal digits, with or without 0x")
}
