//! Finds the file of a crate's module.

use std::path::{Path, PathBuf};

use syn::ItemMod;

use super::attributes::text_of;
use super::conditions;

/// The folders of the modules that a source file declares.
#[derive(Clone, Default)]
pub(super) struct Place {
    /// Folder in which `mod x;` looks for `x.rs` and `x/mod.rs`.
    folder: PathBuf,
    /// Base folder for `#[path = "…"]` and `include!("…")`.
    beside: PathBuf,
}

impl Place {
    /// The place for a file that is the root of a crate, or that a path names.
    pub(super) fn of_root(file: &Path) -> Self {
        let folder = file.parent().unwrap_or(file).to_owned();
        Self { beside: folder.clone(), folder }
    }

    /// The place inside an inline module: `mod x { … }`.
    pub(super) fn inside(&self, module: &str) -> Self {
        let folder = self.folder.join(module);
        Self { beside: folder.clone(), folder }
    }

    /// The files that may contain a module, each with the place for its own modules. There may be
    /// files for several conditions: `#[cfg_attr(…, path = "…")]`.
    pub(super) fn files(&self, module: &ItemMod) -> Vec<(PathBuf, Self)> {
        let metas = module.attrs.iter().flat_map(conditions::effective);
        let paths: Vec<PathBuf> = metas
            .filter_map(|meta| text_of(&meta, "path"))
            .map(|path| self.beside.join(path))
            .collect();
        let is_certain = module.attrs.iter().any(|it| it.path().is_ident("path"));
        let mut found: Vec<(PathBuf, Self)> =
            paths.into_iter().map(|path| (path.clone(), Self::of_root(&path))).collect();
        if !is_certain {
            let name = module.ident.to_string();
            let name = name.trim_start_matches("r#");
            let own = self.folder.join(name);
            let place = Self { folder: own.clone(), beside: self.folder.clone() };
            found.push((self.folder.join(format!("{name}.rs")), place));
            found.push((own.join("mod.rs"), Self { folder: own.clone(), beside: own }));
        }
        found.retain(|(path, _)| path.is_file());
        found
    }

    /// The file that `include!("…")` names.
    pub(super) fn included(&self, path: &str) -> PathBuf {
        self.beside.join(path)
    }
}
