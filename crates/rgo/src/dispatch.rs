//! Runs `rgo-NAME …` for `rgo NAME …` and `cargo rgo NAME …`. Searches the dispatcher's folder
//! first, then PATH, as cargo does for its subcommands. Anyone can add a tool.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};
use camino::Utf8PathBuf;
use clap::CommandFactory;
use rgo_toolchain::exec::{self, Cmd};

use crate::app::error::Usage;
use crate::app::exit::Exit;
use crate::app::terminal;
use crate::app::{args, mistakes, version};
use crate::build::args::Build;
use crate::{generated, schemas, topics};

/// Runs the tool that the first argument names, with the other arguments.
pub fn main(args: Vec<OsString>) -> ExitCode {
    crate::ended(dispatch(args).map_err(Into::into))
}

fn dispatch(args: Vec<OsString>) -> Result<Exit> {
    let mut args = args::utf8(args)?;
    match args.first().map(String::as_str) {
        None | Some("-h" | "--help") => terminal::write(help().as_bytes())?,
        Some(_) if version::is_asked(&args) => terminal::write(version_text(&args).as_bytes())?,
        Some("help") => return help_on(args.get(1..).unwrap_or_default()),
        Some("completions" | "man" | "schema") => generated::run_verb(&args)?,
        Some(_) => {
            let name = args.remove(0);
            return run(&name, args);
        }
    }
    Ok(Exit::Done)
}

fn version_text(args: &[String]) -> String {
    if version::is_long(args) {
        version::long("rgo", &schemas::names().collect::<Vec<_>>())
    } else {
        concat!("rgo ", env!("CARGO_PKG_VERSION"), "\n").to_owned()
    }
}

