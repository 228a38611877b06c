//! Folders of the building machine whose names must not be in the output.

use camino::Utf8Path;

/// A folder whose name must not be in the output, with the name that replaces it.
///
/// rustc applies the last mapping that matches, so a folder inside another one must come after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathRemap {
    /// A description of the folder.
    pub what: &'static str,
    /// The folder on this machine.
    pub from: String,
    /// The name that replaces it in the output.
    pub to: String,
}

/// The name that replaces the workspace's folder in the output.
pub const WORKSPACE_NAME: &str = "/rgo/src";

/// The folders to hide, outer ones first.
#[must_use]
pub fn path_remaps(folders: &[(&'static str, &Utf8Path, &str)]) -> Vec<PathRemap> {
    let mut path_remaps: Vec<PathRemap> = folders
        .iter()
        .filter(|(_, from, _)| from.as_str().len() > 1)
        .map(|(what, from, to)| PathRemap { what, from: from.to_string(), to: (*to).to_owned() })
        .collect();
    path_remaps.sort_by_key(|remap| remap.from.len());
    path_remaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_folders_are_mapped_after_outer_ones() {
        let path_remaps = path_remaps(&[
            ("target", Utf8Path::new("/w/target"), "/rgo/target"),
            ("workspace", Utf8Path::new("/w"), WORKSPACE_NAME),
            ("root", Utf8Path::new("/"), "/nothing"),
        ]);
        let folders: Vec<_> = path_remaps.iter().map(|it| (&*it.from, &*it.to)).collect();
        assert_eq!(folders, [("/w", "/rgo/src"), ("/w/target", "/rgo/target")]);
    }
}
