//! Debug data in files of their own, in a folder that many builds add to.
//!
//! ```text
//! ELF      DIR/.build-id/xx/rest.debug    where debuggers, debuginfod and distributions look
//!          DIR/name.debug                 if the program has no build-id
//! PE       DIR/name.debug
//! Mach-O   DIR/name.dSYM/                 found by the UUID in it
//! ```
//!
//! A companion that is there already stays: if it is the same, nothing is to be done; if it is
//! another, the folder belongs to another build of the same identity, and that is an error.
//! Companions are in place, and on the disk, before their program loses what is in them.

mod dsym;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use object::Object;
use rgo_binary::edit::{self, Draft, Finish};
use rgo_binary::identity::identities;
use rgo_binary::{Error, Format, Image};
use tempfile::{NamedTempFile, TempDir};

use super::asked::Asked;
use super::one::Input;
use super::report::FileReport;
use super::{target, write};
use crate::exit::Hint;
use crate::mapped;

/// A companion, and how its program names it.
#[derive(Debug)]
pub(super) struct Split {
    place: Place,
    /// None if nothing is to be written.
    prepared: Option<Prepared>,
    /// Name and CRC, for the formats in which the program says them.
    link: Option<(String, u32)>,
}

impl Split {
    /// Name and CRC for the program.
    pub(super) fn link(&self) -> Option<(&str, u32)> {
        self.link.as_ref().map(|(name, crc)| (name.as_str(), *crc))
    }

    /// Puts the companion in its place.
    ///
    /// # Errors
    /// If another is there, or none can be put there.
    pub(super) fn put(self) -> Result<()> {
        self.prepared.map_or(Ok(()), |prepared| self.place.put(prepared))
    }
}

