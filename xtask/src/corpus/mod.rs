//! Fetches real published programs for tests and benchmarks: the packages in
//! `testdata/corpus.toml`, downloaded once by the registries' own clients into
//! `<cache>/xtask/corpus`.
//!
//! ```text
//! corpus/index.json                      the tests' input: every file with a description
//! corpus/<package>/<archive>             as published; its hash was checked before it was opened
//! corpus/<package>/files/<path>          the named files out of it, or all
//! ```

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::setup;
use crate::shell::{command, quiet};

const LIST: &str = "testdata/corpus.toml";

/// Maximum size of one file of a package, in bytes, and of all its files.
const MAX_FILE: u64 = 512 << 20;
const MAX_PACKAGE: u64 = 1 << 30;
const MAX_FILES: usize = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    package: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    registry: Registry,
    pub(crate) name: String,
    pub(crate) version: String,
    /// pip's name of the file's platform.
    platform: Option<String>,
    /// The CPython version of the file, if it is for only one.
    python: Option<String>,
    /// The archive's name.
    archive: String,
    sha256: String,
    /// The files of it to unpack.
    #[serde(default)]
    files: Vec<Named>,
    /// A description, if all of it is unpacked.
    pub(crate) whole: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registry {
    Maven,
    Npm,
    Pypi,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Named {
    path: String,
    is: String,
}

/// One row of the index.
#[derive(Serialize)]
struct Row<'l> {
    package: &'l str,
    version: &'l str,
    archive: PathBuf,
    /// The file, or the folder with everything.
    file: PathBuf,
    is: &'l str,
    bytes: u64,
}

/// Fetches missing packages, and prints all.
///
/// # Errors
/// If a package cannot be fetched, does not match the list, or lacks a named file.
pub(crate) fn run() -> anyhow::Result<()> {
    let list = fs::read_to_string(LIST).context(LIST)?;
    let list: List = toml::from_str(&list).context(LIST)?;
    let root = setup::cache_root()?.join("xtask/corpus");
    fs::create_dir_all(&root).with_context(|| root.display().to_string())?;

    let mut rows = Vec::new();
    for package in &list.package {
        let place = root.join(package.folder()?);
        package.provide(&place).with_context(|| format!("{} {}", package.name, package.version))?;
        package.rows(&place, &mut rows)?;
    }
    fs::write(root.join("index.json"), serde_json::to_string_pretty(&rows)?)?;
    print(&rows, &root);
    Ok(())
}

impl Package {
    /// The name of its folder, derived from the archive's name: that contains the platform, and
    /// npm's scopes without a slash.
    pub(crate) fn folder(&self) -> anyhow::Result<&str> {
        let ends = [".tgz", ".whl", ".jar"];
        let name = ends.iter().find_map(|end| self.archive.strip_suffix(end));
        let name = name.with_context(|| format!("{}: none of {ends:?}", self.archive))?;
        inside(Path::new(""), name).map(|_| name)
    }

    /// Puts it in place, unless it is there.
    pub(crate) fn provide(&self, place: &Path) -> anyhow::Result<()> {
        let archive = place.join(&self.archive);
        if !archive.is_file() {
            eprintln!("corpus: fetching {} {} …", self.name, self.version);
            let partial = place.with_extension("partial");
            let _ = fs::remove_dir_all(&partial);
            fs::create_dir_all(&partial)?;
            quiet(&mut self.fetch(&partial))?;
            let fetched = partial.join(&self.archive);
            ensure!(fetched.is_file(), "the client brought no {}", self.archive);
            self.check(&fetched)?;
            let _ = fs::remove_dir_all(place);
            fs::rename(&partial, place)?;
        }
        let there = match &self.whole {
            Some(_) => place.join("files").is_dir(),
            None => self.files.iter().all(|named| place.join("files").join(&named.path).is_file()),
        };
        if !there {
            self.check(&archive)?;
            let partial = place.join("files.partial");
            let _ = fs::remove_dir_all(&partial);
            let mut unpacking = Unpacking { package: self, to: &partial, files: 0, bytes: 0 };
            match self.registry {
                Registry::Npm => unpacking.tar(&archive)?,
                Registry::Maven | Registry::Pypi => unpacking.zip(&archive)?,
            }
            let _ = fs::remove_dir_all(place.join("files"));
            fs::rename(&partial, place.join("files"))?;
        }
        Ok(())
    }

