//! Makes import libraries of Python and Node for Windows from lists of names. A link for Windows
//! finds the functions of a DLL through its import library. Python and Node publish theirs only
//! inside their installers.
//!
//! ```text
//! import-libraries/<hash>/libnode.dll      a text; napi-build looks whether there is such a file
//! import-libraries/<hash>/amd64/node.lib   -> node.exe
//! import-libraries/<hash>/arm64/python3.lib, python39.lib, …   -> python3.dll, python39.dll, …
//! ```

use std::io::Cursor;

use ar_archive_writer::{COFFShortExport, MachineTypes, write_import_library};
use camino::Utf8PathBuf;
use rgo_binary::Arch;
use rgo_binary::system::Os;

use super::names::{self, Export, NODE, PYTHON};
use crate::cache::{self, Cache, CacheError};
use crate::toolchain::{self, Toolchain};

/// The kind of these entries in the cache.
const KIND: &str = "import-libraries";
/// Raise this when the same names give other bytes.
const REVISION: u32 = 1;
const MARKER: (&str, &str) = (
    "libnode.dll",
    "This is no library. The crate napi-build links node.lib where it finds a file of this name.\n",
);

/// The folder of the libraries for all processors. Creates nothing.
#[must_use]
pub fn folder(cache: &Cache) -> Utf8PathBuf {
    let texts =
        [PYTHON, NODE].map(|file| toolchain::data_file(file).unwrap_or_default().as_bytes());
    let hash = cache::short_hash(&[&REVISION.to_le_bytes(), texts[0], texts[1]]);
    cache.folder(KIND).join(hash)
}

/// The folder of the libraries for one toolchain; `None` for a toolchain that needs none. Creates
/// nothing.
#[must_use]
pub fn place(toolchain: &Toolchain, cache: &Cache) -> Option<Utf8PathBuf> {
    machine(toolchain).map(|_| folder(cache).join(toolchain.arch.name()))
}

/// Makes the libraries for a toolchain, unless they exist.
///
/// # Errors
/// If the cache is not writable.
pub fn ensure(toolchain: &Toolchain, cache: &Cache) -> Result<(), CacheError> {
    let Some((place, machine)) = place(toolchain, cache).zip(machine(toolchain)) else {
        return Ok(());
    };
    let whole = folder(cache);
    cache.put(&whole.join(MARKER.0), MARKER.1.as_bytes())?;
    cache.install(&place, |folder| {
        for (name, exports) in names::libraries() {
            let bytes = library(&dll(&name), &exports, machine)?;
            std::fs::write(folder.join(format!("{name}.lib")), bytes)?;
        }
        Ok(())
    })?;
    cache.touch(&whole);
    Ok(())
}

/// The file that exports the names of a library.
fn dll(name: &str) -> String {
    // The program itself exports Node's functions.
    if name == "node" { "node.exe".to_owned() } else { format!("{name}.dll") }
}

fn machine(toolchain: &Toolchain) -> Option<MachineTypes> {
    if !toolchain.is(Os::Windows) || toolchain.zig.is_none() {
        return None;
    }
    match &toolchain.arch {
        Arch::Amd64 => Some(MachineTypes::AMD64),
        Arch::Arm64 => Some(MachineTypes::ARM64),
        Arch::Other(_) => None,
    }
}

/// An import library for functions of a DLL.
///
/// # Errors
/// If the names cannot be written.
pub(crate) fn of_functions(
    dll: &str,
    names: &[String],
    toolchain: &Toolchain,
) -> std::io::Result<Vec<u8>> {
    let machine = machine(toolchain)
        .ok_or_else(|| std::io::Error::other(format!("{} has no DLLs", toolchain.name)))?;
    let exports: Vec<Export<'_>> =
        names.iter().map(|name| Export { name: name.as_str(), is_data: false }).collect();
    library(dll, &exports, machine)
}

/// An import library. The same input gives the same bytes on every machine.
fn library(dll: &str, exports: &[Export<'_>], machine: MachineTypes) -> std::io::Result<Vec<u8>> {
    let exports: Vec<COFFShortExport> = exports
        .iter()
        .map(|export| COFFShortExport {
            name: export.name.to_owned(),
            ext_name: None,
            symbol_name: None,
            import_name: None,
            export_as: None,
            ordinal: 0,
            noname: false,
            data: export.is_data,
            private: false,
            constant: false,
        })
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    write_import_library(&mut bytes, dll, &exports, machine, true, false, &[])?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::by_name;

    #[test]
    fn libraries_are_made_once_for_each_processor_of_windows() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_str().unwrap()).unwrap();
        for name in ["linux-amd64", "darwin-arm64", "windows-amd64-msvc"] {
            let toolchain = by_name(name).unwrap();
            assert_eq!(place(toolchain, &cache), None, "{name}");
            ensure(toolchain, &cache).unwrap();
        }
        assert!(!cache.folder(KIND).exists());
        let mut made = Vec::new();
        for name in ["windows-amd64", "windows-arm64"] {
            let toolchain = by_name(name).unwrap();
            ensure(toolchain, &cache).unwrap();
            let file = place(toolchain, &cache).unwrap().join("node.lib");
            let bytes = std::fs::read(&file).unwrap();
            assert!(bytes.starts_with(b"!<arch>\n"));
            std::fs::write(&file, b"as it was").unwrap();
            ensure(toolchain, &cache).unwrap();
            assert_eq!(std::fs::read(&file).unwrap(), b"as it was");
            made.push(bytes);
        }
        assert_ne!(made[0], made[1]);
        assert!(super::folder(&cache).join("libnode.dll").is_file());
        // Making the libraries leaves no other files.
        let left = super::folder(&cache).read_dir_utf8().unwrap().flatten();
        let mut left: Vec<String> = left.map(|entry| entry.file_name().to_owned()).collect();
        left.sort();
        assert_eq!(left, [".used", "amd64", "arm64", "libnode.dll"]);
    }

    #[test]
    fn the_same_names_give_the_same_bytes_and_all_names_are_in_them() {
        let exports = [
            Export { name: "PyBool_Type", is_data: true },
            Export { name: "PyList_New", is_data: false },
        ];
        let one = library("python3.dll", &exports, MachineTypes::ARM64).unwrap();
        assert_eq!(one, library("python3.dll", &exports, MachineTypes::ARM64).unwrap());
        let has = |text: &str| one.windows(text.len()).any(|part| part == text.as_bytes());
        for text in ["python3.dll", "\0__imp_PyBool_Type\0", "\0PyList_New\0", "__imp_PyList_New"] {
            assert!(has(text), "{text:?}");
        }
        // A data export has no thunk, so its name occurs less often.
        let table =
            |text: &str| one.windows(text.len()).filter(|part| *part == text.as_bytes()).count();
        assert!(table("\0PyBool_Type\0") < table("\0PyList_New\0"));
    }
}
