//! Calls the fuzz targets on whole and on damaged files, with an ordinary compiler. They follow the crates that
//! they call, and each does on real files what the fuzzer expects of it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::support::{root, scratch};

/// What `libfuzzer_sys` has; there the fuzzer calls the function.
pub(crate) mod fuzzer {
    macro_rules! fuzz_target {
        (|$data:ident: $type:ty| $body:block) => {
            pub(super) fn call($data: $type) $body
        };
    }
    pub(crate) use fuzz_target;
}

/// Fuzz targets by their files' names. Only the fuzzer's program has no `main`.
macro_rules! targets {
    ($($name:ident $file:literal,)*) => {
        $(#[allow(unused_attributes)] #[path = $file] mod $name;)*
        const FILES: &[&str] = &[$($file),*];
    };
}

targets! {
    archive "../fuzz/fuzz_targets/archive.rs",
    edit "../fuzz/fuzz_targets/edit.rs",
    image "../fuzz/fuzz_targets/image.rs",
    names "../fuzz/fuzz_targets/names.rs",
    pdb "../fuzz/fuzz_targets/pdb.rs",
    policy "../fuzz/fuzz_targets/policy.rs",
    snapshot "../fuzz/fuzz_targets/snapshot.rs",
    symbols "../fuzz/fuzz_targets/symbols.rs",
}

/// The files below folders of the repository.
fn files(folders: &[&str]) -> Vec<PathBuf> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Calls a target with each file: whole, cut off, and with a byte changed at some places.
fn with_damage(folders: &[&str], call: fn(&[u8])) {
    const PLACES: usize = 8;
    let mut count = 0;
    for file in files(folders) {
        let bytes = fs::read(&file).expect("read");
        call(&bytes);
        count += 1;
        for place in 1..PLACES {
            let at = bytes.len() * place / PLACES;
            call(&bytes[..at]);
            let mut changed = bytes.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 0xff;
                call(&changed);
            }
        }
    }
    assert!(count > 0, "{folders:?} has files");
}

const IMAGES: [&str; 2] =
    ["crates/rgo-binary/tests/fixtures", "crates/rgo-debuginfo/tests/fixtures"];

#[test]
fn each_fuzz_target_is_called_here() {
    let known = files(&["fuzz/fuzz_targets"]);
    assert_eq!(known.len(), FILES.len(), "{known:?}");
}

#[test]
fn archives_of_strangers() {
    let folder = scratch("fuzz-archives");
    let mut zip =
        zip::ZipWriter::new(fs::File::create(folder.join("images.zip")).expect("created"));
    let mut tar = tar::Builder::new(fs::File::create(folder.join("images.tar")).expect("created"));
    for (index, file) in files(&IMAGES).iter().enumerate() {
        let name = format!("folder/{index}");
        tar.append_path_with_name(file, &name).expect("added");
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("added");
        zip.write_all(&fs::read(file).expect("read")).expect("added");
    }
    tar.finish().expect("written");
    zip.finish().expect("written");
    with_damage(&[folder.to_str().expect("UTF-8")], archive::call);
}

#[test]
fn edits_of_strangers_files() {
    with_damage(&IMAGES, edit::call);
}

#[test]
fn images_of_strangers() {
    with_damage(&IMAGES, image::call);
}

#[test]
fn names_of_strangers() {
    with_damage(&["crates/rgo-debuginfo/tests/fixtures"], names::call);
}

#[test]
fn pdbs_of_strangers() {
    with_damage(&["crates/rgo-debuginfo/tests/fixtures/lines"], pdb::call);
}

#[test]
fn policies_of_strangers() {
    with_damage(&["tests/cases/version-m/files"], |bytes| {
        policy::call(&String::from_utf8_lossy(bytes))
    });
}

#[test]
fn snapshots_of_strangers() {
    with_damage(&["crates/rgo-debuginfo/tests/fixtures"], snapshot::call);
}

#[test]
fn symbols_of_strangers() {
    with_damage(&IMAGES, symbols::call);
}
