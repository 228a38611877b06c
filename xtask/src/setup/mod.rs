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
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

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
    let dir = folder()?;
    let mut setup = Setup { dir, ripgrep: PathBuf::new(), vars: BTreeMap::new() };
    setup.set("RGO_CACHE", &cache_root()?)?;

    packages::ensure(&mut setup)?;
    compiler::ensure(&mut setup)?;
    tools::ensure(&mut setup)?;
    published::ensure(&mut setup)?;
    wine::ensure(&mut setup)?;
    extensions::ensure(&mut setup)?;

    // For tests that run without `cargo xtask test`, which would pass the variables on.
    let file = setup.dir.join("env.json");
    fs::write(&file, serde_json::to_string_pretty(&setup.vars)?)?;
    done("variables for tests", &file.display().to_string());
    Ok(setup)
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
    let folder = cache_root()?.join("xtask");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}

/// rgo's cache folder. The tools get it in `RGO_CACHE`, so both always agree.
pub(crate) fn cache_root() -> anyhow::Result<PathBuf> {
    let from = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || from("HOME").context("HOME is not set");
    if let Some(root) = from("RGO_CACHE") {
        return Ok(std::path::absolute(root)?);
    }
    let caches = if cfg!(windows) {
        from("LOCALAPPDATA").context("LOCALAPPDATA is not set")?
    } else if cfg!(target_os = "macos") {
        home()?.join("Library/Caches")
    } else {
        from("XDG_CACHE_HOME").map_or_else(|| home().map(|home| home.join(".cache")), Ok)?
    };
    Ok(caches.join("rgo"))
}

/// Prints that a thing is there.
fn done(what: &str, detail: &str) {
    eprintln!("setup: {what}: {detail}");
}

/// Prints that a thing is being made, before the wait.
fn doing(what: &str, detail: &str) {
    eprintln!("setup: {what}: {detail} …");
}
