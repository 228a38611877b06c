//! Where rgo and xtask keep things from run to run.

use std::env;
use std::path::PathBuf;

use anyhow::Context;

/// rgo's cache folder. The tools get it in `RGO_CACHE`, so both always agree.
pub(crate) fn root() -> anyhow::Result<PathBuf> {
    let from = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || from("HOME").context("HOME is not set");
    if let Some(root) = from("RGO_CACHE") {
        return Ok(std::path::absolute(root)?);
    }
    let caches = if cfg!(windows) {
        from("LOCALAPPDATA").context("LOCALAPPDATA is not set")?
    } else if cfg!(target_os = "macos") {
        home()?.join("Library/Caches")
    } else {
        from("XDG_CACHE_HOME").map_or_else(|| home().map(|home| home.join(".cache")), Ok)?
    };
    Ok(caches.join("rgo"))
}
