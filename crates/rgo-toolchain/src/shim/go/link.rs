//! Links what Go links by its C compiler: programs, libraries, and the objects in which cgo looks for imports.

use camino::Utf8Path;
use rgo_binary::system::Os;
use rgo_edit::Edits;
use rgo_files::{atomic_file, mmap};

use super::super::error::ShimError;
use super::super::link::run_link;
use super::super::{Recipe, args};
use super::link_line::{lld_words, translated};
use crate::causes::with_causes;

/// Runs a call of the compiler that only links. `args` has no response files any more.
pub(super) fn link(
    recipe: Recipe,
    compiler: &'static str,
    args: Vec<String>,
    cwd: &Utf8Path,
) -> Result<i32, ShimError> {
    let for_lld = lld_words(&args, recipe.os);
    let args = translated(args, recipe.os);
    let mut rewritten = args::rewrite(&args, cwd, &recipe, &|path| path.exists());
    rewritten.lld.extend(for_lld);
    let output = rewritten.output.clone().filter(|_| recipe.os == Os::Windows);
    let code = run_link(recipe, compiler, rewritten)?;
    if let (0, Some(output)) = (code, output) {
        settle(&output)?;
    }
    Ok(code)
}

/// Replaces the times and the identity in a program for Windows. LLD makes the latter at random, even if there is no
/// PDB that it could lead to.
fn settle(path: &Utf8Path) -> Result<(), ShimError> {
    let failed = |why: String| ShimError::Edit { path: path.to_owned(), why };
    let data = mmap::map(path.as_std_path())
        .map_err(|source| ShimError::Read { path: path.to_owned(), source })?;
    let edits = Edits { timestamp: Some(0), ..Edits::default() };
    let settled = rgo_edit::apply(&data, &edits).map_err(|e| failed(with_causes(&e)))?;
    drop(data);
    atomic_file::write(path, &settled.bytes, Some(path)).map_err(|e| failed(with_causes(&e)))?;
    Ok(())
}
