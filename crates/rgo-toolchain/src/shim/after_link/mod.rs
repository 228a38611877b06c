//! The pass after a link: it repairs the linked file and compares it with the link command.

mod as_asked;
mod open_names;

use std::collections::HashSet;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobSetBuilder};
use object::{Object, ObjectSymbol};
use rgo_binary::{FileKind, Image, Limits};
use rgo_files::mmap::Bytes;
use rgo_files::{WriteError, atomic_file, mmap};

use super::error::PostLinkError;
use super::link_request::{ListForm, exported_by};
use super::link_result::LinkResult;
use crate::causes::with_causes;

/// Why the pass cannot repair or check a linked file.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error("cannot read {path}")]
    Read { path: Utf8PathBuf, source: io::Error },
    #[error(transparent)]
    Image(#[from] rgo_binary::Error),
    #[error("cannot read its symbols")]
    Symbols(#[from] object::Error),
    #[error("a list of exports")]
    Pattern(#[source] globset::Error),
    #[error("nothing of what was linked defines the export {names}")]
    Undefined { names: String },
    #[error(transparent)]
    Replace(WriteError),
}

fn map(path: &Utf8Path) -> Result<Bytes, CheckError> {
    let read = |source| CheckError::Read { path: path.to_owned(), source };
    mmap::map(path.as_std_path()).map_err(read)
}

fn read_list(path: &Utf8Path) -> Result<String, CheckError> {
    let read = |source| CheckError::Read { path: path.to_owned(), source };
    std::fs::read_to_string(path).map_err(read)
}

/// Repairs the linked file, then checks that it is the file that the command asked for.
pub(super) fn after_link(linked: &LinkResult) -> Result<(), PostLinkError> {
    let failed = |doing: &str, error: CheckError| PostLinkError {
        text: format!("{doing} what was linked: {}", with_causes(&error)),
        hint: None,
    };
    mend(linked).map_err(|error| failed("mending", error))?;
    let compared = || -> Result<_, CheckError> {
        let data = map(&linked.output)?;
        let image = Image::parse(&data, &Limits::default())?;
        Ok((as_asked::missing(linked, &image)?, open_names::refused(&image)?))
    };
    let (missing, refused) = compared().map_err(|error| failed("checking", error))?;
    if !refused.is_empty() {
        return Err(open_names::error(&refused));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join("; ");
    let hint = "the linker has not done it; leave the option out for this target, or report it";
    Err(PostLinkError {
        text: format!("the file does not have what the link command asks for: {missing}"),
        hint: Some(hint.to_owned()),
    })
}

/// Repairs what zig's Mach-O linker does wrong. It has no export list, so a dylib would export all
/// of std. And its UUIDs depend on the place and the time at which the objects were made.
fn mend(linked: &LinkResult) -> Result<(), CheckError> {
    let data = map(&linked.output)?;
    if FileKind::parse(&data) != FileKind::MachO {
        return Ok(());
    }
    let mut bytes = rgo_edit::make_deterministic(&data)?;
    let mut lists =
        linked.asked.lists.iter().filter(|list| list.form == ListForm::Names).peekable();
    // Each `-exported_symbol` adds one name.
    let mut allowed = linked.asked.exported.clone();
    if lists.peek().is_some() || !allowed.is_empty() {
        for list in lists {
            let text = read_list(&list.path)?;
            allowed.extend(exported_by(&text, list.form));
        }
        bytes = restricted(&bytes, &allowed, linked.library)?;
    }
    drop(data);
    atomic_file::write(&linked.output, &bytes, Some(&linked.output))
        .map_err(CheckError::Replace)?;
    Ok(())
}

/// The characters that make a name on a list a pattern.
const PATTERN: [char; 3] = ['*', '?', '['];
/// The symbol for the program's own header, which linkers export from every program.
const HEADER: &str = "__mh_execute_header";

/// The same library or program, with only the exports that these lists allow. It is an error if a
/// library lacks a listed name. A program may lack names, because the list may be for the package's
/// library.
fn restricted(data: &[u8], allowed: &[String], is_library: bool) -> Result<Vec<u8>, CheckError> {
    let image = Image::parse(data, &Limits::default())?;
    let exported = image.linkage()?.exports;
    if is_library {
        let exports: HashSet<&str> = exported.iter().map(String::as_str).collect();
        let absent = allowed.iter().map(String::as_str);
        let absent = absent.filter(|name| !name.contains(PATTERN) && !exports.contains(name));
        let mut absent: Vec<&str> = absent.collect();
        // `as_asked` later reports the names that the file defines and hides.
        let symbols = image.object().symbols().filter(ObjectSymbol::is_definition);
        let defined: HashSet<&str> = symbols.filter_map(|symbol| symbol.name().ok()).collect();
        absent.retain(|name| !defined.contains(name));
        if !absent.is_empty() {
            let names = as_asked::listed(&absent);
            return Err(CheckError::Undefined { names });
        }
    }
    let mut patterns = GlobSetBuilder::new();
    for name in allowed {
        patterns.add(Glob::new(name).map_err(CheckError::Pattern)?);
    }
    let patterns = patterns.build().map_err(CheckError::Pattern)?;
    let is_allowed = |name: &&String| *name == HEADER || patterns.is_match(name.as_str());
    let mut keep: Vec<String> = exported.iter().filter(is_allowed).cloned().collect();
    // Readers find the note and the dependency list by their sections.
    keep.retain(|name| name != "_RGO_NOTE" && name != "_RGO_AUDIT");
    Ok(rgo_edit::restrict_exports(data, &keep)?)
}
