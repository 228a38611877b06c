//! Where a companion goes, and how it gets there: under a temporary name first, to the disk, and
//! then to its place unless something is there.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use rgo_binary::debug::build_id::identities;
use rgo_binary::{Format, Image};
use rgo_edit::Draft;
use tempfile::{NamedTempFile, TempDir};

use super::super::target;
use super::super::write::{self, Wait};
use super::dsym;
use crate::app::destination;
use crate::app::error::Annotate;
use rgo_files::atomic_file::MadeFolders;

/// How often the folder is made again, if it goes before there is something in it.
const TRIES: usize = 10;

/// Where a companion goes.
#[derive(Debug)]
pub(super) struct Place {
    /// The file, or the bundle.
    pub path: PathBuf,
    /// The file in the bundle.
    inside: Option<PathBuf>,
}

impl Place {
    /// Where the companion of a program called `name` is looked for.
    pub(super) fn new(folder: &Path, name: &str, image: &Image<'_>) -> Result<Self> {
        if image.format() == Format::MachO {
            let path = folder.join(format!("{name}.dSYM"));
            return Ok(Self { path, inside: Some(dsym::inside(name)) });
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

    /// What `.gnu_debuglink` says of it.
    pub(super) fn link_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Makes the companion, not yet in its place.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn prepare(&self, companion: &Draft<'_>, input: &File) -> Result<Prepared> {
        let make = || -> io::Result<Prepared> {
            match &self.inside {
                None => {
                    let (folders, file) = self.begin(|folder| new_file().tempfile_in(folder))?;
                    write::write(companion, input, file.as_file(), Wait::Caller, 0)?;
                    file.as_file().sync_all()?;
                    Ok(Prepared { made: Made::File(file), _folders: folders })
                }
                Some(inside) => {
                    let (folders, bundle) = self.begin(|folder| builder().tempdir_in(folder))?;
                    dsym::fill(bundle.path(), inside, |file| {
                        write::write(companion, input, file, Wait::Caller, 0)?;
                        file.sync_all()
                    })?;
                    let made = Made::Bundle { folder: bundle, inside: inside.clone() };
                    Ok(Prepared { made, _folders: folders })
                }
            }
        };
        make().with_context(|| format!("making {}", self.path.display()))
    }

    /// Makes the folder, and something in it, which is to go first if it goes. Another process that fails takes the folders away
    /// again that it made, as long as they are empty.
    fn begin<T>(&self, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(MadeFolders, T)> {
        let folder = destination::folder(&self.path);
        let mut tries = 0..TRIES;
        loop {
            let folders = MadeFolders::make(folder)?;
            match make(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries.next().is_some() => {
                }
                made => return made.map(|made| (folders, made)),
            }
        }
    }

    /// Puts the companion in its place, unless it is there already.
    ///
    /// # Errors
    /// If another is there, or none can be put there.
    pub(super) fn put(&self, prepared: Prepared) -> Result<()> {
        let placed = match prepared.made {
            Made::File(file) => match file.persist_noclobber(&self.path) {
                Ok(_) => Ok(true),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    same_bytes(error.file.path(), &self.path).map_err(Into::into)
                }
                Err(error) => Err(anyhow!(error.error)),
            },
            Made::Bundle { folder, inside } => self.put_bundle(folder, &inside),
        };
        let text = || self.path.display();
        if placed.with_context(|| format!("writing {}", text()))? {
            return self.settle().with_context(|| format!("writing {}", text()));
        }
        let hint = "what was there is kept: give each build a folder of its own, or a build-id";
        Err(anyhow!("{} is there already, and is of another build", text()).hint(hint))
    }

    /// Has the new name on the disk: the program loses its debug data next.
    fn settle(&self) -> Result<()> {
        #[cfg(unix)]
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(())
    }

    fn put_bundle(&self, made: TempDir, inside: &Path) -> Result<bool> {
        if self.path.symlink_metadata().is_err() {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(made.path(), fs::Permissions::from_mode(0o755))?;
            }
            // A bundle that another process puts there meanwhile is not empty: this fails then.
            match fs::rename(made.path(), &self.path) {
                Ok(()) => {
                    let _ = made.keep();
                    return Ok(true);
                }
                Err(error) if self.path.symlink_metadata().is_err() => return Err(error.into()),
                Err(_) => {}
            }
        }
        Ok(same_bytes(&made.path().join(inside), &self.path.join(inside)).unwrap_or(false))
    }
}

/// A companion that is ready, under a temporary name.
#[derive(Debug)]
pub(super) struct Prepared {
    made: Made,
    /// They go, if nothing comes of it.
    _folders: MadeFolders,
}

#[derive(Debug)]
enum Made {
    File(NamedTempFile),
    Bundle { folder: TempDir, inside: PathBuf },
}

impl Prepared {
    /// The file with the debug data.
    pub(super) fn file(&self) -> PathBuf {
        match &self.made {
            Made::File(file) => file.path().to_owned(),
            Made::Bundle { folder, inside } => folder.path().join(inside),
        }
    }
}

fn builder<'a>() -> tempfile::Builder<'a, 'a> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(target::TEMPORARY);
    builder
}

/// A temporary file is its owner's alone; a companion is for whoever debugs.
fn new_file<'a>() -> tempfile::Builder<'a, 'a> {
    let mut builder = builder();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(one), BufReader::new(other));
    let (mut left, mut right) = ([0; 1 << 13], [0; 1 << 13]);
    loop {
        let size = one.read(&mut left)?;
        let (Some(left), Some(right)) = (left.get(..size), right.get_mut(..size)) else {
            return Ok(false);
        };
        if size == 0 {
            return Ok(true);
        }
        other.read_exact(right)?;
        if left != &*right {
            return Ok(false);
        }
    }
}
