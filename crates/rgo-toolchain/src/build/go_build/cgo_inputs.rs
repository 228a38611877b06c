//! The content of the headers and libraries that C code of the project uses from outside of its
//! package. go does not notice when it changes, and would keep an old program. So their hash goes
//! into the identity of the C compiler, which go does look at.

use std::collections::BTreeSet;

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use crate::go::cgo::CgoInputs;
use crate::go::command::GoCall;
use crate::go::flags;
use crate::go::packages::GoPackage;

/// Ends of the names of headers.
const HEADERS: [&str; 7] = ["h", "hh", "hpp", "hxx", "inc", "def", "inl"];
/// Ends of the names of libraries.
const LIBRARIES: [&str; 6] = ["a", "so", "dylib", "tbd", "lib", "dll"];
/// How deep a folder of headers is searched.
const DEPTH: usize = 8;
/// How many files are hashed at most.
const FILES: usize = 20_000;

/// The hash, if the packages use anything from outside. Paths are not part of it: two machines must
/// agree.
pub(super) fn hash(packages: &[GoPackage], call: &GoCall<'_>) -> Option<String> {
    let mut inputs = CgoInputs::default();
    for package in packages.iter().filter(|package| package.needs_cgo()) {
        inputs.add_package(package);
    }
    for name in ["CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"] {
        let words = call.variable(name).and_then(|value| flags::split(&value));
        inputs.add(&words.unwrap_or_default(), &call.request.folder);
    }
    if inputs.is_empty() {
        return None;
    }
    let mut hasher = Sha256::new();
    let mut left = FILES;
    for (folders, kinds, depth) in
        [(&inputs.headers, &HEADERS[..], DEPTH), (&inputs.libraries, &LIBRARIES[..], 1)]
    {
        for folder in folders {
            add_folder(&mut hasher, folder, kinds, depth, &mut left);
        }
    }
    for file in &inputs.files {
        hasher.update(std::fs::read(file).unwrap_or_default());
    }
    Some(hex::encode(hasher.finalize()))
}

fn add_folder(
    hasher: &mut Sha256,
    folder: &Utf8Path,
    kinds: &[&str],
    depth: usize,
    left: &mut usize,
) {
    let walk = walkdir::WalkDir::new(folder).max_depth(depth).sort_by_file_name();
    for entry in walk.into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let kind = entry.path().extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if !kinds.contains(&kind) {
            continue;
        }
        if *left == 0 {
            return;
        }
        *left -= 1;
        let name = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        hasher.update(name.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        hasher.update(std::fs::read(entry.path()).unwrap_or_default());
    }
}

/// The libraries that C code of the packages needs: for those who link a static library.
pub(super) fn libraries(packages: &[GoPackage]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for package in packages.iter().filter(|package| !package.cgo_files.is_empty()) {
        let mut flags = package.cgo_ldflags.iter();
        while let Some(flag) = flags.next() {
            let words = match flag.as_str() {
                "-framework" => vec![flag.clone(), flags.next().cloned().unwrap_or_default()],
                library if library.starts_with("-l") => vec![library.to_owned()],
                _ => continue,
            };
            if seen.insert(words.clone()) {
                all.extend(words);
            }
        }
    }
    all
}
