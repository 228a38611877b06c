//! The command line of `rgo-version-m`.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Parser, ValueEnum};
use rgo_policy::size_in_bytes;

use crate::app::args::{CommonArgs, Tool};
use crate::app::call_files::CallFiles;
use crate::app::policy::PolicyArgs;
use crate::app::reports::ReportArgs;

/// Ask programs what they are: compiler, dependencies, settings, and what they run on
///
/// Reads ELF, Mach-O and PE files for any platform, on any platform, without running them; in
/// files, folders, archives (tar, zip and their kin, deb, ar) and container images, and from stdin
/// with `-`. What a file is, its content decides, not its name or its execute bit.
///
/// What programs say themselves is printed in the layout of `go version -m`: Go's build
/// information, the note that rgo-build leaves, the list of cargo-auditable. For other programs it
/// prints what it can recover, in lines that begin with `recovered`.
#[derive(Debug, Parser)]
#[command(
    name = "rgo-version-m",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  rgo-version-m app                    what is app made of?
  rgo-version-m dist/ app.tar.gz       and every program in a folder, in an archive
  docker save IMAGE | rgo-version-m -  and in a container image
  rgo-version-m --facts app            and what it needs, where it runs, how it is protected
  rgo-version-m --short dist/          a line for each
  rgo-version-m --report csv=dist.csv --report json=dist.json dist/
  rgo-version-m --require 'glibc<=2.28' --require '!vcs.modified' dist/linux-amd64/
  rgo-version-m --policy release.toml --report sarif=out.sarif dist/
  rgo-version-m --go -m dist/          exactly what `go version -m dist/` prints

Output: `file: compiler`, then a line per fact, its words separated by tabs:
  path       the main package
  mod        its module or package, and the version
  dep        a dependency, its version, its checksum
  =>         what stands in its place, or where it came from
  build      a setting, key=value
  also       what else the file carries
  recovered  what was found where the program says nothing; there may be more
  fact       with --facts: a name and a value; with --evidence what shows it
  layer      of a file in a container image: the image, its platform, and which layer it is
  annotation a label of that image, or an annotation of its manifest or layer
  unreadable a part of the file that is damaged
A member of an archive is named archive!member, a slice of a Mach-O file `file (arm64)`. A file in a
container image is named by its path in the container, with the image and the layer behind it.

Policy: `rgo help policy` lists every fact that can be asked, with an example for each, and what a
policy file holds.

`rgo-version-m -vV` says what a report of a fault has to name.

Exit codes:
  0  done, and all that was required holds
  1  a file that was named could not be read or is not a program, or there is none in a folder
  2  wrong usage
  3  a requirement does not hold, or its answer is unknown"
)]
pub struct VersionM {
    /// Files, folders and archives; - for stdin; @LIST for the arguments in the file LIST
    #[arg(required_unless_present_any = ["go", "required"], value_name = "FILE", value_parser = any_path())]
    pub files: Vec<PathBuf>,

    /// The report
    #[command(flatten)]
    pub report: ReportArgs<VersionFormat>,
    /// Tell of every image what it is, what it needs, where it runs, how it is protected
    #[arg(long, help_heading = "Answer")]
    pub facts: bool,
    /// Add to each fact what shows it, and how sure that is
    #[arg(long, help_heading = "Answer")]
    pub evidence: bool,
    /// Show the files of a container image that no container sees, too, because an upper layer
    /// deletes or replaces them. A policy then asks of all of them
    #[arg(long, help_heading = "Answer")]
    pub all_layers: bool,
    /// One line for each image
    #[arg(long, conflicts_with_all = ["facts", "summary"], help_heading = "Answer")]
    pub short: bool,
    /// One table for all: how many there are of each sort
    #[arg(long, conflicts_with = "facts", help_heading = "Answer")]
    pub summary: bool,
    /// Say more: long lists whole, verdicts that hold, each file that is not read. With --go, as
    /// `go version -v`
    #[arg(short, long, help_heading = "Answer")]
    pub verbose: bool,
    /// Say nothing but answers and errors: no warnings, no progress, no verdict if all holds
    #[arg(short, long, conflicts_with_all = ["verbose", "go"], help_heading = "Answer")]
    pub quiet: bool,
    /// Its messages
    #[command(flatten)]
    pub common: CommonArgs,
    /// Write the bytes of a section, of the one image that has it, to stdout or a file
    #[arg(long, value_name = "NAME[=FILE]", conflicts_with_all = ["format", "report", "facts", "evidence", "short", "summary", "required", "policy"], help_heading = "Answer")]
    pub dump_section: Option<String>,

