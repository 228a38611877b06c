//! The command line of `rgo-build`.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::not_of_env::hide_what_env_has_not;
use super::package_word::PackageWord;
use crate::app::args::CommonArgs;
use crate::app::policy::PolicyArgs;
use crate::app::reports::{FormatArg, ReportArgs};

/// Cross-build a Cargo project or a Go module for linux, darwin and windows, stamped with what it is
///
/// Builds the programs and C libraries with cargo or go itself, compiles C and links with zig,
/// records in each what it is made of, and puts them under dist/<toolchain>/. Without --target it
/// builds for this machine's platform.
#[allow(rustdoc::invalid_html_tags)] // This is the text of --help.
#[derive(Debug, Parser)]
#[command(
    name = "rgo-build",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  rgo-build                                       this machine's platform
  rgo-build --target all -X app::VERSION={version}
                                                  eight platforms, with the package's version
  rgo-build --target linux/arm64,darwin/arm64     two of them
  rgo-build --target linux/amd64 --libc static    runs on any Linux, also in an empty container
  rgo-build --target linux/amd64 --glibc 2.28     runs on glibc 2.28 and later
  rgo-build ./cmd/server --target all -X main.version={version}
                                                  a program of a Go module
  rgo-build -n --target all                       show the plan, do nothing
  rgo-build doctor --target all                   what is missing, and how to get it
  rgo-build stamp dist/linux-amd64/app -X app::VERSION=1.2.3

@LIST stands for the arguments in the file LIST, quoted as in a shell. `rgo-build -vV` says what a report
of a fault has to name.

Exit codes: 0 done; 1 failed; 2 wrong usage; 3 built, but not what was asked for (a \"static\"
program that needs a library, a glibc above the floor); the results are there then too; with --run
the program's own; 129, 130 and 143 after SIGHUP, SIGINT and SIGTERM."
)]
pub struct Build {
    /// What to do instead of building
    #[command(subcommand)]
    pub command: Option<Other>,
    /// The build
    #[command(flatten)]
    pub build: BuildArgs,
    /// What has to hold of the results
    #[command(flatten)]
    pub gate: PolicyArgs,
    /// Its messages
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What `rgo-build` does besides building.
#[derive(Debug, Subcommand)]
pub enum Other {
    /// Write -X values into a finished program, without compiling; without -X, list its slots
    Stamp(StampArgs),
    /// List the toolchains that --target takes, which builder builds each, and what runs it here
    Targets(TargetsArgs),
    /// Say for each toolchain what is there, what is missing, and the command that mends it
    Doctor(DoctorArgs),
    /// Print the variables by which another program that runs cargo or go, as maturin, builds as rgo does
    #[command(after_help = "\
Examples:
  eval \"$(rgo-build env --target linux/arm64)\" && maturin build --target aarch64-unknown-linux-gnu
  eval \"$(rgo-build env --target linux/arm64 ./...)\" && go build ./...")]
    Env(Box<EnvArgs>),
    /// Show or clear what rgo keeps: standard libraries, zig, link shims
    Cache(CacheArgs),
}

