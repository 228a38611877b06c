//! The command line of `rgo-symbols`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::diff::args::DiffArgs;
use super::list::args::ListArgs;
use super::nm::args::NmArgs;
use super::size::args::SizeArgs;
use super::snapshot::args::SnapshotArgs;
use super::symbolize::args::SymbolizeArgs;
use crate::app::args::{CommonArgs, Tool, parse};
use crate::app::call_files::CallFiles;

/// Say what is in a binary: its functions and variables, with demangled names
///
/// Reads ELF, Mach-O and PE programs, libraries and objects for any platform, and Go's own objects; in files, folders,
/// archives and static libraries, and from stdin with `-`. A stripped program is listed from what its loader needs, and a
/// stripped Go program from the function table that its runtime needs, with files and lines, and with the functions that
/// exist only inlined.
///
/// The verbs print what other tools do, for scripts that call them. A file with the name of a verb is named with its
/// folder: ./nm.
#[derive(Debug, Parser)]
#[command(
    name = "rgo-symbols",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  rgo-symbols app                      every symbol by address
  rgo-symbols --sort size --limit 20 app
  rgo-symbols --exports lib.dll        what other files may call, with ordinals and forwarders
  rgo-symbols --imports --format csv dist/
  rgo-symbols -v stripped-go-program   functions with their packages, files and lines
  rgo-symbols nm app                   what nm prints
  rgo-symbols nm -C --size-sort app    demangled, by size
  rgo-symbols go-nm -size app          what `go tool nm -size` prints

Exit codes: 0 done; 1 a file could not be read; 2 wrong usage."
)]
pub struct Symbols {
    /// Another list
    #[command(subcommand)]
    pub command: Option<Verb>,
    /// The list
    #[command(flatten)]
    pub list: ListArgs,
    /// Its messages
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What `rgo-symbols` prints.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Say where the bytes of a binary went
    Size(Box<SizeArgs>),
    /// Say what grew, shrank, is new or gone between two builds
    Diff(Box<DiffArgs>),
    /// Save what a later diff needs of a binary, in a small file
    Snapshot(SnapshotArgs),
    /// Say which function, file and line an address is from
    Symbolize(Box<SymbolizeArgs>),
    /// List symbols exactly as nm does
    Nm(Box<NmArgs>),
    /// List symbols exactly as `go tool nm` does
    GoNm(GoNmArgs),
}

/// Arguments of `rgo-symbols go-nm`, which have Go's spelling.
#[derive(Clone, Debug, Args)]
#[command(disable_help_flag = true)]
pub struct GoNmArgs {
    /// Flags of `go tool nm` (-n, -size, -sort ORDER, -type), and files
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARG")]
    pub words: Vec<OsString>,
}

impl Tool for Symbols {
    fn common(&self) -> &CommonArgs {
        &self.common
    }

    fn files(&self) -> CallFiles {
        let (inputs, debug_files): (Vec<PathBuf>, _) = match &self.command {
            None => (self.list.read.files.clone(), Some(&self.list.debug_files)),
            Some(Verb::Size(args)) => (args.read.files.clone(), Some(&args.debug_files)),
            Some(Verb::Diff(args)) => {
                (vec![args.old.clone(), args.new.clone()], Some(&args.debug_files))
            }
            Some(Verb::Snapshot(args)) => (vec![args.file.clone()], Some(&args.debug_files)),
            Some(Verb::Symbolize(args)) => (args.binaries.clone(), Some(&args.debug_files)),
            Some(Verb::Nm(args)) => (args.files.clone(), None),
            Some(Verb::GoNm(args)) => (args.words.iter().map(PathBuf::from).collect(), None),
        };
        let companions = debug_files.into_iter().flat_map(|args| args.companion.clone());
        let inputs = inputs.into_iter().chain(companions).collect();
        let reports: Vec<PathBuf> = match &self.command {
            None => self.list.report.to_files.paths().collect(),
            Some(Verb::Size(args)) => args.report.to_files.paths().collect(),
            Some(Verb::Diff(args)) => args.report.to_files.paths().collect(),
            Some(Verb::Symbolize(args)) => args.report.to_files.paths().collect(),
            Some(Verb::Snapshot(args)) => args.output.iter().cloned().collect(),
            Some(Verb::Nm(_) | Verb::GoNm(_)) => Vec::new(),
        };
        let reports = reports.into_iter().chain(self.common.log_file.clone());
        CallFiles { inputs, reports: reports.collect() }
    }

    fn schemas() -> Vec<&'static str> {
        super::schemas().into_iter().map(|(name, _)| name).collect()
    }

    fn read(args: Vec<OsString>) -> anyhow::Result<Self> {
        Ok(parse(as_nm(args)))
    }
}

/// Inserts the verb if the program is called by a name that ends in `nm`, such as a cross compiler's.
fn as_nm(mut args: Vec<OsString>) -> Vec<OsString> {
    let name = args.first().and_then(|program| {
        let stem = std::path::Path::new(program).file_stem()?;
        stem.to_str().map(str::to_owned)
    });
    if name.is_some_and(|name| name.ends_with("nm")) {
        // Help names a command that exists: NAME has no verb.
        args.splice(..1, ["rgo-symbols".into(), "nm".into()]);
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_the_name_of_an_nm_is_one() {
        for (program, is_nm) in [
            ("rgo-symbols", false),
            ("/usr/bin/nm", true),
            ("x86_64-linux-gnu-nm", true),
            ("nm.exe", true),
            ("nmap", false),
        ] {
            let args = as_nm(vec![program.into(), "-g".into()]);
            assert_eq!(args.get(1).is_some_and(|word| word == "nm"), is_nm, "{program}");
        }
    }
}
