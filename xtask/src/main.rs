//! `cargo xtask`: the commands for developers of rgo. Each command is in its own file; `setup`
//! installs the programs that they need.

mod bench;
mod cache;
mod ci;
mod corpus;
mod darwin_names;
mod demo;
mod extension_names;
mod generate;
mod go_modules;
mod matrix;
mod setup;
mod shell;
mod test;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Set-up, demo, tests and benchmarks of rgo
#[derive(Parser)]
#[command(name = "cargo xtask", max_term_width = 100)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what the tests and the demo need and this machine lacks
    Setup,
    /// Cross-build two programs for every toolchain, run them, and print what was made
    Demo,
    /// Formatting, lints, architecture rules, and every test
    Test {
        /// Only what takes less than a minute: no foreign programs, no network, no set-up
        #[arg(long)]
        fast: bool,
        /// Arguments for `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check the workflows, and run the small jobs of ci.yml on this machine
    Ci {
        /// Only these jobs
        jobs: Vec<String>,
    },
    /// Measure rgo beside its peers, in one run
    Bench {
        /// What to measure
        #[arg(value_enum)]
        what: bench::What,
    },
    /// Fetch the published programs that tests and benchmarks look into
    Corpus,
    /// Build many packages and programs for every toolchain, and write which of them build
    Matrix {
        /// Only these; those that built before are built again
        names: Vec<String>,
    },
    /// Build published Go modules for every toolchain, and compare with plain go
    GoModules {
        /// Only these
        names: Vec<String>,
    },
    /// Write schemas, completions and man pages from the definitions of the tools
    Generate {
        /// Only check that they are current
        #[arg(long)]
        check: bool,
    },
    /// Gather again which library of macOS exports which name
    DarwinNames,
    /// Gather again what Python and Node offer to extensions: toolchains/*-names.txt
    ExtensionNames,
    /// Check the rules that the architecture rests on
    Tidy,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the workspace");
    std::env::set_current_dir(root)?;
    match Args::parse().task {
        Task::Setup => setup::run().map(drop),
        Task::Demo => demo::run(),
        Task::Test { fast, args } => test::run(fast, &args),
        Task::Ci { jobs } => ci::run(&jobs),
        Task::Generate { check: false } => generate::run(root),
        Task::Generate { check: true } => generate::check(root, None),
        Task::Bench { what } => bench::run(what),
        Task::Corpus => corpus::run(),
        Task::Matrix { names } => matrix::run(&names),
        Task::GoModules { names } => go_modules::run(&names),
        Task::DarwinNames => darwin_names::run(),
        Task::ExtensionNames => extension_names::run(root),
        Task::Tidy => tidy::run(root),
    }
}

/// The names of all commands, in the order of the help.
fn task_names() -> Vec<String> {
    Args::command().get_subcommands().map(|task| task.get_name().to_owned()).collect()
}
