//! Images for tests: the fixtures of the crate that reads them.

use std::path::{Path, PathBuf};

use rgo_binary::inspect::Detail;
use rgo_binary::{Limits, slices};

use crate::app::inspected::Inspected;

/// Every fixture that is an image.
pub(crate) fn paths() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rgo-binary/tests/fixtures");
    let files = ["read", "edit", "facts"].into_iter().flat_map(|folder| {
        let folder = std::fs::read_dir(fixtures.join(folder)).expect("a folder");
        folder.map(|entry| entry.expect("an entry").path())
    });
    let read = |path: &PathBuf| std::fs::read(path).expect("read");
    files.filter(|path| slices(&read(path), &Limits::default()).is_ok()).collect()
}

/// Inspects the first image of a file completely.
pub(crate) fn inspected(path: &Path) -> Inspected {
    of(&std::fs::read(path).expect("read"))
}

/// Inspects an image completely.
pub(crate) fn of(data: &[u8]) -> Inspected {
    let image = slices(data, &Limits::default()).expect("an image").remove(0).image;
    Inspected::read(None, &image, Detail::Facts).expect("facts")
}
