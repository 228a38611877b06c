//! `rgo NAME …` and `cargo rgo NAME …` run `rgo-NAME …`, as cargo finds its subcommands: beside
//! the dispatcher first, then on PATH. Anyone can add one.

use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use camino::Utf8PathBuf;
use rgo_toolchain::exec::{self, Cmd};

use crate::exit::{Exit, Hint, Usage};
use crate::output;

/// Runs the tool that the first argument names, with the others.
pub fn main(args: Vec<OsString>) -> ExitCode {
    crate::ended(dispatch(args))
}

fn dispatch(args: Vec<OsString>) -> Result<Exit> {
    let mut args = utf8(args)?;
    match args.first().map(String::as_str) {
        None | Some("-h" | "--help" | "help") => output::write(help().as_bytes())?,
        Some("-V" | "--version") => {
            output::write(concat!("rgo ", env!("CARGO_PKG_VERSION"), "\n").as_bytes())?;
        }
        Some(_) => {
            let name = args.remove(0);
            return run(&name, args);
        }
    }
    Ok(Exit::Done)
}

/// Arguments as text.
///
/// # Errors
/// [`Usage`] for the first that is not UTF-8.
pub fn utf8(args: Vec<OsString>) -> Result<Vec<String>> {
    args.into_iter()
        .map(|arg| {
            arg.into_string().map_err(|arg| {
                Usage(format!("the argument {} is not UTF-8", arg.to_string_lossy())).into()
            })
        })
        .collect()
}

fn run(name: &str, args: Vec<String>) -> Result<Exit> {
    let tool = format!("rgo-{name}");
    let known = tools();
    let path = known.iter().find(|(known, _)| *known == name).map(|(_, path)| path.clone());
    let path = path.or_else(|| exec::find_program(&tool)).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        anyhow!(Usage(format!("there is no tool `{tool}`")))
            .context(Hint(format!("there are: {}", names.join(", "))))
    })?;
    let code = Cmd::new(path).args(args).replace().with_context(|| format!("running {tool}"))?;
    Ok(Exit::Program(u8::try_from(code).unwrap_or(1)))
}

/// The tools that lie beside this program, by name.
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
