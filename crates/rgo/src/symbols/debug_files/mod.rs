//! Opens the files with the debug data of an image.
//!
//! ```text
//! image ─▶ DebugFiles ─▶ wanted ─▶ places ─▶ companion, supplement, package, PDB: each if it belongs to the image
//! ```

pub(super) mod args;
mod fetch;
mod places;
pub(super) mod row;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rgo_binary::{Image, Limits};
use rgo_debuginfo::lines::{DebugFiles, DebugSections, FileError, Wanted};
use rgo_files::mmap;
use typed_arena::Arena;

use super::input::{Input, PDB};
use crate::app::terminal;
pub(super) use places::Places;
use places::in_bundle;
pub(super) use row::DebugFileRow;

/// Which files are looked at beyond those beside the image.
#[derive(Clone, Copy, Default)]
pub(super) struct DebugFileOptions<'o> {
    /// Files of the call.
    pub(super) companions: &'o [PathBuf],
    /// Folders with debug data; none for the system's.
    pub(super) debug_dirs: &'o [PathBuf],
    /// Whether to ask servers.
    pub(super) fetches: bool,
}

/// Opened files, which live as long as what is read of them.
#[derive(Default)]
pub(super) struct Opened<'d> {
    images: Arena<Image<'d>>,
    sections: Arena<DebugSections<'d>>,
}

/// Opens the files of an image.
pub(super) struct Opener<'l, 'd> {
    /// The image; its folder is searched.
    path: &'l Path,
    options: DebugFileOptions<'l>,
    bytes: &'d Arena<Input>,
    opened: &'d Opened<'d>,
    rows: RefCell<Vec<DebugFileRow>>,
    /// The `.dwp` that is in use.
    package: RefCell<Option<PathBuf>>,
}

/// Calls `then` with an image and the files with its debug data that are there, and returns these too. An image without
/// a path, such as a member of an archive, has those of the call alone. `then` gets nothing of a damaged image.
pub(super) fn with_debug_files<T>(
    path: Option<&Path>,
    options: DebugFileOptions<'_>,
    image: &Image<'_>,
    then: impl FnOnce(Option<&DebugFiles<'_>>) -> T,
) -> (T, Vec<DebugFileRow>) {
    let bytes = Arena::new();
    let opened = Opened::default();
    let Ok(mut files) = DebugFiles::new(image) else { return (then(None), Vec::new()) };
    let opener = Opener::new(path.unwrap_or(Path::new("")), options, &bytes, &opened);
    // A call with several images has companions of several.
    for companion in opener.given() {
        opener.try_add(&mut files, &companion);
    }
    if path.is_some() {
        opener.add_wanted(&mut files);
    }
    (then(Some(&files)), opener.take_rows())
}

impl<'l, 'd> Opener<'l, 'd> {
    pub(super) fn new(
        path: &'l Path,
        options: DebugFileOptions<'l>,
        bytes: &'d Arena<Input>,
        opened: &'d Opened<'d>,
    ) -> Self {
        Self { path, options, bytes, opened, rows: RefCell::default(), package: RefCell::default() }
    }

    /// Keeps bytes.
    pub(super) fn keep(&self, bytes: Input) -> &'d [u8] {
        self.bytes.alloc(bytes)
    }

    /// Keeps an image.
    pub(super) fn keep_image(&self, image: Image<'d>) -> &'d Image<'d> {
        self.opened.images.alloc(image)
    }

    /// Keeps sections.
    pub(super) fn keep_sections(&self, sections: DebugSections<'d>) -> &'d DebugSections<'d> {
        self.opened.sections.alloc(sections)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn map(&self, path: &Path) -> Result<&'d [u8]> {
        Ok(self.keep(Input::Mapped(mmap::map(path)?)))
    }

    /// What became of the files that the image names, in the order in which they were looked at.
    pub(super) fn take_rows(&self) -> Vec<DebugFileRow> {
        self.rows.take()
    }

    /// The `.dwp` that is in use.
    pub(super) fn package(&self) -> Option<PathBuf> {
        self.package.borrow().clone()
    }

    /// Where files may be.
    pub(super) fn places(&self) -> Places<'_> {
        Places { image: self.path, debug_dirs: self.options.debug_dirs }
    }

    /// The image in a file of debug data, for the same instruction set if it has several.
    fn image(&self, path: &Path, arch: &str) -> Result<&'d Image<'d>> {
        let slices = rgo_binary::slices(self.map(path)?, &Limits::default())?;
        let mut images = slices.into_iter().map(|slice| slice.image).collect::<Vec<_>>();
        let fitting = images.iter().position(|image| image.arch().to_string() == arch);
        Ok(self.keep_image(images.swap_remove(fitting.unwrap_or_default())))
    }

    /// Adds the files of the call.
    ///
    /// # Errors
    /// If one cannot be read, or belongs to another image.
    pub(super) fn add_given(&self, files: &mut DebugFiles<'d>) -> Result<()> {
        for file in self.given() {
            self.add(files, &file).with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    /// The files of the call, with those in bundles.
    fn given(&self) -> Vec<PathBuf> {
        let files = |path: &PathBuf| match path.is_dir() {
            true => in_bundle(path),
            false => vec![path.clone()],
        };
        self.options.companions.iter().flat_map(files).collect()
    }

    /// Adds a file, whatever it is.
    fn add(&self, files: &mut DebugFiles<'d>, path: &Path) -> Result<()> {
        let data = self.map(path)?;
        if data.starts_with(PDB) {
            return Ok(files.add_pdb(data)?);
        }
        let image = self.image(path, &files.arch())?;
        if image.section(".debug_cu_index").is_some() {
            files.add_package(image)?;
            self.package.replace(Some(path.to_owned()));
            return Ok(());
        }
        // Addresses say which of these they need.
        if image.section(".debug_info.dwo").is_some() {
            return Ok(());
        }
        match files.add_companion(image) {
            Err(FileError::Mismatch(why)) => {
                files.add_supplement(image).map_err(|_| FileError::Mismatch(why).into())
            }
            result => Ok(result?),
        }
    }

    /// Adds what the image names, where it is there.
    pub(super) fn add_wanted(&self, files: &mut DebugFiles<'d>) {
        let places = self.places();
        let mut seen = BTreeSet::new();
        // A companion can name further files.
        while let Some(wanted) = files.wanted().into_iter().find(|it| !seen.contains(it)) {
            let fetched = self.fetched(&wanted);
            for path in places.of(&wanted).into_iter().chain(fetched) {
                if !path.is_file() || is_same(&path, self.path) {
                    continue;
                }
                if self.try_add(files, &path) {
                    break;
                }
            }
            seen.insert(wanted);
        }
        let package = places.package();
        if package.is_file() {
            self.try_add(files, &package);
        }
    }

    /// Adds a file if it belongs to the image, and notes what became of it.
    fn try_add(&self, files: &mut DebugFiles<'d>, path: &Path) -> bool {
        let added = self.add(files, path);
        self.rows.borrow_mut().push(DebugFileRow {
            file: path.to_string_lossy().into_owned(),
            unused_because: added.as_ref().err().map(|why| format!("{why:#}")),
        });
        added.is_ok()
    }

    fn fetched(&self, wanted: &Wanted) -> Option<PathBuf> {
        let (Wanted::BuildId { id } | Wanted::AltLink { build_id: id, .. }) = wanted else {
            return None;
        };
        let result = self.options.fetches.then(|| fetch::debug_data(id))?;
        result
            .inspect_err(|why| terminal::warning(&format!("{}: {why:#}", self.path.display())))
            .ok()
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
