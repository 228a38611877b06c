//! Merges all module definitions of a link into one, because `lld-link` reads only the last.

use camino::Utf8Path;

use super::args::{LinkKind, Rewritten};
use super::error::ShimError;
use super::io;
use super::link_request::ListForm;
use super::module_definition::Definition;
use super::{Recipe, windows};

/// Gives zig one module definition in place of all that the link names. Returns the folder that
/// contains it, which must exist while zig links.
pub(super) fn merge(
    recipe: &Recipe,
    link: &mut Rewritten,
) -> Result<Option<tempfile::TempDir>, ShimError> {
    let lists: Vec<&Utf8Path> = (link.asked.lists.iter())
        .filter(|list| list.form == ListForm::Definition)
        .map(|list| list.path.as_path())
        .collect();
    let Some(first) = lists.first().copied() else { return Ok(None) };
    let failed = |path: &Utf8Path, why| ShimError::Definition { path: path.to_owned(), why };
    let mut all = Definition::default();
    let mut naming = first;
    for path in &lists {
        let had_name = all.library.is_some();
        all.add(&io::read(path)?).map_err(|why| failed(path, why))?;
        if all.library.is_some() && !had_name {
            naming = path;
        }
    }
    if link.kind == LinkKind::Library {
        // LLD treats an empty list as no list, and would export every symbol.
        let only = lists.len() == link.asked.lists.len() && !link.asked.exports_all;
        link.lld.extend((all.is_empty() && only).then(|| windows::NO_EXPORTS.to_owned()));
        let output = link.output.as_deref().and_then(Utf8Path::file_name).unwrap_or_default();
        if let Some(name) = all.library.as_deref().filter(|name| !is_called(output, name)) {
            let why = format!(
                "it calls the library {name}, but the file is {output}, and LLD knows no other name for it"
            );
            return Err(failed(naming, why));
        }
    }
    link.lld.extend(all.options());
    if lists.len() == 1 && is_rustcs(first) {
        link.args.push(first.to_string());
        return Ok(None);
    }
    let folder = io::scratch(recipe)?;
    let path = folder.path().join("merged.def");
    std::fs::write(&path, all.text()).map_err(ShimError::Write)?;
    link.args.push(path.display().to_string());
    Ok(Some(folder))
}

/// Whether a file has this name. Ignores the hash that cargo appends: `plug-0123456789abcdef.dll`.
fn is_called(file: &str, name: &str) -> bool {
    let plain = |text: &str| {
        let path = Utf8Path::new(text);
        let stem = path.file_stem().unwrap_or_default();
        let is_hash = |end: &str| end.len() == 16 && end.bytes().all(|b| b.is_ascii_hexdigit());
        let stem = stem.rsplit_once('-').filter(|(_, end)| is_hash(end)).map_or(stem, |it| it.0);
        (stem.to_ascii_lowercase(), path.extension().map(str::to_ascii_lowercase))
    };
    plain(file) == plain(name)
}

/// Whether rustc wrote this list; LLD reads it without changes.
fn is_rustcs(path: &Utf8Path) -> bool {
    path.file_name() == Some("list.def")
        && path.parent().and_then(Utf8Path::file_name).is_some_and(|it| it.starts_with("rustc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_called_as_its_file() {
        for (file, name, expected) in [
            ("plug.dll", "plug.dll", true),
            ("plug.dll", "PLUG.DLL", true),
            ("plug-0123456789abcdef.dll", "plug.dll", true),
            ("plug.dll", "plug.ocx", false),
            ("plug-2.dll", "plug.dll", false),
            ("", "plug.dll", false),
        ] {
            assert_eq!(is_called(file, name), expected, "{file} {name}");
        }
    }

    #[test]
    fn rustcs_list_is_known_by_its_place() {
        assert!(is_rustcs("/tmp/rustcAb1/list.def".into()));
        assert!(!is_rustcs("/p/list.def".into()));
        assert!(!is_rustcs("/tmp/rustcAb1/other.def".into()));
    }
}
