//! The command line of `rgo-version-m`.

use std::path::PathBuf;

use clap::Parser;

use super::common::FormatArg;

/// Print what programs say about their own making: compiler, dependencies, settings
///
/// Reads ELF, Mach-O and PE files for any platform, on any platform, without running them. Three
/// sources are known, in this order: the note that rgo-build leaves in a program, Go's build
/// information, and the dependency list of cargo-auditable. The layout is that of `go version -m`.
///
/// A folder is walked in sorted order. What a file is, its content decides, not its name or its
/// execute bit; files in a folder that say nothing are passed over.
#[derive(Debug, Parser)]
#[command(
    name = "rgo-version-m",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  rgo-version-m app                     what is app made of?
  rgo-version-m dist/                   and every program below dist/
  rgo-version-m --format json app | jq '.files[0].deps[].path'

Output: `file: compiler`, then a line per fact, its words separated by tabs:
  path   the main package              mod    the module or package, its version
  dep    a dependency, version, sum    =>     what stands in its place, or where it came from
  build  a setting, key=value          also   what else the file carries
A Mach-O file for several architectures has a block for each: `file (arm64): compiler`.

Exit codes: 0 done; 1 a named file could not be read or says nothing; 2 wrong usage."
)]
pub struct VersionM {
    /// Files and folders to look into
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to render the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: FormatArg,
}
