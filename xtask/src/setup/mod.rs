//! Installs the programs that the tests, the demo and the benchmarks need and the machine lacks.
//! Everything except the distribution's packages goes under `<cache>/xtask`. Existing things are
//! only checked, so that every other command can begin with a set-up.

mod compiler;
mod extensions;
mod go_tools;
mod packages;
pub(crate) mod published;
mod tools;
mod wine;

pub(crate) use go_tools::GoTool;
pub(crate) use packages::llvm_tool;
pub(crate) use published::sources;
pub(crate) use tools::cargo_tool;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::{cache, corpus};

/// The result for later steps: variables for rgo's tools and for the tests.
pub(crate) struct Setup {
    /// The folder of set-up's own files: `<cache>/xtask`.
    pub(crate) dir: PathBuf,
    /// The sources of a published program, ripgrep.
    pub(crate) ripgrep: PathBuf,
    vars: BTreeMap<String, String>,
}

/// Checks everything, installs missing things, and prints a line for each.
///
/// # Errors
/// If something cannot be installed; the message contains the installer's error.
pub(crate) fn run() -> anyhow::Result<Setup> {
    let mut setup = Setup::begin()?;
    setup.fetch()?;
    setup.finish(None)
}

impl Setup {
    /// Installs the distribution's packages and the compiler. Nothing should compile meanwhile: both
    /// replace parts of the compilers that are there.
    ///
    /// # Errors
    /// If something cannot be installed.
    pub(crate) fn begin() -> anyhow::Result<Self> {
        let mut setup = Self { dir: folder()?, ripgrep: PathBuf::new(), vars: BTreeMap::new() };
        setup.set("RGO_CACHE", &cache::root()?)?;
        packages::ensure(&mut setup)?;
        compiler::ensure(&mut setup)?;
        Ok(setup)
    }

    /// Fetches the rest. It may run beside a build, which waits for the processor and not for the
    /// network.
    ///
    /// # Errors
    /// If something cannot be fetched.
    pub(crate) fn fetch(&mut self) -> anyhow::Result<()> {
        tools::ensure(self)?;
        published::ensure(self)?;
        extensions::ensure(self)?;
        done("published packages", &corpus::small_part()?);
        Ok(())
    }

    /// Makes what only rgo-build makes, with this one or else with one that it builds, and leaves the
    /// variables for tests that run without `cargo xtask test`, which would pass them on.
    ///
    /// # Errors
    /// If that fails.
    pub(crate) fn finish(mut self, rgo_build: Option<&Path>) -> anyhow::Result<Self> {
        wine::ensure(&mut self, rgo_build)?;
        let file = self.dir.join("env.json");
        fs::write(&file, serde_json::to_string_pretty(&self.vars)?)?;
        done("variables for tests", &file.display().to_string());
        Ok(self)
    }
}

impl Setup {
    fn set(&mut self, name: &str, value: &Path) -> anyhow::Result<()> {
        self.vars.insert(name.to_owned(), crate::shell::text(value)?);
        Ok(())
    }

    fn say(&mut self, name: &str, value: &str) {
        self.vars.insert(name.to_owned(), value.to_owned());
    }

    /// One of the variables.
    pub(crate) fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str)
    }

    /// The command, with all variables.
    pub(crate) fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.envs(&self.vars)
    }
}

/// The folder of set-up's own files, which is made if it is missing.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let folder = cache::root()?.join("xtask");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// Prints that a thing is there.
fn done(what: &str, detail: &str) {
    eprintln!("setup: {what}: {detail}");
}

/// Prints that a thing is being made, before the wait.
fn doing(what: &str, detail: &str) {
    eprintln!("setup: {what}: {detail} …");
}
