//! `rgo completions SHELL` and `rgo man DIR`: both come from the definitions of the command lines.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, Command as CommandLine, CommandFactory, value_parser};
use clap_complete::Shell;

use crate::app::mistakes;
use crate::app::terminal;
use crate::build::args::Build;
use crate::strip::args::StripArgs;
use crate::symbols::args::Symbols;
use crate::version_m::args::VersionM;
use crate::{man_pages, schemas, topics};

/// The tools in the order of the help: the name behind `rgo`, and the command line.
#[must_use]
pub fn tools() -> [(&'static str, CommandLine); 4] {
    [
        ("build", Build::command()),
        ("strip", StripArgs::command()),
        ("symbols", Symbols::command()),
        ("version-m", VersionM::command()),
    ]
}

/// The command line of `rgo` itself, with its tools.
pub(crate) fn dispatcher() -> CommandLine {
    let tools = tools().map(|(name, command)| command.name(name));
    let help = CommandLine::new("help")
        .about("Print the help of a tool or of a command of rgo-build, or a topic")
        .arg(
            Arg::new("topic")
                .value_name("TOPIC")
                .value_parser(PossibleValuesParser::new(topics_of_help()))
                .help("A topic, a tool, or a command"),
        );
    let rgo = CommandLine::new("rgo").version(env!("CARGO_PKG_VERSION"));
    rgo.about("Cross-build, stamp, strip and inspect compiled programs")
        .disable_help_subcommand(true)
        .subcommands(tools)
        .subcommand(help)
        .subcommands(verbs())
}

/// All words that `rgo help` takes.
fn topics_of_help() -> Vec<String> {
    let topics = topics::TOPICS.map(|(name, _)| name.to_owned());
    let tools = tools().map(|(name, _)| name.to_owned());
    let verbs = verbs().map(|verb| verb.get_name().to_owned());
    let commands = mistakes::commands(&Build::command());
    topics.into_iter().chain(tools).chain(verbs).chain(commands).collect()
}

/// What `rgo` does itself, besides its help.
pub(crate) fn verbs() -> [CommandLine; 3] {
    let names = schemas::names().map(|name| PossibleValue::new(name).aliases(schemas::short(name)));
    [
        CommandLine::new("completions")
            .about("Print the completions of all tools for a shell")
            .arg(
                Arg::new("shell")
                    .required(true)
                    .value_name("SHELL")
                    .help("The shell")
                    .value_parser(value_parser!(Shell)),
            )
            .after_help(COMPLETIONS_HELP),
        CommandLine::new("man").about("Write the man pages of all tools into a folder").arg(
            Arg::new("dir")
                .required(true)
                .value_name("DIR")
                .help("The folder, which is made if it is missing")
                .value_parser(value_parser!(PathBuf)),
        ),
        CommandLine::new("schema")
            .about("Print the JSON schema of a report; without a name, the names of all")
            .arg(
                Arg::new("name")
                    .value_name("NAME")
                    .help("The schema")
                    .value_parser(names.collect::<Vec<_>>()),
            ),
    ]
}

const COMPLETIONS_HELP: &str = "\
Load them where the shell starts:
  bash        eval \"$(rgo completions bash)\" in ~/.bashrc
  zsh         eval \"$(rgo completions zsh)\" in ~/.zshrc, behind compinit
  fish        rgo completions fish | source, in ~/.config/fish/config.fish
  elvish      eval (rgo completions elvish | slurp) in ~/.config/elvish/rc.elv
  powershell  rgo completions powershell | Out-String | Invoke-Expression, in $PROFILE";

/// Runs one of the verbs; `words` begins with its name.
///
/// # Errors
/// If the output cannot be written. A call that clap does not understand ends the process.
pub(crate) fn run_verb(words: &[String]) -> Result<()> {
    let command = CommandLine::new("rgo").version(env!("CARGO_PKG_VERSION")).subcommands(verbs());
    let line: Vec<String> = std::iter::once("rgo".to_owned()).chain(words.to_vec()).collect();
    let matches = command.clone().try_get_matches_from(&line);
    let matches =
        matches.unwrap_or_else(|error| mistakes::explained(error, &command, &line).exit());
    match matches.subcommand() {
        Some(("completions", given)) => match given.get_one::<Shell>("shell") {
            Some(shell) => terminal::write(&completions(*shell)),
            None => Ok(()),
        },
        Some(("man", given)) => given.get_one::<PathBuf>("dir").map_or(Ok(()), |dir| man(dir)),
        Some((_, given)) => schemas::print(given.get_one::<String>("name").map(String::as_str)),
        None => Ok(()),
    }
}

/// The command lines of all binaries.
fn binaries() -> Vec<CommandLine> {
    let tools = tools().map(|(_, command)| command);
    std::iter::once(dispatcher()).chain(tools).collect()
}

/// The completions of all binaries for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    for mut command in binaries() {
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut script);
        // For bash, clap_complete 4.6 spells the name of a subcommand in two ways if the program's
        // name has a `-`, and then completes nothing behind it.
        let (one, other) = (name.replace('-', "__"), name.replace('-', "__subcmd__"));
        let [one, other] = [one, other].map(|name| format!("{name}__subcmd__"));
        let is_first = text.is_empty();
        match String::from_utf8(script) {
            Ok(script) if shell == Shell::Bash && name.contains('-') => {
                text.extend(script.replace(&one, &other).into_bytes());
            }
            // PowerShell takes this at the start of a script alone.
            Ok(script) if shell == Shell::PowerShell && !is_first => {
                let lines = script.lines().filter(|line| !line.starts_with("using namespace"));
                text.extend(lines.flat_map(|line| [line, "\n"]).flat_map(str::bytes));
            }
            Ok(script) => text.extend(script.into_bytes()),
            Err(error) => text.extend(error.into_bytes()),
        }
    }
    text
}

/// Writes the man pages into a folder.
///
/// # Errors
/// If a page cannot be written.
fn man(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for (name, page) in man_pages() {
        let path = folder.join(&name);
        terminal::write_output(&page, Some(&path))?;
    }
    Ok(())
}

/// The man pages of all binaries, verbs and subcommands: file names and contents.
pub fn man_pages() -> Vec<(String, Vec<u8>)> {
    // The page of the dispatcher names the tools, which have pages of their own.
    let mut pages = vec![("rgo.1".to_owned(), man_pages::page(&dispatcher(), "rgo"))];
    let is_tool = |verb: &CommandLine| tools().iter().any(|(name, _)| *name == verb.get_name());
    for verb in dispatcher().get_subcommands().filter(|verb| !is_tool(verb)) {
        let name = format!("rgo-{}.1", verb.get_name());
        pages.push((name, man_pages::page(verb, &format!("rgo {}", verb.get_name()))));
    }
    for (name, command) in tools() {
        pages.extend(man_pages::pages(&command, &format!("rgo-{name}")));
    }
    pages
}
