//! Reads the names of libSystem, the C library and its parts, from zig's stub, so that they can
//! be left out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use crate::setup;

/// Path below the folder in which rgo keeps a zig.
const STUB: &str = "ziglang/lib/libc/darwin/libSystem.tbd";
const PIN: &str = "toolchains/zig.toml";

/// The pin's fields that are needed here.
#[derive(Deserialize)]
struct Pin {
    version: String,
}

pub(super) fn names() -> anyhow::Result<BTreeSet<String>> {
    let setup = setup::run()?;
    let cache = setup.var("RGO_CACHE").context("set-up names no cache")?;
    let pin: Pin = toml::from_str(&fs::read_to_string(PIN).context(PIN)?).context(PIN)?;
    let stub = pinned(&Path::new(cache).join("zig"), &pin.version)?;
    let text = fs::read_to_string(&stub).with_context(|| stub.display().to_string())?;
    let words = text.split(|letter: char| letter.is_whitespace() || "[],'".contains(letter));
    Ok(words.filter(|word| word.starts_with('_')).map(str::to_owned).collect())
}

/// The stub of the pinned zig. Other versions may be kept beside it and have other names. The stub
/// is the same for every host.
fn pinned(kept: &Path, version: &str) -> anyhow::Result<PathBuf> {
    let start = format!("{version}-");
    let folders = fs::read_dir(kept).into_iter().flatten().flatten();
    let mut stubs: Vec<PathBuf> = folders
        .filter(|folder| folder.file_name().to_str().is_some_and(|it| it.starts_with(&start)))
        .map(|folder| folder.path().join(STUB))
        .filter(|path| path.is_file())
        .collect();
    stubs.sort();
    let none =
        || format!("rgo has no zig {version} yet: build something for darwin with rgo-build");
    stubs.into_iter().next().with_context(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pinned_zig_is_taken_of_many() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["0.13.0-x86_64-linux", "0.15.2-x86_64-linux", "0.15.20-x86_64-linux"] {
            let stub = folder.path().join(name).join(STUB);
            fs::create_dir_all(stub.parent().unwrap()).unwrap();
            fs::write(stub, "").unwrap();
        }
        let expected = folder.path().join("0.15.2-x86_64-linux").join(STUB);
        assert_eq!(pinned(folder.path(), "0.15.2").unwrap(), expected);
        assert!(pinned(folder.path(), "0.14.0").is_err());
    }
}
