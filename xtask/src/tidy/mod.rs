//! Checks the rules of the architecture on the sources: the effects that a pure crate may have, the
//! places that may start a process, the dependencies of crates, the length of functions and files,
//! and that every file starts with a description of its purpose.
//!
//! A search in the text is enough for most of this. Lints check the rules that a lint can express
//! (see clippy.toml).

mod circles;
mod edges;
mod lengths;

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use walkdir::WalkDir;

/// Crates that only compute: bytes and values in, bytes and values out.
const PURE: [&str; 7] = [
    "crates/rgo-binary/src/",
    "crates/rgo-debuginfo/src/",
    "crates/rgo-edit/src/",
    "crates/rgo-packages/src/",
    "crates/rgo-policy/src/",
    "crates/rgo-report/src/",
    "crates/rgo-stamp/src/",
];
const EFFECTS: [&str; 5] = ["std::fs", "std::process", "std::net", "std::env", "std::thread"];

/// The files that may start a process: rgo's one executor, and programs that drive rgo from
/// outside.
const SPAWNS: [&str; 4] =
    ["crates/rgo-toolchain/src/exec.rs", "xtask/", "tests/", "testdata/resources/by-windres/"];

/// One source file, by its path from the root with `/` between folders.
struct Source {
    path: String,
    text: String,
}

/// Prints the broken rules.
///
/// # Errors
/// If a rule is broken, or a file cannot be read.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let broken = check(root)?;
    for line in &broken {
        eprintln!("tidy: {line}");
    }
    if !broken.is_empty() {
        bail!("{} rules are broken", broken.len());
    }
    eprintln!("tidy: all rules hold");
    Ok(())
}

fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let sources = sources(root)?;
    let mut broken: Vec<String> = sources.iter().flat_map(source_rules).collect();
    let manifests = manifests(root)?;
    for edges::Manifest { name, .. } in &manifests {
        broken.extend(circles::broken(&format!("{}/src/", folder(name)), &sources)?);
    }
    broken.extend(edges::broken(&manifests)?);
    broken.extend(lengths::broken(&sources)?);
    broken.extend(readme_rule(&read(&root.join("README.md"))?, &crate::task_names()));
    broken.sort();
    Ok(broken)
}

/// The folder of a crate.
fn folder(name: &str) -> String {
    if name == "xtask" { name.to_owned() } else { format!("crates/{name}") }
}

/// The crates of the workspace.
fn manifests(root: &Path) -> anyhow::Result<Vec<edges::Manifest>> {
    let mut names = vec!["xtask".to_owned()];
    for entry in fs::read_dir(root.join("crates"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let manifest = |name: String| {
        let text = read(&root.join(folder(&name)).join("Cargo.toml"))?;
        Ok(edges::Manifest { name, text })
    };
    names.into_iter().map(manifest).collect()
}

fn sources(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for folder in ["crates", "xtask", "tests", "testdata"] {
        let built = |name: &str| name == "target" || name == "dist";
        let walk = WalkDir::new(root.join(folder)).into_iter();
        for entry in walk.filter_entry(|entry| !entry.file_name().to_str().is_some_and(built)) {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "rs") {
                let path = entry.path().strip_prefix(root)?.to_string_lossy().replace('\\', "/");
                sources.push(Source { path, text: read(entry.path())? });
            }
        }
    }
    Ok(sources)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn source_rules(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let mut broken = Vec::new();
    if !text.starts_with("//!") {
        broken.push(format!("{path}: does not open with //! and why it exists"));
    }
    let pure = PURE.iter().any(|folder| path.starts_with(folder));
    let spawns = SPAWNS.iter().any(|place| path.starts_with(place));
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().starts_with("//"))
    {
        if pure && let Some(effect) = EFFECTS.iter().find(|effect| line.contains(*effect)) {
            broken.push(format!("{path}:{number}: {effect} in a pure crate"));
        }
        let command = line.contains("Command::new(") && !line.contains("clap::Command::new(");
        if command && !spawns {
            broken.push(format!("{path}:{number}: a process is started outside of exec"));
        }
    }
    broken
}

fn readme_rule(readme: &str, tasks: &[String]) -> Vec<String> {
    let missing = tasks.iter().filter(|task| !readme.contains(&format!("cargo xtask {task}")));
    missing.map(|task| format!("README.md: says nothing of `cargo xtask {task}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let broken = check(root).unwrap();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    #[test]
    fn every_rule_about_a_source_can_be_broken() {
        let table = [
            ("crates/rgo-binary/src/a.rs", "//! Why.\nuse std::fs;", "std::fs in a pure crate"),
            ("crates/rgo-report/src/a.rs", "//! Why.\nstd::process::exit(1)", "std::process in"),
            ("crates/rgo/src/a.rs", "//! Why.\nCommand::new(\"x\")", "outside of exec"),
            ("crates/rgo/src/a.rs", "fn main() {}", "does not open with //!"),
        ];
        for (path, text, expected) in table {
            let source = Source { path: path.to_owned(), text: text.to_owned() };
            let broken = source_rules(&source);
            assert_eq!(broken.len(), 1, "{broken:?}");
            assert!(broken[0].contains(expected), "{broken:?}");
        }
    }

    #[test]
    fn what_no_rule_forbids_is_let_be() {
        let table = [
            ("crates/rgo-binary/src/a.rs", "//! Why.\n/// Not std::fs.\nfn a() {}"),
            ("crates/rgo-binary/tests/a.rs", "//! Why.\nuse std::fs;"),
            ("crates/rgo-toolchain/src/exec.rs", "//! Why.\nCommand::new(\"x\")"),
            ("xtask/src/a.rs", "//! Why.\nCommand::new(\"x\")"),
        ];
        for (path, text) in table {
            let source = Source { path: path.to_owned(), text: text.to_owned() };
            assert_eq!(source_rules(&source), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn a_readme_has_to_name_every_task() {
        let tasks = ["demo".to_owned(), "bench".to_owned()];
        assert_eq!(readme_rule("run `cargo xtask demo`", &tasks).len(), 1);
    }
}