/// The build's own options.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct BuildArgs {
    /// Packages: folders (./cmd/server), Go's patterns (./cmd/...) and import paths, Go files, or
    /// NAME@VERSION [default: that of the folder]
    #[arg(value_name = "PACKAGE", value_parser = PackageWord, help_heading = "Project")]
    pub packages_by_word: Vec<String>,
    /// Folder of the project [default: this one]
    #[arg(short = 'C', value_name = "DIR", help_heading = "Project")]
    pub directory: Option<Utf8PathBuf>,
    /// What builds: cargo, go, or both [default: by Cargo.toml or go.mod]
    #[arg(
        long = "builder",
        value_enum,
        value_name = "BUILDER",
        value_delimiter = ',',
        help_heading = "Project"
    )]
    pub builders: Vec<BuilderArg>,
    /// Path of the Cargo.toml (cargo)
    #[arg(long, value_name = "PATH", help_heading = "Project")]
    pub manifest_path: Option<Utf8PathBuf>,
    /// Cargo package to build (repeatable); Go packages are words: ./cmd/server
    #[arg(short, long = "package", value_name = "PKG", help_heading = "Project")]
    pub packages: Vec<String>,
    /// Build all packages of the workspace (cargo; in Go ./...)
    #[arg(long, help_heading = "Project")]
    pub workspace: bool,
    /// Build this program (repeatable; cargo)
    #[arg(long = "bin", value_name = "BIN", help_heading = "Project")]
    pub bins: Vec<String>,
    /// Build all programs (cargo)
    #[arg(long = "bins", help_heading = "Project")]
    pub all_bins: bool,
    /// Build this example (repeatable; cargo)
    #[arg(long = "example", value_name = "EXAMPLE", help_heading = "Project")]
    pub examples: Vec<String>,
    /// Build the library (cargo)
    #[arg(long, help_heading = "Project")]
    pub lib: bool,
    /// What to make: programs, position-independent ones, a shared library for C, or a static one
    #[arg(long, value_enum, value_name = "MODE", help_heading = "Project")]
    pub buildmode: Option<BuildMode>,

    /// Toolchains: os/arch[/libc], a Rust triple, an os for all its processors, host, or all;
    /// comma-separated
    ///
    /// Other tools' words are understood (macos, x86_64, aarch64, musl, gnu), in any order. A triple
    /// may end in the oldest glibc: x86_64-unknown-linux-gnu.2.28. Go modules without C code are built
    /// for each platform of Go. `rgo-build targets` lists all.
    #[arg(long = "target", value_name = "T,…", value_delimiter = ',', help_heading = "Target")]
    pub targets: Vec<String>,
    /// Link the C library in, or load the system's
    #[arg(long, value_enum, help_heading = "Target")]
    pub libc: Option<LibcArg>,
    /// Oldest glibc that dynamic linux programs must run on [default: 2.17, which is the oldest]
    #[arg(long, value_name = "VERSION", help_heading = "Target")]
    pub glibc: Option<String>,
    /// Oldest macOS that darwin programs must run on [default: $MACOSX_DEPLOYMENT_TARGET, 11.0]
    #[arg(long, value_name = "VERSION", help_heading = "Target")]
    pub macos: Option<String>,
    /// File that becomes the Info.plist within darwin programs (__TEXT,__info_plist)
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub info_plist: Option<Utf8PathBuf>,
    /// Property list of what the ad-hoc signature of darwin programs asks the system to allow
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub entitlements: Option<Utf8PathBuf>,

    /// Build in release mode; it is the default (cargo)
    #[arg(short, long, conflicts_with = "profile", help_heading = "Compilation")]
    pub release: bool,
    /// Cargo profile
    #[arg(long, value_name = "NAME", default_value = PROFILE, help_heading = "Compilation")]
    pub profile: String,
    /// Features to turn on, comma- or space-separated (cargo)
    #[arg(short = 'F', long, value_name = "FEATURES", help_heading = "Compilation")]
    pub features: Vec<String>,
    /// Turn on all features (cargo)
    #[arg(long, help_heading = "Compilation")]
    pub all_features: bool,
    /// Leave the default feature off (cargo)
    #[arg(long, help_heading = "Compilation")]
    pub no_default_features: bool,
    /// Require that Cargo.lock, or go.mod and go.sum, are up to date
    #[arg(long, help_heading = "Compilation")]
    pub locked: bool,
    /// Both --locked and --offline
    #[arg(long, help_heading = "Compilation")]
    pub frozen: bool,
    /// Use no network: not for crates, modules, zig or a standard library
    #[arg(long, help_heading = "Compilation")]
    pub offline: bool,
    /// How many jobs cargo or go runs at once
    #[arg(short, long, value_name = "N", help_heading = "Compilation", allow_hyphen_values = true)]
    pub jobs: Option<String>,
    /// Cargo configuration, as cargo takes it (repeatable)
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Compilation")]
    pub config: Vec<String>,
    /// The cargo to use; its rustc belongs to it [default: $RGO_CARGO, $CARGO, PATH]
    #[arg(long, value_name = "PATH", help_heading = "Compilation")]
    pub cargo: Option<Utf8PathBuf>,
    /// Hand a flag to cargo build (repeatable)
    #[arg(
        long = "cargo-flag",
        value_name = "FLAG",
        allow_hyphen_values = true,
        help_heading = "Compilation"
    )]
    pub cargo_flags: Vec<String>,
    /// Hand a flag to every rustc for the target (repeatable)
    #[arg(
        long = "rustc-flag",
        value_name = "FLAG",
        allow_hyphen_values = true,
        help_heading = "Compilation"
    )]
    pub rustc_flags: Vec<String>,
    /// Go build tags, comma-separated
    #[arg(long, value_name = "TAG,…", value_delimiter = ',', help_heading = "Compilation")]
    pub tags: Vec<String>,
    /// Build with Go's race detector
    #[arg(long, help_heading = "Compilation")]
    pub race: bool,
    /// Profile that go optimizes for: a file, auto or off
    #[arg(long, value_name = "FILE", help_heading = "Compilation")]
    pub pgo: Option<String>,
    /// The go to use [default: $RGO_GO, PATH]
    #[arg(long, value_name = "PATH", help_heading = "Compilation")]
    pub go: Option<Utf8PathBuf>,
    /// Hand a flag to go build (repeatable)
    #[arg(
        long = "go-flag",
        value_name = "FLAG",
        allow_hyphen_values = true,
        help_heading = "Compilation"
    )]
    pub go_flags: Vec<String>,
    /// Set a variable for the build, as `env!`, build scripts and go read it (repeatable); the value may
    /// hold {version}, {git.tag}, {git.sha} and {date}
    #[arg(long = "env", value_name = "NAME=VALUE", help_heading = "Compilation")]
    pub env: Vec<String>,

    /// Set a static of rgo_stamp::stamp!, or a string variable of Go (main.version), after the link
    /// (repeatable); the value may hold {version}, {git.tag}, {git.sha} and {date}
    ///
    /// In Go any `var version = "dev"` will do. A Rust program needs `rgo-stamp = { git = "https://github.com/rgo-tools/rgo" }` in its Cargo.toml
    /// and `rgo_stamp::stamp! { pub static VERSION = "dev"; }` in its code, which reads VERSION as
    /// text. What the code reads by `env!` is set by --env, and compiled again.
    #[arg(short = 'X', value_name = "NAME=VALUE", help_heading = "Result")]
    pub stamp: Vec<String>,
    /// Build for a debugger: no optimization, no inlining, all debug data, of C code too, and nothing
    /// stripped
    #[arg(long, conflicts_with_all = ["strip", "debug_info"], help_heading = "Result")]
    pub debug: bool,
    /// What debug data to make [default: as the cargo profile says; go makes all]
    #[arg(long, value_enum, value_name = "KIND", help_heading = "Result")]
    pub debug_info: Option<DebugInfoArg>,
    /// What to leave out of the result; split puts debug data into a companion, and makes all that a
    /// debugger can use (--debug-info full) [default: as the cargo profile says; of go nothing]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Result")]
    pub strip: Option<StripArg>,
    /// Keep this machine's paths in the result
    #[arg(long, help_heading = "Result")]
    pub no_trimpath: bool,
    /// Name in the result the hosts that dependencies come from; without it private registries and
    /// repositories are recorded by their kind alone
    #[arg(long, help_heading = "Result")]
    pub record_sources: bool,
    /// Record the commit: if there is one, by all means, or never
    #[arg(long, value_enum, default_value_t, help_heading = "Result")]
    pub vcs: VcsArg,
    /// Where the results go [default: dist in the folder of the workspace or module]
    #[arg(short, long, value_name = "DIR", help_heading = "Result")]
    pub output: Option<Utf8PathBuf>,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<FormatArg>,

    /// Print the plan as shell and do nothing; cargo or go may still fetch what it takes to make it
    #[arg(short = 'n', long = "dry-run", help_heading = "Run")]
    pub dry_run: bool,
    /// Print the commands while running them
    #[arg(short = 'x', help_heading = "Run")]
    pub trace: bool,
    /// Build all again
    #[arg(short = 'a', help_heading = "Run")]
    pub all: bool,
    /// Keep the working folder, and name it
    #[arg(long, help_heading = "Run")]
    pub work: bool,
    /// Say more
    #[arg(short, long, action = clap::ArgAction::Count, help_heading = "Run")]
    pub verbose: u8,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Run")]
    pub quiet: bool,
    /// Say which crates or Go packages were compiled, and why
    #[arg(long, help_heading = "Run")]
    pub explain_rebuild: bool,
    /// Run what was built, as far as this machine can, with the arguments after --
    #[arg(long, help_heading = "Run")]
    pub run: bool,
    /// Arguments for the program that --run runs
    #[arg(last = true, value_name = "ARGS", requires = "run", help_heading = "Run")]
    pub args: Vec<String>,
}

