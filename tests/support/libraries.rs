//! Where this machine has files with many symbols, whatever the tests make.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::native;

/// The folder of the Rust toolchain that the tests compile with.
pub(crate) fn rust_folder() -> PathBuf {
    let output = native("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
    PathBuf::from(String::from_utf8(output.stdout).expect("UTF-8").trim())
}

/// The folders of the system's libraries, of gcc's, of the standard libraries of all targets, and of what cargo
/// compiled for the tests.
fn folders() -> Vec<PathBuf> {
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder").join("debug");
    vec![
        PathBuf::from("/usr/lib/x86_64-linux-gnu"),
        PathBuf::from("/usr/lib/gcc"),
        rust_folder().join("lib/rustlib"),
        compiled.join("deps"),
    ]
}

/// The files of these folders with names of this kind, folder by folder.
pub(crate) fn libraries(is_wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let files = |folder| {
        let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
        entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file())
    };
    let paths = folders().into_iter().flat_map(files).map(walkdir::DirEntry::into_path);
    paths.filter(|path| is_wanted(path)).collect()
}
