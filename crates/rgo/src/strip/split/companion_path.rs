//! Computes the path of a program's companion, at which debuggers find it.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use rgo_binary::debug::build_id::identities;
use rgo_binary::{Format, Image};
use rgo_edit::Draft;
use rgo_files::atomic_file::Durability;
use rgo_files::dsym_bundle;
use rgo_files::replace::{Created, NewEntry};

use super::super::TEMPORARY;
use super::super::write::write;
use crate::app::error::Annotate;

/// The place of a companion.
#[derive(Debug)]
pub(super) struct CompanionPath {
    /// The file, or the bundle.
    pub path: PathBuf,
    /// The path of the file within the bundle.
    inside: Option<PathBuf>,
}

impl CompanionPath {
    /// The place where debuggers look for the companion of a program called `name`.
    pub(super) fn new(folder: &Path, name: &str, image: &Image<'_>) -> Result<Self> {
        if image.format() == Format::MachO {
            let path = folder.join(format!("{name}.dSYM"));
            return Ok(Self { path, inside: Some(dsym_bundle::inside(name)) });
        }
        let build_id = identities(image)?.gnu_build_id;
        let by_id = build_id.as_deref().and_then(|id| id.split_at_checked(2));
        let path = match by_id.filter(|(_, rest)| !rest.is_empty()) {
            Some((first, rest)) => {
                folder.join(".build-id").join(first).join(format!("{rest}.debug"))
            }
            None => folder.join(format!("{name}.debug")),
        };
        Ok(Self { path, inside: None })
    }

    /// Its name in `.gnu_debuglink`.
    pub(super) fn link_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Writes the companion under a temporary name, and syncs it to the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn prepare(&self, companion: &Draft<'_>, input: &File) -> Result<NewEntry> {
        let write = |file: &File| write(companion, input, file, Durability::Synced, 0);
        let made = match &self.inside {
            None => NewEntry::file(&self.path, TEMPORARY, write),
            Some(inside) => NewEntry::folder(&self.path, TEMPORARY, inside.clone(), |bundle| {
                dsym_bundle::fill(bundle, inside, |file| {
                    write(file)?;
                    file.sync_all()
                })
            }),
        };
        made.with_context(|| format!("making {}", self.path.display()))
    }

    /// Puts the companion in place, unless it already exists.
    ///
    /// # Errors
    /// If a different one exists, or none can be put there.
    pub(super) fn put(&self, prepared: NewEntry) -> Result<()> {
        let created = prepared.put(&self.path);
        match created.with_context(|| format!("writing {}", self.path.display()))? {
            Created::Yes => Ok(()),
            Created::Other => {
                let text =
                    format!("{} is there already, and is of another build", self.path.display());
                Err(anyhow!(text).hint(
                    "it is kept as it was: give each build a folder of its own, or a build-id",
                ))
            }
        }
    }
}
