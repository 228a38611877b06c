//! What rgo adds to Go's shared libraries for C: the check that each function of the header is
//! exported, and for Windows an import library, by which other linkers find them.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use object::{NameOrOrdinal, Object};
use rgo_binary::system::Os;
use rgo_binary::{Image, Limits};
use rgo_files::atomic_file;

use crate::build::error::BuildError;
use crate::extensions::import_libraries;
use crate::finish;
use crate::toolchain::Toolchain;

/// What cgo writes before the functions of a header.
const START: &str = "extern \"C\" {";

/// The files beside a shared library. The library must export what its header declares.
///
/// # Errors
/// If a file cannot be read or written. The inner error names functions that are not exported.
pub(super) fn finished(
    library: &Utf8Path,
    toolchain: &Toolchain,
) -> Result<Result<Vec<Utf8PathBuf>, String>, BuildError> {
    let header = library.with_extension("h");
    let doing = format!("reading {header}");
    let text = fs::read_to_string(&header).map_err(BuildError::io(doing))?;
    let declared = declared(&text);
    let data = finish::map(library)?;
    let exported = exports(&data).map_err(|source| {
        let doing = format!("reading {library}");
        BuildError::Binary { doing, source }
    })?;
    let missing: Vec<&str> =
        declared.iter().filter(|name| !exported.contains(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        let name = library.file_name().unwrap_or_default();
        return Ok(Err(format!("{name} does not export {}", missing.join(", "))));
    }
    let mut beside = vec![header];
    if toolchain.is(Os::Windows) {
        let dll = library.file_name().unwrap_or_default();
        let path = library.with_file_name(format!("lib{dll}.a"));
        let doing = format!("making {path}");
        let bytes = import_libraries::of_functions(dll, &declared, toolchain);
        atomic_file::write(&path, &bytes.map_err(BuildError::io(doing))?, None)?;
        beside.push(path);
    }
    Ok(Ok(beside))
}

/// The functions that a header of cgo declares: `extern int Add(int a);`, for Windows with
/// `__declspec(dllexport)`.
fn declared(header: &str) -> Vec<String> {
    let own = header.rsplit_once(START).map_or("", |(_, own)| own);
    let name = |line: &str| {
        let rest = line.strip_prefix("extern ")?;
        let rest = rest.strip_prefix("__declspec(dllexport) ").unwrap_or(rest);
        let (before, _) = rest.split_once('(')?;
        let name = before.rsplit([' ', '*']).next()?;
        Some(name.to_owned()).filter(|name| !name.is_empty())
    };
    own.lines().filter_map(name).collect()
}

/// The names that a library exports, as C has them.
fn exports(data: &[u8]) -> Result<Vec<String>, rgo_binary::Error> {
    let image = Image::parse(data, &Limits::default())?;
    let is_mach = image.format() == rgo_binary::Format::MachO;
    let bad = |error| rgo_binary::Error::malformed("table of exports", 0, error);
    let mut names = Vec::new();
    for export in image.object().exports().map_err(bad)? {
        if let NameOrOrdinal::Name(name) = export.map_err(bad)?.name() {
            let name = String::from_utf8_lossy(name);
            let plain = name.strip_prefix('_').filter(|_| is_mach).unwrap_or(&name);
            names.push(plain.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_read_from_cgos_header() {
        let header = "extern int preamble(int);\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n\
                      extern int Add(int a, int b);\nextern __declspec(dllexport) char* Name(void);\n\
                      extern struct Two_return Two(GoInt x);\n\n#ifdef __cplusplus\n}\n#endif\n";
        assert_eq!(declared(header), ["Add", "Name", "Two"]);
        assert!(declared("extern int x(void);").is_empty());
    }
}
