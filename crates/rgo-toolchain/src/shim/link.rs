//! Runs one call of the linker: zig, LLD after it if zig cannot pass an option on, and then the
//! checks.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process::Output;

use camino::{Utf8Path, Utf8PathBuf};
use rgo_binary::system::Os;

use super::after_link::after_link;
use super::args::{self, LinkKind, Rewritten};
use super::error::ShimError;
use super::io::{current_folder, expand, read_recipe, response_file, scratch};
use super::link_result::LinkResult;
use super::note_object::NoteFile;
use super::resources::archives;
use super::section_object::{self, FileSection};
use super::zig_call::{of_links, zig_arguments, zig_command};
use super::{Recipe, autolink, link_variable, lld, merge_definitions, response};
use crate::exec::{self, Cmd};

/// The message for a linker that fails without output.
pub(crate) const CRASHED: &str = "zig's linker ended without a word, as it does when it crashes";

/// Runs a call of the linker, then repairs and checks the linked file.
pub(super) fn link(tool: &Utf8Path, args: Vec<String>) -> Result<i32, ShimError> {
    let toolchain = tool.parent().and_then(Utf8Path::file_name).unwrap_or_default();
    let triple = crate::toolchain::by_name(toolchain).map_or("", |it| it.triple.as_str());
    let variable = link_variable(triple);
    let path = std::env::var(&variable)
        .map_err(|_| ShimError::NoRecipe { tool: tool.to_owned(), variable })?;
    let recipe = read_recipe(Utf8Path::new(&path))?;
    let cwd = current_folder()?;
    let rewritten = args::rewrite(&expand(args, &cwd)?, &cwd, &recipe, &|p| p.exists());
    run_link(recipe, "cc", rewritten)
}

/// Runs a translated link, by zig's compiler for C (`cc`) or C++ (`c++`, which adds its library), then repairs and
/// checks the linked file.
pub(super) fn run_link(
    recipe: Recipe,
    compiler: &'static str,
    mut rewritten: Rewritten,
) -> Result<i32, ShimError> {
    let definitions = merge_definitions::merge(&recipe, &mut rewritten)?;
    if let (Some(plist), LinkKind::Executable) = (&recipe.info_plist, rewritten.kind) {
        let section = ["__TEXT", "__info_plist", plist.path.as_str()].map(str::to_owned);
        rewritten.sections.push(section);
    }
    let note = NoteFile::make(&recipe)?;
    rewritten.args.extend(note.iter().flat_map(|note| note.args.clone()));
    let sections = section_object(&recipe, &rewritten.sections)?;
    rewritten.args.extend(sections.iter().map(|(path, _)| path.to_string()));
    let resources = resource_objects(&recipe, &rewritten.args)?;
    rewritten.args.extend(resources.iter().flat_map(|(paths, _)| paths.clone()));
    let is_for_zig =
        rewritten.lld.is_empty() && rewritten.asked.needed.is_empty() && !rewritten.no_start_files;
    let by = ZigLinker { recipe: &recipe, compiler };
    let code = if is_for_zig { by.link_once(&rewritten)? } else { by.link_twice(&rewritten)? };
    // zig has read these files.
    drop((note, definitions, sections, resources));
    if code != 0 {
        return Ok(code);
    }
    let Some(output) = rewritten.output else { return Ok(0) };
    let library = rewritten.kind == LinkKind::Library;
    let linked = LinkResult {
        output: output.clone(),
        recipe,
        library,
        asked: rewritten.asked,
        args: rewritten.args,
    };
    after_link(&linked).map_err(|why| ShimError::PostLink { output, why })?;
    Ok(0)
}

/// Links with zig for one recipe.
struct ZigLinker<'a> {
    recipe: &'a Recipe,
    /// zig's subcommand.
    compiler: &'static str,
}

