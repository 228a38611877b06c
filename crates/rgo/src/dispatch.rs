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
    let mut args: Vec<String> = match args.into_iter().map(OsString::into_string).collect() {
        Ok(args) => args,
        Err(arg) => {
            output::failure(&format!("the argument {} is not UTF-8", arg.to_string_lossy()));
            return Exit::Usage.into();
        }
    };
    let ended = match args.first().map(String::as_str) {
        None | Some("-h" | "--help" | "help") => output::write(help().as_bytes()).map(|()| 0),
        Some("-V" | "--version") => {
            output::write(concat!("rgo ", env!("CARGO_PKG_VERSION"), "\n").as_bytes()).map(|()| 0)
        }
        Some(_) => {
            let name = args.remove(0);
            run(&name, args)
        }
    };
    match ended {
        Ok(code) => Exit::Program(u8::try_from(code).unwrap_or(1)).into(),
        Err(error) => {
            output::error(&error);
            let usage = error.downcast_ref::<Usage>().is_some();
            if usage { Exit::Usage } else { Exit::Failed }.into()
        }
    }
}

fn run(name: &str, args: Vec<String>) -> Result<i32> {
    let tool = format!("rgo-{name}");
    let known = tools();
    let path = known.iter().find(|(known, _)| *known == name).map(|(_, path)| path.clone());
    let path = path.or_else(|| exec::find_program(&tool)).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
        anyhow!(Usage(format!("there is no tool `{tool}`")))
            .context(Hint(format!("there are: {}", names.join(", "))))
    })?;
    Cmd::new(path).args(args).run().with_context(|| format!("running {tool}"))
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
