//! `rgo-strip` and `rgo-build stamp` on files as they are on a disk: what a file keeps besides its bytes, what its links
//! lead to, what a kill leaves, and where debug data goes.

mod in_place;
mod killed;
mod split;
mod stamp;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::native;

const STRIP: &str = env!("CARGO_BIN_EXE_rgo-strip");

/// A shared library with full DWARF and a build-id.
const LIBRARY: &str = "read/sample.elf";
/// A program with full DWARF and no build-id.
const PROGRAM: &str = "edit/elf-amd64";

/// A folder that is gone after the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // Other users work in it too, in some tests.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("is ours");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A copy of a fixture.
    fn copy(&self, fixture: &str, name: &str) -> PathBuf {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rgo-binary/tests/fixtures");
        let path = self.path(name);
        fs::write(&path, fs::read(from.join(fixture)).expect("the fixture is there"))
            .expect("the folder can be written to");
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = self.0.path().read_dir().expect("lists").flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn run(args: &[&str], files: &[&Path]) -> Output {
    native(STRIP).args(args).args(files).output().expect("rgo-strip starts")
}

/// Strips, and holds that it works without a word.
#[track_caller]
fn strip(args: &[&str], files: &[&Path]) {
    let output = run(args, files);
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// Strips, and holds that it fails and says this.
#[track_caller]
fn refused(args: &[&str], files: &[&Path], code: i32, says: &str) {
    let output = run(args, files);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{said}");
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a strip of the fixture makes of it.
fn stripped(fixture: &str) -> Vec<u8> {
    let folder = Folder::new();
    let file = folder.copy(fixture, "file");
    strip(&[], &[&file]);
    bytes(&file)
}
