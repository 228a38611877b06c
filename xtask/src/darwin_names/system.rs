//! The names of libSystem: the C library and its parts, of which zig has a stub.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::setup;

/// Below the folder in which rgo keeps a zig.
const STUB: &str = "ziglang/lib/libc/darwin/libSystem.tbd";

pub(super) fn names() -> anyhow::Result<BTreeSet<String>> {
    let setup = setup::run()?;
    let cache = setup.var("RGO_CACHE").context("set-up names no cache")?;
    let kept = fs::read_dir(Path::new(cache).join("zig")).into_iter().flatten().flatten();
    let stub: Option<PathBuf> = kept.map(|it| it.path().join(STUB)).find(|path| path.is_file());
    let stub = stub.context("rgo has no zig yet: build something for darwin with rgo-build")?;
    let text = fs::read_to_string(&stub).with_context(|| stub.display().to_string())?;
    let words = text.split(|letter: char| letter.is_whitespace() || "[],'".contains(letter));
    Ok(words.filter(|word| word.starts_with('_')).map(str::to_owned).collect())
}
