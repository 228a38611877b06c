//! Published programs of others, which `cargo xtask corpus` fetches. Set-up always fetches a small
//! part, of every format and language; a test that needs another one goes on without it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::{cannot_test, machine, not_tested, root};

/// A published program, and what it is known to be.
pub(crate) struct Published {
    /// The program; of a package with everything, its folder.
    pub(crate) file: PathBuf,
    pub(crate) archive: PathBuf,
    pub(crate) is: String,
}

/// All that were fetched.
#[track_caller]
pub(crate) fn fetched() -> Vec<Published> {
    let index = machine().cache().join("xtask/corpus/index.json");
    let Ok(text) = fs::read_to_string(&index) else {
        not_tested("published programs; there is no list of them");
        return Vec::new();
    };
    let list: Value = serde_json::from_str(&text).expect("JSON");
    let text = |entry: &Value, key: &str| entry[key].as_str().expect("text").to_owned();
    let entries = list.as_array().expect("a list").iter().map(|entry| Published {
        file: text(entry, "file").into(),
        archive: text(entry, "archive").into(),
        is: text(entry, "is"),
    });
    let (there, gone): (Vec<_>, Vec<_>) = entries.partition(|one| one.file.exists());
    if let Some(Published { file, .. }) = gone.first() {
        not_tested(format!("{} and {} more, which are gone", file.display(), gone.len() - 1));
    }
    there
}

/// The programs that were fetched, without packages of which all files are there.
#[track_caller]
pub(crate) fn corpus() -> Vec<Published> {
    fetched().into_iter().filter(|one| one.file.is_file()).collect()
}

/// Those of them that are known to be this.
#[track_caller]
pub(crate) fn corpus_of(word: &str) -> Vec<Published> {
    let found: Vec<_> = corpus().into_iter().filter(|one| one.is.contains(word)).collect();
    if found.is_empty() {
        not_fetched(&format!("a published program that is `{word}`"));
    }
    found
}

/// Whether all packages were fetched, and not the small part alone.
pub(crate) fn is_whole() -> bool {
    let list = fs::read_to_string(root().join("testdata/corpus.toml")).expect("the list");
    let list: toml::Table = list.parse().expect("TOML");
    let listed = list["package"].as_array().expect("packages").len();
    let archives: BTreeSet<PathBuf> = fetched().into_iter().map(|one| one.archive).collect();
    archives.len() == listed
}

/// Where a package is unpacked of which the corpus has all files, by how its archive's name starts.
#[track_caller]
pub(crate) fn corpus_folder(start: &str) -> Option<PathBuf> {
    let is_it = |one: &Published| {
        let name = one.archive.file_name().expect("a name").to_string_lossy();
        one.file.is_dir() && name.starts_with(start)
    };
    let found = fetched().into_iter().find(is_it).map(|one| one.file);
    if found.is_none() {
        not_fetched(start);
    }
    found
}

/// The archive of a package, as it was published, by how its name starts.
#[track_caller]
pub(crate) fn corpus_archive(start: &str) -> Option<PathBuf> {
    let archives = fetched().into_iter().map(|one| one.archive);
    let found = archives
        .filter(|archive| archive.is_file())
        .find(|archive| archive.file_name().expect("a name").to_string_lossy().starts_with(start));
    if found.is_none() {
        not_fetched(start);
    }
    found
}

/// Something is missing of the part of the corpus that set-up does not fetch.
pub(crate) fn not_fetched(what: &str) {
    cannot_test(format!("{what}: not fetched; `cargo xtask corpus` does"));
}