impl BuildArgs {
    /// Whether the call asks for the report in more than the text on stdout.
    #[must_use]
    pub fn has_report(&self) -> bool {
        self.report.format != FormatArg::Text || !self.report.to_files.files.is_empty()
    }
}

/// What kind of file a build makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BuildMode {
    /// Programs alone
    Exe,
    /// Position-independent programs
    Pie,
    /// The library, or in Go each main package, as a shared library for C
    CShared,
    /// The library, or in Go each main package, as a static library for C
    CArchive,
}

/// What builds a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BuilderArg {
    /// Cargo
    Cargo,
    /// Go
    Go,
}

impl BuilderArg {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Go => "go",
        }
    }
}

/// How a program gets its C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LibcArg {
    /// Linked in
    Static,
    /// The system's
    Dynamic,
}

/// How much debug data to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DebugInfoArg {
    /// None
    None,
    /// Files and lines, for backtraces
    Lines,
    /// All that a debugger can use
    Full,
}

/// How much of symbols and debug data to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StripArg {
    /// Nothing
    None,
    /// Debug data
    Debug,
    /// Debug data and symbols
    All,
    /// Both, into a companion file that debuggers find; makes full debug data
    Split,
}

/// Whether the commit is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum VcsArg {
    /// If there is one
    #[default]
    Auto,
    /// An error if there is none
    Require,
    /// Never
    Off,
}