/// Makes the companion of a program; none if it has no debug data.
///
/// # Errors
/// If its debug data is elsewhere, or the companion cannot be written.
pub(super) fn make(
    input: &Input,
    images: &[&Image<'_>],
    folder: &Path,
    asked: &Asked,
    report: &mut FileReport,
) -> Result<Option<Split>> {
    let Some(image) = images.iter().find(|image| has_debug_data(image)) else {
        report.warnings.extend(nothing_to_split(images)?);
        return Ok(None);
    };
    let place = Place::new(folder, &input.name, image)?;
    report.companion = Some(place.path.display().to_string());
    with_companion(input, images, asked, |companion, file| {
        let is_linked = image.format() != Format::MachO;
        let link = is_linked.then(|| (place.link_name(), edit::debuglink_crc(companion)));
        let prepared = (!asked.dry_run).then(|| place.prepare(companion, file)).transpose()?;
        Ok(Some(Split { place, prepared, link }))
    })
}

/// Makes a companion, and does something with it and the file that its copies are from.
///
/// # Errors
/// If the program has no debug data inside that could be put into one, and those of `work`.
pub(super) fn with_companion<T>(
    input: &Input,
    images: &[&Image<'_>],
    asked: &Asked,
    work: impl FnOnce(&Draft<'_>, &File) -> Result<T>,
) -> Result<T> {
    let elsewhere = images.iter().any(|image| object_files(image) > 0);
    let companion = edit::only_keep_debug(&input.bytes).map_err(|error| {
        let unsupported = matches!(error, Error::Unsupported { .. });
        let error = anyhow!(error).context("splitting off the debug data");
        if elsewhere && unsupported { error.context(Hint(AT_BUILD_TIME.into())) } else { error }
    })?;
    let Some(compression) = asked.compression else { return work(&companion, &input.file) };
    // Compression is an edit of its own, of a file of its own that has no name.
    let plain = tempfile::tempfile().context("making a file for what is not compressed yet")?;
    write::write(&companion, &input.file, &plain).context("writing the debug data")?;
    let bytes = mapped::file(&plain).context("reading the debug data back")?;
    let edits = Finish { compression: Some(compression), ..Finish::default() };
    let edited = edit::edit(&bytes, &edits).context("compressing the debug data")?;
    work(&edited.draft, &plain)
}

const AT_BUILD_TIME: &str = "dsymutil collects them while the object files are there; \
                             `rgo-build --strip split` has it do so";

fn object_files(image: &Image<'_>) -> usize {
    image.object().object_map().objects().len()
}

/// Whether there is something for a companion, or a reason why there can be none.
fn has_debug_data(image: &Image<'_>) -> bool {
    const DWARF: [&str; 3] = [".debug_", ".zdebug_", "__debug_"];
    // Rust's .debug_gdb_scripts is loaded, and stays in the program.
    let is_loaded = |address| image.format() == Format::Elf && address != 0;
    let has_dwarf = image.sections().any(|section| {
        !is_loaded(section.address) && DWARF.iter().any(|name| section.name.starts_with(name))
    });
    let others = || match image.format() {
        Format::MachO => object_files(image) > 0,
        _ => image.object().symbols().next().is_some(),
    };
    has_dwarf || others()
}

/// What the user is to know of a program without debug data: a PDB is a companion already, and
/// one that names its companion was split before.
fn nothing_to_split(images: &[&Image<'_>]) -> Result<Option<String>> {
    for image in images {
        if let Some(pdb) = identities(image)?.pdb {
            return Ok(Some(format!("its debug data is in {}, which is left as it is", pdb.path)));
        }
        if image.section(".gnu_debuglink").is_some() {
            return Ok(None);
        }
    }
    Ok(Some("it has no debug data to split off".to_owned()))
}

/// Where a companion goes.
#[derive(Debug)]
struct Place {
    /// The file, or the bundle.
    path: PathBuf,
    /// The file in the bundle.
    inside: Option<PathBuf>,
}

impl Place {
    /// Where the companion of a program called `name` is looked for.
    fn new(folder: &Path, name: &str, image: &Image<'_>) -> Result<Self> {
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
    fn link_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Makes the companion, not yet in its place.
    ///
    /// # Errors
    /// If it cannot be written.
    fn prepare(&self, companion: &Draft<'_>, input: &File) -> Result<Prepared> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let make = || -> Result<Prepared> {
            fs::create_dir_all(folder)?;
            match &self.inside {
                None => {
                    let file = new_file().tempfile_in(folder)?;
                    write::write(companion, input, file.as_file())?;
                    file.as_file().sync_all()?;
                    Ok(Prepared::File(file))
                }
                Some(inside) => {
                    let bundle = builder().tempdir_in(folder)?;
                    dsym::fill(bundle.path(), inside, |file| {
                        write::write(companion, input, file)?;
                        file.sync_all()
                    })?;
                    Ok(Prepared::Bundle(bundle))
                }
            }
        };
        make().with_context(|| format!("making {}", self.path.display()))
    }

    /// Puts the companion in its place, unless it is there already.
    ///
    /// # Errors
    /// If another is there, or none can be put there.
    fn put(&self, prepared: Prepared) -> Result<()> {
        let placed = match prepared {
            Prepared::File(file) => match file.persist_noclobber(&self.path) {
                Ok(_) => Ok(true),
                Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                    same_bytes(error.file.path(), &self.path).map_err(Into::into)
                }
                Err(error) => Err(anyhow!(error.error)),
            },
            Prepared::Bundle(made) => self.put_bundle(made),
        };
        let text = || self.path.display();
        if placed.with_context(|| format!("writing {}", text()))? {
            return Ok(());
        }
        Err(anyhow!("{} is there already, and is of another build", text()).context(Hint(
            "what was there is kept: give each build a folder of its own, or a build-id".into(),
        )))
    }

    fn put_bundle(&self, made: TempDir) -> Result<bool> {
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
        let inside = self.inside.as_deref().unwrap_or(Path::new(""));
        Ok(same_bytes(&made.path().join(inside), &self.path.join(inside)).unwrap_or(false))
    }
}

/// A companion that is ready, under a temporary name.
#[derive(Debug)]
enum Prepared {
    File(NamedTempFile),
    Bundle(TempDir),
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
