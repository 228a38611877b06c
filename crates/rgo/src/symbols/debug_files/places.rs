//! Where the files may be that an image names for its debug data.
//!
//! ```text
//! companion    by name: beside the image, in .debug beside it, DIR/path of the image
//!              by build ID: DIR/.build-id/ab/cdef….debug
//! dwz          its path, from the folder of the file that names it; DIR/.build-id/…
//! .dwo         its path, from the folder of the compilation; beside the image.  IMAGE.dwp beside the image
//! dSYM         IMAGE.dSYM/Contents/Resources/DWARF/* beside the image
//! PDB          its path, if it is of this system; its name, beside the image; IMAGE.pdb
//! ```
//!
//! (GDB manual, "Separate Debug Files")

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rgo_debuginfo::lines::Wanted;

/// Where distributions install debug data.
const DEBUG_DIR: &str = "/usr/lib/debug";

/// The places of a call.
pub(in crate::symbols) struct Places<'a> {
    pub(in crate::symbols) image: &'a Path,
    pub(in crate::symbols) debug_dirs: &'a [PathBuf],
}

impl Places<'_> {
    /// The folders for debug data.
    fn debug_dirs(&self) -> Vec<PathBuf> {
        if self.debug_dirs.is_empty() { vec![DEBUG_DIR.into()] } else { self.debug_dirs.to_vec() }
    }

    /// The folder of the image, and that of the file that its links lead to.
    fn folders(&self) -> Vec<PathBuf> {
        let folder = |path: &Path| path.parent().map(Path::to_owned);
        let real = std::fs::canonicalize(self.image).ok();
        let mut folders: Vec<PathBuf> =
            [folder(self.image), real.as_deref().and_then(folder)].into_iter().flatten().collect();
        folders.dedup();
        folders
    }

    /// The files that may be the wanted one, the likeliest first, each once.
    pub(in crate::symbols) fn of(&self, wanted: &Wanted) -> Vec<PathBuf> {
        let mut seen = BTreeSet::new();
        let mut files = self.named(wanted);
        files.retain(|file| file.canonicalize().is_ok_and(|real| seen.insert(real)));
        files
    }

    fn named(&self, wanted: &Wanted) -> Vec<PathBuf> {
        match wanted {
            Wanted::DebugLink { name, .. } => self.by_name(name),
            Wanted::BuildId { id } => self.by_build_id(id),
            Wanted::Dsym { .. } => self.dsyms(),
            Wanted::AltLink { path, build_id } => {
                let relative = self.folders().into_iter().map(|folder| folder.join(path));
                relative.chain(self.by_build_id(build_id)).collect()
            }
            Wanted::Dwo { folder, path, .. } => {
                let named = Path::new(folder).join(path);
                std::iter::once(named).chain(self.beside(path)).collect()
            }
            Wanted::Pdb { path, .. } => {
                let own = self.image.with_extension("pdb");
                let named = Path::new(path).is_absolute().then(|| PathBuf::from(path));
                self.beside(path).into_iter().chain([own]).chain(named).collect()
            }
            Wanted::ObjectFile { path, .. } => vec![PathBuf::from(path)],
        }
    }

    /// The package of `.dwo` files that may be beside the image.
    pub(in crate::symbols) fn package(&self) -> PathBuf {
        let mut name = self.image.as_os_str().to_owned();
        name.push(".dwp");
        name.into()
    }

    fn by_name(&self, name: &str) -> Vec<PathBuf> {
        let mut all = Vec::new();
        for folder in self.folders() {
            all.extend([folder.join(name), folder.join(".debug").join(name)]);
            let below_root = folder.strip_prefix("/").unwrap_or(&folder);
            all.extend(self.debug_dirs().iter().map(|dir| dir.join(below_root).join(name)));
        }
        all
    }

    fn by_build_id(&self, id: &str) -> Vec<PathBuf> {
        let Some((first, rest)) = id.split_at_checked(2) else { return Vec::new() };
        let file = format!(".build-id/{first}/{rest}.debug");
        self.debug_dirs().iter().map(|dir| dir.join(&file)).collect()
    }

    fn dsyms(&self) -> Vec<PathBuf> {
        let mut bundle = self.image.as_os_str().to_owned();
        bundle.push(".dSYM");
        in_bundle(Path::new(&bundle))
    }

    /// The file of this name beside the image. The path may be of another system.
    fn beside(&self, path: &str) -> Vec<PathBuf> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        self.folders().into_iter().map(|folder| folder.join(name)).collect()
    }
}

/// The files with debug data in a dSYM.
pub(in crate::symbols) fn in_bundle(bundle: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(bundle.join("Contents/Resources/DWARF"));
    entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
