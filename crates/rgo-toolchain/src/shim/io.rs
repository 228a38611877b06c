//! The small files around a link that the shim reads and writes: recipes, response files, answers.

use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::error::ShimError;
use super::{Recipe, response};
use crate::exec;

pub(super) fn read(path: &Utf8Path) -> Result<String, ShimError> {
    std::fs::read_to_string(path)
        .map_err(|source| ShimError::Read { path: path.to_owned(), source })
}

pub(super) fn read_recipe(path: &Utf8Path) -> Result<Recipe, ShimError> {
    serde_json::from_str(&read(path)?)
        .map_err(|source| ShimError::Recipe { path: path.to_owned(), source })
}

/// Replaces rustc's response files by their content.
pub(super) fn expand(args: Vec<String>, cwd: &Utf8Path) -> Result<Vec<String>, ShimError> {
    expand_with(args, cwd, response::parse)
}

/// Replaces response files, which `parse` reads, by their content.
pub(super) fn expand_with(
    args: Vec<String>,
    cwd: &Utf8Path,
    parse: fn(&str) -> Vec<String>,
) -> Result<Vec<String>, ShimError> {
    let mut plain = Vec::with_capacity(args.len());
    for arg in args {
        match arg.strip_prefix('@') {
            // Compilers read `@rpath/libx.dylib` as a response file only if there is such a file.
            Some(file) if exec::absolute(cwd, Utf8Path::new(file)).is_file() => {
                plain.extend(parse(&read(&exec::absolute(cwd, Utf8Path::new(file)))?));
            }
            _ => plain.push(arg),
        }
    }
    Ok(plain)
}

pub(super) fn current_folder() -> Result<Utf8PathBuf, ShimError> {
    std::env::current_dir()
        .and_then(exec::utf8)
        .map_err(|source| ShimError::Read { path: ".".into(), source })
}

/// A temporary folder, removed when the value is dropped. It lies in the folder of the build, which
/// rgo removes even if this process is killed.
pub(super) fn scratch(recipe: &Recipe) -> Result<tempfile::TempDir, ShimError> {
    let place = std::env::var(recipe.link_variable()).map(Utf8PathBuf::from).ok();
    let folder = match place.as_deref().and_then(Utf8Path::parent) {
        Some(work) => tempfile::tempdir_in(work),
        None => tempfile::tempdir(),
    };
    folder.map_err(ShimError::Write)
}

/// Writes a response file and returns it as an argument. Dropping the folder removes it.
pub(super) fn response_file(
    recipe: &Recipe,
    args: &[String],
) -> Result<(String, tempfile::TempDir), ShimError> {
    let folder = scratch(recipe)?;
    // `cargo_zigbuild` translates only a response file with this name.
    let path = folder.path().join("linker-arguments");
    std::fs::write(&path, response::write(args)).map_err(ShimError::Write)?;
    Ok((format!("@{}", path.display()), folder))
}

/// Prints an answer to stdout.
pub(super) fn say(text: &str) {
    // The reader may have closed the pipe.
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints a line to stderr.
pub(super) fn complain(text: &str) {
    // The reader may have closed the pipe.
    let _ = writeln!(io::stderr(), "{text}");
}
