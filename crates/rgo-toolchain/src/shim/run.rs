//! Runs one call of the linker or of a C tool.
//!
//! A call has two stages, each a process of its own. The first stage reads the recipe and
//! translates the arguments. The second passes them to `cargo_zigbuild`, which translates them
//! further, runs zig, and exits by itself if zig fails. With two processes the first stage keeps
//! control: it can set zig's environment in a child instead of in itself, and it continues after
//! zig.

use std::io::{self, Write};
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::system::Os;

use super::answer::answer;
use super::args;
use super::error::ShimError;
use super::io::{current_folder, expand, read_recipe};
use super::link::link;
use super::zig_call::{ZIG_CALL, run_zig, zig};
use super::{CALL, FORTRAN, LINKER, RECIPE, go, resources, zig_macho};
use crate::causes::with_causes;

/// A call that is for the shim and not for the program that contains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShimCall {
    /// The first stage: run as this tool, with these arguments.
    Tool {
        /// The path by which the caller named the tool.
        tool: Utf8PathBuf,
        /// Its arguments.
        args: Vec<String>,
    },
    /// The second stage: `zig <subcommand> <args>` through `cargo_zigbuild`.
    Zig {
        /// `cc`, `c++`, `ar`, …
        subcommand: String,
        /// Its arguments.
        args: Vec<String>,
    },
}

/// Recognizes a process that started as the shim. `args` are the arguments without the program.
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
    // On systems without the scripts, each copy of rgo knows its role by its own name.
    let tool = Utf8Path::new(argv0);
    let is_shim = tool.file_stem() == Some(LINKER)
        || tool.with_file_name(RECIPE).is_file()
        || resources::is_on_path(tool);
    (cfg!(windows) && is_shim)
        .then(|| ShimCall::Tool { tool: tool.to_owned(), args: args.to_vec() })
}

/// Runs the call and returns the exit code. Prints errors to stderr.
pub fn run(call: ShimCall) -> ExitCode {
    let result = match call {
        ShimCall::Tool { tool, args } if tool.file_stem() == Some(LINKER) => link(&tool, args),
        ShimCall::Tool { tool, args } => c_tool(&tool, args),
        ShimCall::Zig { subcommand, args } => zig(&subcommand, args),
    };
    match result {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            // The reader of stderr may have closed the pipe.
            let mut text = format!("error: {}\n", with_causes(&error));
            text.extend(error.hint().map(|hint| format!("hint: {hint}\n")));
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// Runs a compiler or archiver for a build script: zig's, for the target of the tool's folder.
fn c_tool(tool: &Utf8Path, args: Vec<String>) -> Result<i32, ShimError> {
    if tool.file_stem().is_some_and(resources::is_tool) {
        return resources::run(tool, args);
    }
    let name = tool.file_stem().unwrap_or_default();
    if go::is_tool(name) {
        return go::call(tool, args);
    }
    let recipe = read_recipe(&tool.with_file_name(RECIPE))?;
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
    if recipe.os == Os::Darwin && matches!(name, "cc" | "c++") {
        // Response files may contain `-c` and the output too.
        let all = expand(args.clone(), &current_folder()?)?;
        objects = zig_macho::compiled(&all);
        if links(&all) {
            // Last, so that the user's folders take precedence.
            args.extend(args::folders(&recipe.sdks));
        }
    }
    let code = run_zig(&recipe, name, args, false)?;
    if code == 0 {
        objects.iter().try_for_each(|path| mend(path))?;
    }
    Ok(code)
}

/// Whether a call of a C compiler also links. Build systems link a small program to test for a
/// library.
fn links(args: &[String]) -> bool {
    let stops = ["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"];
    !args.iter().any(|arg| stops.contains(&arg.as_str()))
}

/// Changes an object file for macOS that zig's linker would link incorrectly.
fn mend(path: &Utf8Path) -> Result<(), ShimError> {
    // Skips pipes and terminals, and files that a dry run did not write.
    if path.is_file()
        && !path.starts_with("/dev")
        && let Ok(data) = std::fs::read(path)
        && let Some(mended) = zig_macho::mended(&data)
    {
        std::fs::write(path, mended).map_err(ShimError::Write)?;
    }
    Ok(())
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
