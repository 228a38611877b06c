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

use crate::shell::{self, cargo};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];
const FOLDERS: [&str; 3] = ["schemas", "completions", "man"];

/// Writes the files below the root; with `check`, compares them with those there instead.
///
/// # Errors
/// If a file cannot be made, or with `check` if one differs.
pub(crate) fn run(root: &Path, check: bool) -> anyhow::Result<()> {
    if !check {
        for folder in FOLDERS {
            if root.join(folder).is_dir() {
                fs::remove_dir_all(root.join(folder))?;
            }
        }
        return write(root);
    }
    let made = tempfile::tempdir()?;
    write(made.path())?;
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

fn write(root: &Path) -> anyhow::Result<()> {
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

fn rgo(args: &[&str]) -> anyhow::Result<String> {
    shell::output(
        cargo().args(["run", "--quiet", "--package", "rgo", "--bin", "rgo", "--"]).args(args),
    )
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
