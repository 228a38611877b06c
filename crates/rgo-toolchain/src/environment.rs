//! Reads environment variables as UTF-8, as this crate keeps all text. Only `PATH` may be UTF-8 in
//! part.

/// An environment variable, if it is UTF-8. Of `PATH`, the folders that are UTF-8.
#[must_use]
pub fn env(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    if name != PATH {
        return value.into_string().ok();
    }
    let folders = std::env::split_paths(&value).filter(|folder| folder.to_str().is_some());
    std::env::join_paths(folders).ok()?.into_string().ok()
}

const PATH: &str = "PATH";

/// Whether all of `PATH` is UTF-8. If not, [`env()`] leaves folders out.
#[must_use]
pub fn path_is_whole() -> bool {
    std::env::var_os(PATH).is_none_or(|path| path.to_str().is_some())
}

/// The names of all variables whose names are UTF-8.
#[must_use]
pub fn names() -> Vec<String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
}