impl ZigLinker<'_> {
    /// Links with zig. Then repeats zig's call of LLD with the options that zig does not pass on. The
    /// first link may fail because it lacks an option that the second has.
    fn link_twice(&self, rewritten: &Rewritten) -> Result<i32, ShimError> {
        let Self { recipe, compiler } = *self;
        let (args, file) = zig_arguments(recipe, compiler, rewritten.args.clone(), true)?;
        let first = zig_command(recipe, compiler, args, true)?.env(lld::SHOW, "1").output()?;
        drop(file);
        let said = String::from_utf8_lossy(&first.stderr);
        let Some(call) = lld::LldCall::in_output(&said, &rewritten.args) else {
            return Ok(pass_on(&first).max(1));
        };
        let call =
            call.with(&rewritten.lld, rewritten.no_start_files).needing(&rewritten.asked.needed);
        let (args, file) = if response::needed(&call.args) {
            let (argument, folder) = response_file(recipe, &call.args)?;
            (vec!["--rsp-quoting=posix".to_owned(), argument], Some(folder))
        } else {
            (call.args, None)
        };
        let command =
            Cmd::new(&recipe.zig).args(recipe.zig_args.clone()).arg(call.linker).args(args);
        let code = of_links(command, recipe).run()?;
        drop(file);
        Ok(code)
    }

    /// Links with zig. If the first link for macOS lacks symbols, and libraries that the object files
    /// name have them, links again with these libraries.
    fn link_once(&self, rewritten: &Rewritten) -> Result<i32, ShimError> {
        let (recipe, args) = (self.recipe, &rewritten.args);
        if recipe.os != Os::Darwin {
            return Ok(pass_on(&self.by_zig(args.clone())?));
        }
        if !rewritten.asked.dynamic_lookup {
            let first = self.by_zig(args.clone())?;
            let said = String::from_utf8_lossy(&first.stderr);
            let missing = autolink::undefined(&said);
            let more = if missing.is_empty() {
                Vec::new()
            } else {
                autolink::options(&autolink::asked(args, &recipe.sdks), &missing)
            };
            if more.is_empty() {
                return Ok(pass_on(&first));
            }
            return Ok(pass_on(&self.by_zig([args.clone(), more].concat())?));
        }
        // Here zig reports no missing symbol: it would leave the symbols of these libraries undefined.
        let asked = autolink::asked(args, &recipe.sdks);
        let mut more = Vec::new();
        if !asked.is_empty() {
            let closed = self.by_zig(autolink::without_lookup(args))?;
            let said = String::from_utf8_lossy(&closed.stderr);
            let missing = autolink::undefined(&said);
            more = autolink::options(&asked, &missing);
        }
        Ok(pass_on(&self.by_zig([args.clone(), more].concat())?))
    }

    /// Links with zig. Returns its output and its exit status.
    fn by_zig(&self, args: Vec<String>) -> Result<Output, ShimError> {
        let Self { recipe, compiler } = *self;
        let (args, file) = zig_arguments(recipe, compiler, args, true)?;
        let output = zig_command(recipe, compiler, args, true)?.output()?;
        drop(file);
        Ok(output)
    }
}

/// Prints a linker's output and returns its exit code. Adds a message for a linker that crashed
/// silently.
fn pass_on(output: &Output) -> i32 {
    // The reader may have closed the pipe.
    let _ = io::stdout().write_all(&output.stdout);
    let _ = io::stderr().write_all(&output.stderr);
    let code = exec::exit_code(output.status);
    if code != 0 && output.stderr.trim_ascii().is_empty() {
        let _ = writeln!(io::stderr(), "error: {CRASHED}");
    }
    code
}

/// Writes the resources in archives to object files. Dropping the folder removes them.
fn resource_objects(
    recipe: &Recipe,
    args: &[String],
) -> Result<Option<(Vec<String>, tempfile::TempDir)>, ShimError> {
    let objects = match recipe.os {
        Os::Windows => archives::objects(args, own_library().as_deref()),
        _ => Vec::new(),
    };
    if objects.is_empty() {
        return Ok(None);
    }
    let folder = scratch(recipe)?;
    let mut paths = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        let path = exec::utf8(folder.path().join(format!("resource{number}.o")));
        let path = path.map_err(ShimError::Write)?;
        std::fs::write(&path, object).map_err(ShimError::Write)?;
        paths.push(path.into_string());
    }
    Ok(Some((paths, folder)))
}

/// The crate name of the library in the package whose program cargo compiles. rustc runs the linker
/// in the environment that cargo set for rustc.
fn own_library() -> Option<String> {
    let folder = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    let manifest = std::fs::read_to_string(Utf8Path::new(&folder).join("Cargo.toml")).ok()?;
    let manifest: toml::Table = manifest.parse().ok()?;
    let name = |table: &str| manifest.get(table)?.get("name")?.as_str();
    Some(name("lib").or_else(|| name("package"))?.replace('-', "_"))
}

/// Writes an object with these files as sections. Dropping the folder removes it.
fn section_object(
    recipe: &Recipe,
    sections: &[[String; 3]],
) -> Result<Option<(Utf8PathBuf, tempfile::TempDir)>, ShimError> {
    if sections.is_empty() {
        return Ok(None);
    }
    let mut places = BTreeSet::new();
    for [segment, name, file] in sections {
        // A linker would concatenate the two.
        if !places.insert((segment, name)) {
            let why = format!("{file} is not the only file for the section {segment},{name}");
            return Err(ShimError::Section(why));
        }
    }
    let read = |[segment, name, file]: &[String; 3]| {
        let content =
            std::fs::read(file).map_err(|source| ShimError::Read { path: file.into(), source })?;
        Ok(FileSection { segment: segment.clone(), name: name.clone(), content })
    };
    let sections = sections.iter().map(read).collect::<Result<Vec<_>, ShimError>>()?;
    let object = section_object::object(recipe, &sections).map_err(ShimError::Section)?;
    let folder = scratch(recipe)?;
    let path = exec::utf8(folder.path().join("sections.o")).map_err(ShimError::Write)?;
    std::fs::write(&path, object).map_err(ShimError::Write)?;
    Ok(Some((path, folder)))
}