    /// What has to hold
    #[command(flatten)]
    pub gate: PolicyArgs,

    /// Leave archives closed
    #[arg(long, help_heading = "Limits")]
    pub no_archives: bool,
    /// Bytes of an archive's member that are read at most, as in 512MiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Limits")]
    pub max_member: Option<u64>,
    /// Archives within archives that are opened at most [default: 4]
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub max_depth: Option<usize>,

    /// Print byte for byte what `go version` prints for the same arguments: Go programs alone,
    /// the first slice of a universal file, its messages and its exit code
    #[arg(long, conflicts_with_all = ["format", "report", "facts", "evidence", "short", "summary", "dump_section", "required", "policy", "annotate", "no_archives", "all_layers", "max_member", "max_depth"], help_heading = "Go")]
    pub go: bool,
    /// With --go: modules and settings too; without it they are always there
    #[arg(short = 'm', help_heading = "Go")]
    pub modules: bool,
    /// With --go -m: as the JSON that Go prints; -json is the same
    #[arg(long = "json", requires = "go", help_heading = "Go")]
    pub go_json: bool,
    /// Go's spelling, -json: to clap that is -j with the value `son`
    #[arg(short = 'j', hide = true, requires = "go", value_parser = ["son"])]
    pub go_json_short: Option<String>,
}

fn size(text: &str) -> Result<u64, &'static str> {
    size_in_bytes(text).ok_or("it is a number of bytes, or of kB, MB, GB, KiB, MiB or GiB")
}

/// Accepts an empty path too: the code that opens the file reports that it does not exist.
fn any_path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

impl Tool for VersionM {
    fn common(&self) -> &CommonArgs {
        &self.common
    }

    fn files(&self) -> CallFiles {
        let inputs = self.files.iter().chain(&self.gate.policy).cloned();
        let section = self.dump_section.iter();
        let section = section.filter_map(|pair| Some(PathBuf::from(pair.split_once('=')?.1)));
        let reports = self.report.to_files.paths().chain(self.common.log_file.clone());
        CallFiles { inputs: inputs.chain(section).collect(), reports: reports.collect() }
    }

    fn schemas() -> Vec<&'static str> {
        vec![super::schema().0, super::LINE]
    }
}

impl VersionM {
    /// All formats in which the answer is wanted.
    pub(super) fn formats(&self) -> impl Iterator<Item = VersionFormat> {
        let files = self.report.to_files.files.iter().map(|file| file.format);
        std::iter::once(self.report.format).chain(files)
    }

    /// Whether the call requests Go's JSON, in either spelling.
    #[must_use]
    pub fn json(&self) -> bool {
        self.go_json || self.go_json_short.is_some()
    }
}

/// How to render the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum VersionFormat {
    /// Lines of words for people and for grep
    #[default]
    Text,
    /// One JSON object with a versioned schema
    Json,
    /// A JSON object per line and image
    Ndjson,
    /// A table for spreadsheets, a row for each image
    Csv,
    /// GitHub-flavoured Markdown, for a job summary
    Markdown,
    /// A bill of materials: CycloneDX 1.5, JSON
    Cyclonedx,
    /// What a policy found, for code-scanning pages: SARIF 2.1.0
    Sarif,
}

impl VersionFormat {
    /// Whether the answer includes the verdicts of a policy.
    #[must_use]
    pub fn carries_policy(self) -> bool {
        !matches!(self, Self::Ndjson | Self::Csv | Self::Cyclonedx)
    }

    /// Whether people read it, so that it has shorter and longer forms.
    #[must_use]
    pub fn is_for_people(self) -> bool {
        matches!(self, Self::Text | Self::Markdown)
    }
}
