//! Every command line of README, of `docs/` and of the examples in `--help` is run as it is written,
//! in a folder that has what it names. It ends with 0, or with what `echo $?` shows below it, and
//! prints what is shown below it.

mod lines;
mod sandbox;

use std::fs;
use std::path::Path;

use lines::{Block, Line, agrees, of_help, of_markdown};
use regex::Regex;
use sandbox::Sandbox;

use crate::support::{Outcome, cannot_test, forget_on_ci, native, root, scratch, tool};

/// How command lines start that no test can run, and why.
const NOT_RUN: [(&str, &str); 8] = [
    ("cargo xtask ", "sets this machine up, or runs all tests and this one with them"),
    ("cargo install --path crates/rgo", "compiles rgo for minutes, which other tests have done"),
    ("TRYCMD=overwrite cargo test", "writes into this repository"),
    ("cargo test ", "runs tests, and this one with them"),
    ("cargo auditable", "is the name of a tool, in a sentence"),
    ("rgo-version-m <(curl URL)", "needs an address for URL"),
    ("eval \"$(rgo-build env", "is for maturin and go; extensions.rs and env_command.rs run them"),
    ("docker save IMAGE", "needs a Docker daemon"),
];

/// How command lines start that a test of their own runs.
const RUN_ALONE: [&str; 1] = [INSTALL];

/// How the tools are installed.
const INSTALL: &str = "cargo install --locked --git https://github.com/rgo-tools/rgo";

/// Command lines that need a project of another kind, and its folder.
const ELSEWHERE: [(&str, &str); 2] =
    [("rgo-build --buildmode c-shared", "library"), ("rgo-build ./cmd/server", "server")];

/// How command lines start whose output differs in numbers from machine to machine, such as the
/// length of a path that a compiler has left in a program.
const NUMBERS_DIFFER: [&str; 4] = [
    "rgo-version-m --facts --evidence /bin/ls",
    "rgo-version-m --facts --evidence static-hello",
    "rgo-version-m --short /usr/bin/*",
    "rgo-strip -v --split debug/ app",
];

/// How command lines start that look into files of Debian 12: only there the output is compared.
const OF_DEBIAN_12: [&str; 3] = [NUMBERS_DIFFER[0], NUMBERS_DIFFER[1], NUMBERS_DIFFER[2]];

/// Examples in `--help` that do not end with 0.
const ENDS: [(&str, i32); 1] = [("rgo-version-m --policy release.toml", 3)];

#[test]
fn every_command_line_of_the_documents_and_of_help_does_what_is_written() {
    let mut blocks = Vec::new();
    for (name, text) in documents() {
        blocks.extend(of_markdown(&name, &text));
    }
    for name in ["rgo-build", "rgo-strip", "rgo-symbols", "rgo-version-m"] {
        let help = Outcome::of(tool(name).arg("--help")).ended(0).stdout;
        let examples = of_help(name, &help);
        assert!(!examples.is_empty(), "{name} has no examples");
        blocks.extend(examples);
    }
    for Block(lines) in &mut blocks {
        lines.retain(|line| !RUN_ALONE.iter().any(|start| line.command.starts_with(start)));
    }
    let mut run = Run { sandbox: Sandbox::make(), wrong: Vec::new() };
    blocks.iter().for_each(|block| run.provide_shown_files(block));
    blocks.iter().for_each(|block| run.block(block));
    forget_on_ci(&run.sandbox.target);

    let tables = NOT_RUN.iter().map(|(start, _)| start);
    let tables = tables.chain(ELSEWHERE.iter().map(|(start, _)| start));
    let tables = tables.chain(ENDS.iter().map(|(start, _)| start));
    for start in tables.chain(&NUMBERS_DIFFER).chain(&OF_DEBIAN_12) {
        let stands = |line: &Line| line.command.starts_with(start);
        if !blocks.iter().any(|block| block.0.iter().any(stands)) {
            run.wrong.push(format!("only in this test, and in no document: {start}"));
        }
    }
    assert!(run.wrong.is_empty(), "{}", run.wrong.join("\n\n"));
}

/// The tools are installed from the repository, which is here and not where the line says; without
/// optimization, which takes minutes and changes nothing that this test looks at.
#[test]
fn the_tools_are_installed_as_the_readme_says() {
    let readme = fs::read_to_string(root().join("README.md")).expect("read");
    let lines = of_markdown("README.md", &readme).into_iter().flat_map(|block| block.0);
    let mut lines = lines.filter(|line| line.command.starts_with(INSTALL));
    let command = lines.next().expect("the README says how to install rgo").command;
    assert!(lines.all(|line| line.command == command), "the CI job installs rgo in the same way");
    let folder = scratch("install");
    let mut shell = native("bash");
    shell.args(["-c", &command]).env("CARGO_INSTALL_ROOT", &folder);
    shell
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_VALUE_0", "https://github.com/rgo-tools/rgo");
    shell.env("GIT_CONFIG_KEY_0", format!("url.{}.insteadOf", root().display()));
    shell.env("CARGO_NET_GIT_FETCH_WITH_CLI", "true");
    let target = folder.with_file_name("install-target");
    forget_own_crates(&target.join("release/.fingerprint"));
    shell.env("CARGO_TARGET_DIR", &target);
    shell.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    Outcome::of(&mut shell).ended(0);
    forget_on_ci(&target);
    for name in ["rgo", "cargo-rgo", "rgo-build", "rgo-strip", "rgo-symbols", "rgo-version-m"] {
        let mut installed = native(folder.join("bin").join(name).to_str().expect("UTF-8"));
        let version = Outcome::of(installed.arg("--version")).ended(0).stdout;
        assert!(version.contains(env!("CARGO_PKG_VERSION")), "{name}: {version}");
    }
}

