//! The variables of the environment that a build follows.

use crate::app::terminal;

/// A variable of the environment, if it is UTF-8; of `PATH`, what is.
pub(super) fn env(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    if name != PATH {
        return value.into_string().ok();
    }
    let folders = std::env::split_paths(&value).filter(|folder| folder.to_str().is_some());
    std::env::join_paths(folders).ok()?.into_string().ok()
}

const PATH: &str = "PATH";

/// Build scripts for Windows get a PATH with rgo's resource compilers on it.
pub(super) fn warn_of_lost_folders(is_for_windows: bool) {
    let is_whole = std::env::var_os(PATH).is_none_or(|path| path.to_str().is_some());
    if is_for_windows && !is_whole {
        terminal::warning(
            "PATH has folders whose names are not UTF-8: build scripts for Windows do not see them",
        );
    }
}