    fn fetch(&self, to: &Path) -> std::process::Command {
        match self.registry {
            Registry::Maven => {
                let mut mvn = command("mvn");
                mvn.args(["--quiet", "--batch-mode", "dependency:copy"]);
                mvn.arg(format!("-Dartifact={}:{}", self.name, self.version));
                mvn.arg(format!("-DoutputDirectory={}", to.display()));
                mvn
            }
            Registry::Npm => {
                let mut npm = command("npm");
                npm.args(["pack", "--silent", "--pack-destination"]).arg(to);
                npm.arg(format!("{}@{}", self.name, self.version));
                npm
            }
            Registry::Pypi => {
                let mut pip = command("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"]);
                pip.args(["--no-deps", "--only-binary=:all:", "-d"]).arg(to);
                pip.args(self.platform.iter().flat_map(|platform| ["--platform", platform]));
                if let Some(version) = &self.python {
                    let abi = format!("cp{}", version.replace('.', ""));
                    pip.args(["--python-version", version, "--abi", &abi, "--abi", "abi3"]);
                }
                pip.arg(format!("{}=={}", self.name, self.version));
                pip
            }
        }
    }

    /// Checks that the archive has the hash of the list.
    fn check(&self, archive: &Path) -> anyhow::Result<()> {
        let mut hash = Sha256::new();
        let mut bytes = BufReader::with_capacity(1 << 20, File::open(archive)?);
        while let piece @ [_, ..] = bytes.fill_buf()? {
            hash.update(piece);
            let length = piece.len();
            bytes.consume(length);
        }
        let found = hex::encode(hash.finalize());
        ensure!(
            found == self.sha256,
            "{} has the SHA-256 {found}, and {LIST} says {}",
            self.archive,
            self.sha256
        );
        Ok(())
    }

    fn rows<'l>(&'l self, place: &Path, rows: &mut Vec<Row<'l>>) -> anyhow::Result<()> {
        let archive = place.join(&self.archive);
        let row = |file: PathBuf, is: &'l str| -> anyhow::Result<Row<'l>> {
            let measured = if file.is_dir() { &archive } else { &file };
            let bytes = measured.metadata()?.len();
            let (package, version) = (self.name.as_str(), self.version.as_str());
            Ok(Row { package, version, archive: archive.clone(), file, is, bytes })
        };
        for named in &self.files {
            rows.push(row(place.join("files").join(&named.path), &named.is)?);
        }
        if let Some(is) = &self.whole {
            rows.push(row(place.join("files"), is)?);
        }
        Ok(())
    }
}

/// Unpacks files of an archive. Its hash is verified, but it may still only write to its own folder
/// and a bounded part of the disk.
struct Unpacking<'p> {
    package: &'p Package,
    to: &'p Path,
    files: usize,
    bytes: u64,
}

impl Unpacking<'_> {
    fn tar(&mut self, archive: &Path) -> anyhow::Result<()> {
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

    fn zip(&mut self, archive: &Path) -> anyhow::Result<()> {
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
fn inside(folder: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let below = Path::new(path);
    let sound = !path.is_empty() && !path.contains('\\') && below.components().all(plain);
    ensure!(sound, "{path:?} leads out of its folder");
    Ok(folder.join(below))
}

fn print(rows: &[Row<'_>], root: &Path) {
    let cells: Vec<[String; 5]> = rows
        .iter()
        .map(|row| {
            let file = row.file.strip_prefix(root).unwrap_or(&row.file);
            let below: PathBuf = file.components().skip(2).collect();
            let file = if below.as_os_str().is_empty() { "(all)".into() } else { below };
            [
                row.package.to_owned(),
                row.version.to_owned(),
                file.display().to_string(),
                row.bytes.to_string(),
                row.is.to_owned(),
            ]
        })
        .collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        cells.iter().map(|row| row[column].len()).max().unwrap_or_default()
    });
    for [package, version, file, bytes, is] in &cells {
        let [w0, w1, w2, w3, _] = widths;
        println!("{package:w0$}  {version:w1$}  {file:w2$}  {bytes:>w3$}  {is}");
    }
    let mut archives: Vec<_> = rows.iter().map(|row| &row.archive).collect();
    archives.dedup();
    let size = |path: &&PathBuf| path.metadata().map_or(0, |data| data.len());
    let size: u64 = archives.iter().map(size).sum();
    let count = archives.len();
    println!("{count} packages, {:.0} MB as published, in {}", size as f64 / 1e6, root.display());
}

#[cfg(test)]
mod tests {
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
            files: if whole { Vec::new() } else { vec![named("package/bin/a")] },
            whole: whole.then(String::new),
        }
    }

    #[test]
    fn the_list_is_well_formed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let list = fs::read_to_string(root.join(LIST)).unwrap();
        let list: List = toml::from_str(&list).unwrap();
        let mut folders = std::collections::BTreeSet::new();
        for package in &list.package {
            assert!(folders.insert(package.folder().unwrap()), "{} twice", package.archive);
            assert_eq!(package.sha256.len(), 64, "{}", package.archive);
            assert_ne!(package.files.is_empty(), package.whole.is_none(), "{}", package.archive);
            for named in &package.files {
                inside(Path::new(""), &named.path).unwrap();
            }
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
        let mut unpacking = Unpacking { package: &package, to: &to, files: 0, bytes: 0 };
        unpacking.tar(&archive).unwrap();
        assert_eq!(fs::read_to_string(to.join("package/bin/a")).unwrap(), "one");
        assert!(!to.join("package/other").exists());

        package.files.push(Named { path: "package/none".into(), is: String::new() });
        let mut unpacking = Unpacking { package: &package, to: &to, files: 0, bytes: 0 };
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
        let mut unpacking = Unpacking { package: &package, to: &to, files: 0, bytes: 0 };
        let error = unpacking.zip(&archive).unwrap_err().to_string();
        assert!(error.contains("leads out of its folder"), "{error}");
        assert!(!folder.path().join("b").exists());
    }
}
