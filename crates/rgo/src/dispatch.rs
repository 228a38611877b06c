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
use crate::app::{args, mistakes};
use crate::build::args::Build;

/// Runs the tool that the first argument names, with the other arguments.
pub fn main(args: Vec<OsString>) -> ExitCode {
    crate::ended(dispatch(args).map_err(Into::into))
}

fn dispatch(args: Vec<OsString>) -> Result<Exit> {
    let mut args = args::utf8(args)?;
    match args.first().map(String::as_str) {
        None | Some("-h" | "--help" | "help") => terminal::write(help().as_bytes())?,
        Some("-V" | "--version") => {
            terminal::write(concat!("rgo ", env!("CARGO_PKG_VERSION"), "\n").as_bytes())?;
        }
        Some(_) => {
            let name = args.remove(0);
            return run(&name, args);
        }
    }
    Ok(Exit::Done)
}

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
        (Some(tool), _) => format!("did you mean `rgo {tool}`?"),
        (None, Some(command)) => format!("did you mean `rgo build {command}`?"),
        (None, None) => format!("there are: {}", tools.join(", ")),
    }
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

fn help() -> String {
    let mut help = "Cross-build, stamp, strip and inspect compiled programs\n\nUsage: rgo TOOL [ARGS]…\n\nTools:\n".to_owned();
    for (name, _) in tools() {
        help.push_str(&format!("  {name}\n"));
    }
    help.push_str("\n`rgo TOOL --help` says what a tool does; `rgo TOOL` is `rgo-TOOL`.\n");
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_tool_leads_to_the_nearest() {
        let tools = ["build", "strip", "version-m"].map(str::to_owned);
        for (word, expected) in [
            ("buidl", "did you mean `rgo build`?"),
            ("strp", "did you mean `rgo strip`?"),
            ("version", "did you mean `rgo version-m`?"),
            ("verson-m", "did you mean `rgo version-m`?"),
            ("doctor", "did you mean `rgo build doctor`?"),
            ("doctr", "did you mean `rgo build doctor`?"),
            ("foo", "there are: build, strip, version-m"),
            ("--json", "rgo takes the name of a tool first: build, strip, version-m"),
        ] {
            assert_eq!(meant(word, &tools), expected, "{word}");
        }
    }
}
