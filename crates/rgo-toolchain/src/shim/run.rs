//! Being the shim: one call of the linker or of a C tool.
//!
//! A call has two stages, two processes. The first reads the recipe and rewrites the arguments; the second hands them to
//! `cargo_zigbuild`, which rewrites them further, runs zig, and ends its process by itself when zig fails. The first
//! thereby keeps control, sets zig's surroundings as the environment of a child instead of its own, and goes on after it.

use std::io::{self, Write};
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::system::Os;

use super::args;
use super::error::ShimError;
use super::io::{current_folder, expand, read_recipe, say};
use super::link::link;
use super::query::{self, Query};
use super::zig_call::{ZIG_CALL, run_zig, zig, zig_command};
use super::{CALL, FORTRAN, LINKER, RECIPE, Recipe, resources, zig_macho};
use crate::causes::with_causes;
use crate::exec;

/// A call that is meant for the shim and not for the program that contains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShimCall {
    /// First stage: as this tool, with these arguments.
    Tool {
        /// The path it was called by.
        tool: Utf8PathBuf,
        /// Its arguments.
        args: Vec<String>,
    },
    /// Second stage: `zig <subcommand> <args>` through `cargo_zigbuild`.
    Zig {
        /// `cc`, `c++`, `ar`, …
        subcommand: String,
        /// Its arguments.
        args: Vec<String>,
    },
}

/// Whether this process was started as the shim. `args` are the arguments without the program.
pub fn invoked_as(argv0: &str, args: &[String]) -> Option<ShimCall> {
    match args.split_first() {
        Some((first, rest)) if first == CALL => {
            let (tool, rest) = rest.split_first()?;
            return Some(ShimCall::Tool { tool: tool.into(), args: rest.to_vec() });
        }
        Some((first, rest)) if first == ZIG_CALL => {
            let (subcommand, rest) = rest.split_first()?;
            return Some(ShimCall::Zig { subcommand: subcommand.clone(), args: rest.to_vec() });
        }
        _ => {}
    }
    // Where there are no scripts, copies of the program are told apart by their names.
    let tool = Utf8Path::new(argv0);
    let is_shim = tool.file_stem() == Some(LINKER)
        || tool.with_file_name(RECIPE).is_file()
        || resources::is_on_path(tool);
    (cfg!(windows) && is_shim)
        .then(|| ShimCall::Tool { tool: tool.to_owned(), args: args.to_vec() })
}

/// Does what was asked and gives the code to exit with; says on stderr what went wrong.
pub fn run(call: ShimCall) -> ExitCode {
    let result = match call {
        ShimCall::Tool { tool, args } if tool.file_stem() == Some(LINKER) => link(&tool, args),
        ShimCall::Tool { tool, args } => c_tool(&tool, args),
        ShimCall::Zig { subcommand, args } => zig(&subcommand, args),
    };
    match result {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            // Whoever read stderr may have gone.
            let mut text = format!("error: {}\n", with_causes(&error));
            text.extend(error.hint().map(|hint| format!("hint: {hint}\n")));
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// A compiler or archiver for a build script: zig's, for the target that its folder is for.
fn c_tool(tool: &Utf8Path, args: Vec<String>) -> Result<i32, ShimError> {
    if tool.file_stem().is_some_and(resources::is_tool) {
        return resources::run(tool, args);
    }
    let recipe = read_recipe(&tool.with_file_name(RECIPE))?;
    let name = tool.file_stem().unwrap_or_default();
    if name == FORTRAN {
        return Err(ShimError::Fortran(recipe.toolchain));
    }
    if matches!(name, "cc" | "c++")
        && let Some(code) = answer(&recipe, name, tool, &args)?
    {
        return Ok(code);
    }
    let mut args = args;
    let mut objects = Vec::new();
    if recipe.os == Os::DARWIN && matches!(name, "cc" | "c++") {
        // What is meant stands in response files too.
        let all = expand(args.clone(), &current_folder()?)?;
        objects = zig_macho::compiled(&all);
        if links(&all) {
            // Last, so that folders of the user's go first.
            args.extend(args::folders(&recipe.sdks));
        }
    }
    let code = run_zig(&recipe, name, args, false)?;
    if code == 0 {
        objects.iter().try_for_each(|path| mend(path))?;
    }
    Ok(code)
}

/// Whether a call of a C compiler links what it compiles: build systems look so whether a library is
/// there.
fn links(args: &[String]) -> bool {
    let stops = ["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"];
    !args.iter().any(|arg| stops.contains(&arg.as_str()))
}

/// Changes an object file for macOS where zig's linker would get it wrong.
fn mend(path: &Utf8Path) -> Result<(), ShimError> {
    // A pipe or a terminal is not read back, and a dry run writes nothing.
    if path.is_file()
        && !path.starts_with("/dev")
        && let Ok(data) = std::fs::read(path)
        && let Some(mended) = zig_macho::mended(&data)
    {
        std::fs::write(path, mended).map_err(ShimError::Write)?;
    }
    Ok(())
}

/// Answers a call that is a question; `None` for one that has something to compile or link.
fn answer(
    recipe: &Recipe,
    subcommand: &str,
    tool: &Utf8Path,
    args: &[String],
) -> Result<Option<i32>, ShimError> {
    let folder = tool.parent().unwrap_or(tool);
    Ok(match query::read(args, recipe, folder, &|path| path.is_file()) {
        Some(Query::Answer(text)) => {
            say(&text);
            Some(0)
        }
        Some(Query::Zig(args)) => {
            let said = zig_command(recipe, subcommand, args, false)?.output()?;
            // Whoever asked may have gone.
            let _ = io::stdout().write_all(query::answered(&said.stdout, recipe).as_bytes());
            let _ = io::stderr().write_all(query::answered(&said.stderr, recipe).as_bytes());
            Some(exec::exit_code(said.status))
        }
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_by_their_first_argument() {
        let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let call = invoked_as("rgo-build", &args("__rgo-shim /s/linux-amd64/rgo-link -o x"));
        assert_eq!(
            call,
            Some(ShimCall::Tool { tool: "/s/linux-amd64/rgo-link".into(), args: args("-o x") })
        );
        let call = invoked_as("rgo-build", &args("__rgo-zig cc -v"));
        assert_eq!(call, Some(ShimCall::Zig { subcommand: "cc".into(), args: args("-v") }));
        assert_eq!(invoked_as("rgo-build", &args("__rgo-shim")), None);
        assert_eq!(invoked_as("rgo-build", &args("--target all")), None);
        assert_eq!(invoked_as("rgo-build", &[]), None);
    }
}
