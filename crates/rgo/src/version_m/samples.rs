//! Images for the tests of what is said about images: the fixtures of the crate that reads them.

use std::path::{Path, PathBuf};

use rgo_binary::{Limits, slices};

use super::dossier::Dossier;

/// Every fixture that is an image.
pub(super) fn paths() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rgo-binary/tests/fixtures");
    let files = ["read", "edit", "facts"].into_iter().flat_map(|folder| {
        let folder = std::fs::read_dir(fixtures.join(folder)).expect("a folder");
        folder.map(|entry| entry.expect("an entry").path())
    });
    let read = |path: &PathBuf| std::fs::read(path).expect("read");
    files.filter(|path| slices(&read(path), &Limits::default()).is_ok()).collect()
}

/// All that is known of the first image of a file.
pub(super) fn dossier(path: &Path) -> Dossier {
    of(&std::fs::read(path).expect("read"))
}

/// All that is known of an image.
pub(super) fn of(data: &[u8]) -> Dossier {
    let image = slices(data, &Limits::default()).expect("an image").remove(0).image;
    Dossier::read(None, &image, true).expect("facts")
}