/// Prints the help of a tool, of a command or on a topic.
fn help_on(words: &[String]) -> Result<Exit> {
    let Some((topic, rest)) = words.split_first() else {
        terminal::write(help().as_bytes())?;
        return Ok(Exit::Done);
    };
    if let Some(document) = topics::document(topic).filter(|_| rest.is_empty()) {
        let text = rgo_report::render_document(&document, terminal::style(None));
        terminal::write(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    let asked = || words.iter().cloned().chain(["--help".to_owned()]).collect::<Vec<_>>();
    if generated::verbs().iter().any(|verb| verb.get_name() == topic) {
        generated::run_verb(&asked())?;
        return Ok(Exit::Done);
    }
    if is_tool(topic) {
        return run(topic, rest.iter().cloned().chain(["--help".to_owned()]).collect());
    }
    if mistakes::commands(&Build::command()).iter().any(|command| command == topic) {
        return run("build", asked());
    }
    Err(no_topic(topic).into())
}

fn no_topic(topic: &str) -> Usage {
    let mut names: Vec<String> = topics::TOPICS.map(|(name, _)| name.to_owned()).into();
    names.extend(tools().into_iter().map(|(name, _)| name));
    names.extend(generated::verbs().iter().map(|verb| verb.get_name().to_owned()));
    names.extend(mistakes::commands(&Build::command()));
    let hint = match mistakes::nearest(topic, &names) {
        Some(near) => format!("did you mean `rgo help {near}`?"),
        None => format!("there are: {}", names.join(", ")),
    };
    Usage::new(format!("there is no help on `{topic}`")).hint(hint)
}

/// Runs a tool.
fn run(name: &str, args: Vec<String>) -> Result<Exit> {
    let tool = format!("rgo-{name}");
    let known = tools();
    let path = known.iter().find(|(known, _)| *known == name).map(|(_, path)| path.clone());
    let path = path.or_else(|| exec::find_program(&tool)).ok_or_else(|| {
        let names: Vec<String> = known.into_iter().map(|(name, _)| name).collect();
        let wrong = if name.starts_with('-') {
            format!("rgo has no option `{name}`")
        } else {
            format!("there is no tool `{tool}`")
        };
        Usage::new(wrong).hint(meant(name, &names))
    })?;
    let code = Cmd::new(path).args(args).replace().with_context(|| format!("running {tool}"))?;
    Ok(Exit::Program(u8::try_from(code).unwrap_or(1)))
}

/// Suggests what a word that names no tool may mean: a tool, or a subcommand of `rgo-build`.
fn meant(word: &str, tools: &[String]) -> String {
    if word.starts_with('-') {
        return format!("rgo takes the name of a tool first: {}", tools.join(", "));
    }
    let of_build = || {
        let commands = mistakes::commands(&Build::command());
        tools
            .iter()
            .find(|tool| *tool == "build")
            .and_then(|_| mistakes::nearest(word, &commands).map(str::to_owned))
    };
    match (mistakes::nearest(word, tools), of_build()) {
        (_, Some(command)) if command == word => format!("did you mean `rgo build {command}`?"),
        (Some(tool), _) => format!("did you mean `rgo {tool}`?"),
        (None, Some(command)) => format!("did you mean `rgo build {command}`?"),
        (None, None) => format!("there are: {}", tools.join(", ")),
    }
}

/// Whether there is a tool of this name.
fn is_tool(name: &str) -> bool {
    tool_names().iter().any(|tool| tool == name)
        || exec::find_program(&format!("rgo-{name}")).is_some()
}

/// The names of the tools in the folder of this program.
fn tool_names() -> Vec<String> {
    tools().into_iter().map(|(name, _)| name).collect()
}

/// The tools in the folder of this program, by name.
fn tools() -> Vec<(String, Utf8PathBuf)> {
    let beside = exec::own_executable().ok().and_then(|exe| Some(exe.parent()?.to_owned()));
    let mut tools = Vec::new();
    for entry in beside.iter().flat_map(|folder| folder.read_dir_utf8()).flatten().flatten() {
        let name = entry.file_name().strip_prefix("rgo-").and_then(|n| n.strip_suffix(EXE_SUFFIX));
        if let Some(name) = name.filter(|name| !name.contains('.')) {
            tools.push((name.to_owned(), entry.path().to_owned()));
        }
    }
    tools.sort();
    tools
}

/// The help of the dispatcher.
fn help() -> String {
    let known = generated::tools();
    let about = |name: &str| {
        let tool = known.iter().find(|(tool, _)| *tool == name);
        tool.and_then(|(_, command)| command.get_about()).map(ToString::to_string)
    };
    let mut lines = vec!["Cross-build, stamp, strip and inspect compiled programs".to_owned()];
    lines.extend(["", "Usage: rgo TOOL [ARGS]…", "", "Tools:"].map(str::to_owned));
    let line = |name: &str, about: &str| format!("  {name:<24} {about}").trim_end().to_owned();
    lines.extend(tool_names().iter().map(|name| line(name, &about(name).unwrap_or_default())));
    lines.extend(["", "Besides:"].map(str::to_owned));
    lines.extend(topics::TOPICS.map(|(name, about)| line(&format!("help {name}"), about)));
    lines.extend(
        [
            (
                "completions SHELL",
                "completions of all tools for bash, zsh, fish, elvish, powershell",
            ),
            ("man DIR", "the man pages of all tools, into a folder"),
            ("schema [NAME]", "the JSON schema of a report; without a name, their names"),
            ("-vV", "the version, with what a report of a fault has to name"),
        ]
        .map(|(name, about)| line(name, about)),
    );
    lines.push(String::new());
    lines.push("`rgo TOOL --help` says what a tool does; `rgo TOOL` is `rgo-TOOL`.\n".to_owned());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_topic_leads_to_the_nearest() {
        assert_eq!(no_topic("polcy").hint.as_deref(), Some("did you mean `rgo help policy`?"));
    }

    #[test]
    fn a_word_that_is_no_tool_leads_to_the_nearest() {
        let tools = ["build", "strip", "version-m"].map(str::to_owned);
        for (word, expected) in [
            ("buidl", "did you mean `rgo build`?"),
            ("strp", "did you mean `rgo strip`?"),
            ("version", "did you mean `rgo version-m`?"),
            ("verson-m", "did you mean `rgo version-m`?"),
            ("doctor", "did you mean `rgo build doctor`?"),
            ("stamp", "did you mean `rgo build stamp`?"),
            ("doctr", "did you mean `rgo build doctor`?"),
            ("foo", "there are: build, strip, version-m"),
            ("--json", "rgo takes the name of a tool first: build, strip, version-m"),
        ] {
            assert_eq!(meant(word, &tools), expected, "{word}");
        }
    }
}