/// Lets cargo compile rgo's crates again, and keep all others. Cargo takes a crate of another commit of the
/// repository for the same, and a user's installation has no older one beside it.
fn forget_own_crates(fingerprints: &Path) {
    for crate_folder in fs::read_dir(fingerprints).into_iter().flatten() {
        let path = crate_folder.expect("an entry").path();
        let name = path.file_name().expect("has a name").to_string_lossy();
        if name.starts_with("rgo") {
            fs::remove_dir_all(&path).expect("removed");
        }
    }
}

/// README and `docs/`, each with its path from the root.
fn documents() -> Vec<(String, String)> {
    let folder = fs::read_dir(root().join("docs")).expect("a folder");
    let names = folder.map(|entry| entry.expect("an entry").file_name().into_string());
    let mut names: Vec<String> =
        names.map(|name| format!("docs/{}", name.expect("UTF-8"))).collect();
    names.retain(|name| name.ends_with(".md"));
    names.push("README.md".to_owned());
    names.sort();
    let read = |name: String| {
        let text = fs::read_to_string(root().join(&name)).expect("read");
        (name, text)
    };
    names.into_iter().map(read).collect()
}

struct Run {
    sandbox: Sandbox,
    /// What the documents say and what is not so.
    wrong: Vec<String>,
}

impl Run {
    /// `cat FILE` shows a file that the reader has to have.
    fn provide_shown_files(&self, block: &Block) {
        for line in &block.0 {
            let file = line.command.strip_prefix("cat ").filter(|file| !file.contains(' '));
            if let (Some(file), Some(output)) = (file, &line.output) {
                let text: String = output.iter().map(|line| format!("{line}\n")).collect();
                fs::write(self.sandbox.file(file), text).expect("written");
            }
        }
    }

    fn block(&mut self, block: &Block) {
        // What stands below a line may need what that line makes: a block is run as a whole.
        let obstacle = block.0.iter().find_map(|Line { command, .. }| {
            let why = value(command, &NOT_RUN).map(|why| format!("not run: {command} {why}"));
            let lacks = self.sandbox.lack(command);
            why.or_else(|| lacks.map(|name| format!("NOT TESTED: there is no {name}")))
        });
        if let Some(obstacle) = obstacle {
            let said = |Line { at, command, .. }: &Line| eprintln!("{obstacle} ({at}: {command})");
            return block.0.iter().for_each(said);
        }
        let mut before = 0;
        for (index, line) in block.0.iter().enumerate() {
            let below = value(&line.command, &ELSEWHERE).unwrap_or_default();
            let outcome = self.sandbox.run(below, before, &line.command);
            before = outcome.code.unwrap_or(-1);
            let is_asked = block.0.get(index + 1).is_some_and(|next| next.command == "echo $?");
            let ends = value(&line.command, &ENDS).unwrap_or_default();
            let code = if is_asked { before } else { ends };
            if before != code || !prints_what_is_shown(line, &outcome.stdout) {
                let shown = line.output.as_ref().map_or("(nothing)".to_owned(), |it| it.join("\n"));
                let Line { at, command, .. } = line;
                let printed = &outcome.stdout[..outcome.stdout.floor_char_boundary(4096)];
                self.wrong.push(format!(
                    "{at}: {command}\n--- shown, to end with {code}\n{shown}\n\
                     --- printed, and ended with {before}\n{printed}"
                ));
            }
        }
    }
}

/// What a table has for a command line.
fn value<T: Copy>(command: &str, table: &[(&str, T)]) -> Option<T> {
    let found = table.iter().find(|(start, _)| command.starts_with(start));
    found.map(|(_, value)| *value)
}

fn prints_what_is_shown(line: &Line, printed: &str) -> bool {
    let stands_in = |table: &[&str]| table.iter().any(|start| line.command.starts_with(start));
    let Some(shown) = &line.output else { return true };
    if stands_in(&OF_DEBIAN_12) && !is_debian_12() {
        cannot_test(format!("the output of {}; this is not Debian 12", line.command));
        return true;
    }
    let compiler = Regex::new(r"rustc [0-9.]+ \([0-9a-f]+ [0-9-]+\)").expect("an expression");
    // Columns are as wide as the numbers in them.
    let numbers = Regex::new(r"\.build-id/[0-9a-f]{2}|[0-9a-f]{32,}|[0-9]+(\.[0-9]+)*| {2,}")
        .expect("an expression");
    let comparable = |lines: Vec<&str>| {
        // A document leaves an empty line between a command line and the output above it.
        let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        let lines = lines[..end].iter().map(|line| {
            let line = compiler.replace_all(line.trim_end(), "rustc");
            let differ = stands_in(&NUMBERS_DIFFER);
            if differ { numbers.replace_all(&line, "N").into_owned() } else { line.into_owned() }
        });
        lines.collect::<Vec<_>>()
    };
    let shown = comparable(shown.iter().map(String::as_str).collect());
    agrees(&shown, &comparable(printed.lines().collect()))
}

/// The system whose files the documents show.
fn is_debian_12() -> bool {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    text.contains("VERSION_CODENAME=bookworm")
}