/// Arguments of `rgo-build stamp`.
#[derive(Debug, Args)]
pub struct StampArgs {
    /// The program to stamp
    pub file: Utf8PathBuf,
    /// A value to write (repeatable); it may hold {version}, {git.sha} and {date}, which the
    /// program's build note fills. Without any the slots of the program are listed
    #[arg(short = 'X', value_name = "NAME=VALUE")]
    pub stamp: Vec<String>,
    /// Write here instead of in place
    #[arg(short, long, value_name = "FILE", requires = "stamp")]
    pub output: Option<Utf8PathBuf>,
    /// Replace the signature of an identity by an ad-hoc one (darwin), or take it away (windows)
    #[arg(long, requires = "stamp")]
    pub resign: bool,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<FormatArg>,
}

/// Arguments of `rgo-build targets`.
#[derive(Debug, Args)]
pub struct TargetsArgs {
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<FormatArg>,
}

/// The default profile.
pub(super) const PROFILE: &str = "release";

/// Arguments of `rgo-build env`: those of a build that concern how a target is compiled and linked.
#[derive(Debug, Args)]
#[command(mut_args = hide_what_env_has_not)]
pub struct EnvArgs {
    /// The build
    #[command(flatten)]
    pub build: BuildArgs,
}

/// Arguments of `rgo-build doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Folder of the project, whose rust-toolchain file or go.mod may name the compiler [default:
    /// this one]
    #[arg(short = 'C', value_name = "DIR")]
    pub directory: Option<Utf8PathBuf>,
    /// Toolchains to look at
    #[arg(long = "target", value_name = "T,…", value_delimiter = ',', default_value = "all")]
    pub targets: Vec<String>,
    /// The cargo to use
    #[arg(long, value_name = "PATH")]
    pub cargo: Option<Utf8PathBuf>,
    /// The go to use
    #[arg(long, value_name = "PATH")]
    pub go: Option<Utf8PathBuf>,
    /// Assume that there is no network
    #[arg(long)]
    pub offline: bool,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<FormatArg>,
}

/// Arguments of `rgo-build cache`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CacheArgs {
    /// What to do; without it, list what is kept
    #[command(subcommand)]
    pub command: Option<CacheCommand>,
    /// The report
    #[command(flatten)]
    pub report: ReportArgs<FormatArg>,
}

/// `rgo-build cache …`
#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// List what is kept, with sizes
    Ls {
        /// The report
        #[command(flatten)]
        report: ReportArgs<FormatArg>,
    },
    /// Remove what is kept; while a build runs, nothing is removed
    Prune {
        /// Only what was last used longer ago than this
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Say what would go, and remove nothing
        #[arg(short = 'n', long = "dry-run")]
        dry_run: bool,
        /// The report
        #[command(flatten)]
        report: ReportArgs<FormatArg>,
    },
}
