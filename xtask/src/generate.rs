//! Writes the files that come from the definitions of the tools, for packagers and for programs that
//! read reports: JSON schemas, completions and man pages.
//!
//! ```text
//! schemas/<name>.json          rgo.build/1 is rgo.build.1.json
//! completions/<shell>          of all tools
//! man/<page>                   of all tools
//! ```

use std::fs;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use crate::shell::{self, cargo, command};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];
const FOLDERS: [&str; 3] = ["schemas", "completions", "man"];

/// Writes the files below the root.
///
/// # Errors
/// If one cannot be made.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    for folder in FOLDERS {
        if root.join(folder).is_dir() {
            fs::remove_dir_all(root.join(folder))?;
        }
    }
    write(root, None)
}

/// Compares the files below the root with those that this `rgo` makes; without one, it is built.
///
/// # Errors
/// If a file cannot be made, or one differs.
pub(crate) fn check(root: &Path, program: Option<&Path>) -> anyhow::Result<()> {
    let made = tempfile::tempdir()?;
    write(made.path(), program)?;
    for folder in FOLDERS {
        let (new, old) = (names(&made.path().join(folder))?, names(&root.join(folder))?);
        ensure!(new == old, "{folder} has other files: run `cargo xtask generate`");
        for name in new {
            let read = |root: &Path| fs::read(root.join(folder).join(&name));
            if read(made.path())? != read(root)? {
                bail!("{folder}/{name} is not current: run `cargo xtask generate`");
            }
        }
    }
    Ok(())
}

fn write(root: &Path, program: Option<&Path>) -> anyhow::Result<()> {
    let rgo = |args: &[&str]| rgo(program, args);
    for folder in FOLDERS {
        fs::create_dir_all(root.join(folder))?;
    }
    for name in rgo(&["schema"])?.lines() {
        let file = format!("{}.json", name.replace('/', "."));
        fs::write(root.join("schemas").join(file), rgo(&["schema", name])?)?;
    }
    for shell in SHELLS {
        fs::write(root.join("completions").join(shell), rgo(&["completions", shell])?)?;
    }
    let man = root.join("man");
    rgo(&["man", man.to_str().context("the path is not UTF-8")?])?;
    Ok(())
}

fn rgo(program: Option<&Path>, args: &[&str]) -> anyhow::Result<String> {
    let mut rgo = program.map_or_else(cargo, command);
    if program.is_none() {
        rgo.args(["run", "--quiet", "--package", "rgo", "--bin", "rgo", "--"]);
    }
    shell::output(rgo.args(args))
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
