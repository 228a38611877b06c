//! One call of the linker: what zig is given, what LLD is given after it, and what comes of it.

use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::args::{self, LinkKind, Rewritten};
use super::asked::Asked;
use super::run::{
    ShimError, current_folder, expand, in_surroundings, read_recipe, response_file, run_zig,
    scratch, zig_arguments, zig_command,
};
use super::section_object::{self, Section};
use super::{Recipe, autolink, definition, lld, response};
use crate::exec::{self, Cmd};

/// How zig says of a name that nobody defines it.
const UNDEFINED: &str = "undefined symbol: ";

/// What has just been linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// The file.
    pub output: Utf8PathBuf,
    /// The recipe followed.
    pub recipe: Recipe,
    /// Whether it is a shared library.
    pub library: bool,
    /// What was asked of it.
    pub asked: Asked,
}

/// Does what a call of the linker asks for, and hands what was linked to `post_link`.
pub(super) fn link(
    tool: &Utf8Path,
    args: Vec<String>,
    post_link: &dyn Fn(&Linked) -> Result<(), String>,
) -> Result<i32, ShimError> {
    let toolchain = tool.parent().and_then(Utf8Path::file_name).unwrap_or_default();
    let triple = crate::target::by_name(toolchain).map(|t| t.env_triple()).unwrap_or_default();
    let variable = format!("RGO_LINK_{triple}");
    let path = std::env::var(&variable)
        .map_err(|_| ShimError::NoRecipe { tool: tool.to_owned(), variable })?;
    let recipe = read_recipe(Utf8Path::new(&path))?;
    let cwd = current_folder()?;
    let mut rewritten = args::rewrite(&expand(args, &cwd)?, &cwd, &recipe, &|p| p.exists());
    let definitions = definition::give(&recipe, &mut rewritten)?;
    if let (Some(plist), LinkKind::Executable) = (&recipe.info_plist, rewritten.kind) {
        let section = ["__TEXT", "__info_plist", plist.path.as_str()].map(str::to_owned);
        rewritten.sections.push(section);
    }
    let sections = section_object(&recipe, &rewritten.sections)?;
    rewritten.args.extend(sections.iter().map(|(path, _)| path.to_string()));
    let is_for_zig =
        rewritten.lld.is_empty() && rewritten.asked.needed.is_empty() && !rewritten.no_start_files;
    let code = if !is_for_zig {
        link_twice(&recipe, &rewritten)?
    } else if recipe.os == "darwin" {
        link_with_autolinks(&recipe, &rewritten)?
    } else {
        run_zig(&recipe, "cc", rewritten.args.clone(), true)?
    };
    // They have been read.
    drop(definitions);
    if code != 0 {
        return Ok(code);
    }
    let Some(output) = rewritten.output else { return Ok(0) };
    let library = rewritten.kind == LinkKind::Library;
    let linked = Linked { output: output.clone(), recipe, library, asked: rewritten.asked };
    post_link(&linked).map_err(|why| ShimError::PostLink { output, why })?;
    Ok(0)
}

/// Links by zig, and again by LLD as zig has called it, with what zig does not pass on. The first
/// link may fail for want of an option that the second has.
fn link_twice(recipe: &Recipe, rewritten: &Rewritten) -> Result<i32, ShimError> {
    let (args, file) = zig_arguments(recipe, "cc", rewritten.args.clone(), true)?;
    let first = zig_command(recipe, "cc", args, true)?.env(lld::SHOW, "1").output()?;
    drop(file);
    let said = String::from_utf8_lossy(&first.stderr);
    let Some(call) = lld::Call::in_output(&said, &rewritten.args) else {
        // Whoever read stderr may have gone.
        let _ = io::stderr().write_all(&first.stderr);
        return Ok(exec::exit_code(first.status).max(1));
    };
    let call = call.with(&rewritten.lld, rewritten.no_start_files).needing(&rewritten.asked.needed);
    let (args, file) = if response::needed(&call.args) {
        let (argument, folder) = response_file(recipe, &call.args)?;
        (vec!["--rsp-quoting=posix".to_owned(), argument], Some(folder))
    } else {
        (call.args, None)
    };
    let command = Cmd::new(&recipe.zig).args(recipe.zig_args.clone()).arg(call.linker).args(args);
    let code = in_surroundings(command, recipe).run()?;
    drop(file);
    Ok(code)
}

/// Links by zig, and again with the libraries that the object files ask for themselves, if the first
/// link has no other fault than symbols that it does not find.
fn link_with_autolinks(recipe: &Recipe, rewritten: &Rewritten) -> Result<i32, ShimError> {
    let mut args = rewritten.args.clone();
    let asked_for = || autolink::options(&rewritten.args, &recipe.sdks);
    if rewritten.asked.dynamic_lookup {
        // No symbol is missing then: what comes from these libraries would be left open.
        args.extend(asked_for());
        return run_zig(recipe, "cc", args, true);
    }
    let (all, file) = zig_arguments(recipe, "cc", args.clone(), true)?;
    let first = zig_command(recipe, "cc", all, true)?.output()?;
    drop(file);
    let lacks_symbols = String::from_utf8_lossy(&first.stderr).contains(UNDEFINED);
    let more = if lacks_symbols { asked_for() } else { Vec::new() };
    if !more.is_empty() {
        args.extend(more);
        return run_zig(recipe, "cc", args, true);
    }
    // Whoever reads them may have gone.
    let _ = io::stdout().write_all(&first.stdout);
    let _ = io::stderr().write_all(&first.stderr);
    Ok(exec::exit_code(first.status))
}

/// An object with sections made of files; it goes with the folder.
fn section_object(
    recipe: &Recipe,
    sections: &[[String; 3]],
) -> Result<Option<(Utf8PathBuf, tempfile::TempDir)>, ShimError> {
    if sections.is_empty() {
        return Ok(None);
    }
    let read = |[segment, name, file]: &[String; 3]| {
        let content =
            std::fs::read(file).map_err(|source| ShimError::Read { path: file.into(), source })?;
        Ok(Section { segment: segment.clone(), name: name.clone(), content })
    };
    let sections = sections.iter().map(read).collect::<Result<Vec<_>, ShimError>>()?;
    let object = section_object::object(recipe, &sections).map_err(ShimError::Section)?;
    let folder = scratch(recipe)?;
    let path = exec::utf8(folder.path().join("sections.o")).map_err(ShimError::Write)?;
    std::fs::write(&path, object).map_err(ShimError::Write)?;
    Ok(Some((path, folder)))
}
