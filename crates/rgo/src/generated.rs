//! `rgo completions SHELL` and `rgo man DIR`: both come from the definitions of the command lines.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::{Arg, Command as CommandLine, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::app::error::Usage;
use crate::app::terminal;
use crate::build::args::Build;
use crate::strip::args::StripArgs;
use crate::version_m::args::VersionM;
use crate::{schemas, topics};

/// The tools in the order of the help: the name behind `rgo`, and the command line.
#[must_use]
pub fn tools() -> [(&'static str, CommandLine); 3] {
    [
        ("build", Build::command()),
        ("strip", StripArgs::command()),
        ("version-m", VersionM::command()),
    ]
}

/// The command line of `rgo` itself, with its tools.
pub(crate) fn dispatcher() -> CommandLine {
    let topics = topics::TOPICS.map(|(name, _)| name);
    let tools = tools().map(|(name, command)| command.name(name));
    let verbs = [
        CommandLine::new("help")
            .about("Print the help of a tool, or a topic")
            .arg(Arg::new("topic").value_parser(topics).help("A topic, or a tool")),
        CommandLine::new("completions")
            .about("Print the completions of all tools for a shell")
            .arg(Arg::new("shell").required(true).value_parser(clap::value_parser!(Shell))),
        CommandLine::new("man")
            .about("Write the man pages of all tools into a folder")
            .arg(Arg::new("dir").required(true).value_hint(clap::ValueHint::DirPath)),
        CommandLine::new("schema")
            .about("Print the JSON schema of a report")
            .arg(Arg::new("name").value_parser(schemas::names().collect::<Vec<_>>())),
    ];
    CommandLine::new("rgo")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Cross-build, stamp, strip and inspect compiled programs")
        .disable_help_subcommand(true)
        .subcommands(tools)
        .subcommands(verbs)
}

/// The command lines of all binaries.
fn binaries() -> Vec<CommandLine> {
    let tools = tools().map(|(_, command)| command);
    std::iter::once(dispatcher()).chain(tools).collect()
}

/// Prints the completions for a shell.
///
/// # Errors
/// [`Usage`] for an unknown shell, and if stdout cannot be written.
pub(crate) fn completions(words: &[String]) -> Result<()> {
    let names: Vec<String> = Shell::value_variants().iter().map(ToString::to_string).collect();
    let shell = match words {
        [word] => Shell::from_str(word, false).ok(),
        _ => None,
    };
    let Some(shell) = shell else {
        let text = format!("`rgo completions` takes the name of a shell: {}", names.join(", "));
        let hint =
            "for bash: rgo completions bash > ~/.local/share/bash-completion/completions/rgo";
        return Err(Usage::new(text).hint(hint).into());
    };
    terminal::write(&completions_for(shell))
}

/// The completions of all binaries for a shell.
pub fn completions_for(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    for mut command in binaries() {
        let name = command.get_name().to_owned();
        clap_complete::generate(shell, &mut command, name, &mut text);
    }
    text
}

/// Writes the man pages into a folder.
///
/// # Errors
/// [`Usage`] unless there is one folder, and if a page cannot be written.
pub(crate) fn man(words: &[String]) -> Result<()> {
    let [folder] = words else {
        return Err(Usage::new("`rgo man` takes the folder for the pages")
            .hint("rgo man ~/.local/share/man/man1")
            .into());
    };
    let folder = Path::new(folder);
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for (name, page) in man_pages() {
        let path = folder.join(&name);
        terminal::write_output(&page, Some(&path))?;
    }
    Ok(())
}

/// The man pages of all binaries and their subcommands: file names and contents.
pub fn man_pages() -> Vec<(String, Vec<u8>)> {
    // The page of the dispatcher names the tools, which have pages of their own.
    let mut page = Vec::new();
    let _ = clap_mangen::Man::new(dispatcher()).render(&mut page);
    let mut pages = vec![("rgo.1".to_owned(), page)];
    for (name, command) in tools() {
        add_pages(&command, &format!("rgo-{name}"), &mut pages);
    }
    pages
}

fn add_pages(command: &CommandLine, name: &str, pages: &mut Vec<(String, Vec<u8>)>) {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone().display_name(name));
    // Writing into memory cannot fail.
    let _ = man.render(&mut page);
    pages.push((format!("{name}.1"), page));
    let subcommands = command.get_subcommands().filter(|it| it.get_name() != "help");
    for subcommand in subcommands.filter(|it| !it.is_hide_set()) {
        add_pages(subcommand, &format!("{name}-{}", subcommand.get_name()), pages);
    }
}
