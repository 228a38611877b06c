//! Computes the path by which a companion names the supplementary file that dwz made. A relative
//! path starts from the folder of the file that contains it, and the companion is in another folder
//! than the program.
//!
//! ```text
//! bin/app                            .gnu_debugaltlink  ../dwz/common
//! debug/.build-id/ab/cdef.debug      .gnu_debugaltlink  ../../../dwz/common
//! ```
//!
//! The same build in two folders has one companion in a store. The companion keeps its first path:
//! another path would change the file.

use std::path::{Component, Path, PathBuf};

use rgo_binary::{Image, Limits, slices};

use rgo_files::mmap;

/// How a companion names the supplementary file of its program.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Supplement {
    /// With the program's path, or not at all.
    AsItIs,
    /// With this path.
    Path(String),
    /// With the program's path, although no file exists at this place.
    Missing(PathBuf),
}

/// The future place of a companion.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Home<'a> {
    /// Its folder, which may not exist yet.
    pub folder: &'a Path,
    /// An existing file that may already be the companion.
    pub present: Option<&'a Path>,
}

impl<'a> Home<'a> {
    /// A folder without a companion of the program.
    pub(in super::super) fn of(folder: &'a Path) -> Self {
        Self { folder, present: None }
    }
}

impl Supplement {
    /// Decides how the companion at `home` names the supplementary file of the program at
    /// `program`.
    pub(super) fn of(program: &Path, images: &[&Image<'_>], home: Home<'_>) -> Self {
        let link = images.iter().find_map(|image| rgo_edit::supplement(image));
        let Some(link) = link.map(Path::new).filter(|link| link.is_relative()) else {
            return Self::AsItIs;
        };
        if let Some(path) = home.present.and_then(path_in) {
            return Self::Path(path);
        }
        let real_program = program.canonicalize().ok();
        let Some(beside) = real_program.as_deref().and_then(Path::parent) else {
            return Self::AsItIs;
        };
        let Ok(file) = beside.join(link).canonicalize() else {
            return Self::Missing(beside.join(link));
        };
        let folder = real(home.folder);
        if folder == beside {
            return Self::AsItIs;
        }
        relative(&file, &folder).map_or(Self::AsItIs, Self::Path)
    }
}

/// The path by which a companion names its supplementary file.
fn path_in(companion: &Path) -> Option<String> {
    let bytes = mmap::map(companion).ok()?;
    let limits = Limits { max_file: u64::MAX, ..Limits::default() };
    let slices = slices(&bytes, &limits).ok()?;
    slices.iter().find_map(|slice| rgo_edit::supplement(&slice.image)).map(str::to_owned)
}

/// A folder with links resolved, as far as it exists.
fn real(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = folder.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let Some((part, real)) = there else { return folder };
    real.join(folder.strip_prefix(part).unwrap_or(Path::new("")))
}

/// The relative path from `folder` to `file`, both absolute; `None` if it is not UTF-8.
fn relative(file: &Path, folder: &Path) -> Option<String> {
    let (file, folder): (Vec<Component<'_>>, Vec<_>) =
        (file.components().collect(), folder.components().collect());
    let common = file.iter().zip(&folder).take_while(|(one, other)| one == other).count();
    let up = folder.iter().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(file.into_iter().skip(common)).collect();
    path.into_os_string().into_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_from_one_folder_to_a_file_of_another() {
        for (file, folder, path) in [
            ("/a/dwz/common", "/a/debug/.build-id/ab", "../../../dwz/common"),
            ("/a/common", "/a", "common"),
            ("/common", "/a/b", "../../common"),
            ("/a/b/common", "/", "a/b/common"),
        ] {
            assert_eq!(relative(Path::new(file), Path::new(folder)).as_deref(), Some(path));
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_a_real_path() {
        let root = tempfile::tempdir().expect("a folder");
        let root = root.path().canonicalize().expect("is there");
        std::fs::create_dir(root.join("real")).expect("makes");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("real", root.join("link")).expect("links");
            assert_eq!(real(&root.join("link/new/er")), root.join("real/new/er"));
        }
        assert_eq!(real(&root.join("none/new")), root.join("none/new"));
    }
}
