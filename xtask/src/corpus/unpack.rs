//! Unpacks the files of a package that the list names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};

use super::Package;

/// Maximum size of one file of a package, in bytes, and of all its files.
const MAX_FILE: u64 = 512 << 20;
const MAX_PACKAGE: u64 = 1 << 30;
const MAX_FILES: usize = 100_000;

/// Unpacks files of an archive. Its hash is verified, but it may still only write to its own folder
/// and a bounded part of the disk.
pub(super) struct Unpacking<'p> {
    package: &'p Package,
    to: &'p Path,
    files: usize,
    bytes: u64,
}

impl<'p> Unpacking<'p> {
    /// Unpacks nothing yet.
    pub(super) fn new(package: &'p Package, to: &'p Path) -> Self {
        Self { package, to, files: 0, bytes: 0 }
    }

    pub(super) fn tar(&mut self, archive: &Path) -> anyhow::Result<()> {
        let bytes = flate2::read::GzDecoder::new(File::open(archive)?);
        // Nothing behind the maximum size of a package is read.
        let mut tar = tar::Archive::new(bytes.take(MAX_PACKAGE));
        for entry in tar.entries()? {
            let mut entry = entry?;
            if entry.header().entry_type().is_file() {
                let path = entry.path()?.to_str().context("a name is not UTF-8")?.to_owned();
                let mode = entry.header().mode()?;
                self.file(&path, mode, &mut entry)?;
            }
        }
        self.complete()
    }

    pub(super) fn zip(&mut self, archive: &Path) -> anyhow::Result<()> {
        let mut zip = zip::ZipArchive::new(File::open(archive)?)?;
        for index in 0..zip.len() {
            let mut entry = zip.by_index(index)?;
            if entry.is_file() {
                let (path, mode) = (entry.name().to_owned(), entry.unix_mode().unwrap_or(0o644));
                self.file(&path, mode, &mut entry)?;
            }
        }
        self.complete()
    }

    /// Writes a file, if it is requested.
    fn file(&mut self, path: &str, mode: u32, bytes: &mut impl Read) -> anyhow::Result<()> {
        let named = self.package.files.iter().any(|named| named.path == path);
        if !named && self.package.whole.is_none() {
            return Ok(());
        }
        let place = inside(self.to, path)?;
        fs::create_dir_all(place.parent().context("a file of no folder")?)?;
        let mut file = File::create(&place).with_context(|| place.display().to_string())?;
        let written = io::copy(&mut bytes.take(MAX_FILE + 1), &mut file)?;
        ensure!(written <= MAX_FILE, "{path} has more than {MAX_FILE} bytes");
        self.bytes += written;
        self.files += 1;
        ensure!(self.bytes <= MAX_PACKAGE, "more than {MAX_PACKAGE} bytes are unpacked");
        ensure!(self.files <= MAX_FILES, "more than {MAX_FILES} files are unpacked");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.set_permissions(fs::Permissions::from_mode(0o644 | mode & 0o111))?;
        }
        let _ = mode;
        Ok(())
    }

    /// Checks that every requested file was there.
    fn complete(&self) -> anyhow::Result<()> {
        match self.package.files.iter().find(|named| !self.to.join(&named.path).is_file()) {
            Some(named) => bail!("{} has no {}", self.package.archive, named.path),
            None => Ok(()),
        }
    }
}

/// A path below a folder; fails unless all its parts are plain names.
pub(super) fn inside(folder: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let below = Path::new(path);
    let sound = !path.is_empty() && !path.contains('\\') && below.components().all(plain);
    ensure!(sound, "{path:?} leads out of its folder");
    Ok(folder.join(below))
}

#[cfg(test)]
mod tests {
    use super::super::{Named, Registry};
    use super::*;
    use std::io::Write as _;

    fn package(archive: &str, registry: Registry, whole: bool) -> Package {
        let named = |path: &str| Named { path: path.to_owned(), is: String::new() };
        Package {
            registry,
            name: "a".into(),
            version: "1".into(),
            platform: None,
            python: None,
            archive: archive.into(),
            sha256: String::new(),
            always: false,
            files: if whole { Vec::new() } else { vec![named("package/bin/a")] },
            whole: whole.then(String::new),
        }
    }

    #[test]
    fn paths_that_leave_their_folder_are_refused() {
        for path in ["", "/a", "..", "a/../b", "../a", "./a", "a\\..\\b", "C:\\a"] {
            assert!(inside(Path::new("x"), path).is_err(), "{path}");
        }
        assert_eq!(inside(Path::new("x"), "a/b").unwrap(), Path::new("x/a/b"));
    }

    #[test]
    fn only_named_files_are_unpacked_and_all_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a-1.tgz");
        let gz = flate2::write::GzEncoder::new(File::create(&archive).unwrap(), Default::default());
        let mut tar = tar::Builder::new(gz);
        for (path, bytes) in [("package/bin/a", "one"), ("package/other", "two")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o755);
            tar.append_data(&mut header, path, bytes.as_bytes()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap();

        let mut package = package("a-1.tgz", Registry::Npm, false);
        let to = folder.path().join("to");
        let mut unpacking = Unpacking::new(&package, &to);
        unpacking.tar(&archive).unwrap();
        assert_eq!(fs::read_to_string(to.join("package/bin/a")).unwrap(), "one");
        assert!(!to.join("package/other").exists());

        package.files.push(Named { path: "package/none".into(), is: String::new() });
        let mut unpacking = Unpacking::new(&package, &to);
        assert!(unpacking.tar(&archive).unwrap_err().to_string().contains("has no package/none"));
        assert!(package.check(&archive).unwrap_err().to_string().contains("has the SHA-256"));
    }

    #[test]
    fn a_wheel_that_leads_out_of_its_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a-1.whl");
        let mut zip = zip::ZipWriter::new(File::create(&archive).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        for path in ["sound/a", "../b"] {
            zip.start_file(path, options).unwrap();
            zip.write_all(b"one").unwrap();
        }
        zip.finish().unwrap();
        let package = package("a-1.whl", Registry::Pypi, true);
        let to = folder.path().join("to");
        let mut unpacking = Unpacking::new(&package, &to);
        let error = unpacking.zip(&archive).unwrap_err().to_string();
        assert!(error.contains("leads out of its folder"), "{error}");
        assert!(!folder.path().join("b").exists());
    }
}
