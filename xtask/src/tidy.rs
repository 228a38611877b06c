//! The rules that the architecture rests on, checked on the sources: what a pure crate may touch,
//! who may start a process, who may depend on whom, and that every file says why it exists.
//!
//! Text is enough for this. A rule that can be checked by a lint is one (see clippy.toml).

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use walkdir::WalkDir;

/// Crates whose functions take bytes and values, and give back the same.
const PURE: [&str; 3] =
    ["crates/rgo-binary/src/", "crates/rgo-report/src/", "crates/rgo-stamp/src/"];
const EFFECTS: [&str; 5] = ["std::fs", "std::process", "std::net", "std::env", "std::thread"];

/// Where a process may be started: rgo's one executor, and what drives rgo from outside.
const SPAWNS: [&str; 4] =
    ["crates/rgo-toolchain/src/exec.rs", "xtask/", "tests/", "testdata/resources/by-windres/"];

/// What a crate may not depend on.
const APART: [(&str, &[&str]); 4] = [
    ("rgo-binary", &["rgo", "rgo-report", "rgo-stamp", "rgo-toolchain"]),
    ("rgo-report", &["rgo", "rgo-binary", "rgo-stamp", "rgo-toolchain"]),
    ("rgo-toolchain", &["rgo", "rgo-binary", "rgo-report", "rgo-stamp"]),
    ("xtask", &["rgo", "rgo-binary", "rgo-report", "rgo-stamp", "rgo-toolchain"]),
];

const LONGEST: usize = 700;

/// One source file, by its path from the root with `/` between folders.
struct Source {
    path: String,
    text: String,
}

/// Prints what breaks a rule.
///
/// # Errors
/// If anything does, or a file cannot be read.
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
    let mut broken = Vec::new();
    for source in sources(root)? {
        broken.extend(source_rules(&source));
    }
    for (name, apart) in APART {
        let folder = if name == "xtask" { name.to_owned() } else { format!("crates/{name}") };
        let manifest = read(&root.join(folder).join("Cargo.toml"))?;
        broken.extend(dependency_rules(name, &manifest, apart)?);
    }
    broken.extend(stamp_rule(&read(&root.join("crates/rgo-stamp/Cargo.toml"))?)?);
    broken.extend(readme_rule(&read(&root.join("README.md"))?, &crate::task_names()));
    broken.sort();
    Ok(broken)
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
    let lines = text.lines().count();
    if lines > LONGEST {
        broken.push(format!("{path}: {lines} lines, more than {LONGEST}"));
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

/// Every table of the manifest that lists dependencies, those for one target and for tests too.
fn dependency_rules(name: &str, manifest: &str, apart: &[&str]) -> anyhow::Result<Vec<String>> {
    let manifest: toml::Table = manifest.parse().with_context(|| format!("{name}'s Cargo.toml"))?;
    let listed = dependencies(&manifest);
    let wrong = apart.iter().filter(|other| listed.iter().any(|name| name == *other));
    Ok(wrong.map(|other| format!("{name}: depends on {other}")).collect())
}

fn stamp_rule(manifest: &str) -> anyhow::Result<Option<String>> {
    let manifest: toml::Table = manifest.parse().context("rgo-stamp's Cargo.toml")?;
    let some = dependencies(&manifest).into_iter().next();
    Ok(some.map(|name| format!("rgo-stamp: depends on {name}, and on nothing it should")))
}

fn dependencies(table: &toml::Table) -> Vec<String> {
    let own = table.iter().filter(|(key, _)| key.ends_with("dependencies"));
    let names = own.filter_map(|(_, names)| names.as_table()).flat_map(toml::Table::keys).cloned();
    let targets = table.get("target").and_then(toml::Value::as_table);
    let theirs = targets.into_iter().flat_map(toml::Table::values);
    names.chain(theirs.filter_map(toml::Value::as_table).flat_map(dependencies)).collect()
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
        let long = "//! Why.\n".repeat(LONGEST + 1);
        let table = [
            ("crates/rgo-binary/src/a.rs", "//! Why.\nuse std::fs;", "std::fs in a pure crate"),
            ("crates/rgo-report/src/a.rs", "//! Why.\nstd::process::exit(1)", "std::process in"),
            ("crates/rgo/src/a.rs", "//! Why.\nCommand::new(\"x\")", "outside of exec"),
            ("crates/rgo/src/a.rs", "fn main() {}", "does not open with //!"),
            ("tests/a.rs", &long, "701 lines, more than 700"),
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
    fn dependencies_are_found_wherever_a_manifest_lists_them() {
        for table in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
            let manifest = format!("[package]\nname = \"a\"\n[{table}]\nrgo.workspace = true\n");
            let broken = dependency_rules("a", &manifest, &["rgo"]).unwrap();
            assert_eq!(broken, ["a: depends on rgo"], "{table}");
            assert!(stamp_rule(&manifest).unwrap().is_some(), "{table}");
        }
        assert!(
            dependency_rules("a", "[dependencies]\nrgo-x = \"1\"", &["rgo"]).unwrap().is_empty()
        );
    }

    #[test]
    fn a_readme_has_to_name_every_task() {
        let tasks = ["demo".to_owned(), "bench".to_owned()];
        assert_eq!(readme_rule("run `cargo xtask demo`", &tasks).len(), 1);
    }
}
